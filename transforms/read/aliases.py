"""A record whose bytes are elsewhere -> the Alias that says where; the captures of an archive, by their names.

Rejects records: bad_status, for a redirect that leads nowhere, or to itself, and a revisit of an error.
"""

from functools import partial
from typing import Any

from lamella.schemas.config import ReadConfig
from lamella.schemas.media import Alias, AliasKind, ArchiveMedia
from lamella.schemas.rejection import Reason
from lamella.transforms.base.aliases import is_meant, names_asked, names_of
from lamella.transforms.formats.content_encoding import BadRecord
from lamella.transforms.formats.digests import payload_digest
from lamella.transforms.formats.http_message import gives_all
from lamella.transforms.formats.urls import canonical_url, join_url, safe_url
from lamella.transforms.formats.use_headers import use_text
from lamella.transforms.formats.warc import WarcRecord, first, joined

_NOT_MODIFIED = 304
_MAX_SHOWN = 200  # characters of an address in a detail


class Captures:
    """The media that an archive has held so far, by the names by which a revisit may ask for them."""

    def __init__(self):
        self._by_name: dict[str, ArchiveMedia] = {}

    def add(self, found: ArchiveMedia) -> None:
        """The last of a name is kept: a crawler refers to what it has stored last."""
        self._by_name.update(dict.fromkeys(names_of(found), found))

    def find(self, alias: Alias) -> ArchiveMedia | None:
        """The capture that a revisit means, where it is here."""
        named = (self._by_name.get(name) for name in names_asked(alias))
        return next((found for found in named if found and is_meant(alias, found)), None)


def redirect(record: WarcRecord, place: dict[str, Any], config: ReadConfig) -> Alias:
    """Raises BadRecord."""
    location = _as_utf8(first(record.http or (), "location"))
    url, target = canonical_url(record.url), join_url(record.url, location) if location else ""
    if not url or not target or target == url or len(target) > config.max_url_characters:
        where = "itself" if url and target == url else safe_url(location)[:_MAX_SHOWN] or "nowhere"
        raise BadRecord(Reason.BAD_STATUS, f"{record.status} to {where}")
    return Alias(url=url, kind=AliasKind.REDIRECT, target=target, **_said(record, config), **place)


def revisit(record: WarcRecord, place: dict[str, Any], config: ReadConfig) -> Alias:
    """Raises BadRecord."""
    if record.http is not None and record.status not in (None, _NOT_MODIFIED):
        check_status(record)
    url = canonical_url(record.url)
    if not url:
        raise BadRecord(Reason.REVISIT, f"no http(s) URL: {safe_url(record.url)[:_MAX_SHOWN]}")
    target = canonical_url(first(record.headers, "warc-refers-to-target-uri").strip(" <>"))
    return Alias(
        url=url,
        kind=AliasKind.REVISIT,
        target=target if len(target) <= config.max_url_characters else "",
        target_time=first(record.headers, "warc-refers-to-date")[:40],
        digest=payload_digest(first(record.headers, "warc-payload-digest")),
        record_id=first(record.headers, "warc-refers-to").strip("<>")[:256],
        **_said(record, config),
        **place,
    )


def check_status(record: WarcRecord) -> None:
    """Raises BadRecord(bad_status) for a response that does not give the whole."""
    if record.http is not None and not gives_all(record.status, first(record.http, "content-range")):
        said = (str(record.status or "none"), first(record.http, "content-range"))
        raise BadRecord(Reason.BAD_STATUS, " ".join(filter(None, said)))


def use_of(record: WarcRecord, config: ReadConfig) -> tuple[str, str]:
    """What X-Robots-Tag and its like, and TDM-Reservation, say, cut to their limit."""
    http, most = record.http or (), config.max_robots_characters
    return use_text(partial(joined, http), most), joined(http, "tdm-reservation")[:most]


def _said(record: WarcRecord, config: ReadConfig) -> dict[str, str]:
    robots, reserved = use_of(record, config)
    return {"crawl_time": record.crawl_time, "robots_header": robots, "tdm_reservation": reserved}


def _as_utf8(value: str) -> str:
    """Heads are read as Latin-1, and browsers read the addresses in them as UTF-8."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
