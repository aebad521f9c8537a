"""A client against a server that misbehaves: every fault ends in time with one reason, and nothing forbidden is asked."""

import socket
from hashlib import md5, sha256

import pytest
from fetch_client import Names, ask, reasons
from fetch_media import VTT, picture
from fetch_server import Server

from lamella.schemas.media import MediaKind
from lamella.schemas.rejection import Reason


def test_a_picture_comes_whole(server, tmp_path):
    ((body, data),) = ask(server.config(), tmp_path, server.url("/ok/1.png"))
    assert data == picture(sum(b"/ok/1.png"))
    assert (body.final_url, body.robots_txt) == (server.url("/ok/1.png"), "robots.txt: none (404)")
    assert server.paths() == ["/robots.txt", "/ok/1.png"]


def test_films_and_tracks_come_too(server, tmp_path):
    assert reasons(server.config(), tmp_path, server.url("/film.mp4"), kind=MediaKind.VIDEO) == [None]
    ((_, data),) = ask(server.config(), tmp_path, server.url("/track.vtt"), kind=MediaKind.TRACK)
    assert data == VTT
    assert reasons(server.config(), tmp_path, server.url("/ok/1.png"), kind=MediaKind.VIDEO) == [Reason.NOT_A_VIDEO]


@pytest.mark.parametrize(
    "path, reason",
    [
        ("/status/404", Reason.HTTP_ERROR),
        ("/status/500", Reason.HTTP_ERROR),
        ("/status/206", Reason.HTTP_ERROR),
        ("/status/304", Reason.HTTP_ERROR),
        ("/html", Reason.NOT_AN_IMAGE),
        ("/empty", Reason.EMPTY_BODY),
        ("/huge", Reason.TOO_LARGE),
        ("/endless", Reason.TOO_LARGE),
        ("/late", Reason.TIMED_OUT),
        ("/cut", Reason.TRUNCATED_MEDIA),
        ("/gzip", Reason.TOO_LARGE),
        ("/headers", Reason.HTTP_ERROR),
        ("/loop", Reason.TOO_MANY_REDIRECTS),
        ("/hops/9", Reason.TOO_MANY_REDIRECTS),
        ("/to/302/x?url=file:///etc/passwd", Reason.HTTP_ERROR),
        ("/to/302/x?url=ftp://a.org/1.png", Reason.HTTP_ERROR),
        ("/to/302/x?url=//127.0.0.2/1.png", Reason.FORBIDDEN_ADDRESS),
        ("/says/x?X-Robots-Tag=noai", Reason.OPTED_OUT),
        ("/says/x?X-Robots-Tag=unavailable_after:%2025%20Jun%202030%2015:00:00%20PST,%20noimageai", Reason.OPTED_OUT),
        ("/says/x?TDM-Reservation=1", Reason.OPTED_OUT),
        ("/says/x?TDM-Reservation=0&TDM-Reservation=1", Reason.OPTED_OUT),
        ("/says/x?TDM-Reservation=0", None),
        ("/says/x?X-Robots-Tag=max-image-preview:large", None),
    ],
)
def test_each_fault_has_its_reason(server, tmp_path, path, reason):
    config = server.config(max_image_bytes=1_000_000)
    assert reasons(config, tmp_path, server.url(path)) == [reason]
    assert all(file.stat().st_size <= 1_000_000 for file in tmp_path.iterdir())


CODED = {
    "gzip/gzip": None,
    "gzip/x-gzip": None,
    "br/br": None,
    "zstd/zstd": None,
    "deflate/deflate": None,
    "raw/deflate": None,
    "twice/gzip, br": None,
    "gzip/br": None,  # a false name
    "gzip/utf-8": None,
    "plain/gzip": None,
    "plain/br": None,
    "plain/utf-8": None,
    "plain/none": None,
    "cut/gzip": Reason.TRUNCATED_MEDIA,
    "noise/gzip": Reason.UNDECODABLE,
    "br/utf-8": Reason.NOT_AN_IMAGE,
}


@pytest.mark.parametrize("coded", CODED)
def test_coded_bodies_are_decoded(server, tmp_path, coded):
    (out,) = ask(server.config(retries=0), tmp_path, server.url(f"/coded/{coded}".replace(" ", "%20")))
    if CODED[coded]:
        assert out.reason is CODED[coded]
    else:
        assert out[1] == picture()


