"""Catalogue pages: one convention a page, every line true of the picture before it, and answers that only pixels tell."""

from collections import Counter
from itertools import pairwise

import pytest

from lamella.sample.catalogue import PLATES_FIRST, SHARE, UNSAID
from lamella.sample.ledger import read_ledger
from lamella.sample.pages import draft
from lamella.sample.questions import ATTRIBUTES, CHOICES, HELD_OUT, WORDINGS, Wording, fits, truth
from lamella.sample.scenes import Scene, SceneKind, Thing, make_scene
from lamella.sample.web import write_sample

SCENES = [make_scene(f"question/{n}") for n in range(300)]
CATALOGUES = [page for page in (draft(0, index) for index in range(400)) if page.asks]
RING, STAR = Thing(shape="ring", colour="red", size="large"), Thing(shape="star", colour="blue", size="small")
RINGS = Scene(key="rings", kind=SceneKind.GROUP, things=(RING,), count=3, background="dotted")
PAIR = Scene(key="pair", kind=SceneKind.PAIR, things=(RING, STAR), count=2, background="white", relation="left of")


@pytest.mark.parametrize(
    "scene, attribute, line",
    [
        (RINGS, "colour", "Colour: red."),
        (RINGS, "shape", "Shape: ring."),
        (RINGS, "count", "Count: three."),
        (RINGS, "size", "Size: large."),
        (RINGS, "background", "Background: dotted."),
        (PAIR, "relation", "Place of red: left."),
        (RINGS, "caption", "Three red rings."),
        (PAIR, "caption", "A large red ring to the left of a small blue star."),
    ],
)
def test_lines(scene, attribute, line):
    assert fits(attribute, scene)
    assert WORDINGS[attribute][0].line(scene) == line


def test_capitals_and_captions():
    assert [wording.line(RINGS) for wording in WORDINGS["count"][2:4]] == ["How many? Three.", "Q: how many? A: three."]
    assert WORDINGS["caption"][4].line(RINGS) == "Three large red rings on a dotted background."
    assert WORDINGS["colour"][-1] == Wording(attribute="colour", after=".", capital=True)


def test_what_fits_has_one_answer():
    assert not fits("relation", RINGS) and not fits("colour", PAIR) and fits("background", PAIR)
    for attribute, choices in CHOICES.items():
        said = Counter(truth(attribute, scene) for scene in SCENES if fits(attribute, scene))
        assert set(said) == set(choices)


def test_held_out_words_are_no_page_s_words():
    for attribute in ATTRIBUTES:
        assert HELD_OUT[attribute].before not in {wording.before for wording in WORDINGS[attribute]}


def test_the_share_of_the_good_pages():
    assert abs(len(CATALOGUES) / 400 - SHARE) < 0.05
    assert {page.asks for page in CATALOGUES} == set(ATTRIBUTES)
    assert not any(draft(0, index, "no_media").asks for index in range(40))


def test_every_picture_has_its_line_and_the_line_is_true():
    for page in CATALOGUES:
        assert 4 <= len(page.lines) == len({shown.picture.url for shown in page.shown}) <= 10
        assert wordings(page), page.lines  # one wording, through the page


def test_the_share_that_do_not_say_what_they_tell():
    asking = [page for page in CATALOGUES if page.asks != "relation"]  # "Left." alone tells nothing: of which of the two?
    bare = sum(not wordings(page)[0].before for page in asking)
    assert abs(bare / len(asking) - UNSAID) < 0.1


def wordings(page) -> list[Wording]:
    """Those in which all lines of the page could be."""
    scenes = {shown.picture.url: shown.picture.scene for shown in page.shown}
    return [w for w in WORDINGS[page.asks] if all(w.line(scenes[url]) == text for url, text in page.lines)]


def test_half_of_them_begin_with_a_picture():
    first = [page.blocks[0].kind == "image" for page in CATALOGUES]
    assert first == [not page.frame.headed for page in CATALOGUES]
    assert abs(sum(first) / len(first) - PLATES_FIRST) < 0.1


def test_an_answer_says_nothing_of_the_next():
    again = total = 0
    for page in CATALOGUES:
        if page.asks == "count":
            scenes = {shown.picture.url: shown.picture.scene for shown in page.shown}
            counts = [scenes[url].count for url, _ in page.lines]
            again += sum(a == b for a, b in pairwise(counts))
            total += len(counts) - 1
    assert total > 100
    assert abs(again / total - 1 / 4) < 0.1


def test_the_ledger_tells_lines(tmp_path):
    write_sample(tmp_path, 12, 0)
    pages = [page for page in read_ledger(tmp_path / "ledger.jsonl").pages.values() if page["genre"] == "catalogue"]
    assert pages
    for page in pages:
        assert page["asks"] in ATTRIBUTES
        assert {line["image"] for line in page["lines"]} <= set(page["images"])
