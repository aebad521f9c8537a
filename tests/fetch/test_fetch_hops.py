"""A link at an address and what an archive holds there -> its capture, the next address, or its end."""

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Alias, AliasKind, ArchiveMedia, BlobRef, Container, MediaKind
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.fetch.captured import FetchResponse
from lamella.transforms.fetch.hops import Led, latest_alias, look
from lamella.transforms.fetch.links import FetchRequest
from lamella.transforms.fetch.look_in_archives import LookInArchives

A, B = "http://pond.example/a.png", "http://reeds.example/b.png"
CONFIG = FetchConfig()


def link(url: str = A) -> FetchRequest:
    return FetchRequest(url=url, kind=MediaKind.IMAGE, documents=1)


def held(url: str = A, **fields) -> ArchiveMedia:
    blob = BlobRef(path="a.warc", offset=0, length=9, container=Container.WARC)
    return ArchiveMedia(url=url, blob=blob, mime="image/png", **fields)


def moved(url: str = A, target: str = B, offset: int = 0, **fields) -> Alias:
    return Alias(url=url, kind=AliasKind.REDIRECT, archive="a.warc", offset=offset, target=target, **fields)


def at(url: str = A, **fields) -> Led:
    return Led(link=link(), at=url, **fields)


def test_bytes_win_over_a_redirect():
    assert isinstance(look(at(), held(), moved(), 0, config=CONFIG), FetchResponse)
    assert look(at(), None, moved(), 0, config=CONFIG) == at(B, through=(B,))
    assert look(at(), None, None, 0, config=CONFIG) == link()


def test_what_hops_say_is_carried_along():
    led = look(at(), None, moved(robots_header="max-snippet:9", tdm_reservation="0"), 0, config=CONFIG)
    found = look(led, held(B, robots_header="noai"), None, 1, config=CONFIG)
    assert (found.url, found.robots_header, found.tdm_reservation) == (A, "max-snippet:9, noai", "0")


@pytest.mark.parametrize("said", [{"robots_header": "noai"}, {"tdm_reservation": "1"}, {"robots_header": "noindex"}])
def test_a_hop_may_forbid(said):
    gone = look(at(), None, moved(**said), 0, config=CONFIG)
    assert (gone.reason, gone.url) == (Reason.OPTED_OUT, A)
    assert look(at(), None, moved(**said), 0, config=FetchConfig(honour_opt_outs=False)).at == B


def test_a_later_redirect_speaks_of_its_address():
    older, later = "2020-01-01T00:00:00Z", "2024-01-01T00:00:00Z"
    found = look(at(), held(crawl_time=older), moved(crawl_time=later, robots_header="noai"), 0, config=CONFIG)
    assert found.robots_header == "noai"
    found = look(at(), held(crawl_time=later), moved(crawl_time=older, robots_header="noai"), 0, config=CONFIG)
    assert found.robots_header == ""


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://10.1.2.3/b.png", Reason.FORBIDDEN_ADDRESS),
        ("http://[::1]/b.png", Reason.FORBIDDEN_ADDRESS),
        ("http://localhost/b.png", Reason.FORBIDDEN_ADDRESS),
        ("http://169.254.169.254/latest/", Reason.FORBIDDEN_ADDRESS),
        ("http://reeds.example/xxx/b.png", Reason.UNSAFE_IMAGE),
        ("http://reeds.example/logo.png", None),  # what a page shows is judged by the address that the page names
        ("http://8.8.8.8/b.png", None),
    ],
)
def test_where_a_redirect_may_lead(target, reason):
    out = look(at(), None, moved(target=target), 0, config=CONFIG)
    assert (out.reason if isinstance(out, Rejection) else None) is reason
    assert isinstance(out, Rejection) or out.at == target


def test_a_network_of_its_own_may_lead_within():
    inside = look(at("http://10.0.0.1/a.png"), None, moved("http://10.0.0.1/a.png", "http://10.0.0.2/b.png"), 0, config=CONFIG)
    assert inside.at == "http://10.0.0.2/b.png"
    allowed = FetchConfig(allowed_private_addresses=("10.0.0.0/8",))
    assert look(at(), None, moved(target="http://10.0.0.2/b.png"), 0, config=allowed).at == "http://10.0.0.2/b.png"


def _followed(start: FetchRequest, captures: dict, redirects: dict, config: FetchConfig):
    """What becomes of a link that is led from address to address, one after the other."""
    out, hop = Led(link=start, at=start.url), 0
    while isinstance(out, Led):
        out, hop = look(out, captures.get(out.at), redirects.get(out.at), hop, config=config), hop + 1
    return out


@pytest.mark.parametrize("limit", [*range(8), 9])
def test_shuffles_follow_redirects_as_far_as_a_walk_does(limit):
    """Chains of 0 to 9 redirects to a capture, chains that end nowhere, a loop, and chains that meet in one address."""
    config = FetchConfig(max_redirects=limit)
    address = "http://{}.example/{}.png".format
    redirects = [moved(address(f"c{end}", n), address(f"c{end}", n + 1)) for end in range(10) for n in range(end)]
    redirects += [moved(address(f"n{end}", n), address(f"n{end}", n + 1)) for end in range(10) for n in range(end)]
    redirects += [moved(address("loop", n), address("loop", (n + 1) % 3)) for n in range(3)]
    redirects += [moved(address("meet", n), address("c4", n % 3)) for n in range(5)]
    captures = [held(address(f"c{end}", end)) for end in range(10)] + [held(address("c7", 3))]
    links = [link(url) for url in dict.fromkeys([*(it.url for it in redirects), address("c0", 0), address("none", 0)])]
    here = {it.url: it for it in captures}, {it.url: it for it in redirects}
    expected = sorted(repr(_followed(it, *here, config)) for it in links)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        inputs = {
            "links": pipeline | "Links" >> beam.Create(links, reshuffle=False),
            "archived": pipeline | "Archived" >> beam.Create(captures, reshuffle=False),
            "aliases": pipeline | "Aliases" >> beam.Create(redirects, reshuffle=False),
        }

        def check(actual):
            assert sorted(map(repr, actual)) == expected

        assert_that(tuple(inputs | LookInArchives(config)) | beam.Flatten(), check)


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_a_loop_ends_at_the_limit(limit):
    config = FetchConfig(max_redirects=limit)
    out, hop = at(), 0
    while isinstance(out, Led):
        out, hop = look(out, None, moved(), hop, config=config), hop + 1
    assert (hop, out.reason, out.detail) == (limit + 1, Reason.TOO_MANY_REDIRECTS, f"more than {limit}, then {B}")
    # The web may answer otherwise by now.
    assert look(at(), None, moved(), limit, config=FetchConfig(max_redirects=limit, http=True)) == link()


def test_the_latest_redirect_counts():
    old, new = moved(crawl_time="2020-01-01T00:00:00Z"), moved(crawl_time="2024-01-01T00:00:00Z", offset=9)
    assert latest_alias([old, new]) == latest_alias([new, old]) == new
    assert latest_alias([moved(offset=9), moved(offset=3)]).offset == 3
