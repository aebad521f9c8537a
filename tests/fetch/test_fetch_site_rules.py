"""What a site's files say of a path -> the verdict: who says what to whom, each signal, each switch."""

import asyncio
import json

import pytest

from lamella.schemas.config import FetchConfig, OptOutConfig
from lamella.schemas.rejection import Reason
from lamella.transforms.fetch.opt_out import evidence, media_opt_out, page_opt_out
from lamella.transforms.fetch.refused import Refused
from lamella.transforms.fetch.robots import read_robots
from lamella.transforms.fetch.site_cache import SiteCache
from lamella.transforms.fetch.site_rules import SiteRules, read_ai_txt, read_rsl, read_tdm_file
from lamella.transforms.fetch.usage import usage_opt_out
from lamella.transforms.formats.use_headers import said_in, use_text

SITE, ALL = "https://marsh.example", FetchConfig()
ROBOTS = [
    # aipref: the words of the longest path, and a no before a yes
    ("User-agent: *\nContent-Usage: train-ai=n\n", "/a", "content-usage: train-ai=n, in robots.txt"),
    ("User-agent: *\nContent-Usage: search=n\n", "/a", ""),
    (
        "User-agent: *\nContent-Usage: train-ai=y\nContent-Usage: /art/ train-ai=n\n",
        "/art/a",
        "content-usage: train-ai=n, in robots.txt",
    ),
    ("User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /open/ train-ai=y\n", "/open/a", ""),
    (
        "User-agent: *\nContent-Usage: /a train-ai=y\nContent-Usage: /a train-ai=n\n",
        "/a",
        "content-usage: train-ai=n, in robots.txt",
    ),
    ("User-agent: *\nContent-Usage: bots=n\n", "/a", "content-usage: bots=n, in robots.txt"),
    ("User-agent: *\nContent-Usage: bots=n, train-ai=y\n", "/a", ""),  # the nearer word
    ("User-agent: *\nContent-Usage: train-ai=y, train-genai=n\n", "/a", "content-usage: train-genai=n, in robots.txt"),
    ("User-agent: other\nContent-Usage: train-ai=n\n", "/a", ""),  # to another
    ("User-agent: lamella\nAllow: /\n\nUser-agent: *\nContent-Usage: train-ai=n\n", "/a", ""),
    ("Content-Usage: train-ai=n\n", "/a", "content-usage: train-ai=n, in robots.txt"),  # to whoever reads it
    (
        "Content-Usage: train-ai=n\nUser-agent: lamella\nAllow: /\n",
        "/a",
        "content-usage: train-ai=n, in robots.txt",
    ),
    # draft-canel-robots-ai-control
    ("User-agent: *\nDisallowAITraining: /\n", "/a", "robots.txt: DisallowAITraining"),
    ("User-agent: *\nDisallowAITraining: /art/\n", "/a", ""),
    ("User-agent: *\nDisallowAITraining: /\nAllowAITraining: /open/\n", "/open/a", ""),
    ("User-agent: *\nDisallowAITraining:\n", "/a", ""),
    ("User-agent: other\nDisallowAITraining: /\n", "/a", ""),
    # Cloudflare
    ("User-Agent: *\nContent-Signal: search=yes,ai-train=no\nAllow: /\n", "/a", "content-signal: ai-train=n, in robots.txt"),
    ("User-Agent: *\nContent-Signal: ai-input=no, search=no\nAllow: /\n", "/a", ""),
    ("User-Agent: *\nContent-signal: ai-train = yes\n", "/a", ""),
    # RSL
    ("License: https://marsh.example/licence.xml\n", "/a", ""),
    ("User-agent: *\nProhibits: redistribution, ai-training\n", "/a", "rsl: prohibits ai-training, in robots.txt"),
    ("User-agent: *\nPermits: ai-training\n", "/a", ""),
]


@pytest.mark.parametrize(("text", "path", "forbids"), ROBOTS)
def test_what_robots_txt_says_of_use(text, path, forbids):
    verdict = SiteRules(robots=read_robots(200, text.encode())).verdict(SITE + path, ALL)
    assert (verdict.allowed, verdict.evidence if forbids else "") == (not forbids, forbids)


def test_a_licence_is_written_down():
    rules = SiteRules(robots=read_robots(200, b"License: https://marsh.example/licence.xml\nUser-agent: *\nAllow: /\n"))
    assert rules.verdict(SITE, ALL).evidence == "robots.txt: allowed; rsl-license: https://marsh.example/licence.xml"


