"""A run's folder held against its ledger: each page and picture has its expected outcome, or is named as unmet."""

import json
from pathlib import Path

import pytest
from ledger_lines import PAGE, image, url
from run_folder import Pack, document, image_pair, media, rejection, synthetic_pair, write_run

from lamella.pipeline.config.resolution import resolve
from lamella.reporting.ground_truth.expected_outcomes import outcomes_of
from lamella.reporting.ground_truth.sample_ledger import Ledger, find_ledger
from lamella.reporting.ground_truth.truth import truth_of
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode
from lamella.schemas.keys import stable_key
from lamella.schemas.media import Media, MediaKind
from lamella.schemas.pair import CandidatePair, CaptionSource, Dataset, ImageTextPair
from lamella.schemas.rejection import Rejection


def page(name: str = PAGE, outcome: str | None = None, twin: str = "") -> dict:
    return {"kind": "page", "url": name, "outcome": outcome, "twin": twin, "images": [], "clips": []}


@pytest.fixture
def folder(tmp_path) -> Path:
    """Four alts on a page, two of them wrong: CLIP takes one wrong and one right, the matcher the other wrong one. The picture
    of that gets a true synthetic text; another picture gets a false one."""
    run = tmp_path / "run"
    pack = Pack(run)
    alts = {"w1": "a pink square", "w2": "three pink squares", "r1": "a red circle", "r2": "a blue star left of nothing"}
    pictures = {name: media(pack, url(name)) for name in alts}
    nodes = [
        ImageNode(url=url(name), position=at, alt=alt, media=pictures[name]) for at, (name, alt) in enumerate(alts.items())
    ]
    doc = document(PAGE, (*nodes, TextNode(text="words", position=9)))
    keys = {name: stable_key(doc.key, at, Dataset.ALIGN, CaptionSource.ALT) for at, name in enumerate(alts)}
    matched = {"match": 0.8, "matcher": "m"}
    pairs = [
        synthetic_pair(pictures["w2"], "a red circle to the left of a blue star", 0.9),
        image_pair(pictures["r2"], alts["r2"], key=keys["r2"], **matched),
        synthetic_pair(pictures["r1"], "a pink square", 0.6),
    ]
    low = {"measure": "clip_score", "value": 0.1, "limit": 0.25}
    none = {"measure": "match", "value": 0.1, "limit": 0.5}
    gone = [
        rejection("score", "pair", "low_clip_score", keys["w1"], url=url("w1"), **low),
        rejection("score", "pair", "low_clip_score", keys["r1"], url=url("r1"), **low),
        rejection("caption", "pair", "no_caption_matches", keys["w2"], url=url("w2"), sample=alts["w2"], **none),
        rejection(
            "caption", "pair", "no_caption_matches", "s", url=url("r2"), sample="three red stars", detail="synthetic", **none
        ),
    ]
    candidates = [
        CandidatePair(
            key=keys[name],
            dataset=Dataset.ALIGN,
            document=doc.key,
            page_url=PAGE,
            url=url(name),
            kind=MediaKind.IMAGE,
            text=alt,
            source=CaptionSource.ALT,
        )
        for name, alt in alts.items()
    ]
    tables = {
        "documents": (InterleavedDocument, [doc]),
        "candidates": (CandidatePair, candidates),
        "interleaved": (InterleavedDocument, [doc]),
        "media": (Media, list(pictures.values())),
        "pairs/images": (ImageTextPair, pairs),
        "rejections/pairs": (Rejection, gone),
    }
    data = tmp_path / "data"
    data.mkdir()
    lines = [page(), *(image(name, alt=alt, wrong=name.startswith("w")) for name, alt in alts.items())]
    lines.append(image("missing", alt="never shown", wrong=True, outcome="image_too_small"))
    (data / "ledger.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    write_run(run, tables, inputs=[str(data / "web-00000.warc.gz")])
    return run


def test_a_run_is_held_against_its_ledger(folder):
    truth = truth_of(str(folder), [str(folder.parent / "data" / "web-00000.warc.gz")], resolve("demo"))
    rows = {row["name"]: (row["caught"], row["missed"], row["lost"], row["spared"]) for row in truth["filters"]}
    assert rows["CLIP score"] == (1, 1, 1, 1)
    assert rows["matcher, after CLIP"] == (1, 0, 0, 1)
    assert rows["CLIP and matcher"] == (2, 0, 1, 1)
    assert truth["filters"][2]["f1"] == pytest.approx(0.8)
    assert rows["matcher, synthetic texts"] == (1, 1, 0, 1)
    assert truth["synthetic"]["captions"] == 3
    assert truth["pairs"]["wrong_alts"] == {"pictures": 2, "keep_a_true_text": 1}
    assert truth["outcomes"] == [
        {"kind": "image", "expected": "image_too_small", "found": "never seen", "count": 1, "met": False},
        {"kind": "image", "expected": "kept", "found": "kept", "count": 4, "met": True},
        {"kind": "page", "expected": "kept", "found": "kept", "count": 1, "met": True},
    ]
    assert truth["unmet"] == [{"kind": "image", "expected": "image_too_small", "found": "never seen", "where": url("missing")}]
    assert truth["says"] == [
        "CLIP score: caught 1 of 2 wrong alt texts and lost 1 of 2 right ones (F1 0.500)",
        "matcher, after CLIP: caught 1 of 1 wrong alt texts and lost 0 of 1 right ones (F1 1.000)",
        "CLIP and matcher: caught 2 of 2 wrong alt texts and lost 1 of 2 right ones (F1 0.800)",
        "matcher, synthetic texts: caught 1 of 2 wrong synthetic texts and lost 0 of 1 right ones (F1 0.667)",
        "1 of 3 synthetic captions (33.3%) name what is there and nothing that is not",
        "1 of 2 synthetic captions that stayed (50.0%) name what is there and nothing that is not",
        "1 of 2 pictures with a wrong alt text (50.0%) keep a true text",
        "1 of 3 texts in the image pairs (33.3%) are false: 0 of 1 of the web, 1 of 2 synthetic ones",
        "5 of 6 outcomes are as the ledger expects; 1 are not",
    ]


def test_the_report_shows_the_truth(folder):
    from lamella.reporting.report import write_report

    report = write_report(str(folder))
    assert report["truth"]["filters"][0]["name"] == "CLIP score"
    shown = (folder / "report.html").read_text()
    for words in (
        "Against the truth",
        "Wrong captions, found and missed",
        "False texts in the pairs",
        "Outcomes that were not as expected",
        url("missing"),
    ):
        assert words in shown


def test_without_a_ledger_there_is_no_truth(tmp_path):
    assert find_ledger([str(tmp_path / "a.warc.gz"), "memory://nowhere/b.warc.gz"]) is None
    assert truth_of(str(tmp_path), [], resolve("demo")) is None


def test_an_image_on_two_pages_is_one_line():
    other = "https://site.example/other.html"
    lines = [image("a", alt="one"), image("a", alts=[{"page": other, "alt": "two", "wrong": True, "outcome": None}])]
    assert [said["alt"] for said in Ledger.of(lines).images[url("a")]["alts"]] == ["one", "two"]


def outcomes(tmp_path: Path, lines: list[dict], gone: list[Rejection], kept: tuple[str, ...] = ()) -> list[tuple]:
    tables = {"rejections/documents": (Rejection, gone)}
    tables["interleaved"] = (InterleavedDocument, [document(name, ()) for name in kept])
    run = write_run(tmp_path / "run", tables)
    return [
        (outcome.kind, outcome.expected, outcome.found, outcome.met)
        for outcome in outcomes_of(run, Ledger.of(lines), ["/data/odd.warc.gz", "/data/torn.warc.gz"])
    ]


def test_a_page_has_its_expected_outcome_or_another(tmp_path):
    short, lost, good = (f"https://site.example/{name}.html" for name in ("short", "lost", "good"))
    gone = [rejection("filter", "document", "too_few_words", "k", url=short)]
    gone.append(rejection("extract", "page", "no_content", "k2", url=good))
    lines = [page(short, "too_few_words"), page(lost, "lorem_ipsum"), page(good), page(PAGE, "no_media")]
    assert outcomes(tmp_path, lines, gone, (PAGE,)) == [
        ("page", "too_few_words", "too_few_words", True),
        ("page", "lorem_ipsum", "never seen", False),
        ("page", "kept", "no_content", False),
        ("page", "no_media", "kept", False),
    ]


@pytest.mark.parametrize("survivor", [0, 1])
def test_either_of_two_copies_may_stay(tmp_path, survivor):
    pages = [PAGE, "https://mirror.example/page.html"]
    gone = [rejection("dedup", "document", "near_duplicate", "k", url=pages[1 - survivor])]
    lines = [page(pages[0]), page(pages[1], "near_duplicate", twin=pages[0])]
    found = outcomes(tmp_path, lines, gone, (pages[survivor],))
    assert found == [("page", "kept", "kept", True), ("page", "near_duplicate", "near_duplicate", True)]


def test_two_copies_that_both_stay_are_unmet(tmp_path):
    other = "https://mirror.example/page.html"
    found = outcomes(tmp_path, [page(), page(other, "same_url", twin=PAGE)], [], (PAGE, other))
    assert found == [("page", "kept", "kept", True), ("page", "same_url", "kept", False)]


def test_records_paragraphs_alts_and_tracks(tmp_path):
    said = {"page": PAGE, "alt": "picture", "wrong": False, "outcome": "alt_too_short"}
    clip = {"kind": "clip", "url": "https://site.example/a.mp4", "outcome": None, "track": "https://site.example/a.vtt"}
    lines = [
        image("a", alts=[said]),
        clip | {"track_outcome": "not_a_track", "page": PAGE},
        {"kind": "node", "page": PAGE, "outcome": "boilerplate_text", "text": "We use cookies"},
        {"kind": "record", "url": "https://site.example/x", "archive": "odd.warc.gz", "offset": 70, "outcome": "bad_status"},
        {"kind": "record", "url": "", "archive": "not-read.warc.gz", "offset": 5, "outcome": "bad_status"},
        {"kind": "record", "url": "", "archive": "torn.warc.gz", "offset": -1, "outcome": "not_an_archive"},
    ]
    gone = [
        rejection("pair", "pair", "alt_too_short", "k", url=url("a")),
        rejection("fetch", "media", "not_a_track", clip["track"], url=clip["track"]),
        rejection("filter", "node", "boilerplate_text", "d/1", url=PAGE, sample="We use  cookies\n"),
        rejection("read", "record", "bad_status", "r", archive="/data/odd.warc.gz", offset=70),
        rejection("read", "record", "not_an_archive", "r2", archive="/data/torn.warc.gz"),
    ]
    assert outcomes(tmp_path, lines, gone) == [
        ("image", "kept", "left with its page", True),
        ("clip", "kept", "left with its page", True),
        ("track", "not_a_track", "not_a_track", True),
        ("alt", "alt_too_short", "alt_too_short", True),
        ("node", "boilerplate_text", "boilerplate_text", True),
        ("record", "bad_status", "bad_status", True),
        ("record", "not_an_archive", "not_an_archive", True),
    ]
