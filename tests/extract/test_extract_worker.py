"""The limits stop pages for good, the next page is right, and no child outlives its use."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.transforms.extract.lines import extract_lines
from lamella.transforms.extract.parse import PageTooCostly, parse_html
from lamella.transforms.extract.worker.pool import Worker, borrowed
from lamella.transforms.extract.worker.protocol import (
    ParseFailed,
    decode_reply,
    decode_request,
    encode_failure,
    encode_reply,
    encode_request,
)

URL = "http://a.example/"
PAGE = "<p>A flamingo strains its food from the water. <img src=i.jpg alt='Ein Flamingo, 火烈鸟'><video src=v.mp4></video>"
CONFIG = ExtractConfig(timeout_s=1.0)
BOMB = "<p " + " ".join(f"a{i}=1" for i in range(200_000)) + ">"  # quadratic in every parser


@pytest.fixture
def worker():
    worker = Worker(CONFIG)
    yield worker
    worker.close()


def test_the_wire():
    parsed = parse_html(PAGE, URL, CONFIG)
    assert decode_reply(encode_reply(parsed, 1 << 20)) == parsed
    assert decode_request(encode_request("<p>\ud800ä\0", URL)) == ("<p>?ä\0".encode(), URL)
    with pytest.raises(ParseFailed, match="why"):
        decode_reply(encode_failure("why"))


def test_a_page_is_parsed_as_without_it(worker):
    assert worker.parse(PAGE, URL) == parse_html(PAGE, URL, CONFIG)


def test_time_is_bounded_and_the_next_page_is_right(worker):
    worker.parse(PAGE, URL)
    with pytest.raises(PageTooCostly, match="more than 1 s of CPU"):
        worker.parse(BOMB, URL)
    assert worker.parse(PAGE, URL) == parse_html(PAGE, URL, CONFIG)


def test_memory_is_bounded_and_the_next_page_is_right():
    worker = Worker(ExtractConfig(max_memory_bytes=200 << 20))
    with pytest.raises(PageTooCostly, match="bytes of memory"):
        worker.parse("<i>x</i>" * 2_000_000, URL)
    assert worker.parse(PAGE, URL) == parse_html(PAGE, URL, CONFIG)
    worker.close()


def test_a_killed_child_costs_its_page_alone(worker):
    worker.parse(PAGE, URL)
    child = worker.child._child.process.pid
    killer = threading.Timer(0.2, os.kill, (child, signal.SIGSEGV))
    killer.start()
    with pytest.raises(PageTooCostly, match="SIGSEGV"):
        worker.parse(BOMB, URL)
    assert worker.parse(PAGE, URL).nodes
    os.kill(worker.child._child.process.pid, signal.SIGKILL)  # between two pages: costs none
    worker.child._child.process.wait()
    assert worker.parse(PAGE, URL).nodes


def test_children_are_recycled():
    worker = Worker(ExtractConfig(pages_per_child=2))
    children = []
    for _ in range(4):
        worker.parse(PAGE, URL)
        children.append(worker.child._child.process.pid)
    worker.close()
    assert children[0] == children[1] != children[2] == children[3]


def test_threads_have_children_of_their_own_and_give_them_back():
    first, second = threading.Barrier(2), []

    def work():
        with borrowed(CONFIG) as worker:
            first.wait()
            second.append((worker.child, worker.parse(PAGE, URL)))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert second[0][0] is not second[1][0]
    with borrowed(CONFIG) as worker:
        assert worker.child in (second[0][0], second[1][0])


def test_no_child_outlives_its_parent():
    code = f"""
import os
from lamella.schemas.config import ExtractConfig
from lamella.transforms.extract.worker.pool import Worker
worker = Worker(ExtractConfig())
worker.parse({PAGE!r}, {URL!r})
print(worker.child._child.process.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    child = int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).stdout)
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        with open(f"/proc/{child}/stat") as stat:
            if stat.read().split()[2] == "Z":  # ended; whoever adopted it has not yet looked
                return
        time.sleep(0.05)
    pytest.fail("the child still lives")


def lines(data: bytes) -> list[dict]:
    stream = io.BytesIO(data)
    rows = [json.loads(line) for line in extract_lines(stream, CONFIG)]
    assert not stream.closed
    return rows


def test_lines_of_html():
    (row,) = lines(
        b"\xef\xbb\xbf \n<p>A flamingo strains its food.<img src=http://a.example/i.jpg alt=x><video src=http://a.example/v.mp4>"
    )
    assert row == {
        "url": "",
        "nodes": [
            {"kind": "text", "text": "A flamingo strains its food."},
            {"kind": "image", "url": "http://a.example/i.jpg", "alt": "x", "caption": ""},
            {"kind": "video", "url": "http://a.example/v.mp4", "alt": "", "caption": ""},
        ],
    }
    assert lines(b"") == []
    assert lines(b"<nav>x</nav>") == [{"url": "", "rejected": "no_content"}]
    assert lines(b"<p>" + b"x" * (11 << 20)) == [{"url": "", "rejected": "record_too_large"}]


def test_lines_of_json():
    good = {"url": URL, "html": "<p>A flamingo \ud800 strains its food.<img src=i.jpg>"}
    rows = [
        json.dumps(good),
        "nonsense",
        "[1]",
        '{"url": "u"}',
        "",
        json.dumps({"url": "b", "html": BOMB}),
        "[" * 100_000,
        json.dumps(good),
    ]
    found = lines("\n".join(rows).encode() + b"\n\xff\xfe\n{")
    nodes = [
        {"kind": "text", "text": "A flamingo ? strains its food."},
        {"kind": "image", "url": URL + "i.jpg", "alt": "", "caption": ""},
    ]
    bad = {"url": "", "rejected": "undecodable"}
    assert found == [
        {"url": URL, "nodes": nodes},
        bad,
        bad,
        {"url": "u", "rejected": "undecodable"},
        {"url": "b", "rejected": "page_too_costly"},
        bad,
        {"url": URL, "nodes": nodes},
        bad,
        bad,
    ]


def test_html_is_told_where_it_came_from():
    html = b"<article><p>A fox runs over the hill and into the wood where it lives.</p><img src='../r.jpg' alt='fox'></article>"
    (line,) = extract_lines(io.BytesIO(html), ExtractConfig(), "https://x.org/a/b/page")
    page = json.loads(line)
    assert page["url"] == "https://x.org/a/b/page"
    assert [node["url"] for node in page["nodes"] if node["kind"] == "image"] == ["https://x.org/a/r.jpg"]