TDM = [
    {"location": "/", "tdm-reservation": 0},
    {"location": "/art/*", "tdm-reservation": 1, "tdm-policy": "https://marsh.example/policy.json"},
    {"location": "/art/open/*", "tdm-reservation": 0},
    {"location": "/*.webp$", "tdm-reservation": "1"},
]


@pytest.mark.parametrize(
    ("path", "reserved"),
    [("/", False), ("/art/a.png", True), ("/art/open/a.png", False), ("/art", False), ("/b.webp", True), ("/b.webp?c", False)],
)
def test_tdmrep(path, reserved):
    rules = SiteRules(tdm=read_tdm_file(json.dumps(TDM).encode()))
    assert rules.verdict(SITE + path, ALL).allowed is not reserved
    assert rules.verdict(SITE + path, ALL, tdm_said=True).allowed  # the response itself has said so


@pytest.mark.parametrize(
    ("body", "path", "reserved"),
    [
        ('[{"Location": "/", "TDM-Reservation": 1}]', "/a", True),
        ('[{"location": ["/art/*", "/b"], "tdm-reservation": 1}]', "/art/a", True),
        ('[{"location": ["/art/*", "/b"], "tdm-reservation": 1}]', "/a", False),
        ('[{"tdm-reservation": 1}]', "/a", True),
        ('[{"location": "/", "tdm-reservation": 1,},]', "/a", True),
        ('[{"location": "/,]", "tdm-reservation": 0}]', "/a", False),
        ('{"location": "/", "tdm-reservation": true}', "/a", True),
    ],
)
def test_a_tdmrep_that_is_not_quite_one_is_heard(body, path, reserved):
    for data in (body.encode(), body.encode("utf-8-sig"), body.encode("utf-16")):
        assert SiteRules(tdm=read_tdm_file(data)).verdict(SITE + path, ALL).allowed is not reserved


def test_a_robots_txt_that_an_editor_saved_as_unicode():
    for coding in ("utf-16", "utf-8-sig"):
        robots = read_robots(200, "User-agent: *\nDisallow: /art\n".encode(coding))
        assert [SiteRules(robots=robots).verdict(SITE + path, ALL).allowed for path in ("/art/a", "/b")] == [False, True]


@pytest.mark.parametrize("body", [b"", b"<html>404", b"[[[[", b'[{"location": 3}]', b"3", b'{"location": "/"}', b"[" * 100_000])
def test_what_is_no_tdmrep_reserves_nothing(body):
    assert SiteRules(tdm=read_tdm_file(body)).verdict(SITE, ALL).allowed


AI = b"# Spawning AI\nUser-Agent: *\nDisallow: *.png\nDisallow: /\nAllow: *.jpg\n"


@pytest.mark.parametrize(("path", "allowed"), [("/a.png", False), ("/a.jpg", True), ("/a.gif", False)])
def test_ai_txt(path, allowed):
    assert SiteRules(ai=read_ai_txt(AI)).verdict(SITE + path, ALL).allowed is allowed
    assert SiteRules(ai=read_ai_txt(b"<html>not found</html>")).verdict(SITE + path, ALL).allowed


RSL = b"""<rsl xmlns="https://rslstandard.org/rsl">
  <content url="/"><license><permits type="usage">search</permits></license></content>
  <content url="https://marsh.example/art/*"><license><prohibits type="usage">train-ai ai-index</prohibits></license></content>
  <content url="/free/*">
    <license><prohibits type="usage">all</prohibits></license><license><payment type="free"/></license>
  </content>
</rsl>"""


@pytest.mark.parametrize(("path", "allowed"), [("/a", True), ("/art/a", False), ("/free/a", True)])
def test_rsl(path, allowed):
    assert SiteRules(rsl=read_rsl(RSL, SITE)).verdict(SITE + path, ALL).allowed is allowed


@pytest.mark.parametrize("body", [b"", b"<html/>", b"<rsl", b'<!DOCTYPE x [<!ENTITY a "b">]><rsl/>'])
def test_what_is_no_licence_prohibits_nothing(body):
    assert read_rsl(body, SITE) == ()


