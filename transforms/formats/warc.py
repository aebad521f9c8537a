"""The bytes of one stored record of a web archive -> headers, HTTP status and the decoded body, bounded.

The caller cuts a record out (a gzip member, or a stretch of a plain archive), so its boundary is known and wins over a wrong
Content-Length. FastWARC parses header blocks; ARC records (the format before WARC) become the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import NamedTuple

from fastwarc.warc import HeaderMap

from lamella.schemas.rejection import Reason
from lamella.transforms.formats.content_encoding import BadRecord, Body, SizeLimits, decode
from lamella.transforms.formats.http_message import is_interim, starts_response, status_of

Headers = tuple[tuple[str, str], ...]  # names in lower case, in their order

MAX_HEAD_BYTES = 1 << 18
_MAX_VALUE = 1 << 16  # characters of a header; longer than any limit on what is taken from it
_MAX_ID, _MAX_DATE = 256, 40  # characters of a record's name and date
_FOLD = re.compile(r"\r?\n[ \t]++")
_VERSION = re.compile(rb"WARC/\d", re.IGNORECASE)
_OTHER_HEAD = re.compile(rb"WARC/\d\.\d\r?\n[A-Za-z\-]+[ \t]*+:", re.IGNORECASE)
_MAX_ARC_LINE = 4500
_ARC_SCHEME = re.compile(rb"[a-z][a-z0-9+.\-]{1,20}:")
_ARC_FIELD = re.compile(rb"[^ ]++")
_ARC_ADDRESS = re.compile(rb"[0-9A-Fa-f.:]{1,45}|-")  # a dash where it was not known
_IPV4 = re.compile(rb"(?:\d{1,3}\.){3}\d{1,3}")
_ARC_DATE = re.compile(rb"\d{8,20}")
_ARC_LENGTH = re.compile(rb"-?\d{1,20}")
_DECLARED = re.compile(rb"\ncontent-length[ \t]*+:[ \t]*+(\d{1,15})[ \t]*+\r?\n", re.IGNORECASE)
_HTTP_KINDS = ("response", "revisit", "request")
_HTTP_TYPE = "application/http"
_MAX_INTERIM = 8  # heads of one response before its own


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcRecord:
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
        return first(self.headers, "warc-record-id").strip("<>")[:_MAX_ID]

    @property
    def crawl_time(self) -> str:
        return first(self.headers, "warc-date")[:_MAX_DATE]

    @property
    def truncated(self) -> bool:
        return bool(first(self.headers, "warc-truncated"))

    @property
    def content_type(self) -> str:
        """The media type of the body with its parameters, as the server (or, without HTTP, the record) says."""
        return joined(self.headers if self.http is None else self.http, "content-type")


def first(headers: Headers, name: str) -> str:
    """The first value of a header, "" where it is missing."""
    for key, value in headers:
        if key == name:
            return value
    return ""


def joined(headers: Headers, name: str) -> str:
    """All values of a header, comma-joined (RFC 9110, 5.3)."""
    return ", ".join(value for key, value in headers if key == name)


def parse_record(data: bytes) -> WarcRecord:
    """Parses the bytes of one record. Raises BadRecord(damaged_record) where they are none."""
    if _VERSION.match(data):
        headers, start = _head(data, "utf-8")
        names = {name for name, _ in headers}
        if "warc-type" not in names:
            raise BadRecord(Reason.DAMAGED_RECORD, "no WARC-Type")
        kind, url = first(headers, "warc-type").lower(), first(headers, "warc-target-uri").strip(" <>")
        declared = first(headers, "content-length")
    elif arc := _arc_line(data):
        url, declared, start = arc.url, arc.length, arc.end
        kind = "warcinfo" if url.startswith("filedesc:") else "response"
        headers = _arc_headers(arc.date, arc.mime, arc.address)
    else:
        raise BadRecord(Reason.DAMAGED_RECORD, f"starts with {data[:16]!r}")
    block, mismatch = _block(data, start, declared)
    message = _message(kind, headers, block)
    if message is None:
        headers, message = _without_type(kind, headers), _Message(None, None, block)
    return WarcRecord(
        kind=kind,
        url=url,
        headers=headers,
        http=message.http,
        status=message.status,
        body=message.body,
        length_mismatch=mismatch,
    )


def decoded_body(record: WarcRecord, limits: SizeLimits) -> Body:
    """The body without chunking and content coding. Raises BadRecord (undecodable, record_too_large)."""
    transfer, content = "", ""
    if record.http is not None:
        transfer, content = joined(record.http, "transfer-encoding"), joined(record.http, "content-encoding")
    return decode(record.body, transfer, content, limits)


def body_start(record: WarcRecord, size: int, limits: SizeLimits) -> bytes:
    """The first bytes of the decoded body, from its first `size` coded bytes; b"" where these cannot be decoded."""
    try:
        return decoded_body(replace(record, body=record.body[:size]), limits).data
    except BadRecord:
        return b""


def declared_length(data: bytes) -> tuple[int, int] | None:
    """(where the block starts, its declared length) of the record that `data` starts with; None where it says neither."""
    if _VERSION.match(data):
        _, end = _head_end(data)
        if _OTHER_HEAD.search(data, 1, end):
            return None  # its own head has no end any more, and this is the next record's
        length = _DECLARED.search(data, 0, end)
        return (end, int(length[1])) if length else None
    arc = _arc_line(data)
    return (arc.end, int(arc.length[:15])) if arc and arc.length.isdigit() else None


def is_warc(data: bytes | bytearray) -> bool:
    """Whether a record is of the WARC format, and not of the ARC format before it."""
    return bool(_VERSION.match(data))


def starts_record(data: bytes) -> bool:
    """Whether a WARC or ARC record seems to start here."""
    return bool(_VERSION.match(data) or _arc_line(data))


class _ArcLine(NamedTuple):
    url: str
    address: str
    date: str
    mime: str
    length: str
    end: int  # where the block starts


def _arc_line(data: bytes) -> _ArcLine | None:
    """The head of an ARC record (version 1): URL, IP address, date, type and length, divided by spaces.

    The URL and the type may hold spaces themselves: the first two fields that look like address and date are these.
    """
    if not _ARC_SCHEME.match(data) or (end := data.find(b"\n", 0, _MAX_ARC_LINE)) < 0:
        return None
    fields = list(_ARC_FIELD.finditer(data[:end].removesuffix(b"\r")))
    if len(fields) < 4 or not _ARC_LENGTH.fullmatch(fields[-1][0]):
        return None
    for at in range(1, len(fields) - 2):
        if _ARC_DATE.fullmatch(fields[at + 1][0]) and _ARC_ADDRESS.fullmatch(fields[at][0]):
            if any(_IPV4.fullmatch(field[0]) for field in fields[1:at]):
                return None  # two lines that damage has run together
            words = b" ".join(field[0] for field in fields[at + 2 : -1])
            parts = data[: fields[at - 1].end()], fields[at][0], fields[at + 1][0], words, fields[-1][0]
            url, ip, date, mime, length = (part.decode("latin-1") for part in parts)
            return _ArcLine(url, ip, date, mime, length, end + 1)
    return None


def _head(data: bytes, encoding: str) -> tuple[Headers, int]:
    """The header block that `data` starts with, and where it ends. Lines may end with LF alone."""
    last, end = _head_end(data)
    if not end:
        raise BadRecord(Reason.DAMAGED_RECORD, "its header block does not end")
    lines = HeaderMap(encoding)
    try:
        lines.parse(BytesIO(data[:end].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")), True)
        items = lines.items()
    except OSError:  # a block that is longer than FastWARC takes
        items = _lines(data[:last].decode(encoding, "replace"))
    return tuple([(name.strip().lower(), value[:_MAX_VALUE].replace("\0", "").strip()) for name, value in items]), end


def _head_end(data: bytes) -> tuple[int, int]:
    """Where the last line of the header block that `data` starts with ends, and where what follows it starts; 0, 0 where the
    block does not end. Lines may end with LF alone."""
    blank = data.find(b"\n\r\n", 0, MAX_HEAD_BYTES)
    bare = data.find(b"\n\n", 0, MAX_HEAD_BYTES if blank < 0 else blank + 1)
    line = blank if bare < 0 else bare
    if line < 0:
        return 0, 0
    return line - (data[line - 1 : line] == b"\r"), line + (3 if bare < 0 else 2)


def _lines(head: str) -> Iterator[tuple[str, str]]:
    """Names and values behind the first line. A value may go on in lines that begin with space (RFC 9112, 5.2)."""
    for line in _FOLD.sub(" ", head).split("\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            yield name, value


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


class _Message(NamedTuple):
    """What a block holds."""

    http: Headers | None
    status: int | None
    body: bytes


def _message(kind: str, headers: Headers, block: bytes) -> _Message | None:
    """The block's HTTP head and body; None where it holds no HTTP message.

    Heads of interim responses (100, 103) that stand before the response's own are passed over.
    """
    if kind not in _HTTP_KINDS and not _says_http(headers):
        return None
    body = block.lstrip(b"\r\n")  # RFC 9112, 2.2
    if not starts_response(body):
        return None
    for _ in range(_MAX_INTERIM):
        message = _response(body)
        following = message.body.lstrip(b"\r\n") if is_interim(body) else b""
        if not starts_response(following):
            break
        body = following
    return message


def _without_type(kind: str, headers: Headers) -> Headers:
    """A response of HTTP/0.9, or one whose head was lost, has a body of no declared type: the record's is the message's."""
    if kind in ("request", "revisit") or not _says_http(headers):
        return headers
    return tuple(header for header in headers if header[0] != "content-type")


def _says_http(headers: Headers) -> bool:
    return first(headers, "content-type").lower().startswith(_HTTP_TYPE)


def _response(block: bytes) -> _Message:
    """Head, status and body of the response that a block starts with."""
    try:
        http, start = _head(block, "latin1")
    except BadRecord:
        if len(block) > MAX_HEAD_BYTES:
            raise BadRecord(Reason.DAMAGED_RECORD, f"a head of more than {MAX_HEAD_BYTES} bytes") from None
        # a response that was cut in its head
        http, start = (), len(block)
    return _Message(http, status_of(block), block[start:])
