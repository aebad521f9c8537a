"""A seed -> a web archive with one or two bad records among good ones, and which records its faults may cost.

Containers: gzip with a member a record, plain WARC, ARC both ways, and archives packed as a whole. A fault hits a record
before it is packed (what a crawler or a server writes) or what is stored of it (what a disk or a network does to it).
"""

import bz2
import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import zstandard

from lamella.sample.paint import draw, encode
from lamella.sample.rng import Rng
from lamella.sample.warc import Exchange, pack, response_record
from tests.faults import mutate

RECORDS = 8
PICTURES = (2, 5)  # the others are pages
BY_MEMBER = ("gz", "gz", "gz", "arc.gz")
PLAIN = ("plain", "plain", "arc")
WHOLE = ("whole.gz", "zst", "bz2")
_SEPARATOR = b"\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An archive with faults."""

    name: str
    clean: bytes
    data: bytes
    may_go: frozenset[int]  # the records that the faults may cost; every other one must come out unchanged
    traceless: frozenset[int] = frozenset()  # of these, the ones that left nothing by which their loss could be told


def archive(seed: int) -> Case:
    rng = Rng("archive", seed)
    container = rng.pick(BY_MEMBER + PLAIN + WHOLE)
    arc = container.startswith("arc")
    records = [record(n, arc) for n in range(RECORDS)]
    victim = rng.below(RECORDS)
    stored = rng.chance(0.5)
    names, harmed = [], list(records)
    if not stored:
        name = rng.pick(tuple(RECORD_FAULTS))
        harmed[victim] = RECORD_FAULTS[name](records[victim], rng)
        names.append(name)
    clean, data = _packed(records, container), _packed(harmed, container)
    may_go, traceless = {victim}, frozenset()
    if container in WHOLE:
        may_go |= set(range(victim, RECORDS))  # a false length cannot be held against the end of what is not unpacked yet
    if container not in BY_MEMBER:
        may_go.add(victim + 1)  # nothing but the next record says where a plain one ends
    if stored and container in WHOLE:
        name, data = mutate.mutated(data, rng)
        names.append(name)
        may_go = set(range(RECORDS))  # behind the fault nothing can be unpacked
    elif stored:
        members = [pack(one, 6) for one in records] if container in BY_MEMBER else list(records)
        name = rng.pick(tuple(STORED_FAULTS))
        data, more = STORED_FAULTS[name](members, victim, rng)
        may_go |= more
        traceless = frozenset({victim} if name == "lost" else more)
        names.append(name)
    label = f"{container} {victim} {'+'.join(names)}"
    return Case(name=label, clean=clean, data=data, may_go=frozenset(may_go), traceless=traceless)


def url_of(number: int) -> str:
    return f"https://site-{number}.example/{'picture' if number in PICTURES else 'page'}-{number}"


def record(number: int, arc: bool = False) -> bytes:
    if number in PICTURES:
        body, mime = encode(draw(f"fault {number}", (96, 80))[0], "png"), "image/png"
    else:
        words = " ".join(f"Word{n} of page {number}" for n in range(20))
        body = f"<html><title>{number}</title><p>{words}.<img src='/a.png' alt='one red ring'></html>".encode()
        mime = "text/html; charset=utf-8"
    found = response_record(Exchange(url=url_of(number), body=body, mime=mime), number)
    if not arc:
        return found
    block = found.partition(_SEPARATOR)[2].removesuffix(_SEPARATOR)
    line = f"{url_of(number)} 192.0.2.7 2021030100000{number} {mime.partition(';')[0]} {len(block)}\n"
    return line.encode() + block + b"\n"


def _packed(records: list[bytes], container: str) -> bytes:
    if container in BY_MEMBER:
        return b"".join(pack(one, 6) for one in records)
    joined = b"".join(records)
    if container == "whole.gz":
        return gzip.compress(joined, mtime=0)
    if container == "zst":
        return zstandard.ZstdCompressor(write_checksum=True).compress(joined)
    return bz2.compress(joined) if container == "bz2" else joined


