"""The report: exact numbers, the same bytes twice, and foreign text that stays text in the page and in the terminal."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from report_page import Tags, printed
from run_folder import put_table, rejection, write_run
from small_run import SITE, small_run

from lamella.reporting.report import build_report, write_report
from lamella.reporting.report_text import past_limits
from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.media import ArchiveMedia
from lamella.schemas.rejection import Rejection, Stage, Unit


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> str:
    return small_run(tmp_path_factory.mktemp("run") / "small")


@pytest.fixture(scope="module")
def report(run) -> dict:
    return write_report(run)


@pytest.fixture(scope="module")
def page(run, report) -> str:
    return Path(run, "report.html").read_text(encoding="utf-8")


def test_headline_and_funnel(report):
    assert report["headline"] == {
        "archives": 2,
        "records": 20,
        "pages": 10,
        "documents": 4,
        "media": 6,
        "pairs": {"align": 2, "ltip": 1, "vtp": 1},
        "shards": 4,
        "bytes": 8000,
    }
    steps = {name: [(step["label"], step["count"]) for step in found] for name, found in report["funnel"].items()}
    assert steps == {
        "documents": [("records", 20), ("pages", 10), ("documents", 8), ("filtered", 6), ("unique", 5), ("assembled", 4)],
        "media": [("links", 9), ("usable", 6)],
        "pairs": [("proposed", 9), ("well-worded", 7), ("shown", 7), ("scored", 5), ("matched", 4)],
    }


def test_a_run_that_adds_up_says_so(report, page):
    assert report["conservation"]["balanced"]
    assert len(report["conservation"]["lines"]) == 21
    assert past_limits(report) == []
    assert "Every number adds up" in page
    assert "every sum adds up" in printed(report)


def test_reasons_have_counts_and_shares(report):
    found = {
        (row["stage"], row["unit"], row["reason"]): (row["count"], row["nodes"], row["share"]) for row in report["reasons"]
    }
    assert len(found) == 17
    assert found["read", "record", "not_html"] == (4, 0, 0.2)
    assert found["filter", "document", "too_few_words"] == (1, 4, 0.125)
    assert found["score", "pair", "low_clip_score"] == (2, 0, 2 / 7)
    assert report["guards"] == {"passed": True, "crashes": [], "greedy_rules": []}


def test_distributions_hold_kept_and_rejected(report):
    shown = report["distributions"]
    scores = shown["clip_scores"]
    filled = {
        name: [round(scores["edges"][at], 2) for at, count in enumerate(counts) if count]
        for name, counts in scores["series"].items()
    }
    assert filled["kept"] == pytest.approx([0.29, 0.3, 0.31], abs=0.0101)
    assert filled["rejected"] == pytest.approx([-0.05, 0.21], abs=0.0101)
    assert shown["languages"] == {"kept": {"en": 4}, "rejected": {"de": 1}}
    assert shown["sources"] == {"align/alt": 1, "align/synthetic": 1, "ltip/alt": 1, "vtp/caption": 1}
    assert shown["image_sizes"]["total"] == 6
    assert sum(shown["images_per_document"]["series"]["documents"]) == 4
    assert shown["images_per_document"]["series"]["documents"][1:5] == [1, 1, 1, 1]
    assert sum(shown["words_per_document"]["series"]["documents"]) == 4
    assert {name: sum(counts) for name, counts in shown["matches"]["series"].items()} == {
        "web": 1,
        "synthetic": 1,
        "web, rejected": 2,
    }
    assert {name: sum(counts) for name, counts in shown["caption_words"]["series"].items()} == {"align": 2, "ltip": 1, "vtp": 1}


def test_samples_and_their_pictures(report):
    samples = report["samples"]
    assert len(samples["documents"]) == 4
    assert [one["dataset"] for one in samples["pairs"]] == ["align", "align", "ltip", "vtp"]
    rejected = {one["url"] or one["key"]: one for one in samples["rejected"] if one["unit"] == "media"}
    assert "blob" in rejected[f"{SITE}/tiny.jpg"]
    assert "blob" not in rejected[f"{SITE}/unsafe.jpg"]
    assert "blob" not in rejected[f"{SITE}/mine.jpg"]
    scored = [one for one in samples["rejected"] if one["stage"] == "score" and one["unit"] == "pair"]
    assert [one["sample"] for one in scored] and all("blob" in one for one in scored)
    assert not [one for one in samples["rejected"] if one["reason"] == "unusable_media" and "blob" in one]


def test_the_same_run_gives_the_same_bytes(run, report, page):
    first = Path(run, "report.json").read_bytes()
    assert json.loads(first) == json.loads(json.dumps({name: value for name, value in report.items() if name != "path"}))
    write_report(run)
    assert Path(run, "report.json").read_bytes() == first
    assert Path(run, "report.html").read_text(encoding="utf-8") == page
    assert list(json.loads(first)) == sorted(json.loads(first))


def test_the_page_needs_nothing_and_stays_small(page):
    assert len(page) < 8_000_000
    tags = Tags.of(page)
    assert tags.active == []
    assert tags.policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert tags.images and all(source.startswith("data:image/jpeg;base64,") for source in tags.images)
    assert not re.search(r"url\(|@import|https?://", tags.style)


def test_an_unbalanced_run_is_told(tmp_path):
    run = small_run(tmp_path / "run")
    lost = Counter(stage=Stage.FETCH, unit=Unit.MEDIA, kind=CounterKind.MADE, count=2)
    kept = Counter(stage=Stage.FETCH, unit=Unit.MEDIA, kind=CounterKind.KEPT, count=1)
    made = Counter(stage=Stage.FETCH, unit=Unit.MEDIA, kind=CounterKind.MADE, count=9)
    put_table(Path(run, "counters/media"), Counter, [made, replace(kept, count=6), lost, kept])
    report = write_report(run)
    assert not report["conservation"]["balanced"]
    assert [(line["stage"], line["missing"]) for line in report["conservation"]["lines"] if not line["balanced"]] == [
        ("fetch", 1)
    ]
    assert past_limits(report) == [
        "fetch, media: +1 missing in the accounts",
        "the accounts disagree: media that fetch kept = rows of media/: 7 and 6",
    ]
    text = printed(report)
    assert "+1 missing" in text
    assert "the sums do NOT add up" in text
    assert "The sums do not add up" in Path(run, "report.html").read_text()


def test_crashes_and_greedy_rules_are_told(tmp_path):
    counters = [
        Counter(stage=Stage.EXTRACT, unit=Unit.PAGE, kind=CounterKind.IN, count=10),
        Counter(stage=Stage.EXTRACT, unit=Unit.PAGE, kind=CounterKind.KEPT, count=2),
    ]
    gone = [
        *(rejection("extract", "page", "no_media", f"m{n}", url=f"{SITE}/{n}") for n in range(7)),
        rejection("extract", "page", "crashed", "c", detail="ValueError: no"),
    ]
    run = write_run(tmp_path / "run", {"counters/documents": (Counter, counters), "rejections/documents": (Rejection, gone)})
    report = write_report(run)
    assert past_limits(report) == ["extract, page: 1 of 10 crashed, above run.max_crash_ratio 0.05"]
    assert [(row["reason"], row["flagged"]) for row in report["reasons"]] == [("no_media", True), ("crashed", False)]
    text = printed(report)
    assert "flagged: extract page no_media took 70% of 10" in text
    assert "crashed: extract page, 1 of 10" in text


def test_rejected_samples_are_bounded_for_each_reason(tmp_path):
    many = [rejection("pair", "pair", "alt_too_short", f"k{n}", sample=f"text {n}") for n in range(500)]
    rare = [rejection("pair", "pair", "rare_token", "r")]
    report = build_report(write_run(tmp_path, {"rejections/pairs": (Rejection, many + rare)}))
    shown = [one["reason"] for one in report["samples"]["rejected"]]
    assert shown == ["alt_too_short"] * 6 + ["rare_token"]


def test_a_run_of_which_nothing_stands_yet_has_a_report(tmp_path):
    report = write_report(write_run(tmp_path, {"archive_media": (ArchiveMedia, [])}))
    assert report["funnel"] == {"documents": [], "media": [], "pairs": []}
    assert report["headline"]["documents"] is None
    assert report["truth"] is None
    assert "every sum adds up" in printed(report)


def test_a_run_in_work_says_so_and_nothing_of_sums(tmp_path):
    """Half of the tables are there, and those of pairs are of an earlier run: no account of them is given."""
    run = small_run(
        tmp_path / "run", jobs={"documents": {"seconds": 1.0, "done": True}, "pairs": {"seconds": 1.0, "done": False}}
    )
    put_table(Path(run, "counters/pairs"), Counter, [])
    report = write_report(run)
    assert report["unfinished"] == ["media", "pairs", "shards"]
    assert {line["stage"] for line in report["conservation"]["lines"]} == {"read", "extract", "filter", "dedup", "propose"}
    for text in (printed(report), Path(run, "report.html").read_text(), Path(run, "README.md").read_text()):
        assert "add up" not in text and "adds up" not in text
        assert "not finished" in text.replace("NOT", "not")
