"""Pages of one archive that many read: the same outputs, in the same order, however large the stretches are."""

import gzip

import pytest
from read_world import HTML, PNG, response, warc

from lamella.schemas.config import ReadConfig
from lamella.transforms.read import wrappings
from lamella.transforms.read.archive import read_archive
from lamella.transforms.read.members import plain_members
from lamella.transforms.read.pages_again import Pages, read_pages

CONFIG = ReadConfig()


def page(number: int) -> bytes:
    return response(HTML + str(number).encode(), "text/html", url=f"http://a.example/{number}")


def hostile() -> list[bytes]:
    """Pages, media and what is no page, among bodies that hold whole records of other archives, packed and not."""
    inner = page(90) + page(91)
    within = [
        response(b"<p>" + inner + b"</p>", "text/html", url="http://a.example/heads"),
        response(b"<p>" + b"".join(map(stored, (page(92), page(93)))), "text/html", url="http://a.example/members"),
        response(gzip.compress(inner), "application/gzip", url="http://a.example/b.warc.gz"),
    ]
    revisit = warc(
        "revisit", "http://a.example/again.png", b"", "WARC-Refers-To-Target-URI: http://a.example/x.png", http=False
    )
    picture = response(PNG, "image/png", url="http://a.example/x.png")
    return [page(1), within[0], picture, within[1], page(2), revisit, within[2], warc("request", "http://a.example/", b"GET")]


def stored(record: bytes) -> bytes:
    """A gzip member whose bytes lie in the file as they are: a false head in a body can be found."""
    return gzip.compress(record, compresslevel=0, mtime=0)


def packed(record: bytes) -> bytes:
    return gzip.compress(record, mtime=0)


PACKINGS = {"a.warc": bytes, "a.warc.gz": packed, "b.warc.gz": stored}


def outputs(path: str, split_bytes: int | None):
    """What an archive gives, Pages read again where they stand in place of others; and how many of those there were."""
    apart, found = 0, []
    for output in read_archive(path, CONFIG, split_bytes):
        if isinstance(output, Pages):
            apart += 1
            found += read_pages(output, CONFIG)
        else:
            found.append(output)
    return sorted(map(repr, found)), apart


@pytest.mark.parametrize("name", PACKINGS)
def test_stretches_of_any_size_give_what_one_reader_does(tmp_path, name):
    path = tmp_path / name
    damaged = b"\x1f\x8b\x08 damaged \r\n" if name.endswith("gz") else b"no record at all\r\n\r\n"
    records = [PACKINGS[name](record) for record in hostile()]
    data = b"".join([*records[:4], damaged, *records[4:]])
    path.write_bytes(data)
    one, apart = outputs(str(path), None)
    assert apart == 0 and sum(line.startswith("Page(") for line in one) >= 4
    seen = set()
    for size in (*range(1, len(data), 7), len(data) - 1, len(data), len(data) + 1):
        found, apart = outputs(str(path), size)
        assert found == one
        assert (apart == 0) == (size >= len(data))  # no larger than a stretch: its reader gives its pages itself
        seen.add(apart)
    assert len(seen) >= 3


def test_an_archive_that_is_packed_as_a_whole_has_one_reader(tmp_path):
    path = tmp_path / "whole.warc.gz"
    path.write_bytes(gzip.compress(page(1) + page(2)))
    assert outputs(str(path), 1) == outputs(str(path), None)


def test_pages_ahead_of_a_crash_are_given(monkeypatch, tmp_path):
    def members(stream, limits):
        yield from list(plain_members(stream, limits))[:2]
        raise ValueError("no more")

    monkeypatch.setitem(wrappings._READERS, wrappings._Kind.PLAIN, members)
    path = tmp_path / "a.warc"
    path.write_bytes(page(1) + page(2) + page(3))
    assert outputs(str(path), len(page(1)) * 2) == (outputs(str(path), None)[0], 1)


def test_an_archive_that_changed_meanwhile_is_told(tmp_path):
    path = tmp_path / "a.warc"
    path.write_bytes(page(1) + page(2))
    pages = [it for it in read_archive(str(path), CONFIG, 1) if isinstance(it, Pages)]
    path.write_bytes(page(1))
    with pytest.raises(RuntimeError, match="the archive changed while it was read"):
        list(read_pages(pages[1], CONFIG))