def _header(name: bytes, *values: bytes) -> Callable[[bytes, Rng], bytes]:
    """The record with one of `values` as its header's value; the header is added where it lacks it."""

    def fault(data: bytes, rng: Rng) -> bytes:
        head, split, rest = data.partition(_SEPARATOR)
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(name.lower() + b":")]
        return b"\r\n".join([*lines, name + b": " + rng.pick(values)]) + split + rest

    return fault


def _http(*lines: bytes) -> Callable[[bytes, Rng], bytes]:
    """The record with lines added to the server's head."""

    def fault(data: bytes, rng: Rng) -> bytes:
        at = data.find(b"\r\n", max(data.find(b"HTTP/1.1"), 0)) + 2
        return _relength(data[:at] + b"".join(line + b"\r\n" for line in lines) + data[at:])

    return fault


def _relength(data: bytes) -> bytes:
    """The record with a Content-Length that is true again; ARC records keep the one they have."""
    head, split, rest = data.partition(_SEPARATOR)
    lines = head.split(b"\r\n")
    size = len(rest.removesuffix(_SEPARATOR))
    lines = [b"Content-Length: %d" % size if line.startswith(b"Content-Length:") else line for line in lines]
    return b"\r\n".join(lines) + split + rest if data.startswith(b"WARC/") else data


def _drop_header(data: bytes, rng: Rng) -> bytes:
    head, split, rest = data.partition(_SEPARATOR)
    lines = head.split(b"\r\n")
    if len(lines) > 1:
        del lines[rng.between(1, len(lines) - 1)]
    return b"\r\n".join(lines) + split + rest


def _in_head(data: bytes, rng: Rng) -> bytes:
    """Faults of storage, in the header block alone."""
    head, split, rest = data.partition(_SEPARATOR)
    return mutate.mutated(head, rng)[1] + split + rest


def _in_body(data: bytes, rng: Rng) -> bytes:
    head, split, rest = data.partition(_SEPARATOR)
    return _relength(head + split + mutate.mutated(rest.removesuffix(_SEPARATOR), rng)[1] + _SEPARATOR)


def _status(data: bytes, rng: Rng) -> bytes:
    line = rng.pick((b"HTTP/1.1 99999", b"HTTP/9.9 abc", b"HTTP/1.1", b"HTTP", b"ICY 200 OK", b"HTTP/1.1 200" + b" OK" * 9999))
    return _relength(data.replace(b"HTTP/1.1 200 OK", line, 1))


def _wide_flood(data: bytes, rng: Rng) -> bytes:
    return _http(b"X-Long: " + b"a" * rng.pick((10_000, 300_000)))(data, rng)


