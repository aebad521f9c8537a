"""Titles, covers and what opens a document: what the page calls itself, whatever stands between it and the text."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode
from lamella.transforms.extract.parse import Parsed, parse_html

PROSE = "<p>A flamingo strains its food from the water through the fine comb of lamellae in its beak.</p>"
AUTHORS = "<div class=authors><a href=/ann>Ann Lee</a>, <a href=/bo>Bo Ray</a></div>"
MEETING = "<h1>BIRDS 2022 (Talk)</h1>"
LINKS = "<div class=links><a href=p.pdf>Paper</a> <a href=c>Code</a></div>"


def parsed(html: str) -> Parsed:
    return parse_html(html, "https://a.example/b/", ExtractConfig())


def headings(html: str) -> list[str]:
    return [node.text for node in parsed(html).nodes if isinstance(node, TextNode) and node.tag[0] == "h"]


def images(html: str) -> list[str]:
    return [node.url.rpartition("/")[2] for node in parsed(html).nodes if isinstance(node, ImageNode)]


@pytest.mark.parametrize("name", ["BeakZero", "Beak-Zero: How They Strain", "Another name for it"])
def test_a_title_stays_where_who_wrote_it_is_gone_and_a_meeting_follows(name):
    title = "<h1>Beak-<font color=red>Zero</font>: How They Strain</h1>"
    page = f"<title>{name}</title><section>{title}{AUTHORS}{MEETING}{LINKS}</section><section>{PROSE * 5}</section>"
    found = headings(page)
    assert "BIRDS 2022 (Talk)" in found
    assert ("Beak-Zero: How They Strain" in found) == name.startswith("Beak")


def test_the_number_of_a_chapter_stands_before_its_title():
    chapters = "".join(f"<h2>Chapter {n}</h2><h2>How they {verb}</h2>{PROSE}" for n, verb in ((1, "feed"), (2, "fly")))
    assert headings(f"<div><h1>Beaks</h1>{chapters}</div>") == [
        "Beaks",
        "Chapter 1",
        "How they feed",
        "Chapter 2",
        "How they fly",
    ]


def test_a_heading_whose_section_is_drawn_elsewhere_goes():
    assert headings(f"<div><h1>Beaks</h1>{PROSE}<h2>Live map</h2><div id=map></div><h2>Feet</h2>{PROSE}</div>") == [
        "Beaks",
        "Feet",
    ]


def test_a_page_without_a_title_is_called_by_its_fullest_heading_of_the_first_rank():
    assert (
        parsed(f"<h1>BIRDS 2022</h1><h1>How flamingos strain their food</h1>{PROSE * 4}").title
        == "How flamingos strain their food"
    )
    assert parsed(f"<h1>Beaks</h1>{PROSE * 4}<h1>How they are made</h1>{PROSE}").title == "Beaks"


def test_a_cover_stands_before_the_title():
    front = "<div class=front><div><img src=cover.jpg></div><h1>Beaks</h1><h2>With plates</h2></div>"
    assert images(f"{front}<div class=text>{PROSE * 6}<img src=plate.jpg>{PROSE}</div>") == ["cover.jpg", "plate.jpg"]


@pytest.mark.parametrize("name", ["class=logo", "class='site-logo wide'", "id=logo"])
def test_a_logo_beside_the_title_is_the_sites(name):
    assert images(f"<main><div><img src=hex.png {name}><h1>Beaks</h1></div>{PROSE * 4}</main>") == []
    assert images(f"<main><h1>Beaks</h1>{PROSE * 4}<img src=hex.png {name}>{PROSE}</main>") == ["hex.png"]


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ("<p>Flamingos have been seen to feed in the shallow water of:</p>", ["Salt lakes", "Lagoons"]),
        ("<p>See also:</p>", []),
        ("<p>Flamingos have been seen to feed in the shallow water of lakes.</p>", []),
    ],
)
def test_a_list_of_links_that_a_sentence_announces_is_told(before, told):
    links = "<ul><li><a href=/a>Salt lakes</a></li><li><a href=/b>Lagoons</a></li></ul>"
    nodes = parsed(f"<main><h1>Beaks</h1>{PROSE * 4}{before}{links}{PROSE}</main>").nodes
    assert [node.text for node in nodes if isinstance(node, TextNode) and node.tag == "li"] == told


def test_the_caption_of_a_table_stands_before_it():
    rows = "<tr><td>Beaks</td><td>3</td></tr><tr><td>Feet</td><td>4</td></tr>"
    table = f"<table><caption>Sold in August</caption>{rows}</table>"
    assert [node.text for node in parsed(f"<h1>Sales</h1>{table}").nodes] == [
        "Sales",
        "Sold in August",
        "Beaks | 3",
        "Feet | 4",
    ]
