"""Packs and their index: deterministic, whole or absent, read back; and the download that never asks twice."""

import tarfile
from dataclasses import replace

import pytest
from fetch_media import picture
from fetch_server import Server

from lamella.schemas.media import MediaKind, MediaLink
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.blobs import read_blob
from lamella.transforms.fetch.captured import FetchResponse, base_of
from lamella.transforms.fetch.download import BUCKET_LINKS, Downloader, DownloadRequest, bucket_of, policy_of, still_valid
from lamella.transforms.fetch.packs import (
    Answer,
    best_answer,
    forget_files,
    list_indexes,
    pack_names,
    read_index,
    write_index,
    write_pack,
)


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


def test_a_pack_is_a_plain_tar_with_bytes_where_they_are_said_to_be(tmp_path):
    files = [(name, tmp_path / name) for name in ("one", "two", "three")]
    for name, file in files:
        file.write_bytes(name.encode() * 300)
    places = write_pack(str(tmp_path / "run"), "media/packs/p.tar", files)
    pack = tmp_path / "run" / "media" / "packs" / "p.tar"
    data = pack.read_bytes()
    assert [data[offset : offset + length] for offset, length in places] == [name.encode() * 300 for name, _ in files]
    with tarfile.open(pack) as tar:
        assert [(member.name, member.mtime, member.uid) for member in tar] == [("one", 0, 0), ("two", 0, 0), ("three", 0, 0)]
    write_pack(str(tmp_path / "run"), "media/packs/again.tar", files)
    assert pack.with_name("again.tar").read_bytes() == data
    assert sorted(file.name for file in pack.parent.iterdir()) == ["again.tar", "p.tar"]


def test_a_pack_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_pack(str(tmp_path), "media/packs/p.tar", [("gone", tmp_path / "gone")])
    assert list((tmp_path / "media" / "packs").iterdir()) == []


def test_packs_and_indexes_on_any_file_system(tmp_path):
    (tmp_path / "x").write_bytes(b"hello")
    root = "memory://fetch-packs"
    assert list_indexes(root) == []
    ((offset, length),) = write_pack(root, "media/packs/p.tar", [("x", tmp_path / "x")])
    answer = Answer(url="https://a.org/ü", policy="p", pack="media/packs/p.tar", offset=offset, length=length)
    write_index(root, "p", [answer])
    (path,) = list_indexes(root)
    assert list(read_index(path)) == [answer]
    assert read_blob(answer.blob, root) == b"hello"


def test_a_new_pack_is_begun_where_the_last_is_full():
    assert [name[-6:-4] for name in pack_names("n", [4, 4, 4, 9, 1, 10], 10)] == ["00", "00", "01", "02", "02", "03"]


def test_bytes_are_better_than_a_refusal():
    bytes_, refusal = Answer(url="u", policy="z", pack="b"), Answer(url="u", policy="a", reason="timed_out")
    other = replace(bytes_, pack="c")
    for order in ([bytes_, refusal, other], [other, refusal, bytes_]):
        assert best_answer(order) is bytes_
    assert still_valid(bytes_, "another")
    assert still_valid(refusal, "a")
    assert not still_valid(refusal, "another")
    assert not still_valid(replace(refusal, reason="crashed"), "a")


def test_a_registered_domain_is_never_divided():
    def bucket(url, links):
        return bucket_of(MediaLink(url=url, kind=MediaKind.IMAGE, documents=1), links)

    many = 100 * BUCKET_LINKS
    assert bucket("https://a.example.org/1", many) == bucket("http://b.example.org:8080/2", many)
    assert bucket("https://a.example.org/1", 10) == 0
    assert len({bucket(f"https://site{number}.org/", many) for number in range(1000)}) > 90


def links(server, *paths) -> list[DownloadRequest]:
    return [DownloadRequest(url=server.url(path), kind=MediaKind.IMAGE, documents=1) for path in paths]


def download(config, root, asked) -> dict:
    downloader = Downloader(config, str(root))
    try:
        return {record.url: record for record in downloader.download(asked)}
    finally:
        downloader.close()


def test_a_download_is_packed_and_never_asked_for_again(server, tmp_path):
    asked = links(server, "/ok/1.png", "/ok/2.png", "/status/404", "/html", "/ok/3.png")
    first = download(server.config(), tmp_path, asked)
    assert {url: getattr(record, "reason", None) for url, record in first.items()} == {
        server.url("/ok/1.png"): None,
        server.url("/ok/2.png"): None,
        server.url("/ok/3.png"): None,
        server.url("/status/404"): Reason.HTTP_ERROR,
        server.url("/html"): Reason.NOT_AN_IMAGE,
    }
    captured = first[server.url("/ok/1.png")]
    assert isinstance(captured, FetchResponse)
    assert read_blob(captured.blob, str(tmp_path)) == picture(sum(b"/ok/1.png"))
    assert (captured.source, captured.robots_txt) == ("http", "robots.txt: none (404)")
    assert len(list((tmp_path / "media" / "packs").glob("*.tar"))) == 1

    requests = len(server.log)
    assert download(server.config(), tmp_path, asked[::-1]) == first
    assert len(server.log) == requests


