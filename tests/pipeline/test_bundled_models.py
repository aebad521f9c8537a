"""Bundled models on pages that are not the sample's: said before the run, in the terminal, the page and the card."""

import gzip
import io
from pathlib import Path

import pytest
from rich.console import Console
from small_run import small_run

from lamella.pipeline.bundled import models_in_use, warn_of_archives, warn_of_pages
from lamella.pipeline.config.resolution import resolve
from lamella.reporting.card import card
from lamella.reporting.report import write_report
from lamella.reporting.report_text import print_report

OURS, FOREIGN = "https://ferry-notes.example/a.html", "https://photos.org/a.html"
OFF = ["score.min_score=null", "score.documents=false", "caption.on=false"]


def archive(path: Path, *urls: str) -> str:
    """A small archive of pages."""
    with path.open("wb") as out:
        for url in urls:
            http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body><p>A page.</p></body></html>"
            head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n"
            head += f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
            out.write(gzip.compress(head.encode() + http + b"\r\n\r\n"))
    return str(path)


@pytest.mark.parametrize(
    ("words", "roles"),
    [
        ([], "scorer, captioner and matcher"),
        (["caption.on=false"], "scorer"),
        (["score.min_score=null", "score.documents=false"], "captioner and matcher"),
        (["score.model.name=ViT-B-32", "score.model.weights=openai", "caption.on=false"], None),
        (OFF, None),
    ],
)
def test_a_run_says_at_its_start_which_bundled_models_judge_foreign_pages(tmp_path, words, roles):
    said = warn_of_archives([archive(tmp_path / "a.warc.gz", FOREIGN)], resolve("demo", words))
    if roles is None:
        assert said == ""
    else:
        assert said.startswith(f"WARNING: The bundled {roles} will judge pages that are not the sample web's. ")
        assert "\n" not in said


def test_the_samples_own_pages_need_no_warning(tmp_path):
    ours, foreign = archive(tmp_path / "a.warc.gz", OURS), archive(tmp_path / "b.warc.gz", FOREIGN)
    assert warn_of_archives([ours], resolve("demo")) == ""
    assert warn_of_archives([ours, foreign], resolve("demo"))
    damaged = tmp_path / "c.warc.gz"
    damaged.write_bytes(b"\x1f\x8b rubbish")
    assert warn_of_archives([str(damaged)], resolve("demo")) == ""


def test_documents_are_counted_by_their_pages():
    found = warn_of_pages([OURS, FOREIGN, FOREIGN], resolve("demo", ["caption.on=false"]))
    assert (found["foreign"], found["of"], found["models"]) == (2, 3, ["scorer"])
    assert found["says"].startswith("The bundled scorer judged 2 of 3 documents that are not the sample web's. ")
    assert warn_of_pages([OURS], resolve("demo")) is None
    assert warn_of_pages([FOREIGN], resolve("demo", OFF)) is None


def test_terminal_page_and_card_say_it_at_the_top(tmp_path):
    run = small_run(tmp_path / "run")  # its pages lie at example.org
    report = write_report(run)
    says = report["bundled"]["says"]
    out = io.StringIO()
    print_report(report, Console(file=out, width=500))
    assert out.getvalue().lstrip().startswith(f"WARNING: {says}")
    page = Path(run, "report.html").read_text(encoding="utf-8")
    assert "judged" in page and page.index('class="banner"') < page.index("<h1>")
    body = card(report).split("---\n", 2)[2]
    assert body.index("**Warning.**") < body.index("Training data for")
    quiet = report | {"bundled": None}
    assert "Warning" not in card(quiet)


def test_models_that_are_not_used_are_not_loaded():
    assert list(models_in_use(resolve("m3w"))) == ["score.model", "caption.captioner", "caption.matcher"]
    assert list(models_in_use(resolve("obelics"))) == ["score.model"]  # it scores documents
    assert models_in_use(resolve("m3w", OFF)) == {}
