"""A client against a server that misbehaves: every fault ends in time with one reason, and nothing forbidden is asked."""

import asyncio
import socket
import time
from hashlib import md5, sha256
from itertools import pairwise

import pytest
from aiohttp.abc import AbstractResolver
from fetch_media import VTT, picture
from fetch_server import Server

from lamella.schemas.config import FetchConfig, OptOutConfig
from lamella.schemas.media import MediaKind, MediaLink
from lamella.schemas.rejection import Reason
from lamella.transforms.fetch.http import Client
from lamella.transforms.fetch.refused import Refused


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


class Names(AbstractResolver):
    """Answers each name with the next of its addresses, over and over."""

    def __init__(self, **addresses: list[str]):
        self._addresses, self._asked = addresses, 0

    async def resolve(self, host, port=0, family=socket.AF_INET):
        addresses = self._addresses.get(host.split(".")[0], ["127.0.0.1"])
        self._asked += 1
        address = addresses[self._asked % len(addresses)]
        found = {"hostname": host, "host": address, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
        return [found]

    async def close(self):
        pass


def ask(config: FetchConfig, folder, *urls, kind=MediaKind.IMAGE, resolver=None, together=False) -> list:
    """For each URL the Body and its bytes, or the Refused."""

    async def one(client, number, url):
        target = folder / str(number)
        try:
            body = await client.fetch(MediaLink(url=url, kind=kind, documents=1), target)
        except Refused as refusal:
            return refusal
        return body, target.read_bytes()

    async def run():
        client = Client(config, resolver)
        try:
            tasks = [one(client, number, url) for number, url in enumerate(urls)]
            return await asyncio.gather(*tasks) if together else [await task for task in tasks]
        finally:
            await client.close()

    return asyncio.run(run())


def reasons(config, folder, *urls, **options) -> list[Reason | None]:
    return [out.reason if isinstance(out, Refused) else None for out in ask(config, folder, *urls, **options)]


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


@pytest.mark.parametrize("header", ["X-Robots-Tag=noai", "TDM-Reservation=1"])
def test_a_hop_may_forbid(server, tmp_path, header):
    url = server.url(f"/to/302/x?url=/ok/1.png&{header}")
    assert reasons(server.config(), tmp_path, url) == [Reason.OPTED_OUT]
    assert "/ok/1.png" not in server.paths()
    assert reasons(server.config(honour_opt_outs=False), tmp_path, url) == [None]


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


def test_opt_outs_can_be_ignored_but_are_written_down(server, tmp_path):
    url = server.url("/says/x?X-Robots-Tag=noai&TDM-Reservation=1")
    ((body, _),) = ask(server.config(honour_opt_outs=False), tmp_path, url)
    assert (body.robots_header, body.tdm_reservation) == ("noai", "1")


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


def test_robots_txt_decides_every_hop(server, tmp_path):
    server.robots["a.example"] = (200, b"User-agent: *\nDisallow: /ok/\n\nUser-agent: otherbot\nDisallow: /\n")
    server.robots["b.example"] = (200, b"User-agent: lamella\nDisallow:\n\nUser-agent: *\nDisallow: /\n")
    server.robots["down.example"] = (503, b"")
    names = Names()
    urls = [
        server.url("/ok/1.png", "a.example"),
        server.url("/ok/1.png", "b.example"),
        server.url("/ok/1.png", "down.example"),
        server.url(f"/to/302/x?url={server.url('/ok/2.png', 'a.example')}", "b.example"),
    ]
    config = server.config(retries=0)
    assert reasons(config, tmp_path, *urls, resolver=names) == [Reason.OPTED_OUT, None, Reason.OPTED_OUT, Reason.OPTED_OUT]
    asked = [(host, path) for _, host, path in server.log if path != "/robots.txt"]
    assert asked == [("b.example", "/ok/1.png"), ("b.example", urls[3].removeprefix(f"http://b.example:{server.port}"))]
    assert sum(path == "/robots.txt" for path in server.paths()) == 3  # once a site
    assert reasons(server.config(robots_txt=False), tmp_path, urls[0], resolver=names) == [None]


def test_a_site_whose_robots_txt_cannot_be_had_is_not_asked(server, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        config = server.config(allowed_ports=(port,), retries=0)
        (out,) = ask(config, tmp_path, f"http://127.0.0.1:{port}/ok/1.png")
    assert out.reason is Reason.CONNECTION_FAILED
    assert out.detail.startswith("robots.txt: ")


def test_crawl_delay_beyond_the_limit_is_a_no(server, tmp_path):
    server.robots["127.0.0.1"] = (200, b"User-agent: *\nCrawl-delay: 3600\n")
    (out,) = ask(server.config(), tmp_path, server.url("/ok/1.png"))
    assert (out.reason, out.detail) == (Reason.OPTED_OUT, "robots.txt: crawl-delay 3600 s")


def test_requests_to_a_domain_keep_their_distance(server, tmp_path):
    delay, names = 0.1, Names()
    hosts = ["a.one.example", "b.one.example", "two.example"]  # the first two are one registered domain
    urls = [server.url(f"/ok/{number}.png", host) for number in range(3) for host in hosts]
    assert set(reasons(server.config(min_delay_s=delay), tmp_path, *urls, resolver=names, together=True)) == {None}
    last = {}
    for domain, count in (("one.example", 8), ("two.example", 4)):  # pictures and robots.txt
        times = [at for at, host, _ in server.log if host.endswith(domain)]
        assert len(times) == count
        assert min(later - earlier for earlier, later in pairwise(times)) >= delay
        last[domain] = max(times)
    assert last["two.example"] < last["one.example"]  # its picture was asked for last, but a domain waits for itself alone


def test_a_second_try_waits_for_its_turn_where_a_kept_connection_breaks(server, tmp_path):
    delay = 0.05
    config = server.config(min_delay_s=delay, retries=1)
    assert reasons(config, tmp_path, server.url("/ok/1.png"), server.url("/hang")) == [None, Reason.CONNECTION_FAILED]
    assert server.paths() == ["/robots.txt", "/ok/1.png", "/hang", "/hang"]
    assert min(later - earlier for earlier, later in pairwise(at for at, _, _ in server.log)) >= delay


def test_connections_are_bounded(server, tmp_path):
    names = Names()
    urls = [server.url("/drip", f"{number}.host{number}.example") for number in range(6)]
    config = server.config(connections=2, retries=0, timeout_s=0.2, robots_txt=False)
    started = time.monotonic()
    assert set(reasons(config, tmp_path, *urls, resolver=names, together=True)) == {Reason.TIMED_OUT}
    assert time.monotonic() - started > 0.55  # three rounds of two


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("when", ["1", "dated"])
def test_nothing_is_asked_inside_retry_after(server, tmp_path, status, when):
    urls = [server.url(f"/later/{status}/{when}"), server.url("/ok/1.png")]
    assert reasons(server.config(robots_txt=False), tmp_path, *urls, together=True) == [None, None]
    first, second, third = (at for at, _, _ in server.log)
    assert second - first >= 1.0
    assert third > second


def test_a_site_that_asks_for_hours_is_left_alone(server, tmp_path):
    urls = [server.url("/later/429/3600"), server.url("/ok/1.png")]
    found = ask(server.config(robots_txt=False), tmp_path, *urls)
    assert [out.reason for out in found] == [Reason.HTTP_ERROR, Reason.CONNECTION_FAILED]
    assert len(server.log) == 1


def test_retries_end(server, tmp_path):
    config = server.config(retries=2, robots_txt=False)
    assert reasons(config, tmp_path, server.url("/flaky/2"), server.url("/status/500"), server.url("/status/404")) == [
        None,
        Reason.HTTP_ERROR,
        Reason.HTTP_ERROR,
    ]
    assert server.tries == {"/flaky/2": 3, "/status/500": 3, "/status/404": 1}


@pytest.mark.parametrize("failures", [5, 2])
def test_a_host_that_keeps_failing_is_given_up(server, tmp_path, failures):
    urls = [server.url(f"/status/500/{number}") for number in range(8)]
    found = ask(server.config(retries=0, robots_txt=False, max_host_failures=failures), tmp_path, *urls)
    assert [out.reason for out in found] == [Reason.HTTP_ERROR] * failures + [Reason.CONNECTION_FAILED] * (8 - failures)
    assert found[-1].detail == "127.0.0.1 was given up"
    assert len(server.log) == failures


def test_answers_between_failures_count(server, tmp_path):
    urls = [server.url(path) for number in range(6) for path in (f"/status/500/{number}", f"/status/404/{number}")]
    assert set(reasons(server.config(retries=0, robots_txt=False), tmp_path, *urls)) == {Reason.HTTP_ERROR}


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


@pytest.mark.parametrize(
    "when",
    ["Sat,%2025%20Jun%202030%2015:00:00%20+99999999", "Sat,%2025%20Jun%2099999%2015:00:00%20GMT", "Sat,", "-1", "x" * 500],
)
def test_a_retry_after_that_no_clock_knows_is_none(server, tmp_path, when):
    config = server.config(retries=1, robots_txt=False)
    assert reasons(config, tmp_path, server.url(f"/later/429/{when}")) == [None]


RSL = b"""<rsl xmlns="https://rslstandard.org/rsl">
  <content url="/says/*"><license><prohibits type="usage">ai-train</prohibits></license></content>
  <content url="https://pages.example/closed/*"><license><prohibits type="usage">all</prohibits></license></content>
</rsl>"""


def test_a_licence_that_robots_txt_names_is_read_once(server, tmp_path):
    server.robots["127.0.0.1"] = 200, b"License: /l.xml\nUser-agent: *\nAllow: /\n"
    server.files["/l.xml"] = RSL
    urls = [server.url("/says/1.png"), server.url("/ok/1.png"), server.url("/says/2.png")]
    no, yes, again = ask(server.config(), tmp_path, *urls)
    assert (no.reason, no.detail) == (Reason.OPTED_OUT, "rsl: prohibits ai-train")
    assert (yes[0].robots_txt, again.reason) == ("robots.txt: allowed; rsl-license: /l.xml", Reason.OPTED_OUT)
    assert server.paths() == ["/robots.txt", "/l.xml", "/ok/1.png"]
    heard = OptOutConfig(rsl=False, tdm_file=False, ai_txt=False)
    assert reasons(server.config(opt_outs=heard), tmp_path, *urls) == [None, None, None]


def test_a_licence_that_a_response_names_is_heard(server, tmp_path):
    server.files["/l.xml"] = RSL
    link = "?Link=%3C/l.xml%3E;rel=license;type=%22application/rsl%2Bxml%22"
    no, yes = ask(server.config(), tmp_path, server.url("/says/1.png" + link), server.url("/says/1.png"))
    licence = server.url("/l.xml")
    assert (no.reason, no.detail) == (Reason.OPTED_OUT, f"rsl: prohibits ai-train, in {licence}")
    assert not isinstance(yes, Refused)
    assert reasons(server.config(honour_opt_outs=False), tmp_path, server.url("/says/1.png" + link)) == [None]


@pytest.mark.parametrize(
    "page, path, forbidden",
    [
        ("https://pages.example/closed/1", "/ok/1.png", True),
        ("https://pages.example/open/1", "/ok/1.png", False),
        ("https://pages.example/open/1", "/says/1.png", True),
    ],
)
def test_a_licence_that_a_page_names_speaks_of_the_page_and_of_what_it_shows(server, tmp_path, page, path, forbidden):
    server.files["/l.xml"] = RSL

    async def run():
        client = Client(server.config())
        try:
            link = MediaLink(url=server.url(path), kind=MediaKind.IMAGE, documents=1)
            await client.fetch(link, tmp_path / "0", f"{server.url('/l.xml')} {page}")
        except Refused as refusal:
            return refusal.detail
        finally:
            await client.close()

    says = asyncio.run(run())
    assert bool(says) is forbidden
    assert not says or says.endswith(f"in {server.url('/l.xml')}, of a page")


def test_a_licence_that_cannot_be_had_prohibits_nothing(server, tmp_path):
    server.robots["127.0.0.1"] = 200, b"License: /none.xml\nLicense: http://10.0.0.1/l.xml\nUser-agent: *\nDisallow: /l\n"
    server.files["/l.xml"] = RSL
    assert reasons(server.config(), tmp_path, server.url("/says/1.png")) == [None]
    server.robots["127.0.0.1"] = 200, b"License: /l.xml\nUser-agent: *\nDisallow: /l\n"
    assert reasons(server.config(), tmp_path, server.url("/says/1.png")) == [None]
    assert "/l.xml" not in server.paths()


def test_a_crawl_delay_holds_between_the_files_of_a_site_too(server, tmp_path):
    server.robots["127.0.0.1"] = 200, b"User-agent: *\nCrawl-delay: 0.1\n"
    assert reasons(server.config(opt_outs=OptOutConfig()), tmp_path, server.url("/ok/1.png")) == [None]
    assert server.paths() == ["/robots.txt", "/.well-known/tdmrep.json", "/ai.txt", "/ok/1.png"]
    times = [at for at, _, _ in server.log[1:]]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.1


def test_files_of_a_site_are_asked_for_before_its_pictures(server, tmp_path):
    server.files = {"/ai.txt": b"User-agent: *\nDisallow: /ok/closed\n", "/.well-known/tdmrep.json": b"[]"}
    config = server.config(opt_outs=OptOutConfig())
    assert reasons(config, tmp_path, server.url("/ok/closed.png"), server.url("/ok/1.png")) == [Reason.OPTED_OUT, None]
    assert server.paths() == ["/robots.txt", "/.well-known/tdmrep.json", "/ai.txt", "/ok/1.png"]


@pytest.mark.parametrize("said", ["Content-Usage=train-ai%3Dn", "Content-Signal=ai-train%3Dno"])
def test_what_a_response_says_of_training_is_heard(server, tmp_path, said):
    (out,) = ask(server.config(), tmp_path, server.url(f"/says/x?{said}"))
    assert out.reason is Reason.OPTED_OUT
