"""Bytes -> what wraps them: an LZ4 frame, a zip by any method, a tar."""

import gzip
import io
import lzma
import tarfile
import zipfile

from fastwarc.stream_io import Lz4Writer

STORED, DEFLATED, BZIP2, LZMA = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA


def lz4(data: bytes) -> bytes:
    out = io.BytesIO()
    writer = Lz4Writer(out)
    writer.write(data)
    writer.close()
    return out.getvalue()


def zipped(data: bytes, method: int, name: str = "archive/data.warc.gz") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("pages/pages.jsonl", b'{"format": "json-pages-1.0"}\n' * 99, zipfile.ZIP_DEFLATED)
        made.writestr("indexes/index.cdx.gz", gzip.compress(b"com,example)/ 2025"), zipfile.ZIP_STORED)
        made.writestr(name, data, method)
        made.writestr("datapackage.json", b"{}", zipfile.ZIP_DEFLATED)
    return out.getvalue()


def zipped_by_hand(packed: bytes, method: int) -> bytes:
    """By a method that `zipfile` does not know."""
    data = zipped(packed, STORED)
    for head, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = data.rindex(head, 0, (data.rindex if at == 10 else data.index)(b"archive/data.warc.gz"))
        data = data[: start + at] + bytes((method, 0)) + data[start + at + 2 :]
    return data


def lzma_of_zip(data: bytes) -> bytes:
    """As 7-Zip writes it: nothing says where it ends."""
    alone = lzma.compress(data, lzma.FORMAT_ALONE)  # properties, the length, the data
    raw = lzma.compress(data, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "preset": 6}])
    return b"\x09\x14\x05\0" + alone[:5] + raw[:-6]


def tarred(data: bytes, name: str = "crawl/data.warc.gz", kind: int = tarfile.GNU_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as made:
        for member, content in (("notes.txt", b"WARC/1.0\r\nnot this one"), (name, data)):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return out.getvalue()
