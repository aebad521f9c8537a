"""One member of an archive -> a Page, an ArchiveMedia, an Alias, a Rejection, or None for what only accompanies responses.

Rejects records: bad_status, revisit, empty_body, not_html, undecodable, record_too_large, damaged_record, truncated_record.
"""

from dataclasses import dataclass
from typing import NamedTuple

from lamella.schemas.config import ReadConfig
from lamella.schemas.keys import stable_key
from lamella.schemas.media import Alias, ArchiveMedia, BlobRef, Container
from lamella.schemas.page import Page, Provenance
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.aliases import as_capture, names_asked
from lamella.transforms.formats.charset import decode_html
from lamella.transforms.formats.content_encoding import BadRecord, Body, html_size_limits, media_size_limits
from lamella.transforms.formats.digests import payload_digest
from lamella.transforms.formats.http_message import REDIRECTS, length_of_range
from lamella.transforms.formats.signatures import signature
from lamella.transforms.formats.site_files import is_site_file
from lamella.transforms.formats.urls import canonical_url, safe_url
from lamella.transforms.formats.warc import (
    WarcRecord,
    body_start,
    decoded_body,
    first,
    parse_record,
)
from lamella.transforms.read.aliases import Captures, check_status, redirect, revisit, use_of
from lamella.transforms.read.members import Fault, Member
from lamella.transforms.read.sniff import HTML, SNIFFED_BYTES, is_media, may_be_page, media_type, sniffed

_CONTENT_KINDS = frozenset(("response", "resource", "conversion"))
_BESIDE_KINDS = frozenset(("request", "warcinfo", "metadata"))  # WARC 1.1, 6
_DETAIL_CHARACTERS = 500
_PEEKED_BYTES = 1 << 14  # coded bytes of a body that its header calls neither page nor media: a signature is sought in them


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Where members come from."""

    path: str  # as the input glob named it
    blob_path: str  # as a BlobRef names it
    name: str  # the file's name alone: keys do not change when an archive moves


def judge(
    member: Member | Fault, archive: Archive, captures: Captures, config: ReadConfig
) -> Page | ArchiveMedia | Alias | Rejection | None:
    """What a member holds. None: a request, or facts about the crawl. A revisit of one of `captures` is a capture too."""
    url = ""
    try:
        if isinstance(member, Fault):
            raise BadRecord(member.reason, member.detail)
        record = parse_record(member.data)
        url = safe_url(record.url[: config.max_url_characters])
        return _content(_Stored(record, member, archive), captures, config)
    except BadRecord as bad:
        return Rejection(
            stage=Stage.READ,
            unit=Unit.RECORD,
            key=stable_key(archive.name, member.offset),
            reason=bad.reason,
            url=url,
            detail=bad.detail[:_DETAIL_CHARACTERS],
            archive=archive.path,
            offset=member.offset,
        )


class _Stored(NamedTuple):
    """A record, and where it lies."""

    record: WarcRecord
    member: Member
    archive: Archive


def _content(stored: _Stored, captures: Captures, config: ReadConfig) -> Page | ArchiveMedia | Alias | None:
    record = stored.record
    if record.kind == "continuation":
        raise BadRecord(Reason.TRUNCATED_RECORD, "a segment of a longer record")
    if record.kind in _BESIDE_KINDS:
        return None
    if record.kind not in (*_CONTENT_KINDS, "revisit"):
        raise BadRecord(Reason.NOT_HTML, f"a record of the unknown type {record.kind[:100]!r}")
    if len(record.url) > config.max_url_characters:
        raise BadRecord(Reason.RECORD_TOO_LARGE, f"a URL of {len(record.url)} > {config.max_url_characters} characters")
    place = {"archive": stored.archive.path, "offset": stored.member.offset}
    if record.http is not None and record.status in REDIRECTS:
        return redirect(record, place, config)
    if record.kind == "revisit":
        alias = revisit(record, place, config)
        found = captures.find(alias)
        if not found and (may_be_page(media_type(record.content_type)) or not names_asked(alias)):
            raise BadRecord(Reason.REVISIT, safe_url(first(record.headers, "warc-refers-to-target-uri")))
        return as_capture(alias, found) if found else alias
    check_status(record)
    if not record.body.strip():
        raise BadRecord(Reason.EMPTY_BODY, "")
    if not canonical_url(record.url):
        raise BadRecord(Reason.NOT_HTML, f"no http(s) URL: {safe_url(record.url)[:100]}")
    return _typed(stored, config)


def _typed(stored: _Stored, config: ReadConfig) -> Page | ArchiveMedia:
    record, member, _ = stored
    mime = media_type(record.content_type)
    known = may_be_page(mime) or is_media(mime) or is_site_file(canonical_url(record.url), mime)
    if not (known or signature(body_start(record, _PEEKED_BYTES, media_size_limits(config)))):
        raise BadRecord(Reason.NOT_HTML, mime)
    body = decoded_body(record, html_size_limits(config) if mime == HTML else media_size_limits(config))
    if not body.data.strip():
        raise BadRecord(Reason.EMPTY_BODY, "nothing is left once it is decoded")
    mime = sniffed(mime, body.data[:SNIFFED_BYTES])
    if mime != HTML and is_site_file(canonical_url(record.url), mime):
        return _media(stored, mime, body, config)
    if is_media(mime):
        if member.length > config.max_media_bytes:
            raise BadRecord(Reason.RECORD_TOO_LARGE, f"{member.length} > {config.max_media_bytes} bytes")
        return _media(stored, mime, body, config)
    if mime != HTML:
        raise BadRecord(Reason.NOT_HTML, mime or "no type")
    if len(body.data) > config.max_html_bytes:
        raise BadRecord(Reason.RECORD_TOO_LARGE, f"{len(body.data)} > {config.max_html_bytes} bytes")
    return _page(stored, body, config)


def _page(stored: _Stored, body: Body, config: ReadConfig) -> Page:
    record, member, archive = stored
    html, charset = decode_html(body.data, record.content_type)
    robots, reserved = use_of(record, config)
    return Page(
        key=stable_key(archive.name, member.offset),
        url=safe_url(record.url),
        html=html,
        provenance=Provenance(
            archive=archive.path,
            offset=member.offset,
            length=member.length,
            record_id=record.record_id,
            crawl_time=record.crawl_time,
        ),
        charset=charset,
        robots_header=robots,
        tdm_reservation=reserved,
        truncated=_truncated(record, body),
    )


def _media(stored: _Stored, mime: str, body: Body, config: ReadConfig) -> ArchiveMedia:
    record, member, archive = stored
    robots, reserved = use_of(record, config)
    return ArchiveMedia(
        url=canonical_url(record.url),
        blob=BlobRef(path=archive.blob_path, offset=member.offset, length=member.length, container=Container.WARC),
        mime=mime,
        crawl_time=record.crawl_time,
        robots_header=robots,
        tdm_reservation=reserved,
        truncated=_truncated(record, body),
        digest=payload_digest(first(record.headers, "warc-payload-digest")),
        record_id=record.record_id,
    )


def _truncated(record: WarcRecord, body: Body) -> bool:
    """Whether the crawler says so, a coding ended early, or fewer bytes came than the server announced."""
    http = record.http or ()
    length = first(http, "content-length")
    announced = int(length[:15]) if length.isascii() and length.isdigit() else 0
    if record.status == 206:
        announced = max(announced, length_of_range(first(http, "content-range")))
    coded = any(name in ("transfer-encoding", "content-encoding") for name, _ in http)
    return record.truncated or not body.complete or (not coded and announced > len(record.body))