def test_other_links_later_do_not_ask_again_for_what_is_known(server, tmp_path):
    first = download(server.config(), tmp_path, links(server, "/ok/1.png", "/status/404"))
    known = {answer.url: answer for path in list_indexes(str(tmp_path)) for answer in read_index(path)}
    more = [replace(link, known=known.get(link.url)) for link in links(server, "/ok/1.png", "/ok/2.png", "/status/404")]
    second = download(server.config(), tmp_path, more)
    assert {url: second[url] for url in first} == first
    assert sorted(path for path in server.paths() if path != "/robots.txt") == ["/ok/1.png", "/ok/2.png", "/status/404"]
    # Killed and run again: what the batch did is found under its own name, whatever else is known.
    assert (
        download(server.config(), tmp_path, links(server, "/ok/1.png", "/ok/2.png", "/status/404"))[server.url("/ok/2.png")]
        == second[server.url("/ok/2.png")]
    )


def test_the_same_answers_give_the_same_bytes(server, tmp_path):
    asked = links(server, *(f"/ok/{number}.png" for number in range(12)), "/status/404")
    config = server.config(pack_bytes=60_000)
    for run, order in (("a", asked), ("b", asked[::-1])):
        download(config, tmp_path / run, order)
    packs = sorted(file.name for file in (tmp_path / "a" / "media" / "packs").glob("*.tar"))
    assert len(packs) > 1
    for name in packs:
        one, other = (tmp_path / run / "media" / "packs" / name for run in "ab")
        assert one.read_bytes() == other.read_bytes()


def test_what_is_forgotten_leaves_no_byte(server, tmp_path):
    """The other files of the pack stay where they are named, and the URL is not asked for again."""
    asked, config = links(server, "/ok/1.png", "/ok/2.png", "/ok/3.png"), server.config()
    first = download(config, tmp_path, asked)
    packs = sorted((tmp_path / "media" / "packs").glob("*.tar"))
    held = {link.url: read_blob(first[link.url].blob, str(tmp_path)) for link in asked}
    before = [pack.stat().st_size for pack in packs]
    gone, *stay = (link.url for link in asked)
    assert forget_files(str(tmp_path), {gone: "pdq_distance", "https://a.example/other.png": ""}) == 1
    assert [pack.stat().st_size for pack in packs] == before
    assert not any(held[gone] in pack.read_bytes() for pack in packs)
    assert [read_blob(first[url].blob, str(tmp_path)) for url in stay] == [held[url] for url in stay]
    again = download(config, tmp_path, asked)
    assert (again[gone].reason, again[gone].detail) == (Reason.UNSAFE_IMAGE, "pdq_distance")
    assert [again[url] for url in stay] == [first[url] for url in stay]
    assert forget_files(str(tmp_path), {gone: "pdq_distance"}) == 0
    assert set(server.tries.values()) == {1}


def test_what_is_forgotten_is_gone_for_whoever_was_answered_with_it(server, tmp_path):
    large, wanted, other = links(server, "/status/404", "/ok/1.png", "/ok/2.png")
    shown = [replace(large, smaller=server.url("/ok/3.png")), wanted, other]
    first = download(server.config(), tmp_path, shown)
    data = read_blob(first[large.url].blob, str(tmp_path))
    assert data == picture(sum(b"/ok/3.png"))
    assert forget_files(str(tmp_path), {large.url: "pdq_distance"}) == 1
    assert not any(data in pack.read_bytes() for pack in (tmp_path / "media" / "packs").glob("*.tar"))
    told = {answer.url: answer.reason for path in list_indexes(str(tmp_path)) for answer in read_index(path) if answer.detail}
    assert told[server.url("/ok/3.png")] == Reason.UNSAFE_IMAGE
    again = download(server.config(), tmp_path, shown)
    assert isinstance(again[large.url], Rejection)
    assert again[wanted.url] == first[wanted.url]
    assert server.tries["/ok/3.png"] == 1


def test_another_policy_asks_again_where_the_last_one_refused(server, tmp_path):
    asked = links(server, "/says/x?X-Robots-Tag=noai", "/ok/1.png")
    strict, lax = server.config(), server.config(honour_opt_outs=False)
    first = download(strict, tmp_path, asked)
    assert first[asked[0].url].reason is Reason.OPTED_OUT
    known = {answer.url: answer for path in list_indexes(str(tmp_path)) for answer in read_index(path)}
    valid = {url: answer for url, answer in known.items() if still_valid(answer, policy_of(lax))}
    second = download(lax, tmp_path, [replace(link, known=valid.get(link.url)) for link in asked])
    assert not isinstance(second[asked[0].url], Rejection)
    assert second[asked[1].url] == first[asked[1].url]
    assert server.tries["/ok/1.png"] == 1


def test_a_crash_of_ours_is_one_rejection_and_a_full_disk_ends_the_run(server, tmp_path, monkeypatch):
    from lamella.transforms.fetch import save_body

    asked = links(server, "/ok/1.png", "/ok/2.png")

    def broken(kind, head):
        raise ZeroDivisionError("oops")

    with monkeypatch.context() as patch:
        patch.setattr(save_body, "wrong_kind", broken)
        found = download(server.config(), tmp_path, asked)
    assert {(record.reason, record.detail) for record in found.values()} == {(Reason.CRASHED, "ZeroDivisionError: oops")}
    assert all(isinstance(record, FetchResponse) for record in download(server.config(), tmp_path, asked).values())

    def full(out, chunk):
        raise save_body.StoreFailed("No space left on device")

    monkeypatch.setattr(save_body, "_write", full)
    with pytest.raises(ExceptionGroup):
        download(server.config(), tmp_path / "full", asked)
    assert not (tmp_path / "full").exists()


def test_base_of_drops_what_is_added():
    link = DownloadRequest(url="u", kind=MediaKind.IMAGE, documents=2)
    assert MediaLink(**base_of(link)) == MediaLink(url="u", kind=MediaKind.IMAGE, documents=2)
