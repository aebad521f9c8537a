"""Places of pages in an archive -> the same Pages, read again: one reader finds them, many workers extract them.

Only a reader that starts at an archive's front knows where records start: a body may hold whole records of other archives,
packed or not. Reading is cheap beside extraction. So one reader goes through the archive, handles all that is no page, and says
where pages are; the workers that extract them read their bytes again, which cross no shuffle.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from lamella.schemas.config import ReadConfig
from lamella.schemas.page import Page
from lamella.transforms.base.files import open_binary
from lamella.transforms.formats.content_encoding import record_size_limits
from lamella.transforms.formats.streams import Section
from lamella.transforms.read.aliases import Captures
from lamella.transforms.read.members import Member, gzip_members
from lamella.transforms.read.responses import Archive, judge

_GZIP = b"\x1f\x8b\x08"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Pages that lie one after another in an archive, with what stands between them."""

    archive: Archive
    places: tuple[tuple[int, int], ...]  # offset and length of each, as stored

    @property
    def key(self) -> str:
        return f"{self.archive.path} {self.places[0][0]}"


def pages_apart(outputs: Iterable[Any], archive: Archive, stretch_bytes: int) -> Iterator[Any]:
    """What an archive gives, with runs of Pages of about so many bytes instead of single Pages."""
    places: list[tuple[int, int]] = []
    try:
        for output in outputs:
            if not isinstance(output, Page):
                yield output
                continue
            places.append((output.provenance.offset, output.provenance.length))
            if sum(places[-1]) - places[0][0] >= stretch_bytes:
                yield Pages(archive=archive, places=tuple(places))
                places = []
    except Exception:  # of what cuts records out: the pages before it are counted already
        if places:
            yield Pages(archive=archive, places=tuple(places))
        raise
    if places:
        yield Pages(archive=archive, places=tuple(places))


def read_pages(pages: Pages, config: ReadConfig) -> Iterator[Page]:
    """The Pages at some places. Raises OSError, and RuntimeError where the archive is another by now."""
    with open_binary(pages.archive.path) as stream:
        for offset, length in pages.places:
            stored = Section(stream, offset, length).read()
            page = judge(_member(stored, offset, config), pages.archive, Captures(), config)
            if not isinstance(page, Page):
                raise RuntimeError(f"{pages.archive.path}: no page at {offset} any more: the archive changed while it was read")
            yield page


def _member(stored: bytes, offset: int, config: ReadConfig) -> Member:
    if not stored.startswith(_GZIP):
        return Member(offset=offset, length=len(stored), data=stored)
    members = gzip_members(BytesIO(stored), record_size_limits(config))
    first = next((it for it in members if isinstance(it, Member)), None)
    return replace(first, offset=offset) if first else Member(offset=offset, length=len(stored), data=b"")
