"""One stored record of a web archive: its bytes in; headers, HTTP status and the decoded body out, bounded.

A record is cut out by the caller (a gzip member, or a stretch of a plain archive), so its own boundary is known and wins
over a wrong Content-Length. Header blocks are parsed by FastWARC; ARC records (the format before WARC) become the same Record.
"""

import re
from dataclasses import dataclass, replace
from io import BytesIO

from fastwarc.warc import HeaderMap

from lamella.schemas.rejection import Reason
from lamella.transforms.codings import BadRecord, Body, Caps, decode

Headers = tuple[tuple[str, str], ...]  # names in lower case, in their order

MAX_HEAD_BYTES = 1 << 18
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_VERSION = re.compile(rb"WARC/\d", re.IGNORECASE)
_ARC_LINE = re.compile(
    rb"([a-z][a-z0-9+.\-]{1,20}:[^\n]{0,4096}?) +([0-9A-Fa-f.:]{1,45}) +(\d{8,20}) +([^\n]{0,200}?) *(-?\d+)\r?\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record, parsed. `body` is the HTTP body (or the whole block where there is no HTTP head), still coded."""

    kind: str  # WARC-Type: response, resource, conversion, revisit, request, warcinfo, metadata, continuation
    url: str  # WARC-Target-URI
    headers: Headers  # the record's own
    http: Headers | None  # None where the block is no HTTP message
    status: int | None
    body: bytes
    length_mismatch: bool  # Content-Length contradicts the record's boundary

    @property
    def record_id(self) -> str:
        return first(self.headers, "warc-record-id").strip("<>")

    @property
    def crawl_time(self) -> str:
        return first(self.headers, "warc-date")

    @property
    def truncated(self) -> bool:
        return bool(first(self.headers, "warc-truncated"))

    @property
    def content_type(self) -> str:
        """The media type of the body with its parameters, as the server (or, without HTTP, the record) says."""
        return first(self.headers if self.http is None else self.http, "content-type")


def first(headers: Headers, name: str) -> str:
    """The first value of a header, "" where it is missing."""
    return next((value for key, value in headers if key == name), "")


def joined(headers: Headers, name: str) -> str:
    """All values of a header, comma-joined (RFC 9110, 5.3)."""
    return ", ".join(value for key, value in headers if key == name)


def parse_record(data: bytes) -> Record:
    """Parses the bytes of one record. Raises BadRecord(damaged_record) where they are none."""
    if _VERSION.match(data):
        headers, start = _head(data, "utf-8")
        names = {name for name, _ in headers}
        if "warc-type" not in names:
            raise BadRecord(Reason.DAMAGED_RECORD, "no WARC-Type")
        kind, url = first(headers, "warc-type").lower(), first(headers, "warc-target-uri").strip(" <>")
        declared = first(headers, "content-length")
    elif arc := _ARC_LINE.match(data):
        url, address, date, mime, declared = (part.decode("latin-1") for part in arc.groups())
        kind = "warcinfo" if url.startswith("filedesc:") else "response"
        headers, start = _arc_headers(date, mime, address), arc.end()
    else:
        raise BadRecord(Reason.DAMAGED_RECORD, f"starts with {data[:16]!r}")
    block, mismatch = _block(data, start, declared)
    return _with_http(Record(kind=kind, url=url, headers=headers, http=None, status=None, body=block, length_mismatch=mismatch))


def decoded_body(record: Record, caps: Caps) -> Body:
    """The body without chunking and content coding. Raises BadRecord (undecodable, record_too_large)."""
    transfer, content = "", ""
    if record.http is not None:
        transfer, content = joined(record.http, "transfer-encoding"), joined(record.http, "content-encoding")
    return decode(record.body, transfer, content, caps)


def declared_length(data: bytes) -> tuple[int, int] | None:
    """(where the block starts, its declared length) of the record that `data` starts with; None where it says neither."""
    if _VERSION.match(data):
        head = _HEAD_END.search(data, 0, MAX_HEAD_BYTES)
        length = head and re.search(rb"\ncontent-length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?\n", data[: head.end()], re.IGNORECASE)
        return (head.end(), int(length[1])) if length else None
    arc = _ARC_LINE.match(data)
    return (arc.end(), int(arc[5][:15])) if arc and arc[5].isdigit() else None


def is_warc(data: bytes) -> bool:
    """Whether a record is of the WARC format, and not of the ARC format before it."""
    return bool(_VERSION.match(data))


def starts_record(data: bytes) -> bool:
    """Whether a WARC or ARC record seems to start here."""
    return bool(_VERSION.match(data) or _ARC_LINE.match(data))


def _head(data: bytes, encoding: str) -> tuple[Headers, int]:
    """The header block that `data` starts with, and where it ends. Lines may end with LF alone."""
    end = _HEAD_END.search(data, 0, MAX_HEAD_BYTES)
    if not end:
        raise BadRecord(Reason.DAMAGED_RECORD, "its header block does not end")
    lines = HeaderMap(encoding)
    try:
        lines.parse(BytesIO(_LINE_END.sub(b"\r\n", data[: end.end()])), True)
    except OSError as error:
        raise BadRecord(Reason.DAMAGED_RECORD, str(error)) from error
    return tuple((name.strip().lower(), _clean(value)) for name, value in lines.items()), end.end()


def _clean(value: str) -> str:
    return value.replace("\0", "").strip()


def _arc_headers(date: str, mime: str, address: str) -> Headers:
    date = date.ljust(14, "0")
    time = f"{date[:4]}-{date[4:6]}-{date[6:8]}T{date[8:10]}:{date[10:12]}:{date[12:14]}Z"
    return (("warc-date", time), ("content-type", mime.split(" ")[0]), ("warc-ip-address", address))


def _block(data: bytes, start: int, declared: str) -> tuple[bytes, bool]:
    """The record's block by its boundary, and whether its declared length says something else."""
    if declared.isascii() and declared.isdigit():
        length = int(declared[:15])
        if start + length <= len(data) and not data[start + length : start + length + 64].strip():
            return data[start : start + length], False
    return data[start:].removesuffix(b"\r\n\r\n"), True


def _with_http(record: Record) -> Record:
    """The record with its block split into HTTP head and body, where it holds an HTTP message."""
    if record.kind not in ("response", "revisit", "request") or not record.body.startswith(b"HTTP/"):
        return record
    try:
        http, start = _head(record.body, "latin1")
    except BadRecord:  # a response that was cut in its head
        http, start = (), len(record.body)
    status = re.match(rb"HTTP/\S+[ \t]+(\d{3})\b", record.body)
    return replace(record, http=http, status=int(status[1]) if status else None, body=record.body[start:])
