"""Turns at a site: the pause between two requests, second tries, Retry-After, Crawl-delay, and hosts that are given up."""

import time
from itertools import pairwise

import pytest
from fetch_client import Names, ask, reasons

from lamella.schemas.config import OptOutConfig
from lamella.schemas.rejection import Reason


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


@pytest.mark.parametrize(
    "when",
    ["Sat,%2025%20Jun%202030%2015:00:00%20+99999999", "Sat,%2025%20Jun%2099999%2015:00:00%20GMT", "Sat,", "-1", "x" * 500],
)
def test_a_retry_after_that_no_clock_knows_is_none(server, tmp_path, when):
    config = server.config(retries=1, robots_txt=False)
    assert reasons(config, tmp_path, server.url(f"/later/429/{when}")) == [None]


def test_a_crawl_delay_holds_between_the_files_of_a_site_too(server, tmp_path):
    server.robots["127.0.0.1"] = 200, b"User-agent: *\nCrawl-delay: 0.1\n"
    assert reasons(server.config(opt_outs=OptOutConfig()), tmp_path, server.url("/ok/1.png")) == [None]
    assert server.paths() == ["/robots.txt", "/.well-known/tdmrep.json", "/ai.txt", "/ok/1.png"]
    times = [at for at, _, _ in server.log[1:]]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.1
