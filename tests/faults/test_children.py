"""What a native parser may do to its process costs one page: crashes, memory that grows, pages of a hundred megabytes."""

import os
import signal
import threading
from pathlib import Path

import pytest

from lamella.sample.warc import Exchange, pack, response_record
from lamella.schemas.config import ExtractConfig, ReadConfig
from lamella.schemas.document import InterleavedDocument, TextNode
from lamella.schemas.page import Page, Provenance
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.extract.extract import extract_document
from lamella.transforms.extract.parse import PageTooCostly
from lamella.transforms.extract.worker.pool import Worker
from lamella.transforms.read.archive import read_archive
from tests.faults.pages import SOUND

PAGES = int(os.environ.get("CRASH_PAGES", "1000"))  # 10,000 where there is time
EVERY = 100
URL = "https://harbour.example/tide"


@pytest.fixture
def worker():
    worker = Worker(ExtractConfig(timeout_s=30.0))
    yield worker
    worker.close()


def crashed_while_parsing(worker: Worker) -> None:
    """The child stops, takes the page as soon as it goes on, and dies of a signal that no handler of its own can catch."""
    child = worker.child._child.process.pid
    os.kill(child, signal.SIGSTOP)

    def die():
        os.kill(child, signal.SIGSEGV)
        os.kill(child, signal.SIGCONT)

    timer = threading.Timer(0.02, die)
    timer.start()
    with pytest.raises(PageTooCostly, match="SIGSEGV"):
        worker.parse(SOUND, URL)
    timer.join()


def test_a_crash_of_the_parser_costs_its_page_and_no_other(worker):
    """H2: one page in a hundred kills the child; it alone is refused, and every other comes out as it should."""
    expected, results, refused = worker.parse(SOUND, URL), 0, 0
    for number in range(PAGES):
        if number % EVERY == EVERY - 1:
            crashed_while_parsing(worker)
            refused += 1
        else:
            assert worker.parse(SOUND, URL) == expected
            results += 1
    assert (results, refused) == (PAGES - PAGES // EVERY, PAGES // EVERY)


def test_the_childs_memory_does_not_grow_with_the_pages(worker):
    """H3: below a kilobyte a page, once it is warm; and a child is replaced after `pages_per_child` all the same."""

    def held() -> int:
        status = Path(f"/proc/{worker.child._child.process.pid}/status").read_text()
        return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmRSS:"))

    pages = [SOUND.replace("tide", f"tide{number}") for number in range(50)]
    for number in range(500):
        worker.parse(pages[number % 50], URL)
    warm, more = held(), 2000
    for number in range(more):
        worker.parse(pages[number % 50], URL)
    assert held() - warm < more * 1024


def page(html: str) -> Page:
    return Page(key="k", url=URL, html=html, provenance=Provenance(archive="a.warc.gz", offset=0, length=1))


def test_a_page_of_a_hundred_megabytes_is_refused_before_it_is_decoded(tmp_path):
    """H5: by its size, in the archive; the pages beside it are read."""
    sound = SOUND.encode()
    words = b"".join(b"<p>word %d of a page that does not end</p>\n" % number for number in range(260_000))
    archive = tmp_path / "large.warc.gz"
    with archive.open("wb") as out:
        for number, body in enumerate((sound, words * 9, sound)):
            exchange = Exchange(url=f"{URL}/{number}", body=body, mime="text/html; charset=utf-8")
            out.write(pack(response_record(exchange, number), 1))
    assert len(words) * 9 > 100_000_000
    outputs = list(read_archive(str(archive), ReadConfig()))
    assert [output.url for output in outputs if isinstance(output, Page)] == [f"{URL}/0", f"{URL}/2"]
    assert [output.reason for output in outputs if isinstance(output, Rejection)] == [Reason.RECORD_TOO_LARGE]


def test_one_text_of_fifty_megabytes_ends_as_a_document_or_a_rejection():
    """H5: handed to the child directly, as if the archive's limit were off."""
    made, *_ = extract_document(
        page(f"<h1>Long</h1><p>{'word ' * 10_000_000}</p><img src=a.png>"), ExtractConfig(timeout_s=20.0)
    )
    assert isinstance(made, InterleavedDocument) or made.reason in (Reason.PAGE_TOO_COSTLY, Reason.NO_CONTENT)


@pytest.mark.parametrize("depth", [300, 3000])
def test_text_that_lies_deep_is_kept(depth):
    """H5: lxml would drop what lies deeper than 256 elements."""
    text = "Far down in the page there is a paragraph that every reader of it can see, and a picture beside it."
    (made,) = extract_document(page("<div>" * depth + f"<p>{text}</p><img src=a.png alt='a red ring'>"), ExtractConfig())
    assert [node.text for node in made.nodes if isinstance(node, TextNode)] == [text]
