"""robots.txt -> verdict: RFC 9309's own examples, its limits, its answers to failure, and a day's memory."""

import asyncio

import pytest

from lamella.schemas.config import FetchConfig, OptOutConfig
from lamella.transforms.fetch.path_rules import PathPattern, longest
from lamella.transforms.fetch.robots import MAX_ROBOTS_BYTES, read_robots
from lamella.transforms.fetch.robots_file import parse_robots
from lamella.transforms.fetch.site_cache import SiteCache

RFC = b"""User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""
LONGEST = b"User-Agent: *\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n"

CASES = [
    (RFC, "lamella", "/a.gif", False),
    (RFC, "lamella", "/a.gif?x", True),
    (RFC, "lamella", "/example/a.png", False),
    (RFC, "lamella", "/publications/a.png", True),
    (RFC, "lamella", "/", True),
    (RFC, "foobot", "/other.png", False),
    (RFC, "foobot", "/example/page.html", True),
    (RFC, "foobot", "/example/allowed.gif", True),
    (RFC, "barbot", "/example/page.html", False),
    (RFC, "bazbot", "/example/page.html", False),
    (RFC, "barbot", "/example/other.html", True),
    (RFC, "quxbot", "/example/page.html", True),
    (LONGEST, "lamella", "/example/page/disallowed.gif", False),
    (LONGEST, "lamella", "/example/page/allowed.gif", True),
    (b"User-agent: *\nDisallow: /\n", "lamella", "/a.png", False),
    (b"User-agent: *\nDisallow:\n", "lamella", "/a.png", True),
    (b"User-agent: lamella\nDisallow: /x\n\nUser-agent: lamella\nDisallow: /y\n", "lamella", "/y", False),
    (b"User-agent: LaMeLLa\nDisallow: /x\n", "lamella", "/x", False),
    (b"User-agent: lamella\nAllow: /\n\nUser-agent: *\nDisallow: /\n", "lamella", "/x", True),
    (b"User-agent: *\r\nDisallow: /x # why\r\n", "lamella", "/x/y", False),
    (b"User-agent: *\rDisallow: /x\r", "lamella", "/x/y", False),
    (b"\xef\xbb\xbfUser-agent: *\nDisallow: /x\n", "lamella", "/x", False),
    (b"# nothing\n", "lamella", "/x", True),
    (b"", "lamella", "/x", True),
    (b"<html>404</html>", "lamella", "/x", True),
    (b"User-agent: *\nDisallow: /a*b$\n", "lamella", "/axxb", False),
    (b"User-agent: *\nDisallow: /a*b$\n", "lamella", "/axxbc", True),
    (b"User-agent: *\nDisallow: /%7Ejoe/\n", "lamella", "/~joe/a.png", False),
    (b"User-agent: *\nDisallow: /foo/bar\xe3\x83\x84\n", "lamella", "/foo/bar%E3%83%84", False),
    (b"user-agent: *\ndisallow: /UP\n", "lamella", "/up", True),
    (b"User-agent: *\nDisallow: /img\nAllow: /img/free\n", "lamella", "/img/free/a.png", True),
    (b"User-agent: *\nAllow: /p\nDisallow: /p\n", "lamella", "/p", True),
    (b"\0User-agent: *\nDisallow: /x\0\n", "lamella", "/x", False),
]


@pytest.mark.parametrize("body, product, path, allowed", CASES)
def test_rules(body, product, path, allowed):
    assert read_robots(200, body).verdict(f"https://example.org{path}", product).allowed is allowed


@pytest.mark.parametrize(
    "status, allowed", [(404, True), (401, True), (403, True), (410, True), (429, False), (500, False), (503, False), (0, True)]
)
def test_statuses(status, allowed):
    verdict = read_robots(status, b"User-agent: *\nDisallow: /\n").verdict("https://example.org/x", "lamella")
    assert verdict.allowed is allowed
    assert str(status) in verdict.evidence


def test_only_the_first_500_kib_are_read_and_no_half_rule():
    filler = b"# " + b"x" * 97 + b"\n"
    lines = filler * (MAX_ROBOTS_BYTES // len(filler))
    late = b"User-agent: *\n" + lines + filler + b"Disallow: /x\n"
    assert read_robots(200, late).verdict("https://example.org/x", "lamella").allowed
    early = b"User-agent: *\nDisallow: /x\n" + lines * 2
    assert not read_robots(200, early).verdict("https://example.org/x", "lamella").allowed
    half = b"User-agent: *\n" + b"#" * (MAX_ROBOTS_BYTES - 14 - 11) + b"\nDisallow: /only/this\n"
    assert read_robots(200, half).verdict("https://example.org/x", "lamella").allowed


def test_crawl_delay():
    robots = read_robots(200, b"User-agent: *\nCrawl-delay: 2.5\n")
    assert robots.verdict("https://example.org/x", "lamella") == (True, "robots.txt: allowed", 2.5)


def test_a_site_is_asked_once_and_failures_are_not_kept():
    asked = []

    async def get(url):
        asked.append(url)
        if "down" in url:
            raise OSError
        await asyncio.sleep(0)
        return 200, b"User-agent: *\nDisallow: /no\n"

    async def run():
        cache = SiteCache(get, FetchConfig(opt_outs=OptOutConfig(tdm_file=False, ai_txt=False)))
        urls = [f"https://a.org/{path}" for path in ("yes", "no", "yes", "no")] + ["http://a.org/no", "https://a.org:8443/no"]
        verdicts = await asyncio.gather(*(cache.verdict(url) for url in urls))
        for _ in range(2):
            with pytest.raises(OSError):
                await cache.verdict("https://down.org/x")
        return [verdict.allowed for verdict in verdicts]

    assert asyncio.run(run()) == [True, False, True, False, False, False]
    assert sorted(asked) == [
        "http://a.org/robots.txt",
        "https://a.org/robots.txt",
        "https://a.org:8443/robots.txt",
        "https://down.org/robots.txt",
        "https://down.org/robots.txt",
    ]


# After the cases that Google publishes with its parser, in words of our own.
GROUPS = [
    (b"User-agent: lamella\nUser-agent: *\nDisallow: /x\n", "/x", False),
    (b"user-agent lamella\ndisallow /x\n", "/x", False),  # the colon is missing
    (b"User-agent: lamella/2.0 (any)\nDisallow: /x\n", "/x", False),  # the name alone counts
    (b"User-agent: lamellar\nDisallow: /\n", "/x", True),
    (b"User-agent: *\nDisallow: /\n\nUser-agent: lamella\nDisallow: /x\n", "/y", True),  # the nearer group alone
    (b"User-agent: lamella\nSitemap: https://a.org/s.xml\nUser-agent: other\nDisallow: /x\n", "/x", False),
    (b"User-agent: lamella\nDisallow: /x\nUser-agent: lamella\nAllow: /x/open\n", "/x/open/1", True),  # one group in two
    (b"Disallow: /x\nUser-agent: *\nAllow: /\n", "/x", True),  # spoken to nobody
    (b"User-agent: *\nDissallow: /x\n", "/x", False),
    (b"User-agent: *\nDisallow: /x$\n", "/x?y", True),
    (b"User-agent: *\nDisallow: /*.png$\n", "/a/b.png", False),
    (b"User-agent: *\nDisallow: /*.png$\n", "/a/b.png?c", True),
    (b"User-agent: *\nDisallow: /a*c*e\n", "/abcdef", False),
    (b"User-agent: *\nDisallow: /a*c*e$\n", "/ace", False),
    (b"User-agent: *\nDisallow: /ab*ba$\n", "/aba", True),  # the pieces may not overlap
    (b"User-agent: *\nDisallow: /**//**x\n", "/a//bx", False),
    (b"User-agent: *\nDisallow: /\nAllow: /*\n", "/x", True),  # the longer pattern
    (b"User-agent: *\nDisallow: /x\nAllow: /x\n", "/x", True),
    (b"User-agent: *\nAllow: /x\nDisallow: /x?\n", "/x?a=1", False),
    (b"User-agent: *\nDisallow: /%E3%83%84\n", "/%e3%83%84", False),
    (b"User-agent: *\nDisallow: /a%2Fb\n", "/a/b", True),
    (b"User-agent: *\nDisallow: x\n", "/x", True),
    (b"User-agent: \nDisallow: /\n", "/x", True),
]


@pytest.mark.parametrize("body, path, allowed", GROUPS)
def test_groups_and_patterns(body, path, allowed):
    assert read_robots(200, body).verdict(f"https://example.org{path}", "lamella").allowed is allowed


def test_thousands_of_starred_rules_are_tried_piece_by_piece():
    """A verdict searches a path once for each piece of a pattern, and goes back for none: 9,000 rules took a second."""
    searches = 0

    class Path(str):
        def find(self, *given):
            nonlocal searches
            searches += 1
            return super().find(*given)

    path = Path("/" + "ab" * 1000)
    pieces = {}
    for stars in (8, 16):
        searches = 0
        patterns = [PathPattern.of("/*" + "b*" * stars + f"{number}x") for number in range(1000)]
        assert longest(((pattern, True) for pattern in patterns), path) == []
        pieces[stars] = searches / 1000
    assert pieces == {8: 9.0, 16: 17.0}


def test_agents_that_share_rules_share_them():
    """Thousands of agents before thousands of rules are no millions of rules."""
    agents = b"".join(b"User-agent: bot%s\n" % bytes([97 + a, 97 + b]) for a in range(26) for b in range(26))
    robots = read_robots(200, agents + b"User-agent: lamella\n" + b"Disallow: /x\n" * 9000)
    assert len({id(group) for groups in robots.rules.groups.values() for group in groups}) == 1
    assert not robots.verdict("https://example.org/x", "lamella").allowed


def test_what_is_said_to_an_agent_is_put_together_once():
    robots = parse_robots("User-agent: *\nDisallow: /a\n\nUser-agent: heron\nDisallow: /b\n")
    assert robots.group_for("heron") is robots.group_for("heron")
    assert robots.group_for("heron") is not robots.group_for("lamella")
    assert robots.group_for("lamella").access != robots.group_for("heron").access
