"""A sound shard and rng -> a tar that `tarfile` would believe, and what is hostile in it."""

import io
import tarfile
from collections.abc import Callable

from lamella.sample.rng import Rng
from lamella.schemas.shards import MAX_MEMBER_BYTES

_BLOCK = 512


def hostile_tar(data: bytes, rng: Rng) -> tuple[str, bytes]:
    """The shard's first members with one that is hostile among them."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = [(info, tar.extractfile(info).read()) for info in tar.getmembers()[:8]]
    name = rng.pick(tuple(FAULTS))
    at = rng.below(len(members))
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=rng.pick((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    ) as tar:
        for number, (info, body) in enumerate(members):
            if number == at:
                body = FAULTS[name](info, body, rng)
            info.size = len(body) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(body))
    if name == "size":
        return name, _with_size(out.getvalue(), rng)
    return name, out.getvalue()


def _named(*names: str) -> Callable[[tarfile.TarInfo, bytes, Rng], bytes]:
    def fault(info: tarfile.TarInfo, body: bytes, rng: Rng) -> bytes:
        info.name = rng.pick(names)
        return body

    return fault


def _of_type(*kinds: bytes) -> Callable[[tarfile.TarInfo, bytes, Rng], bytes]:
    def fault(info: tarfile.TarInfo, body: bytes, rng: Rng) -> bytes:
        info.type, info.linkname = rng.pick(kinds), rng.pick(("/etc/passwd", "../../x", info.name))
        return body

    return fault


def _pax(info: tarfile.TarInfo, body: bytes, rng: Rng) -> bytes:
    key = rng.pick(("path", "size", "linkpath", "GNU.sparse.size", "comment", "GNU.sparse.map"))
    info.pax_headers = {key: rng.pick(("../x", "99999999999", "0,1073741824", "a" * 100_000))}
    return body


def _with_size(data: bytes, rng: Rng) -> bytes:
    """The first header says another size: octal, base 256, negative, or no number; its checksum is right."""
    field = rng.pick(
        (
            b"%011o\0" % (MAX_MEMBER_BYTES + 1), b"77777777777\0", b"\x80" + bytes(3) + b"\xff" * 8, b"\xff" * 12,
            b"00000000001\0", b"-0000000001\0", b"           \0", b"0x0000000ff\0", b"00000000000\0",
        )
    )  # fmt: skip
    header = data[:124] + field + data[136:148] + b" " * 8 + data[156:_BLOCK]
    return header[:148] + b"%06o\0 " % sum(header) + header[156:] + data[_BLOCK:]


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[tarfile.TarInfo, bytes, Rng], bytes]:
    return lambda info, body, rng: change(body)


FAULTS: dict[str, Callable[[tarfile.TarInfo, bytes, Rng], bytes]] = {
    "traversal": _named("../../out.json", "/tmp/out.jpg", "a/../../b.json", "..", "000000000000.json/../x", "C:\\x.jpg"),
    "odd name": _named(
        "000000000000.exe", "\x1b[31m.json", "a" * 90 + ".json", "000000000000.jpg.json", " .json", "é.jpg", ".json"
    ),
    "twice": _named("000000000000.json"),
    "link": _of_type(tarfile.SYMTYPE, tarfile.LNKTYPE),
    "device": _of_type(tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CONTTYPE),
    "unknown type": _of_type(b"S", b"Z", b"V", b"M", b"\0"),
    "pax": _pax,
    "size": lambda info, body, rng: body,
    "empty": _bytes(lambda body: b""),
    "half": _bytes(lambda body: body[: len(body) // 2]),
    "deep json": _bytes(lambda body: b"[" * 100_000),
    "large number": _bytes(lambda body: b'{"a":' + b"9" * 10_000 + b"}"),
    "html": _bytes(lambda body: b"<html>" * 99),
    "pickle": _bytes(
        lambda body: b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x04true"
    ),
}