SWITCHES = {
    "content_usage": {"robots": read_robots(200, b"User-agent: *\nContent-Usage: train-ai=n\n")},
    "content_signal": {"robots": read_robots(200, b"User-agent: *\nContent-Signal: ai-train=no\n")},
    "rsl": {"rsl": read_rsl(RSL.replace(b"/art/*", b"/*"), SITE)},
    "tdm_file": {"tdm": read_tdm_file(b'[{"location": "/", "tdm-reservation": 1}]')},
    "ai_txt": {"ai": read_ai_txt(b"User-agent: *\nDisallow: /\n")},
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_signal_has_a_switch(switch):
    rules = SiteRules(**SWITCHES[switch])
    assert not rules.verdict(SITE + "/a", ALL).allowed
    assert rules.verdict(SITE + "/a", FetchConfig(opt_outs=OptOutConfig(**{switch: False}))).allowed
    assert rules.verdict(SITE + "/a", FetchConfig(honour_opt_outs=False)).allowed


HEADERS = [
    ({"content-usage": "train-ai=n"}, "content-usage: train-ai=n"),
    ({"content-usage": "search=y, train-ai=y"}, ""),
    ({"content-usage": 'train-ai="n"'}, "content-usage: train-ai=n"),
    ({"content-signal": "ai-train=no"}, "content-signal: ai-train=n"),
    ({"x-robots-tag": "noai", "content-usage": "train-ai=y"}, "x-robots-tag: noai"),
    ({"x-robots-tag": "all", "content-usage": "train-ai=n"}, "content-usage: train-ai=n"),
    ({"link": '<https://marsh.example/l.xml>; rel="license"; type="application/rsl+xml"'}, ""),
]


@pytest.mark.parametrize(("headers", "forbids"), HEADERS)
def test_what_a_response_says_of_use(headers, forbids):
    text = use_text(lambda name: headers.get(name, ""), 1000)
    assert media_opt_out(text, "", "lamella") == forbids
    heard = OptOutConfig(x_robots_tag=False, content_usage=False, content_signal=False)
    assert media_opt_out(text, "", "lamella", heard) == ""
    assert page_opt_out(text, "lamella").media.removeprefix("robots of a page: ") == forbids.removeprefix("x-robots-tag: ")


def test_words_come_back_and_are_evidence():
    headers = {"x-robots-tag": "noarchive", "content-usage": "train-ai=y", "link": HEADERS[-1][0]["link"]}
    text = use_text(lambda name: headers.get(name, ""), 1000)
    assert said_in(text) == ("noarchive", "train-ai=y", "", "https://marsh.example/l.xml")
    said = "x-robots-tag: noarchive; content-usage: train-ai=y; rsl-license: https://marsh.example/l.xml; tdm-reservation: 0"
    assert evidence(text, "0") == said
    assert use_text(lambda name: "", 1000) == ""


def test_what_is_cut_off_may_forbid():
    text = use_text(lambda name: {"x-robots-tag": "all", "content-usage": "a=b, " * 999}.get(name, ""), 1000)
    assert media_opt_out(text, "", "lamella") == "x-robots-tag: noindex"


def test_a_word_within_a_word_is_none():
    assert usage_opt_out(["x-train-ai=n", "train-ai-x=n", "train-ai", "=n"]) == ""


def test_a_site_is_asked_for_its_files_once_and_within_its_own_rules():
    asked = []

    async def get(url):
        asked.append(url.removeprefix("https://"))
        if "down" in url and "robots" not in url:
            raise Refused(Reason.CONNECTION_FAILED, "down")
        if url.endswith("robots.txt"):
            return 200, b"User-agent: *\nDisallow: /ai.txt\n" if "closed" in url else b""
        return (200, b'[{"location": "/x", "tdm-reservation": 1}]') if url.endswith(".json") else (404, b"")

    async def run():
        cache = SiteCache(get, ALL)
        return [
            (await cache.verdict(f"https://{url}")).allowed
            for url in ("a.example/x", "a.example/y", "closed.example/x", "down.example/x")
        ]

    assert asyncio.run(run()) == [False, True, False, True]
    assert asked == [
        *(f"a.example/{name}" for name in ("robots.txt", ".well-known/tdmrep.json", "ai.txt")),
        *(f"closed.example/{name}" for name in ("robots.txt", ".well-known/tdmrep.json")),
        *(f"down.example/{name}" for name in ("robots.txt", ".well-known/tdmrep.json", "ai.txt")),
    ]


@pytest.mark.parametrize("location", ("art/", "/art/", "https://marsh.example/art/*", "*", "http://marsh.example"))
@pytest.mark.parametrize("reserved", ("1", "1.0", "true", '"1"'))
def test_a_tdmrep_that_is_written_loosely(location, reserved):
    rules = SiteRules(tdm=read_tdm_file(f'[{{"location": "{location}", "tdm-reservation": {reserved}}}]'.encode()))
    assert not rules.verdict("https://marsh.example/art/1.jpg", ALL).allowed
    assert rules.verdict("https://marsh.example/open/1.jpg", ALL).allowed is ("art" in location)
