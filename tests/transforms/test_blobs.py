"""Blobs: bytes in place, from packs and archives, packed or plain; what is not there, or not that, raises BlobError."""

import gzip
import json
import os

import pytest

from lamella.schemas.config import FetchConfig, ReadConfig
from lamella.schemas.media import BlobRef, Container
from lamella.transforms.base.blobs import BlobError, inside, read_blob
from lamella.transforms.base.packed import UNPACKED
from lamella.transforms.media.store import MediaStore

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def record(body: bytes, headers: bytes = b"") -> bytes:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n" + headers + b"\r\n" + body
    head = b"WARC/1.1\r\nWARC-Type: response\r\nContent-Type: application/http\r\nContent-Length: %d\r\n\r\n" % len(block)
    return head + block + b"\r\n\r\n"


def ref(path, offset: int, length: int, container: Container = Container.WARC) -> BlobRef:
    return BlobRef(path=str(path), offset=offset, length=length, container=container)


def test_a_pack(tmp_path):
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "0.tar").write_bytes(b"0123456789")
    assert read_blob(ref("packs/0.tar", 2, 3, Container.RAW), str(tmp_path)) == b"234"


def test_a_record(tmp_path):
    plain = record(PNG)
    coded = record(gzip.compress(PNG), b"Content-Encoding: gzip\r\n")
    packed = gzip.compress(coded)
    (tmp_path / "a.warc").write_bytes(plain + coded)
    (tmp_path / "a.warc.gz").write_bytes(packed + gzip.compress(plain))
    (tmp_path / "whole.warc.gz").write_bytes(gzip.compress(plain + coded))
    assert read_blob(ref(tmp_path / "a.warc", 0, len(plain))) == PNG
    assert read_blob(ref(tmp_path / "a.warc", len(plain), len(coded))) == PNG
    assert read_blob(ref(tmp_path / "a.warc.gz", 0, len(packed))) == PNG
    assert read_blob(ref(tmp_path / "a.warc.gz", len(packed), len(gzip.compress(plain)))) == PNG
    assert read_blob(ref(f"{UNPACKED}{tmp_path}/whole.warc.gz", len(plain), len(coded))) == PNG


def test_what_is_not_there(tmp_path):
    data = gzip.compress(record(PNG))
    (tmp_path / "a.warc.gz").write_bytes(data)
    damaged = data[:60] + b"\xff" + data[61:]
    (tmp_path / "b.warc.gz").write_bytes(damaged)
    (tmp_path / "bomb.warc.gz").write_bytes(gzip.compress(record(bytes(70 << 20))))
    for blob in (
        ref(tmp_path / "missing", 0, 9),
        ref(tmp_path / "a.warc.gz", 0, len(data) + 1),
        ref(tmp_path / "a.warc.gz", 0, len(data) - 1),
        ref(tmp_path / "a.warc.gz", 1, len(data) - 1),
        ref(tmp_path / "b.warc.gz", 0, len(damaged)),
        ref(tmp_path / "bomb.warc.gz", 0, (tmp_path / "bomb.warc.gz").stat().st_size),
        ref("nowhere://x", 0, 9),
    ):
        with pytest.raises(BlobError):
            read_blob(blob)


def test_the_sizes_that_an_archive_was_read_with_arrive(tmp_path):
    large = bytes(range(256)) * 5000
    data = gzip.compress(record(large))
    (tmp_path / "a.warc.gz").write_bytes(data)
    blob = ref(tmp_path / "a.warc.gz", 0, len(data))
    small = ReadConfig(max_media_bytes=len(large) - 1)
    with pytest.raises(BlobError):
        read_blob(blob, "", small)
    with pytest.raises(BlobError):
        MediaStore.of("", small, FetchConfig()).bytes(blob)
    assert MediaStore.of("", ReadConfig(max_media_bytes=len(large)), FetchConfig()).bytes(blob) == large


def a_run(tmp_path, inputs=()):
    root = tmp_path / "run"
    (root / "media").mkdir(parents=True)
    (root / "run.json").write_text(json.dumps({"inputs": list(inputs)}))
    return root


@pytest.mark.parametrize("container", Container)
def test_a_table_of_others_reaches_no_file_and_no_address(tmp_path, canary, container):
    root = a_run(tmp_path)
    (root / "media/link").symlink_to(canary.file)
    (root / "media/out").symlink_to(tmp_path)
    os.mkfifo(root / "media/pipe")
    paths = [canary.url, canary.file, f"file://{canary.file}", f"local::{canary.url}", f"simplecache::{canary.url}"]
    paths += ["../canary", "media/../../canary", "media/link", "media/out/canary", "media//../run.json", "./run.json"]
    paths += [
        "media\\..\\..\\canary",
        "~/canary",
        "",
        "media",
        "media/pipe",
        "/dev/zero",
        "media/\0",
        f"reference::{canary.url}",
    ]
    for path in paths:
        for spelled in (path, UNPACKED + path):
            with pytest.raises(BlobError):
                read_blob(ref(spelled, 0, 10, container), str(root))
    assert canary.heard == []


def test_archives_are_those_that_the_run_names(tmp_path, canary):
    plain = record(PNG)
    for name in ("a.warc", "b.warc"):
        (tmp_path / name).write_bytes(plain)
    root = a_run(tmp_path, [str(tmp_path / "a.warc")])
    assert read_blob(ref(tmp_path / "a.warc", 0, len(plain)), str(root)) == PNG
    with pytest.raises(BlobError, match=r"not one of the archives that run\.json names"):
        read_blob(ref(tmp_path / "b.warc", 0, len(plain)), str(root))
    (root / "run.json").write_text("{}")
    os.utime(root / "run.json", ns=(1, 1))
    with pytest.raises(BlobError, match="names no inputs"):
        read_blob(ref(tmp_path / "a.warc", 0, len(plain)), str(root))


def test_a_path_within_is_joined():
    assert inside("media/packs/a.tar", "memory://bucket/run/") == "memory://bucket/run/media/packs/a.tar"
    with pytest.raises(BlobError):
        inside("media/packs/a.tar", "")
