"""Which texts of a picture stay, the web's or the captioner's, and why the others leave."""

import json
from dataclasses import replace

import pytest
from model_world import pair

from lamella.sample.web import write_sample
from lamella.schemas.config import CaptionConfig, ModelConfig
from lamella.schemas.pair import CaptionSource
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.sample_web import is_of_the_sample
from lamella.transforms.caption.captions import (
    picture_key,
    speaks_for,
)
from lamella.transforms.caption.judge import beside_others, judge_text
from lamella.transforms.caption.matches import Matched, shown_of, with_match


def text(key, match, media, *, said="", synthetic=False):
    source = CaptionSource.SYNTHETIC if synthetic else CaptionSource.ALT
    return Matched(pair=replace(pair(key, media), text=said or f"text {key}", source=source, match=match, matcher="m"))


def kept_of(texts, keep="both"):
    """Keys of the texts that stay, and the reasons of those that leave."""
    config = CaptionConfig(keep=keep)
    outputs = [output for it in beside_others(texts, config) for output in judge_text(it, config)]
    kept = {it.key for it in outputs if not isinstance(it, Rejection)}
    return kept, {it.key: it.reason for it in outputs if isinstance(it, Rejection)}


NONE, OTHER, COPY = Reason.NO_CAPTION_MATCHES, Reason.OTHER_TEXT_KEPT, Reason.DUPLICATE_PAIR


@pytest.mark.parametrize(
    ("web", "made", "both", "web_first", "best"),
    [
        (0.5, 0.4, ("w", {"s": NONE}), ("w", {"s": NONE}), ("w", {"s": NONE})),
        (0.4, 0.5, ("s", {"w": NONE}), ("s", {"w": NONE}), ("s", {"w": NONE})),
        (0.8, 0.9, ("ws", {}), ("w", {"s": OTHER}), ("s", {"w": OTHER})),
        (0.9, 0.8, ("ws", {}), ("w", {"s": OTHER}), ("w", {"s": OTHER})),
        (0.7, 0.7, ("ws", {}), ("w", {"s": OTHER}), ("w", {"s": OTHER})),
        (0.499999, 0.499999, *[("", {"w": NONE, "s": NONE})] * 3),
    ],
)
def test_each_text_stays_by_its_own_match(run_folder, web, made, both, web_first, best):
    red = run_folder[1]["red"]
    texts = [text("s", made, red, synthetic=True), text("w", web, red)]
    for keep, (stay, left) in {"both": both, "web_first": web_first, "best": best}.items():
        assert kept_of(texts, keep) == (set(stay), left), keep
        assert kept_of(texts[::-1], keep) == (set(stay), left), keep


def test_a_synthetic_text_that_stays_is_a_sentence_and_the_webs_is_as_it_was(run_folder):
    red = run_folder[1]["red"]
    made, web = text("s", 0.9, red, said="a red square", synthetic=True), text("w", 0.9, red, said="the red square")
    assert [it.text for it in judge_text(made, CaptionConfig())] == ["a red square."]
    assert [it.text for it in judge_text(web, CaptionConfig())] == ["the red square"]


def test_all_texts_of_a_picture_are_weighed(run_folder):
    red = run_folder[1]["red"]
    texts = [text("a", 0.7, red), text("b", 0.9, red), text("c", 0.1, red), text("s", 0.8, red, synthetic=True)]
    assert kept_of(texts) == ({"a", "b", "s"}, {"c": NONE})
    assert kept_of(texts, "web_first") == ({"a", "b"}, {"c": NONE, "s": OTHER})
    assert kept_of(texts, "best") == ({"b"}, {"a": OTHER, "c": NONE, "s": OTHER})


def test_a_synthetic_text_that_says_what_the_web_says_is_a_copy(run_folder):
    red = run_folder[1]["red"]
    for web, keep, kept in ((0.6, "both", {"w"}), (0.6, "best", {"w"}), (0.6, "web_first", {"w"}), (0.2, "both", {"s"})):
        texts = [text("w", web, red, said="A red  square."), text("s", 0.9, red, said="a red square", synthetic=True)]
        assert kept_of(texts, keep) == (kept, {"s": COPY} if web > 0.5 else {"w": NONE})


def test_a_rejected_text_says_what_was_measured(run_folder):
    red = run_folder[1]["red"]
    common = {"stage": Stage.CAPTION, "unit": Unit.PAIR, "url": "https://x.org/red"}
    low, made = text("w", 0.499999, red), text("s", 0.2, red, synthetic=True)
    assert list(judge_text(low, CaptionConfig())) == [
        Rejection(key="w", reason=NONE, measure="match", value=0.499999, limit=0.5, sample="text w", **common)
    ]
    assert list(judge_text(made, CaptionConfig())) == [
        Rejection(key="s", reason=NONE, measure="match", value=0.2, limit=0.5, sample="text s", detail="synthetic", **common)
    ]
    (copied,) = judge_text(replace(made, pair=replace(made.pair, match=0.9), copied="w"), CaptionConfig())
    assert (copied.reason, copied.detail) == (COPY, "synthetic; w says it too, and stays")
    (other,) = judge_text(replace(low, pair=replace(low.pair, match=0.9), other="s"), CaptionConfig(keep="best"))
    assert (other.reason, other.detail) == (OTHER, "s stays")


def test_a_caption_without_a_whole_phrase_leaves(run_folder):
    red = run_folder[1]["red"]
    nothing = replace(pair("s", red, ""), source=CaptionSource.SYNTHETIC, captioner="c")
    assert list(shown_of(nothing)) == []
    (left,) = judge_text(with_match(nothing, {}), CaptionConfig())
    assert (left.reason, left.detail) == (
        Reason.CAPTION_TOO_SHORT,
        "synthetic; 30 tokens end it before a first whole phrase",
    )


@pytest.mark.parametrize(
    ("page", "captioner", "texts", "speaks"),
    [
        ("https://photos.org/a", ModelConfig(), "sample", False),
        ("https://photos.org/a", ModelConfig(), "always", True),
        ("https://photos.org/a", ModelConfig(name="coca_ViT-B-32", weights="laion2b_s13b_b90k"), "sample", True),
        ("https://ferry-notes.example/a", ModelConfig(), "sample", True),
        ("https://FERRY-NOTES.EXAMPLE.:8080/a", ModelConfig(), "sample", True),
        ("https://example.com/a", ModelConfig(), "sample", False),
        ("https://ferry-notes.example.org/a", ModelConfig(), "sample", False),
        ("https://ferry-notes.example@photos.org/", ModelConfig(), "sample", False),
        ("https://[::1/", ModelConfig(), "sample", False),
        ("", ModelConfig(), "sample", False),
    ],
)
def test_a_bundled_captioner_speaks_for_the_samples_pages_alone(run_folder, page, captioner, texts, speaks):
    made = replace(pair("k", run_folder[1]["red"]), page_url=page)
    config = CaptionConfig(captioner=captioner, bundled_texts=texts)
    assert list(speaks_for(made, config)) == ([(picture_key(made), made)] if speaks else [])


def test_every_site_of_the_sample_lies_under_its_domain(tmp_path):
    write_sample(tmp_path, pages=30, seed=3)
    pages = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    urls = [page["url"] for page in pages if page.get("genre")]
    assert len(urls) >= 30 and all(map(is_of_the_sample, urls))
