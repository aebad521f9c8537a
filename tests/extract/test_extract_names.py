"""What class and id attributes do not say: marks made by machines, rules of style, a place where something is told."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import TextNode
from lamella.transforms.extract.dom.class_heuristics import LIKELY_BOILERPLATE, tells_only_where, traits_of
from lamella.transforms.extract.parse import parse_html

MOSS = "Moss keeps the water of a whole spring in its cushions, and gives it back to the brook by August."
PEAT = "Peat grows a millimetre in a year, and what lies a metre down was green when Rome was a village."
FERN = "Ferns unroll their fronds in May, and by June nobody finds the path between the two ponds again."
BOG = "Nobody drains the bog any more, since the town found out where its drinking water comes from."


def said(html: str, title: str = "The bog") -> list[str]:
    page = f"<html><head><title>{title}</title></head><body>{html}</body></html>"
    return [node.text for node in parse_html(page, "https://a.example/", ExtractConfig()).nodes if isinstance(node, TextNode)]


@pytest.mark.parametrize(
    "names",
    [
        "item-58f8c46f-0ad8-4ae5",  # a UUID's part is no "ad"
        "w-node-b3ae09c4-885d80ad2e",
        "Row_row__adF2E",
        "top-[var(--nav-height)]",
        "[&_footer]:hidden",
    ],
)
def test_marks_of_machines_and_rules_of_style_are_no_words(names):
    assert traits_of("div", "", names, "")[0] == ""
    assert traits_of("div", "", "", names)[0] == ""


@pytest.mark.parametrize("names", ["ad", "ad2", "ad-300x250", "widget_17", "nav2", "2sidebar", "col2-footer"])
def test_words_with_numbers_stay_words(names):
    assert traits_of("div", "", names, "")[0] == LIKELY_BOILERPLATE


def test_the_panel_of_a_tab_is_not_what_the_id_of_its_tabs_is():
    assert traits_of("div", "tabpanel", "panel", "filter-menu-item-2")[0] == ""
    assert traits_of("div", "tabpanel", "side-menu", "")[0] == LIKELY_BOILERPLATE
    assert traits_of("div", "", "panel", "filter-menu-item-2")[0] == LIKELY_BOILERPLATE


@pytest.mark.parametrize(
    ("names", "only"),
    [
        ("product-widget", True),
        ("StyledCardFooter", True),
        ("templates-list hidden", True),
        ("read-more-content", True),
        ("RecommendedWidget", False),
        ("newsletter-footer", False),
        ("author-bio", False),
    ],
)
def test_names_that_speak_of_a_place_alone(names, only):
    assert tells_only_where(names) is only


@pytest.mark.parametrize("name", ["product-widget", "card-footer", "list hidden", "read-more-content", "nav-source"])
def test_what_is_told_in_a_place_is_told(name):
    page = f"<h1>A bog</h1><p>{MOSS} {MOSS}</p><div class='{name}'><h2>Age</h2><p>{PEAT} {FERN}</p></div><p>{BOG}</p>"
    assert f"{PEAT} {FERN}" in said(page)


@pytest.mark.parametrize("name", ["newsletter", "author-bio", "popup", "review-widget"])
def test_what_calls_itself_something_else_is_not(name):
    box = "".join(f"<div class='{name}'><p>{text}</p></div>" for text in (f"{PEAT} {FERN}", f"{FERN} {PEAT}"))
    assert f"{PEAT} {FERN}" not in said(f"<h1>A bog</h1><p>{MOSS} {MOSS} {BOG} {MOSS} {BOG}</p>{box}<p>{BOG}</p>")


def test_links_in_a_place_stay_out():
    box = f"<div class=sidebar-widget><p>{PEAT}</p><p><a href=/1>{FERN}</a></p></div>"
    assert PEAT not in said(f"<h1>A bog</h1><p>{MOSS} {MOSS}</p>{box}<p>{BOG}</p>")


def test_a_main_part_that_ends_before_the_text_is_not_all_of_it():
    text = "".join(f"<p>In the year {year} {PEAT} {FERN} {BOG}</p>" for year in range(1900, 1920))
    opening = f"<main><h1>The bog and its years</h1><p>{MOSS} {FERN} {BOG}</p></main>"
    told = said(f"{opening}<section><h2>Year by year</h2>{text}</section>", "The bog and its years")
    assert sum(one.startswith("In the year") for one in told) == 20
    terms = f"<div class=terms><h1>Terms of use</h1>{text}</div>"  # a text with a title of its own is another one
    told = said(f"{opening}{terms}", "The bog and its years")
    assert told == ["The bog and its years", f"{MOSS} {FERN} {BOG}"]
