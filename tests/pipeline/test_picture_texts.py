"""Web against synthetic: every picture is counted by the kinds of text that match it, and shown with all its texts."""

from pathlib import Path

import pytest
from run_folder import Pack, image_pair, media, rejection, synthetic_pair, write_run

from lamella.pipeline.config.resolution import resolve
from lamella.reporting.picture_texts import picture_texts
from lamella.reporting.report import write_report
from lamella.schemas.media import Media
from lamella.schemas.pair import ImageTextPair
from lamella.schemas.rejection import Rejection

MATCHED = {"match": 0.8, "matcher": "matcher"}
NONE = {"measure": "match", "value": 0.2, "limit": 0.5}


def left(name, reason, *, synthetic=False, stage="caption", text="a text that left", **more):
    detail = "synthetic" if synthetic else ""
    told = {"url": f"https://a.example/{name}.jpg", "sample": text, "detail": detail}
    return rejection(stage, "pair", reason, f"{name} {reason} {detail}", **told, **more)


@pytest.fixture
def run(tmp_path):
    pack = Pack(tmp_path)
    pictures = {name: media(pack, f"https://a.example/{name}.jpg") for name in ("both", "copy", "web", "made", "none", "seen")}
    pairs = [
        image_pair(pictures["both"], "a red circle", **MATCHED),
        synthetic_pair(pictures["both"], "a circle on white", 0.9),
        image_pair(pictures["copy"], "a blue star", **MATCHED),
        image_pair(pictures["web"], "two green rings", **MATCHED),
        synthetic_pair(pictures["made"], "a pink square", 0.7),
    ]
    gone = [
        left("copy", "duplicate_pair", synthetic=True),
        left("web", "no_caption_matches", synthetic=True, **NONE),
        left("web", "no_caption_matches", text="no rings at all", **NONE),
        left("made", "low_clip_score", stage="score"),
        left("none", "no_caption_matches", **NONE),
        left("none", "caption_too_short", synthetic=True, text=""),
        left("seen", "broken_image"),
        left("never", "alt_too_short", stage="pair"),
    ]
    tables = {
        "media": (Media, list(pictures.values())),
        "pairs/images": (ImageTextPair, pairs),
        "rejections/pairs": (Rejection, gone),
    }
    return write_run(tmp_path, tables)


def counts(found):
    return {row["says"]: row["count"] for row in found["pictures"]}


def test_pictures_are_counted_by_what_matches(run):
    found = picture_texts(run, resolve("demo"), each=1)
    assert counts(found) == {
        "both match": 2,
        "only a web text matches": 1,
        "only the synthetic text matches": 1,
        "nothing matches": 1,
    }
    assert (found["of"], sum(row["share"] for row in found["pictures"])) == (5, pytest.approx(1.0))
    assert [one["matched"] for one in found["examples"]] == list(counts(found))
    assert picture_texts(run, resolve("demo", ["caption.on=false"]), each=1) is None


def test_what_clip_takes_behind_the_matcher_had_matched(run):
    """Ahead of the matcher a text that leaves was never asked about."""
    found = counts(picture_texts(run, resolve("demo", ["score.when=after"]), each=0))
    assert (found["both match"], found["only the synthetic text matches"]) == (3, 0)


def test_an_example_shows_all_texts_of_its_picture(run):
    shown = {one["url"]: one for one in picture_texts(run, resolve("demo"), each=5)["examples"]}
    texts = shown["https://a.example/web.jpg"]["texts"]
    assert [(text["text"], text["source"], text["match"], text["kept"]) for text in texts] == [
        ("two green rings", "web, alt", 0.8, True),
        ("a text that left", "synthetic", 0.2, False),
        ("no rings at all", "web", 0.2, False),
    ]
    assert {"blob", "kind"} <= set(shown["https://a.example/none.jpg"])


def test_the_page_shows_them(run):
    page = Path(write_report(run)["path"]).read_text(encoding="utf-8")
    assert [words for words in ("Web against synthetic", "nothing matches", "no rings at all") if words not in page] == []
