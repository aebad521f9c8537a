"""A crawl of 300 hosts, all signals, slow and broken ones, killed and gone on with: nothing is lost, none is burdened."""

import os
import signal
import time
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from crawl_world import (
    CRAWL_DELAY_S,
    DELAY_S,
    HOSTS,
    KINDS,
    NAMES,
    PICTURES,
    RETRY_S,
    TIMEOUT_S,
    CrawlServer,
    kind_of,
    write_pages,
)

from lamella.pipeline.tables import read_records
from lamella.reporting.verify import verify
from lamella.schemas.media import Media
from lamella.schemas.opt_out import OptOut
from lamella.schemas.rejection import Reason, Rejection, Unit
from lamella.transforms.fetch.download import BATCH_LINKS
from lamella.transforms.formats.urls import host_of as host_in

KILLS_AFTER = (900,)  # requests that a run may make
ASKS_AGAIN = ("come back", "cut", "hangs up", "loop")  # by design: retries, or hops


SEEN = 0.5  # of a delay: a busy server sees requests nearer to each other than they were sent


def command(archive, folder, port: int) -> list[str]:
    settings = {
        "fetch.http": "true",
        "fetch.allowed_private_addresses": "[127.0.0.0/8]",
        "fetch.allowed_ports": f"[{port}]",
        "fetch.min_delay_s": DELAY_S,
        "fetch.timeout_s": TIMEOUT_S,
        "fetch.retries": 1,
        "fetch.max_redirects": 2,
        "fetch.max_image_bytes": 60_000,
        "pair.min_side_px": 60,
        "caption.on": "false",
        "score.when": "never",
        "score.documents": "false",
        "run.table_parts": 1,
    }
    words = [f"{name}={value}" for name, value in settings.items()]
    places = ["--input", str(archive), "--output", str(folder), "--no-report"]
    return ["run", "--recipe", "demo", *places, *words]


@pytest.fixture(scope="module")
def crawl(tmp_path_factory, commands):
    """(server, folder of the run, where in the server's log each kill fell)."""
    folder, server, kills = tmp_path_factory.mktemp("crawl"), CrawlServer(), []
    write_pages(folder / "pages.warc", server)
    words = command(folder / "pages.warc", folder / "run", server.port)
    try:
        for requests in KILLS_AFTER:
            begun = len(server.log)
            victim = commands.command(*words)
            while len(server.log) < begun + requests:
                assert victim.poll() is None, "it ended before it was killed"
                time.sleep(0.01)
            os.killpg(victim.pid, signal.SIGKILL)
            victim.wait()
            kills.append(all_that_came(server))
        code, said = commands.command(*words).end(600)
        assert code == 0, said
    finally:
        server.close()
    return server, str(folder / "run"), kills


def all_that_came(server: CrawlServer) -> int:
    """How many requests there were, once what a killed command had sent has arrived."""
    seen = -1
    while seen < (now := len(server.log)):
        seen = now
        time.sleep(0.3)
    return seen


def left(run: str) -> list[Rejection]:
    found = read_records(f"{run}/rejections/media", Rejection)
    return [rejection for rejection in found if rejection.unit is Unit.MEDIA]


@pytest.mark.slow
def test_every_link_of_every_host_is_kept_or_has_its_reason(crawl):
    server, run, _ = crawl
    kept, gone = list(read_records(f"{run}/media", Media)), left(run)
    outcomes = Counter(record.url for record in (*kept, *gone))
    assert outcomes == Counter(url for number in range(HOSTS) for url in server.urls(number))
    by_kind = defaultdict(Counter)
    for media in kept:
        by_kind[kind_of(host_in(media.url))]["kept"] += 1
    for rejection in gone:
        by_kind[kind_of(host_in(rejection.url))][rejection.reason.value] += 1
    links = HOSTS // len(NAMES) * PICTURES
    assert {name: set(by_kind[name]) for name in NAMES if name != "unavailable"} == {
        name: {kind.outcome} for name, kind in KINDS.items() if name != "unavailable"
    }
    assert set(by_kind["unavailable"]) <= set(KINDS["unavailable"].outcome.split())  # one is asked, then the host is given up
    assert {name: sum(counts.values()) for name, counts in by_kind.items()} == dict.fromkeys(NAMES, links)
    assert list(verify(run)) == []


@pytest.mark.slow
def test_each_opt_out_is_in_the_ledger_with_its_words_and_date(crawl):
    _, run, _ = crawl
    rows = [row for row in read_records(f"{run}/opt_outs", OptOut) if row.removed == "media"]
    forbidden = {rejection.url: rejection for rejection in left(run) if rejection.reason is Reason.OPTED_OUT}
    assert {row.url for row in rows} == set(forbidden) and len(rows) == len(forbidden)
    for row in rows:
        name = kind_of(host_in(row.url))
        assert forbidden[row.url].detail.startswith(KINDS[name].words), name
        assert row.date.startswith("2026-01-02T03:04:05" if name in ("page noai", "page tdm") else "20"), name


@pytest.mark.slow
def test_no_host_is_asked_more_often_than_it_allows(crawl):
    server, _, kills = crawl
    lives = [server.log[begun:ended] for begun, ended in pairwise((0, *kills, len(server.log)))]
    for life in lives:
        times = defaultdict(list)
        for at, host, _ in life:
            times[host].append(at)
        for host, asked in times.items():
            least = min((later - earlier for earlier, later in pairwise(asked)), default=9.0)
            assert least >= SEEN * DELAY_S, (host, kind_of(host))
    asked = defaultdict(list)
    for at, host, path in lives[-1]:
        asked[host, path].append(at)
    for (host, path), times in asked.items():
        if kind_of(host) == "crawl-delay" and path != "/robots.txt":
            own = sorted(at for (other, _), found in asked.items() if other == host for at in found)[1:]
            assert min((later - earlier for earlier, later in pairwise(own)), default=9.0) >= SEEN * CRAWL_DELAY_S
        if kind_of(host) == "unavailable" and path.startswith("/p/"):
            assert len(times) == 1
    for life in lives:
        held = {host: at for at, host, path in reversed(life) if kind_of(host) == "come back" and path.startswith("/p/")}
        for host, first in held.items():
            first_tries = [at for at, other, path in server.log if other == host and path.startswith("/p/")]
            if first == first_tries[0]:  # refused by this life, which must wait
                assert not [at for at, other, _ in life if other == host and first < at < first + RETRY_S]


@pytest.mark.slow
def test_what_is_forbidden_is_never_asked_for_and_what_is_known_is_not_asked_again(crawl):
    server, _, kills = crawl
    asked = Counter((host, path) for _, host, path in server.log if path.startswith("/p/"))
    silent = {name for name, kind in KINDS.items() if kind.outcome == "opted_out" and kind.never_asked} | {"robots slow"}
    assert not {kind_of(host) for host, _ in asked} & silent
    again = sum(count - 1 for (host, _), count in asked.items() if kind_of(host) not in (*ASKS_AGAIN, "slow"))
    assert again <= len(kills) * BATCH_LINKS
    files = Counter(
        (host, path) for _, host, path in server.log if not path.startswith("/p/") and kind_of(host) != "robots slow"
    )
    assert max(files.values()) <= 1 + len(kills)
