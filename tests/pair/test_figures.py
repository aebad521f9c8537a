"""A figure of several pictures: each has its own part of the caption, or the figure counts once."""

import pytest

from lamella.schemas.config import PairConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode
from lamella.schemas.page import Provenance
from lamella.schemas.pair import Dataset
from lamella.transforms.pair.figures import parts_of, with_own_captions
from lamella.transforms.pair.judge import propose_pairs


@pytest.mark.parametrize(
    ("caption", "parts"),
    [
        ("(a) A red field. (b) A blue field.", ["A red field.", "A blue field."]),
        ("Two fields: (a) a red one, (b) a blue one", ["Two fields: a red one", "Two fields: a blue one"]),
        ("Two fields. (A) a red one and (B) a blue one.", ["Two fields. a red one", "Two fields. a blue one."]),
        ("A red field (a) and a blue one (b).", ["A red field", "a blue one"]),
        ("a) A red field b) A blue field", ["A red field", "A blue field"]),
        ("(1) A red field; (2) a blue field", ["A red field", "a blue field"]),
        ("Left: a red field. Right: a blue field.", ["a red field.", "a blue field."]),
        ("A red field (left) and a blue one (right)", ["A red field", "a blue one"]),
        ("A red field [top], a blue one [bottom]", ["A red field", "a blue one"]),
        ("(a) A red field. (b) A blue field. (c) A hill.", []),  # more parts than pictures
        ("(a) A red field, seen twice", []),
        ("Fields in spring (a-b), and later", []),
        ("(b) A red field. (a) A blue field.", []),  # not in their order
        ("Both (a) and (b) show fields", []),  # "and" is no part
        ("(a) (b)", []),
        ("A red field and a blue one", []),
        ("Right: a red field. Left: a blue field.", []),
    ],
)
def test_parts_of_two_pictures(caption, parts):
    assert parts_of(caption, 2) == parts


def test_three_by_side_and_by_letter():
    assert parts_of("Left: red. Center: green. Right: blue.", 3) == ["red.", "green.", "blue."]
    assert parts_of("Red (a), green (b), and blue (c).", 3) == ["Red", "green", "blue"]


def pictures(*captions: str, urls: str = "abcdef") -> list[ImageNode]:
    return [
        ImageNode(url=f"https://x.org/{url}", position=place, caption=caption)
        for place, (url, caption) in enumerate(zip(urls, captions, strict=False))
    ]


def own(*captions: str, **more) -> list[str]:
    return [node.caption for node in with_own_captions(pictures(*captions, **more))]


def test_a_figure_counts_once_where_parts_and_pictures_do_not_agree():
    assert own("Two fields", "Two fields", "A hill", "", "") == ["Two fields", "", "A hill", "", ""]
    assert own("(a) Red (b) Blue", "(a) Red (b) Blue", "A hill") == ["Red", "Blue", "A hill"]
    assert own("Two fields", "A hill", "Two fields") == ["Two fields", "A hill", "Two fields"]  # not one figure
    assert own("A field", "A field", urls="aa") == ["A field", "A field"]  # one picture, shown twice


def test_candidates_have_the_parts():
    """A part stands behind what the caption says of all pictures."""
    caption = "Fields of the same farm in one and the same week of May. (a) A red one. (b) A blue one."
    page = InterleavedDocument(
        key="p",
        url="https://x.org/p",
        nodes=(TextNode(text="Fields are seen from above in this text of the page.", position=9), *pictures(caption, caption)),
        provenance=Provenance(archive="a", offset=0, length=9, record_id="r", crawl_time="t"),
    )
    found = {one.url[-1]: one.text for one in propose_pairs(page, PairConfig()) if one.dataset is Dataset.LTIP}
    assert found["a"].endswith("week of May. A red one.") and found["b"].endswith("week of May. A blue one.")
