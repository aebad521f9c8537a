"""Exchanges -> WARC/1.1 files: a gzip member for each record, warcinfo first, a request beside each response, split by size.

Byte-identical for equal input: no clock (dates count seconds from a fixed day), gzip members with mtime 0, record ids from
hashes of what they name. Damaged and cut records are written on purpose through `WarcWriter.member`.
"""

import zlib
from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b, sha1
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

FIRST_DAY = datetime(2021, 3, 1, tzinfo=UTC)
MAX_FILE_BYTES = 100_000_000
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # mtime 0, no name, unknown system
_REQUEST = "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sample-crawler/1.0\r\nAccept: */*\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its response, as a crawler would have seen it."""

    url: str
    body: bytes
    mime: str
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = ()  # beyond Content-Type and Content-Length
    truncated: str = ""  # WARC-Truncated: length, time, disconnect
    revisit: bool = False
    level: int = 1  # zlib; 6 for text, 1 for what is packed already


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRef:
    """Where a record lies."""

    archive: str  # file name
    offset: int
    length: int


class WarcWriter:
    """Appends records to `sample-00000.warc.gz`, `sample-00001.warc.gz` ... in a folder. Use as a context manager."""

    def __init__(self, folder: Path, max_bytes: int = MAX_FILE_BYTES):
        self._folder, self._max_bytes = folder, max_bytes
        self.files = self.records = self.bytes = 0
        self._offset = 0
        self._seconds = 0

    def __enter__(self) -> "WarcWriter":
        self._open()
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    @property
    def name(self) -> str:
        return f"sample-{self.files - 1:05d}.warc.gz"

    def write(self, exchange: Exchange) -> RecordRef:
        """Writes request and response; gives the response's place."""
        if self._offset >= self._max_bytes:
            self.next_file()
        self._seconds += 1
        record = response_record(exchange, self._seconds)
        self.member(pack(_request_record(exchange, self._seconds), 1))
        return self.member(pack(record, exchange.level))

    def next_file(self) -> None:
        """What comes from now on goes into a further file."""
        self._file.close()
        self._open()

    def member(self, stored: bytes) -> RecordRef:
        """Appends the bytes as they are: a whole gzip member, or what is left of one."""
        ref = RecordRef(archive=self.name, offset=self._offset, length=len(stored))
        self._file.write(stored)
        self._offset += len(stored)
        self.bytes += len(stored)
        self.records += 1
        return ref

    def _open(self) -> None:
        self.files += 1
        self._file: BinaryIO = open(self._folder / self.name, "wb")  # noqa: SIM115 (closed by __exit__)
        self._offset = 0
        fields = b"software: lamella sample\r\nformat: WARC File Format 1.1\r\nisPartOf: sample web\r\n"
        head = [("WARC-Type", "warcinfo"), ("WARC-Filename", self.name), ("WARC-Date", date(self._seconds))]
        head += [("WARC-Record-ID", record_id("warcinfo", self.name)), ("Content-Type", "application/warc-fields")]
        self.member(pack(_record(head, fields), 6))


def response_record(exchange: Exchange, seconds: int) -> bytes:
    """A response or revisit record, not packed."""
    head = [
        ("WARC-Type", "revisit" if exchange.revisit else "response"),
        ("WARC-Target-URI", exchange.url),
        ("WARC-Date", date(seconds)),
        ("WARC-Record-ID", record_id("response", exchange.url, seconds)),
        ("WARC-IP-Address", "192.0.2.7"),
        ("Content-Type", "application/http; msgtype=response"),
    ]
    if exchange.truncated:
        head.append(("WARC-Truncated", exchange.truncated))
    if exchange.revisit:
        head.append(("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"))
    head.append(("WARC-Payload-Digest", digest(exchange.body)))
    lines = [f"HTTP/1.1 {exchange.status}", f"Content-Type: {exchange.mime}"]
    lines += [f"{name}: {value}" for name, value in exchange.headers]
    if not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in exchange.headers):
        lines.append(f"Content-Length: {len(exchange.body)}")
    block = "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if exchange.revisit else exchange.body)
    return _record(head, block)


def pack(record: bytes, level: int) -> bytes:
    """One gzip member that depends on its content alone."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(record) + packer.flush()
    return _GZIP_HEAD + body + zlib.crc32(record).to_bytes(4, "little") + (len(record) & 0xFFFFFFFF).to_bytes(4, "little")


def record_id(*parts: object) -> str:
    digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).digest()
    return f"<urn:uuid:{UUID(bytes=digest, version=4)}>"


def date(seconds: int) -> str:
    return (FIRST_DAY + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def digest(data: bytes) -> str:
    return "sha1:" + b32encode(sha1(data, usedforsecurity=False).digest()).decode()


def _request_record(exchange: Exchange, seconds: int) -> bytes:
    host, _, path = exchange.url.split("://", 1)[-1].partition("/")
    head = [
        ("WARC-Type", "request"),
        ("WARC-Target-URI", exchange.url),
        ("WARC-Date", date(seconds)),
        ("WARC-Record-ID", record_id("request", exchange.url, seconds)),
        ("WARC-Concurrent-To", record_id("response", exchange.url, seconds)),
        ("Content-Type", "application/http; msgtype=request"),
    ]
    return _record(head, _REQUEST.format(path="/" + path.partition("#")[0], host=host).encode())


def _record(head: list[tuple[str, str]], block: bytes) -> bytes:
    lines = ["WARC/1.1", *(f"{name}: {value}" for name, value in head)]
    lines += [f"WARC-Block-Digest: {digest(block)}", f"Content-Length: {len(block)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"
