"""Archives in WACZ, tar, zstd with and without a dictionary, LZ4: all their media can be had, and damage costs one record."""

import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
import zstandard
from read_world import HTML, outputs_of, response
from wrappings import BZIP2, DEFLATED, LZMA, STORED, lz4, lzma_of_zip, tarred, zipped, zipped_by_hand

from lamella.schemas.config import ReadConfig
from lamella.schemas.media import ArchiveMedia
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base import spool
from lamella.transforms.base.blobs import read_blob
from lamella.transforms.base.packed import Packed, archive_of

COUNT = 12
PNGS = [b"\x89PNG\r\n\x1a\n" + bytes([number]) * (500 + 997 * number) for number in range(COUNT)]
RECORDS = [response(body, "image/png", url=f"http://a.example/{number}.png") for number, body in enumerate(PNGS)]
RECORDS.insert(3, response(HTML, "text/html", url="http://a.example/page"))
PLAIN = b"".join(RECORDS)
MEMBERS = b"".join(gzip.compress(record, mtime=0) for record in RECORDS)
DICTIONARY = zstandard.train_dictionary(2048, RECORDS[:3] * 40)
RAW_DICTIONARY = zstandard.ZstdCompressionDict(RECORDS[0], dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def with_dictionary(packed: bool, given: zstandard.ZstdCompressionDict = DICTIONARY) -> bytes:
    content = given.as_bytes()
    content = zstandard.compress(content) if packed else content
    pack = zstandard.ZstdCompressor(dict_data=given).compress
    return b"\x5d\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content + b"".join(map(pack, RECORDS))


WACZ = zipped(MEMBERS, STORED)
LONG = "crawl/" + "long/" * 40 + "data.warc"
IN_PLACE = {
    "LZ4": b"".join(map(lz4, RECORDS)),
    "zstd": b"".join(map(zstandard.compress, RECORDS)),
    "zstd with a dictionary": with_dictionary(packed=False),
    "zstd with a packed dictionary": with_dictionary(packed=True),
    "zstd with bytes as a dictionary": with_dictionary(packed=False, given=RAW_DICTIONARY),
    "zstd behind a skippable frame": b"\x50\x2a\x4d\x18\x03\0\0\0abc" + b"".join(map(zstandard.compress, RECORDS)),
    "WACZ": zipped(MEMBERS, STORED),
    "WACZ of a plain archive": zipped(PLAIN, STORED, "archive/data.warc"),
    "WACZ of zstd": zipped(b"".join(map(zstandard.compress, RECORDS)), STORED, "archive/data.warc.zst"),
    "tar": tarred(MEMBERS),
    "tar with long names": tarred(PLAIN, LONG),
    "tar with long names, POSIX": tarred(PLAIN, LONG, tarfile.PAX_FORMAT),
    "WACZ in a tar": tarred(WACZ, "crawl/0.wacz"),
    "WACZ in a zip": zipped(WACZ, STORED, "0.wacz"),
}
UNPACKED = {
    "LZ4 as a whole": lz4(PLAIN),
    "zstd as a whole": zstandard.compress(PLAIN),
    "WACZ, deflated": zipped(MEMBERS, DEFLATED),
    "WACZ of a plain archive, deflated": zipped(PLAIN, DEFLATED, "archive/data.warc"),
    "WACZ of an archive packed as a whole": zipped(gzip.compress(PLAIN), STORED),
    "WACZ of an archive packed as a whole, deflated": zipped(gzip.compress(PLAIN), DEFLATED),
    "WACZ of zstd with a dictionary": zipped(with_dictionary(packed=False), STORED, "data.warc.zst"),
    "tar of an archive packed as a whole": tarred(gzip.compress(PLAIN)),
    **{f"WACZ, packed by {name}": zipped(MEMBERS, method) for name, method in (("bzip2", BZIP2), ("LZMA", LZMA))},
    "WACZ of a plain archive, packed by bzip2": zipped(PLAIN, BZIP2, "archive/data.warc"),
    "WACZ of an archive packed as a whole, packed by LZMA": zipped(gzip.compress(PLAIN), LZMA),
    "WACZ, packed by xz": zipped_by_hand(lzma.compress(MEMBERS), 95),
    "WACZ, packed by zstd": zipped_by_hand(zstandard.compress(MEMBERS), 93),
    "WACZ, packed by LZMA, endless": zipped_by_hand(lzma_of_zip(MEMBERS), 14),
    "xz as a whole": lzma.compress(PLAIN),
    "xz, in several streams": lzma.compress(PLAIN[:9000]) + lzma.compress(PLAIN[9000:]),
    "gzip in gzip": gzip.compress(MEMBERS),
    "zstd in xz": lzma.compress(b"".join(map(zstandard.compress, RECORDS))),
    "WACZ of gzip in gzip": zipped(gzip.compress(MEMBERS), STORED, "data.warc.gz.gz"),
    "tar in gzip": gzip.compress(tarred(MEMBERS)),
    "tar in xz, with long names": lzma.compress(tarred(PLAIN, LONG)),
    "tar in zstd, of zstd": zstandard.compress(tarred(b"".join(map(zstandard.compress, RECORDS)), LONG, tarfile.PAX_FORMAT)),
}


def read(folder, data: bytes) -> list:
    (folder / "a.archive").write_bytes(data)
    return outputs_of(str(folder / "a.archive"))


@pytest.mark.parametrize("wrapping", [*IN_PLACE, *UNPACKED])
def test_all_that_an_archive_holds_can_be_had(tmp_path, wrapping):
    found = read(tmp_path, (IN_PLACE | UNPACKED)[wrapping])
    media = [out for out in found if isinstance(out, ArchiveMedia)]
    assert [out.url for out in media] == [f"http://a.example/{number}.png" for number in range(COUNT)]
    assert [type(out) for out in found if not isinstance(out, ArchiveMedia)] == [Page]
    for out, body in reversed(list(zip(media, PNGS, strict=True))):
        assert read_blob(out.blob) == body
        assert archive_of(out.blob.path) == str(tmp_path / "a.archive")
    in_place = {out.blob.path == str(tmp_path / "a.archive") for out in media}
    assert in_place == {wrapping in IN_PLACE}


def test_what_is_stored_in_a_container_is_named_in_place(tmp_path):
    data = IN_PLACE["WACZ"]
    first = next(out for out in read(tmp_path, data) if isinstance(out, ArchiveMedia))
    assert gzip.decompress(data[first.blob.offset : first.blob.offset + first.blob.length]) == RECORDS[0]


def test_several_archives_of_a_container(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("archive/0.warc.gz", gzip.compress(RECORDS[0]), STORED)
        made.writestr("archive/1.warc.gz", gzip.compress(RECORDS[1]), DEFLATED)
        made.writestr("archive/2.warc", RECORDS[2], STORED)
        made.writestr("archive/3.warc", RECORDS[3], DEFLATED)
        made.writestr("archive/4.warc", b"no records here", STORED)
    found = read(tmp_path, out.getvalue())
    assert [type(out) for out in found] == [ArchiveMedia, ArchiveMedia, ArchiveMedia, Page, Rejection]
    assert [read_blob(out.blob) for out in found[:3]] == PNGS[:3]
    assert found[-1].reason is Reason.NOT_AN_ARCHIVE
    assert len({(getattr(out, "key", None) or out.url) for out in found}) == len(found)


@pytest.mark.parametrize("name", ["archive/data.warc.gz.txt", "warc.html", "data.cdx.gz", "pages.jsonl"])
def test_a_container_without_archives_is_none(tmp_path, name):
    (gone,) = read(tmp_path, zipped(b"no archive", STORED, name))
    assert gone.reason is Reason.NOT_AN_ARCHIVE


def test_a_wacz_that_was_cut_gives_what_there_is(tmp_path):
    """Its directory is gone: the records are found by themselves."""
    whole = IN_PLACE["WACZ"]
    found = read(tmp_path, whole[: whole.index(b"PK\x01\x02") - 10])
    assert sum(isinstance(out, ArchiveMedia) for out in found) >= COUNT - 1
    assert any(isinstance(out, Rejection) for out in found)


def test_members_that_overlap_are_read_once(tmp_path):
    data = bytearray(zipped(MEMBERS, STORED))
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(b"archive/data.warc.gz"))
    entry_bytes = data[entry : entry + 46 + len("archive/data.warc.gz")]
    end = data.rindex(b"PK\x05\x06")
    data[end:end] = entry_bytes  # a second name for the same bytes
    end = data.rindex(b"PK\x05\x06")
    for at in (end + 8, end + 10):
        data[at : at + 2] = (int.from_bytes(data[at : at + 2], "little") + 1).to_bytes(2, "little")
    size = int.from_bytes(data[end + 12 : end + 16], "little") + len(entry_bytes)
    data[end + 12 : end + 16] = size.to_bytes(4, "little")
    found = read(tmp_path, bytes(data))
    assert sum(isinstance(out, ArchiveMedia) for out in found) == COUNT
    assert [out.detail for out in found if isinstance(out, Rejection)] == ["it overlaps with the member before"]


def test_a_packed_tar_gives_each_of_its_archives_and_says_where_it_was_cut(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for number, data in enumerate((gzip.compress(RECORDS[0]), RECORDS[1], b"no records here", RECORDS[2])):
            info = tarfile.TarInfo(f"{number}.warc")
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    packed = gzip.compress(out.getvalue())
    found = read(tmp_path, packed)
    assert [type(one) for one in found] == [ArchiveMedia, ArchiveMedia, Rejection, ArchiveMedia]
    assert [read_blob(one.blob) for one in found if isinstance(one, ArchiveMedia)] == PNGS[:3]
    *_, cut = read(tmp_path, packed[: len(packed) // 2])
    assert (cut.reason, cut.detail) == (Reason.TRUNCATED_RECORD, "unpacking stopped: cut off")


def test_containers_that_hold_each_other_without_end_are_left(tmp_path):
    data = WACZ
    for _ in range(4):
        data = zipped(data, STORED, "inner.zip")
    (gone,) = read(tmp_path, data)
    assert (gone.reason, gone.detail) == (Reason.UNDECODABLE, "a container that is packed, or too deep in others")


FRAMES = {"zstd": zstandard.compress, "LZ4": lz4}


@pytest.mark.parametrize("pack", FRAMES)
@pytest.mark.parametrize("place", [1, 5, COUNT])
@pytest.mark.parametrize("damage", ["magic", "middle", "cut", "zeros", "junk before"])
def test_damage_costs_the_frame_that_it_hit(tmp_path, pack, place, damage):
    frames = [FRAMES[pack](record) for record in RECORDS]
    hit = frames[place]
    middle = len(hit) // 2
    frames[place] = {
        "magic": b"\xff" + hit[1:],
        "middle": hit[: middle - 4] + bytes(byte ^ 0xFF for byte in hit[middle - 4 : middle + 4]) + hit[middle + 4 :],
        "cut": hit[:middle],
        "zeros": bytes(len(hit)),
        "junk before": b"\0junk" * 99 + hit,
    }[damage]
    found = read(tmp_path, b"".join(frames))
    lost = [out for out in found if isinstance(out, Rejection)]
    assert len(found) - len(lost) >= len(RECORDS) - (damage != "junk before")
    assert {out.reason for out in lost} <= {Reason.DAMAGED_RECORD, Reason.TRUNCATED_RECORD}
    assert bool(lost) or damage == "middle"  # turned bytes may be a picture's own: nothing seals an LZ4 frame


def test_a_frame_that_grows_too_much_costs_one_record(tmp_path):
    bomb = response(bytes(40 << 20), "image/png", url="http://a.example/bomb.png")
    for pack in FRAMES.values():
        found = read(tmp_path, pack(RECORDS[0]) + pack(bomb) + pack(RECORDS[1]))
        assert [out.url for out in found if isinstance(out, ArchiveMedia)] == [
            "http://a.example/0.png",
            "http://a.example/1.png",
        ]
        assert [out.reason for out in found if isinstance(out, Rejection)] == [Reason.RECORD_TOO_LARGE]


@pytest.mark.parametrize(
    "packed",
    [
        Packed(path="/a/b::c.warc.gz"),
        Packed(path="s3://b/c.wacz", offset=9, length=81, method="deflated", packed=False),
        Packed(path="c.tar", offset=512, length=81),
        Packed(path="c.zip", offset=512, length=81, method="lzma"),
        Packed(path="c.zip", offset=512, length=81, method="xz", packed=False),
        Packed(path="c.wacz", offset=0, length=1, method="deflated"),
    ],
)
def test_names_of_stretches_come_back(packed):
    assert Packed.of(str(packed)) == packed
    assert (archive_of(str(packed)), Packed.of(packed.path)) == (packed.path, None)


def test_what_was_unpacked_is_not_unpacked_again(tmp_path, monkeypatch):
    """Blobs in any order cost one pass, as long as the bound holds; beyond it, they are read all the same."""
    reads = []
    whole = spool._Spool.stretch
    monkeypatch.setattr(spool._Spool, "stretch", lambda self, *place: reads.append(id(self)) or whole(self, *place))
    media = [out for out in read(tmp_path, UNPACKED["zstd as a whole"]) if isinstance(out, ArchiveMedia)]
    for out in reversed(media):
        read_blob(out.blob)
    assert len(reads) == COUNT
    assert len(set(reads)) == 1
    monkeypatch.setattr(spool, "MAX_BYTES", 1000)
    for out in reversed(read(tmp_path, UNPACKED["LZ4 as a whole"])):
        if isinstance(out, ArchiveMedia):
            assert read_blob(out.blob) == PNGS[media.index(next(one for one in media if one.url == out.url))]


def test_a_config_with_less_room_reads_less(tmp_path):
    (tmp_path / "a.wacz").write_bytes(IN_PLACE["WACZ"])
    found = outputs_of(str(tmp_path / "a.wacz"), ReadConfig(max_record_bytes=2000))
    assert sum(isinstance(out, Rejection) for out in found) == COUNT - 2


def test_a_directory_that_points_before_the_file_ends_nothing(tmp_path):
    """Bytes that are missing move all places; an error of the file system would have ended the run."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("archive/data.warc", PLAIN, STORED)
    data = out.getvalue()
    found = read(tmp_path, data[:100] + data[200:])
    assert sum(isinstance(out, ArchiveMedia) for out in found) >= COUNT - 1
    assert any(isinstance(out, Rejection) for out in found)
