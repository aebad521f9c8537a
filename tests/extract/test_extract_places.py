"""Names for a place on the page, lines of a list or by a style, marks of letters, lists of choices that were never closed."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode
from lamella.transforms.extract.dom.landmarks import landmarks
from lamella.transforms.extract.dom.opened import opened
from lamella.transforms.extract.parse import parse_html
from tests.growth import is_linear

BEAK = "A flamingo strains its food from the water through the fine comb of lamellae in its beak."
LAKE = "The lake is shallow and salty, and its shrimps colour the feathers of all who feed on them."
NEST = "Both parents build the nest of mud, and both of them feed the young with milk from the crop."
REED = "The reed on the far shore hides the herons, who wait for the evening before they go to fish."
WIND = "When the wind turns to the north they leave the lake together, and fly all night to the sea."
TOLD = (BEAK, LAKE, NEST, REED, WIND)
PROSE = "".join(f"<p>{text}</p>" for text in TOLD[:3])


def nodes(html: str) -> list:
    page = f"<html><head><title>Birds of the lake</title></head><body>{html}</body></html>"
    return list(parse_html(page, "https://a.example/", ExtractConfig()).nodes)


def said(html: str) -> list[str]:
    return [node.text for node in nodes(html) if isinstance(node, TextNode)]


def shown(html: str) -> list[str]:
    return [node.url.rpartition("/")[2] for node in nodes(html) if isinstance(node, ImageNode)]


def sections(*names: str) -> str:
    return "".join(
        f"<div class='{name}'><h2>Part {n}</h2><p>{text}</p></div>"
        for n, (name, text) in enumerate(zip(names, TOLD, strict=False))
    )


@pytest.mark.parametrize(
    "names",
    [
        ("intro", "menu-section", "sidebar-facts", "overlay", "rating"),
        ("part", "part", "sidebar-section", "part", "overlay-text"),
        ("plain", "banner-text", "plain", "widget-text", "overlay"),
    ],
)
def test_a_section_among_sections_is_told_whatever_place_its_name_speaks_of(names):
    assert [text for text in said(f"<h1>Birds</h1>{sections(*names)}") if text in TOLD] == list(TOLD)


def test_a_box_beside_the_text_and_a_section_named_for_what_it_says_are_none():
    invites = "<div class=newsletter><h2>Letters</h2><p>Get the best of our stories into your mailbox on Sundays.</p></div>"
    assert not any("mailbox" in text for text in said(f"<h1>Birds</h1>{sections('a', 'b', 'c')}{invites}"))
    beside = "".join(f"<div class=widget><h3>Box {n}</h3><p>{text}</p></div>" for n, text in enumerate((REED, WIND, REED)))
    page = f"<div class=wrap><div class=text><h2>One</h2>{PROSE}<h2>Two</h2>{PROSE}</div><div class=side>{beside}</div></div>"
    assert REED not in said(page)


def test_comments_beside_next_to_nothing_are_a_thread():
    posts = "".join(f"<div class=comment><p>{text} {n}</p></div>" for n in range(60) for text in TOLD)
    little = f"<div><p>{BEAK}</p><p>{LAKE}</p><p>{NEST}</p></div>"
    assert f"{WIND} 59" in said(little + posts)
    article = f"<div>{PROSE * 6}</div>"
    assert f"{WIND} 9" not in said(article + "".join(f"<div class=comment><p>{WIND} {n}</p></div>" for n in range(10)))


@pytest.mark.parametrize("between", ["", "\n  "])
def test_the_items_of_a_list_of_code_are_its_lines(between):
    listing = between.join(("<li>def strain(water):</li>", "<li>    return food</li>"))
    found = nodes(f"<main><h1>Birds of the lake</h1>{PROSE}<ol class='prettyprint linenums'>{listing}</ol>{PROSE}</main>")
    assert [(node.tag, node.text) for node in found][4] == ("pre", "def strain(water):\n    return food")


def test_a_phrase_that_its_style_makes_a_line_is_one():
    lines = "<span style='display:block'>def strain(water):</span><span style='display: block'>    return food</span>"
    page = f"<main><h1>Birds of the lake</h1>{PROSE}{{}}{PROSE}</main>"
    assert said(page.format(f"<pre><code>{lines}</code></pre>"))[4] == "def strain(water):\n    return food"
    assert said(page.format(f"<p>On it stands {lines}</p>"))[4] == "On it stands\ndef strain(water):\nreturn food"
    inline = lines.replace("block", "inline-block")
    assert said(page.format(f"<p>On it stands {inline}</p>"))[4] == "On it stands def strain(water): return food"


def test_letters_raised_behind_a_word_are_marks_and_endings_are_none():
    marked = "<p>The flock moved<sup>a,b</sup> to the sea with Miller<sup>c</sup> and came back in spring.</p>"
    assert "The flock moved a,b to the sea with Miller c and came back in spring." in said(f"<h1>Birds</h1>{PROSE}{marked}")
    ended = "<p>Le 1<sup>er</sup> mai du XVIII<sup>e</sup> siècle, M<sup>me</sup> Dupont vit la 4<sup>th</sup> flock.</p>"
    assert "Le 1er mai du XVIIIe siècle, Mme Dupont vit la 4th flock." in said(f"<h1>Birds</h1>{PROSE}{ended}")


@pytest.mark.parametrize("choices", ["<option>1990<option>1991", "<option>1990</option><option>1991</option>"])
def test_a_list_of_choices_that_was_never_closed_ends_with_its_choices(choices):
    for field in (f"<form><select>{choices}</form>", f"<div><select name=y>{choices}</div>"):
        assert said(f"<main><h1>Birds of the lake</h1><p>{BEAK}</p>{field}<p>{LAKE}</p><p>{NEST}</p></main>") == [
            "Birds of the lake",
            BEAK,
            LAKE,
            NEST,
        ]
    closed = f"<select>{choices}</select><p>{LAKE}</p>".encode()
    assert opened(closed, swallowed=True) is closed


@pytest.mark.parametrize("choices", [b"<select><option>a<p>b", b"<select><!--", b"<select><option>a<!-- -- >"])
def test_lists_of_choices_cost_no_more_than_their_number(choices):
    assert is_linear(lambda size: opened(choices * size, swallowed=True), 2000)


def test_lists_of_choices_within_each_other_cost_no_more_than_their_number():
    pages = {size: LexborHTMLParser(b"<select><svg><foreignObject>" * size) for size in (2000, 8000)}
    assert is_linear(lambda size: landmarks(pages[size]), 2000)


def test_a_large_picture_right_before_the_article_is_its_cover():
    article = f"<article><h1>Birds of the lake</h1>{PROSE}</article>"
    assert shown(f"<img src=/cover.jpg width=1200 height=600>{article}") == ["cover.jpg"]
    for other in ("<img src=/cover.jpg>", "<img src=/c.jpg width=728 height=90>", "<img src=/ads/c.jpg width=970 height=250>"):
        assert shown(f"{other}{article}") == []


@pytest.mark.parametrize("name", ["ad-box", "werbung", "publicidad", "pubblicita", "reklama"])
def test_an_advertisement_in_any_language_is_no_cover(name):
    article = f"<article><h1>Birds of the lake</h1>{PROSE}</article>"
    assert shown(f"<div class='{name}'><img src=/x.jpg width=970 height=250></div>{article}") == []


@pytest.mark.parametrize("name", ["bildanzeige", "produkt-anzeigen", "anzeigebild"])
def test_a_word_that_also_means_to_show_is_no_advertisement(name):
    article = f"<article><h1>Birds of the lake</h1>{PROSE}</article>"
    assert shown(f"<div class='{name}'><img src=/x.jpg width=970 height=550></div>{article}") == ["x.jpg"]
