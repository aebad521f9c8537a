"""Shards: what is written is read back, byte for byte; what no writer of ours wrote is refused, and nothing is extracted."""

import io
import mmap
import tarfile

import pytest

from lamella.schemas.errors import BadShard
from lamella.schemas.pair import Dataset
from lamella.schemas.sample import ClipSample, PairSample
from lamella.schemas.shards import (
    MAX_MEMBER_BYTES,
    SAMPLES_PER_KEY_RANGE,
    ShardInfo,
    ShardManifest,
    index_shard,
    read_shard,
    sample_key,
    shard_name,
    write_shard,
)

SAMPLES = [
    PairSample(key=f"k{index}", url="https://a.example/i.jpg", text=f"text {index}", image=bytes([index]) * index).encode()
    for index in range(1, 6)
]


def shard(samples=SAMPLES, number=3) -> bytes:
    out = io.BytesIO()
    assert write_shard(out, number, samples) == len(samples)
    return out.getvalue()


def tar(*entries, format=tarfile.USTAR_FORMAT) -> bytes:
    """A tar of (TarInfo, bytes) entries as some other writer would write it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as writer:
        for info, data in entries:
            info.size = len(data) if info.isreg() else 0
            writer.addfile(info, io.BytesIO(data))
    return out.getvalue()


def entry(name="000000000000.jpg", data=b"data", **fields):
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def read(data: bytes):
    return list(read_shard(io.BytesIO(data)))


def patched(data: bytes, at: int, value: bytes) -> bytes:
    """The first header with some bytes replaced and its checksum made right again."""
    header = bytearray(data[:512])
    header[at : at + len(value)] = value
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data[512:]


def test_what_is_written_is_read_back():
    assert read(shard()) == [(sample_key(3, index), members) for index, members in enumerate(SAMPLES)]


def test_frames_come_in_the_order_of_their_numbers():
    clip = ClipSample(key="k", url="u", text="t", frames=tuple(bytes([n]) for n in range(12))).encode()
    with tarfile.open(fileobj=io.BytesIO(shard([clip]))) as reader:
        assert [name.split(".", 1)[1] for name in reader.getnames()] == ["json"] + [f"{n}.jpg" for n in range(12)]
    assert read(shard([clip])) == [(sample_key(3, 0), clip)]


def test_the_bytes_depend_on_the_samples_alone():
    backwards = [dict(reversed(members.items())) for members in SAMPLES]
    assert shard(backwards) == shard()


def test_an_empty_shard_has_no_samples():
    assert read(shard([])) == []


def test_tarfile_reads_what_we_write():
    with tarfile.open(fileobj=io.BytesIO(shard())) as reader:
        info = reader.getmembers()[0]
    assert (info.name, info.mode, info.uid, info.mtime, info.uname) == ("000003000000.json", 0o444, 0, 0, "")


@pytest.mark.parametrize("cut", range(0, len(shard()), 256))
def test_a_cut_is_never_silent(cut):
    whole = shard()
    used = whole.rstrip(b"\0")
    end = -(-len(used) // 512) * 512 + 1024  # members, then two empty blocks; what follows is padding
    if cut < end:
        with pytest.raises(BadShard):
            read(whole[:cut])
        with pytest.raises(BadShard):
            list(index_shard(whole[:cut]))
    else:
        assert len(read(whole[:cut])) == len(list(index_shard(whole[:cut]))) == len(SAMPLES)


def test_what_comes_before_the_damage_is_given_first():
    whole = bytearray(shard())
    at = whole.find(b"000003000003.json")
    whole[at + 20] ^= 1
    found = []
    with pytest.raises(BadShard, match="checksum"):
        found.extend(key for key, _ in read_shard(io.BytesIO(bytes(whole))))
    # `extend` keeps what came before the error.
    assert found == [sample_key(3, 0), sample_key(3, 1)]


HOSTILE = {
    "symlink": tar(entry(type=tarfile.SYMTYPE, linkname="/etc/passwd")),
    "hard link": tar(entry(type=tarfile.LNKTYPE, linkname="../../etc/passwd")),
    "character device": tar(entry(type=tarfile.CHRTYPE)),
    "fifo": tar(entry(type=tarfile.FIFOTYPE)),
    "folder": tar(entry("000000000000.jpg/", type=tarfile.DIRTYPE)),
    "contiguous file": tar(entry(type=tarfile.CONTTYPE)),
    "old regular file": patched(tar(entry()), 156, b"\0"),
    "traversal": tar(entry("../000000000000.jpg")),
    "absolute": tar(entry("/tmp/000000000000.jpg")),
    "in a folder": tar(entry("a/000000000000.jpg")),
    "in a prefix": patched(tar(entry()), 345, b"../../tmp"),
    "long name, GNU": tar(entry("0" * 300 + ".jpg"), format=tarfile.GNU_FORMAT),
    "long link, GNU": tar(entry(type=tarfile.SYMTYPE, linkname="x" * 300), format=tarfile.GNU_FORMAT),
    "long name, pax": tar(entry("0" * 300 + ".jpg"), format=tarfile.PAX_FORMAT),
    "pax size": tar(entry(pax_headers={"size": "99999999"}), format=tarfile.PAX_FORMAT),
    "pax path": tar(entry(pax_headers={"path": "../x.jpg", "comment": "é"}), format=tarfile.PAX_FORMAT),
    "global pax header": patched(tar(entry()), 156, b"g"),
    "sparse, GNU": patched(tar(entry()), 156, b"S"),
    "sparse, pax": tar(
        entry(pax_headers={"GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 40)}), format=tarfile.PAX_FORMAT
    ),
    "pickle": tar(entry("000000000000.pkl")),
    "pyd": tar(entry("000000000000.pyd")),
    "yaml": tar(entry("000000000000.yaml")),
    "npy": tar(entry("000000000000.0.npy")),
    "upper case": tar(entry("000000000000.JPG")),
    "key too short": tar(entry("0.jpg")),
    "other digits": tar(entry("٠٠٠٠٠٠٠٠٠٠٠٠.jpg")),
    "line break in the name": tar(entry("000000000000.jpg\n")),
    "too large": patched(tar(entry()), 124, b"%011o\0" % (MAX_MEMBER_BYTES + 1)),
    "size in base 256": patched(tar(entry()), 124, b"\x80" + b"\0" * 10 + b"\x04"),
    "negative size": patched(tar(entry()), 124, b"-0000000004\0"),
    "no size": patched(tar(entry()), 124, b"\0" * 12),
    "size beyond the end": patched(tar(entry()), 124, b"%011o\0" % MAX_MEMBER_BYTES),
    "wrong checksum": tar(entry()).replace(b"ustar", b"ustaR", 1),
    "a member twice": tar(entry(), entry()),
    "out of order": tar(entry("000000000001.jpg"), entry()),
    "interleaved": tar(entry("000000000000.json"), entry("000000000001.json"), entry()),
    "no tar": b"not a tar at all" * 100,
    "a web page": b"<html>" + b"x" * 2000,
    "nothing": b"",
    "one empty block": tar(entry())[:1024] + bytes(512) + tar(entry()),
    "a second tar behind it": tar(entry()) + tar(entry()),
    "zip": b"PK\x03\x04" + bytes(2000),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_shard_of_ours_is_refused(data):
    with pytest.raises(BadShard):
        read(data)
    with pytest.raises(BadShard):
        list(index_shard(data))


def test_an_index_says_where_every_member_lies(tmp_path):
    data = shard()
    found = [
        (key, {name: data[at : at + length] for name, (at, length) in places.items()}) for key, places in index_shard(data)
    ]
    assert found == read(data)
    path = tmp_path / "shard.tar"
    path.write_bytes(data)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert list(index_shard(mapped)) == list(index_shard(data))
    assert list(index_shard(shard([]))) == []


def test_a_short_read_is_no_cut():
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7))

    assert list(read_shard(Slow(shard()))) == read(shard())


def test_a_writer_refuses_what_no_reader_would_take():
    with pytest.raises(ValueError, match="pkl"):
        shard([{"json": b"{}", "pkl": b""}])
    with pytest.raises(ValueError):
        sample_key(0, SAMPLES_PER_KEY_RANGE)


def test_names_sort_as_their_numbers():
    assert shard_name(Dataset.M3W, "train", 7) == "m3w-train-00007.tar"
    assert [sample_key(0, 9), sample_key(0, 10), sample_key(1, 0)] == ["000000000009", "000000000010", "000001000000"]


def test_a_manifest_is_read_back():
    info = ShardInfo(name="m3w-train-00000.tar", split="train", samples=5, bytes=10240, sha256="0" * 64)
    manifest = ShardManifest(dataset=Dataset.M3W, shards=(info,), fingerprint="abc")
    assert ShardManifest.decode(manifest.encode()) == manifest


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"dataset":"m3w","shards":[{}],"made_from":""}', b'{"dataset":"x"}', b"\xff"]
)
def test_what_is_no_manifest_is_refused(data):
    with pytest.raises((ValueError, KeyError, TypeError)):
        ShardManifest.decode(data)
