"""Damage costs the record that it hit, and every damage is told: 14 ways to break a packed archive, in three places."""

import bz2
import gzip
import io
import lzma

import pytest
import zstandard

from lamella.schemas.config import ReadConfig
from lamella.schemas.rejection import Reason
from lamella.transforms.formats.content_encoding import SizeLimits, record_size_limits
from lamella.transforms.formats.decompress import UnpackedStream
from lamella.transforms.read import inflate, members
from lamella.transforms.read.members import Fault, Member, gzip_members, plain_members
from lamella.transforms.read.window import Window

CAPS = record_size_limits(ReadConfig())
COUNT = 100


def record(index: int, length: str | None = None) -> bytes:
    noise = b"".join(b"%08x" % (n * 2654435761 * (index + 1) % 2**32) for n in range(150))
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>page %d</p>" % index + noise
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/{index}\r\nContent-Length: {length or len(body)}"
    )
    return head.encode() + b"\r\n\r\n" + body + b"\r\n\r\n"


PLAIN = [record(index) for index in range(COUNT)]
PACKED = [gzip.compress(data, mtime=0) for data in PLAIN]


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


# What becomes of member i: (its new bytes, whether the record survives)
DAMAGE = {
    "none": lambda i: (PACKED[i], True),
    "first byte": lambda i: (flipped(PACKED[i], 0), False),
    "method": lambda i: (flipped(PACKED[i], 2), False),
    "first block": lambda i: (flipped(PACKED[i], 12), False),
    "middle": lambda i: (flipped(PACKED[i], len(PACKED[i]) // 2), False),
    "checksum": lambda i: (flipped(PACKED[i], len(PACKED[i]) - 6), False),
    "size": lambda i: (flipped(PACKED[i], len(PACKED[i]) - 1), False),
    "cut": lambda i: (PACKED[i][: len(PACKED[i]) // 2], False),
    "no trailer": lambda i: (PACKED[i][:-8], False),
    "zeroed": lambda i: (bytes(len(PACKED[i])), False),
    "length too large": lambda i: (packed(record(i, "999999")), True),
    "length too small": lambda i: (packed(record(i, "7")), True),
    "length no number": lambda i: (packed(record(i, "abc")), True),
    "length negative": lambda i: (packed(record(i, "-4")), True),
}
AROUND = {
    "garbage before": lambda i: b"\x00\x01garbage\x1f\x8b\x08\xff" * 9 + PACKED[i],
    "padding before": lambda i: bytes(512) + PACKED[i],
    "line breaks before": lambda i: b"\r\n\r\n" + PACKED[i],
}


def outcomes(data: bytes, read=gzip_members, limits=CAPS) -> tuple[list[Member], list[Fault]]:
    found = list(read(io.BytesIO(data), limits))
    return [f for f in found if isinstance(f, Member)], [f for f in found if isinstance(f, Fault)]


@pytest.mark.parametrize("place", [0, COUNT // 2, COUNT - 1])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_costs_one_record(damage, place):
    broken, survives = DAMAGE[damage](place)
    data = b"".join([*PACKED[:place], broken, *PACKED[place + 1 :]])
    members, faults = outcomes(data)
    others = [m.data for m in members if m.data in PLAIN]
    assert others == [p for i, p in enumerate(PLAIN) if i != place or damage == "none"]
    assert len(members) == COUNT - (not survives)
    assert [f.offset for f in faults] == ([] if survives else [sum(map(len, PACKED[:place]))])
    if faults:
        tail = place == COUNT - 1 and damage in ("cut", "no trailer")
        assert faults[0].reason is (Reason.TRUNCATED_RECORD if tail else Reason.DAMAGED_RECORD)
    assert sum(m.length for m in members) + sum(f.length for f in faults) == len(data)


@pytest.mark.parametrize("place", [0, COUNT // 2, COUNT - 1])
@pytest.mark.parametrize("damage", AROUND)
def test_what_stands_between_members_costs_none(damage, place):
    members, faults = outcomes(b"".join([*PACKED[:place], AROUND[damage](place), *PACKED[place + 1 :]]))
    assert [m.data for m in members] == PLAIN
    assert [f.reason for f in faults] == [Reason.DAMAGED_RECORD]


def test_offsets_name_members():
    data = b"".join(PACKED)
    for member in outcomes(data)[0]:
        assert gzip.decompress(data[member.offset : member.offset + member.length]) == member.data


def test_members_beyond_a_chunk_are_found():
    noise = b"".join(b"%x" % (n * n * 2654435761 % 2**61) for n in range(200_000))
    long = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: %d\r\n\r\n" % len(noise) + noise + b"\r\n\r\n"
    members, faults = outcomes(b"".join([PACKED[0], packed(long), *PACKED[1:]]))
    assert [m.data for m in members] == [PLAIN[0], long, *PLAIN[1:]]
    assert faults == []


@pytest.mark.parametrize("expansion", [200.0, 100_000.0])
def test_a_bomb_costs_one_record(expansion):
    limits = SizeLimits(max_bytes=16 << 20, max_expansion=expansion, expansion_floor_bytes=8 << 20)
    bomb = packed(b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99\r\n\r\n" + bytes(32 << 20))
    members, faults = outcomes(b"".join([*PACKED[:50], bomb, *PACKED[50:]]), limits=limits)
    assert [m.data for m in members] == PLAIN
    assert [f.reason for f in faults] == [Reason.RECORD_TOO_LARGE]


def _both_ways(data):
    quick, told = (Window(io.BytesIO(data)) for _ in range(2))
    found = inflate._inflate_quickly(quick, CAPS)
    try:
        return found, quick.start, inflate._inflate_or_tell(told, CAPS), told.start
    except inflate.Unusable:
        return found, quick.start, None, told.start


def test_the_quick_inflate_gives_what_zlib_gives_or_nothing():
    named = io.BytesIO()
    with gzip.GzipFile("a name", "wb", mtime=0, fileobj=named) as file:
        file.write(b"WARC/1.0 " * 9 + bytes(range(40)))
    member = named.getvalue()
    broken = [member[:cut] for cut in range(len(member))]
    broken += [member[:at] + bytes([member[at] ^ 1 << bit]) + member[at + 1 :] for at in range(len(member)) for bit in range(8)]
    for data in (member, member + member, *broken):
        found, dropped, told, told_dropped = _both_ways(data)
        assert (found, dropped) in ((told, told_dropped), (None, 0)), data
    assert _both_ways(member)[:2] == (b"WARC/1.0 " * 9 + bytes(range(40)), len(member))


@pytest.mark.parametrize("size", [0, 1, 1 << 16, (1 << 20) + 1, 5 << 20])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_the_quick_inflate_stops_where_a_member_ends(size, level):
    noise = b"".join(b"%08x" % (n * 2654435761 % 2**32) for n in range(size // 16)).ljust(size, b"x")
    member = gzip.compress(noise, level, mtime=0)
    found, dropped, told, told_dropped = _both_ways(member + packed(b"the next"))
    assert found == told == noise
    assert dropped == told_dropped == len(member)


def test_noise_that_looks_like_members_is_passed_over(monkeypatch):
    """Three bytes that start a member, over and over: none of them is inflated far."""
    asked = []
    monkeypatch.setattr(members, "_peek", lambda data: asked.append(data) or b"")
    for noise in (b"\x1f\x8b\x08", b"\x1f\x8b\x08\0", b"\x1f\x8b\x08\x08name", b"\x1f\x8b\x08\0\0\0\0\0\0\3\xab\x56\x2a"):
        outcome = list(gzip_members(io.BytesIO(noise * 500 + PACKED[0]), CAPS))
        assert isinstance(outcome[0], Fault)
        assert len(asked) <= 1  # the member behind
        asked.clear()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_a_pack_that_grows_too_much_ends_where_it_does(pack):
    stream = UnpackedStream(io.BytesIO(pack(PLAIN[0] + bytes(96 << 20) + PLAIN[1])))
    size = 0
    while piece := stream.read(1 << 20):
        size += len(piece)
    assert size < 80 << 20
    assert stream.damage == "grows more than 200-fold"


def test_a_second_record_in_a_member_is_told():
    members, faults = outcomes(b"".join([PACKED[0], packed(PLAIN[1] + PLAIN[2]), PACKED[3]]))
    assert [m.data.strip() for m in members] == [PLAIN[0].strip(), PLAIN[1].strip(), PLAIN[3].strip()]
    assert [f.reason for f in faults] == [Reason.DAMAGED_RECORD]


@pytest.mark.parametrize("place", [0, COUNT // 2, COUNT - 1])
@pytest.mark.parametrize("length", ["abc", "-4", "7", None])
def test_plain_archives_with_odd_lengths(length, place):
    records = [*PLAIN[:place], record(place, length), *PLAIN[place + 1 :]]
    members, faults = outcomes(b"".join(records), plain_members)
    assert [m.data.rstrip() for m in members] == [r.rstrip() for r in records]
    assert faults == []


@pytest.mark.parametrize("place", [0, COUNT // 2, COUNT - 1])
def test_plain_archives_with_bytes_missing(place):
    cut = PLAIN[place][:-500] + b"\r\n\r\n" if place < COUNT - 1 else PLAIN[place][:-500]
    members, faults = outcomes(b"".join([*PLAIN[:place], cut, *PLAIN[place + 1 :]]), plain_members)
    assert [m.data + b"\r\n\r\n" for m in members] == [p for i, p in enumerate(PLAIN) if i != place]
    assert [f.reason for f in faults] == [Reason.DAMAGED_RECORD if place < COUNT - 1 else Reason.TRUNCATED_RECORD]


@pytest.mark.parametrize("place", [0, COUNT // 2])
def test_garbage_in_plain_archives(place):
    members, faults = outcomes(b"".join([*PLAIN[:place], b"\0garbage\xff" * 2000, *PLAIN[place:]]), plain_members)
    assert [m.data + b"\r\n\r\n" for m in members] == PLAIN
    assert [f.reason for f in faults] == [Reason.DAMAGED_RECORD]


def test_a_plain_record_that_is_too_large():
    limits = SizeLimits(max_bytes=1 << 20, max_expansion=200, expansion_floor_bytes=1 << 20)
    large = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: %d\r\n\r\n" % (3 << 20) + bytes(3 << 20) + b"\r\n\r\n"
    members, faults = outcomes(b"".join([PLAIN[0], large, *PLAIN[1:]]), plain_members, limits)
    assert [m.data + b"\r\n\r\n" for m in members] == PLAIN
    assert [f.reason for f in faults] == [Reason.RECORD_TOO_LARGE]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.compress])
def test_archives_packed_as_a_whole(pack):
    data = pack(b"".join(PLAIN[:50])) + pack(b"".join(PLAIN[50:]))
    stream = UnpackedStream(io.BytesIO(data))
    assert [m.data + b"\r\n\r\n" for m in plain_members(stream, CAPS)] == PLAIN
    assert stream.damage == ""
    member = list(plain_members(UnpackedStream(io.BytesIO(data)), CAPS))[70]
    assert UnpackedStream(io.BytesIO(data)).stretch(member.offset, member.length) == member.data


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.compress])
@pytest.mark.parametrize("frames", [1, 3])
def test_a_pack_that_is_cut_says_so(pack, frames):
    pieces = [pack(b"".join(PLAIN[3 * n : 3 * n + 9 // frames])) for n in range(frames)]
    whole, packed = b"".join(PLAIN[:9]), b"".join(pieces)
    ends = {len(b"".join(pieces[:count])) for count in range(frames + 1)}  # here nothing tells that more was to come
    for cut in (*range(8, len(packed), len(packed) // 40), len(packed) - 1, len(packed)):
        stream, found = UnpackedStream(io.BytesIO(packed[:cut])), b""
        while piece := stream.read(1 << 20):
            found += piece
        assert whole.startswith(found)
        assert bool(stream.damage) == (cut not in ends)
    assert found == whole


def test_a_zstd_frame_with_a_dictionary_that_is_cut_says_so():
    records = [record(n) for n in range(40)]
    dictionary = zstandard.train_dictionary(4096, records * 4)
    content = dictionary.as_bytes()
    head = b"\x5d\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content
    packed = head + b"".join(zstandard.ZstdCompressor(dict_data=dictionary).compress(one) for one in records)
    for cut, damaged in ((len(packed), False), (len(packed) - 1, True), (len(packed) - 30, True)):
        stream, found = UnpackedStream(io.BytesIO(packed[:cut])), b""
        while piece := stream.read(1 << 20):
            found += piece
        assert b"".join(records).startswith(found) and bool(stream.damage) == damaged


ARC = [
    b"http://a.example/%d 192.0.2.7 20210301000000 text/html %d\n"
    % (n, len(body := b"HTTP/1.1 200 OK\r\n\r\n<p>page %d</p>" % n))
    + body
    + b"\n"
    for n in range(20)
]


@pytest.mark.parametrize("place", [0, 9, 18])
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: bytes(len(data)),
        lambda data: b"\xff" + data[1:],
        lambda data: b"junk of a disk\n" * 9,
        lambda data: b"\0\0 no line break " + data,
    ],
)
def test_damage_in_an_arc_leaves_the_record_before_it_as_it_was(place, damage):
    """Nothing but its length says where an ARC record ends: what stands behind is told, and never taken for a part of it."""
    members, faults = outcomes(b"".join([*ARC[:place], damage(ARC[place]), *ARC[place + 1 :]]), plain_members)
    sound = [record.removesuffix(b"\n") for record in (*ARC[:place], *ARC[place + 1 :])]
    assert set(sound) - {member.data.removesuffix(b"\n") for member in members} == set()
    assert len(faults) == 1


def test_a_length_beyond_the_archives_end_costs_one_record():
    """A length above the limit is believed only where there are so many bytes to skip."""
    for length in ("99999999999", "70000000"):
        members, faults = outcomes(b"".join([*PLAIN[:5], record(5, length), *PLAIN[6:]]), plain_members)
        assert [m.data + b"\r\n\r\n" for m in members] == [*PLAIN[:5], *PLAIN[6:]]
        assert [f.reason for f in faults] == [Reason.DAMAGED_RECORD]
