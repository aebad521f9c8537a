"""The path of an archive -> its Pages, ArchiveMedia, Aliases and Rejections, one by one, and the Counters of its records.

`read.wrappings` says in what archives may be wrapped; anything else is one `not_an_archive`. Only one record is held at a time,
and the names of media. Raises OSError if the path cannot be read: that is not the fault of a record.
"""

import io
import posixpath
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.config import ReadConfig
from lamella.schemas.keys import stable_key
from lamella.schemas.media import Alias, ArchiveMedia
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.accounting import Account, Units, caught, error_line
from lamella.transforms.base.files import open_binary
from lamella.transforms.base.packed import Packed
from lamella.transforms.formats.content_encoding import record_size_limits
from lamella.transforms.read.aliases import Captures
from lamella.transforms.read.members import Fault, Member
from lamella.transforms.read.pages_again import Pages, pages_apart
from lamella.transforms.read.responses import Archive, judge
from lamella.transforms.read.wrappings import stretches

Read = Page | Pages | ArchiveMedia | Alias | Rejection | Counter

_ONE = ((Unit.RECORD, 1),)
_RECORD_AND_PAGE = ((Unit.RECORD, 0), (Unit.PAGE, 0))


def read_archive(path: str, config: ReadConfig, split_bytes: int | None = None) -> Iterator[Read]:
    """Everything that an archive holds, in its order, then its counters. A crash costs one record, or the archive's rest.

    Args:
        split_bytes: of an archive that is larger, Pages are given in place of each Page, so many bytes of it at a time.
    """
    account = Account(Stage.READ, makes=True, units=_units)
    account.add(CounterKind.IN, _RECORD_AND_PAGE[:1])  # an archive without a record, or without a page, says so
    account.add(CounterKind.MADE, _RECORD_AND_PAGE[1:])
    account.add(CounterKind.KEPT, _RECORD_AND_PAGE)
    try:
        yield from _outputs(path, config, account, split_bytes)
    except OSError:
        raise
    except Exception as error:  # as for a page, for what cuts records out
        yield from account.settled(_ONE, [_rejected(path, Reason.CRASHED, error_line(error))])
    yield from (replace(counter, archive=path) for counter in account.counters())


def _outputs(path: str, config: ReadConfig, account: Account, split_bytes: int | None) -> Iterator[Read]:
    captures, found = Captures(), False
    with open_binary(path) as stream:
        split = split_bytes is not None and stream.seek(0, io.SEEK_END) > split_bytes
        for stretch in stretches(stream, path, record_size_limits(config)):
            found = True
            archive = Archive(path=path, blob_path=stretch.blob_path, name=_key(stretch.blob_path, path))
            outputs = (
                output
                for member in stretch.members
                for output in account.settled(_ONE, _judged(member, archive, captures, config))
            )
            yield from pages_apart(outputs, archive, split_bytes) if split and split_bytes and stretch.apart else outputs
        if not found:
            stream.seek(0)
            said = f"starts with {stream.read(16)!r}"
            yield from account.settled(_ONE, [_rejected(path, Reason.NOT_AN_ARCHIVE, said)])


def _key(blob_path: str, path: str) -> str:
    """The archive's name, for the keys of its records; with it, the stretch that was unpacked, whose offsets are its own."""
    name = posixpath.basename(path)
    whole = blob_path in (path, str(Packed(path=path)))
    return name if whole else f"{blob_path.removesuffix(path)}{name}"


def _judged(
    member: Member | Fault, archive: Archive, captures: Captures, config: ReadConfig
) -> list[Page | ArchiveMedia | Alias | Rejection]:
    """What a record is, alone; nothing, of one that is kept and goes nowhere (a request, a crawl's facts)."""

    def run() -> list[Page | ArchiveMedia | Alias | Rejection]:
        output = judge(member, archive, captures, config)
        if isinstance(output, ArchiveMedia):
            captures.add(output)
        return [] if output is None else [output]

    left = partial(_rejected, archive.path, offset=member.offset)
    return caught(run, left, limit_s=config.record_timeout_s)


def _units(output: Page | ArchiveMedia | Alias) -> Units:
    """A page is a new unit; media and aliases are their record still."""
    return ((Unit.PAGE, 1),) if isinstance(output, Page) else ()


def _rejected(path: str, reason: Reason, detail: str, offset: int = -1) -> Rejection:
    return Rejection(
        stage=Stage.READ,
        unit=Unit.RECORD,
        key=stable_key(posixpath.basename(path), offset),
        reason=reason,
        detail=detail,
        archive=path,
        offset=offset,
    )