@pytest.mark.parametrize(
    ("said", "reason"), [("0/N/N", Reason.HTTP_ERROR), ("1/9/N", Reason.HTTP_ERROR), ("0/8/*", Reason.HTTP_ERROR)]
)
def test_a_part_is_not_the_whole(server, tmp_path, said, reason):
    assert reasons(server.config(retries=0), tmp_path, server.url(f"/range/{said}")) == [reason]


def test_a_range_may_be_the_whole(server, tmp_path):
    size = len(picture())
    ((_, data),) = ask(server.config(), tmp_path, server.url(f"/range/0/{size - 1}/{size}"))
    assert data == picture()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_to_the_limit(server, tmp_path, status):
    url = server.url(f"/to/{status}/x?url=/ok/1.png")
    ((body, _),) = ask(server.config(), tmp_path, url)
    assert body.final_url == server.url("/ok/1.png")
    assert reasons(server.config(max_redirects=5), tmp_path, server.url("/hops/4"), server.url("/hops/5")) == [
        None,
        Reason.TOO_MANY_REDIRECTS,
    ]
    assert reasons(server.config(max_redirects=0), tmp_path, server.url("/ok/1.png"), url) == [None, Reason.TOO_MANY_REDIRECTS]


SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0x7f.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
]


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_reaches_a_private_address(server, tmp_path, host):
    for robots_txt in (True, False):
        config = server.config(allowed_private_addresses=(), retries=0, robots_txt=robots_txt)
        (reason,) = reasons(config, tmp_path, server.url("/ok/1.png", host))
        assert reason in (Reason.FORBIDDEN_ADDRESS, Reason.BAD_URL)  # aiohttp takes some spellings for no address at all
    assert server.log == []


def test_a_port_that_is_not_allowed_is_not_asked(server, tmp_path):
    config = server.config(allowed_ports=(80, 443), retries=0)
    (out,) = ask(config, tmp_path, server.url("/ok/1.png"))
    assert out.reason is Reason.FORBIDDEN_ADDRESS
    assert out.detail.endswith(f"port {server.port}")
    assert server.log == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("host", ["localhost.:{}", "2130706433:{}", "[::ffff:127.0.0.1]:{}", "inside.example:{}"])
def test_no_redirect_reaches_a_private_address(server, tmp_path, status, host):
    """The server itself stands on an excepted address; the canary beside it does not."""
    canary = Server()
    try:
        names = Names(inside=["127.0.0.9"])
        config = server.config(
            allowed_private_addresses=("127.0.0.1/32",) if "inside" in host else (),
            allowed_ports=(server.port, canary.port),
            retries=0,
        )
        url = server.url(f"/to/{status}/x?url=http://{host.format(canary.port)}/ok/1.png")
        (reason,) = reasons(config, tmp_path, url, resolver=names)
        assert reason is Reason.FORBIDDEN_ADDRESS
        assert canary.log == []
    finally:
        canary.close()


def test_a_resolver_that_changes_its_mind_gains_nothing(server, tmp_path):
    """DNS rebinding: public, then private, then public ... The address that was checked is the one that is connected to."""
    config = server.config(allowed_private_addresses=(), retries=0, robots_txt=False, min_delay_s=0.0)
    names = Names(flip=["192.0.2.1", "127.0.0.1"])
    urls = [server.url(f"/ok/{number}.png", f"flip.host{number}.example") for number in range(100)]
    found = set(reasons(config, tmp_path, *urls, resolver=names, together=True))
    assert found == {Reason.FORBIDDEN_ADDRESS}  # documentation addresses are no public ones either
    assert server.log == []


def test_names_that_do_not_exist(server, tmp_path):
    class Nowhere(Names):
        async def resolve(self, host, port=0, family=socket.AF_INET):
            raise OSError("no such name")

    config = server.config(robots_txt=False)
    urls = [server.url("/ok/1.png", "nowhere.example"), server.url("/ok/1.png", f"{'x' * 64}.example")]
    assert reasons(config, tmp_path, *urls, resolver=Nowhere()) == [Reason.CONNECTION_FAILED, Reason.CONNECTION_FAILED]
    assert reasons(config, tmp_path, urls[1]) == [Reason.BAD_URL]


@pytest.mark.parametrize("digest_of", [sha256, md5])
def test_listed_files_are_not_kept(server, tmp_path, digest_of):
    listed = tmp_path / "hashes"
    listed.write_text(digest_of(picture(sum(b"/ok/1.png"))).hexdigest())
    config = server.config(unsafe_hashes=str(listed))
    assert reasons(config, tmp_path, server.url("/ok/1.png"), server.url("/ok/2.png")) == [Reason.UNSAFE_IMAGE, None]
