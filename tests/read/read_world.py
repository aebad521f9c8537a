"""Records and archives for the tests of read: a response, a revisit, and what an archive of them gives."""

from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.config import ReadConfig
from lamella.schemas.rejection import Rejection, Unit
from lamella.transforms.read.archive import read_archive

HTML = b"<!doctype html><title>Lamellae</title><p>A flamingo strains its food.</p>"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def warc(kind: str, url: str, block: bytes, *more: str, http: bool = True, date: str = "2025-11-03T08:00:01Z") -> bytes:
    """A record; `more` are headers of its own."""
    head = ["WARC/1.1", f"WARC-Type: {kind}", f"WARC-Target-URI: {url}", f"WARC-Date: {date}"]
    head += ["Content-Type: application/http; msgtype=response"] * http + [*more, f"Content-Length: {len(block)}", "", ""]
    return "\r\n".join(head).encode() + block + b"\r\n\r\n"


def response(
    body: bytes,
    mime: str,
    *headers: str,
    status: str = "HTTP/1.1 200 OK",
    url: str = "http://a.example/x",
    more: tuple[str, ...] = (),
    date: str = "2025-11-03T08:00:01Z",
) -> bytes:
    """A response record; `more` are headers of the record, `headers` those of the response."""
    http = "\r\n".join([status, f"Content-Type: {mime}", *headers, "", ""]).encode()
    return warc("response", url, http + body, *more, date=date)


def read(folder, *records: bytes, name: str = "a.warc", config: ReadConfig = ReadConfig()) -> list:
    """What an archive of these records gives, counters aside, whose sums are checked."""
    path = folder / name
    path.write_bytes(b"".join(records))
    return outputs_of(str(path), config)


def outputs_of(path: str, config: ReadConfig = ReadConfig()) -> list:
    outputs = list(read_archive(path, config))
    counters = {(t.unit, t.kind): t.count for t in outputs if isinstance(t, Counter)}
    rejected = sum(isinstance(output, Rejection) for output in outputs)
    assert counters[Unit.RECORD, CounterKind.IN] == counters[Unit.RECORD, CounterKind.KEPT] + rejected
    return [output for output in outputs if not isinstance(output, Counter)]