RECORD_FAULTS: dict[str, Callable[[bytes, Rng], bytes]] = {
    "length": _header(
        b"Content-Length", b"0", b"7", b"-4", b"abc", b"999999", b"9" * 40, b"1e3", b" 12 34", b"\xd9\xa3", b"99999999999"
    ),
    "type": _header(b"WARC-Type", b"", b"respons", b"resource", b"conversion", b"revisit", b"\xff", b"x" * 9999),
    "uri": _header(
        b"WARC-Target-URI", b"", b"javascript:alert(1)", b"http://", b"https://[::1", b"http://a.example/" + b"a" * 9000,
        b"http://\xff\xfe.example/", b"urn:x:y", b"http://\xe2\x80\xae.example/\x1b[31m", b"http://xn--a.example:99999/",
    ),
    "date": _header(b"WARC-Date", b"", b"yesterday", b"9999-99-99T99:99:99Z", b"2021-03-01T00:00:00+99:99", b"1" * 500),
    "truncated": _header(b"WARC-Truncated", b"length", b"", b"\x00"),
    "digest": _header(b"WARC-Payload-Digest", b"sha1:", b"md5:zz", b":" * 99),
    "header lost": _drop_header,
    "head": _in_head,
    "body": _in_body,
    "status": _status,
    "header flood": _http(*(b"X-%d: %d" % (n, n) for n in range(3000))),
    "cookie flood": _http(*(b"Set-Cookie: a=b" for _ in range(3000))),
    "wide header": _wide_flood,
    "robots flood": _http(b"X-Robots-Tag: " + b"noindex, " * 5000 + b"x" * 200),
    "colons": _http(b":", b": a", b"no colon", b" folded", b"a\x00b: c\x00d", b"\xff\xfe: \x80"),
    "says gzip": _http(b"Content-Encoding: gzip"),
    "says br": _http(b"Content-Encoding: br"),
    "says zstd": _http(b"Content-Encoding: zstd"),
    "says much": _http(b"Content-Encoding: " + b", ".join([b"gzip"] * 50)),
    "says chunked": _http(b"Transfer-Encoding: chunked"),
    "body length": _http(b"Content-Length: " + b"9" * 30, b"Content-Length: -1"),
    "charset": _http(b"Content-Type: text/html; charset=" + b"utf-16\xff" * 40),
    "mime": _http(b"Content-Type: " + b"/" * 5000),
    "lf": lambda data, rng: data.replace(b"\r\n", b"\n"),
    "cr": lambda data, rng: data.replace(b"\r\n", b"\r", rng.between(1, 20)),
    "second record": lambda data, rng: data + record(99),
    "record in record": lambda data, rng: _relength(data.removesuffix(_SEPARATOR) + record(98) + _SEPARATOR),
}  # fmt: skip

Stored = tuple[bytes, set[int]]  # the archive's bytes, and what else it may cost


def _one(fault: Callable[[bytes, Rng], bytes]) -> Callable[[list[bytes], int, Rng], Stored]:
    def stored(members: list[bytes], victim: int, rng: Rng) -> Stored:
        return b"".join((*members[:victim], fault(members[victim], rng), *members[victim + 1 :])), set()

    return stored


def _ends(members: list[bytes], victim: int, rng: Rng) -> Stored:
    """The file ends within a member: what follows was never written."""
    whole, last = b"".join(members[:victim]), members[victim]
    return whole + last[: rng.between(1, len(last) - 1)], set(range(victim + 1, RECORDS))


def _moved(members: list[bytes], victim: int, rng: Rng) -> Stored:
    return b"".join(rng.shuffled(members)), set()


def _lost(members: list[bytes], victim: int, rng: Rng) -> Stored:
    return b"".join((*members[:victim], *members[victim + 1 :])), set()


def _twice(members: list[bytes], victim: int, rng: Rng) -> Stored:
    return b"".join((*members[: victim + 1], *members[victim:])), set()


def _before(members: list[bytes], victim: int, rng: Rng) -> Stored:
    """Something stands before a member, and the member itself is whole."""
    junk = rng.pick((bytes(512), b"\r\n" * 9, rng.bytes(200), b"\x1f\x8b\x08" * 20, b"<html>\n" * 30, b"\xef\xbb\xbf"))
    return b"".join((*members[:victim], junk, *members[victim:])), set()


def _trailer(data: bytes, rng: Rng) -> bytes:
    """A gzip member's checksum or size, a plain record's line breaks."""
    return data[:-8] + mutate.flip_bit(data[-8:], rng)


def _bomb(data: bytes, rng: Rng) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(b"WARC/1.0\r\nWARC-Type: response\r\n" + bytes(70 << 20)) + packer.flush()


STORED_FAULTS: dict[str, Callable[[list[bytes], int, Rng], Stored]] = {
    "mutated": _one(lambda data, rng: mutate.mutated(data, rng)[1]),
    "mutated more": _one(lambda data, rng: mutate.mutated(mutate.mutated(data, rng)[1], rng)[1]),
    "trailer": _one(_trailer),
    "zeroed": _one(lambda data, rng: bytes(len(data))),
    "noise": _one(lambda data, rng: rng.bytes(len(data))),
    "bomb": _one(_bomb),
    "ends": _ends,
    "moved": _moved,
    "lost": _lost,
    "twice": _twice,
    "junk before": _before,
}
