"""What a site says over HTTP of the use of its pictures: robots.txt, licences, files and headers, and that it is obeyed."""

import asyncio
import socket

import pytest
from fetch_client import Names, ask, reasons

from lamella.schemas.config import OptOutConfig
from lamella.schemas.media import MediaKind, MediaLink
from lamella.schemas.rejection import Reason
from lamella.transforms.fetch.http import Client
from lamella.transforms.fetch.refused import Refused


@pytest.mark.parametrize("header", ["X-Robots-Tag=noai", "TDM-Reservation=1"])
def test_a_hop_may_forbid(server, tmp_path, header):
    url = server.url(f"/to/302/x?url=/ok/1.png&{header}")
    assert reasons(server.config(), tmp_path, url) == [Reason.OPTED_OUT]
    assert "/ok/1.png" not in server.paths()
    assert reasons(server.config(honour_opt_outs=False), tmp_path, url) == [None]


def test_opt_outs_can_be_ignored_but_are_written_down(server, tmp_path):
    url = server.url("/says/x?X-Robots-Tag=noai&TDM-Reservation=1")
    ((body, _),) = ask(server.config(honour_opt_outs=False), tmp_path, url)
    assert (body.robots_header, body.tdm_reservation) == ("noai", "1")


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


def test_files_of_a_site_are_asked_for_before_its_pictures(server, tmp_path):
    server.files = {"/ai.txt": b"User-agent: *\nDisallow: /ok/closed\n", "/.well-known/tdmrep.json": b"[]"}
    config = server.config(opt_outs=OptOutConfig())
    assert reasons(config, tmp_path, server.url("/ok/closed.png"), server.url("/ok/1.png")) == [Reason.OPTED_OUT, None]
    assert server.paths() == ["/robots.txt", "/.well-known/tdmrep.json", "/ai.txt", "/ok/1.png"]


@pytest.mark.parametrize("said", ["Content-Usage=train-ai%3Dn", "Content-Signal=ai-train%3Dno"])
def test_what_a_response_says_of_training_is_heard(server, tmp_path, said):
    (out,) = ask(server.config(), tmp_path, server.url(f"/says/x?{said}"))
    assert out.reason is Reason.OPTED_OUT
