"""Common markup that loses no words: elements that HTML does not know, what unfolds, formulas, marks, code, rows, headings."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode
from lamella.transforms.extract.parse import parse_html

BIRDS = "A flamingo strains its food from the water through the fine comb of lamellae in its beak."
LAKE = "The lake is shallow and salty, and its shrimps colour the feathers of all who feed on them."
NEST = "Both parents build the nest of mud, and both of them feed the young with milk from the crop."
P = f"<p>{BIRDS}</p><p>{LAKE}</p><p>{NEST}</p>"


def parse(html: str):
    return parse_html(html, "https://a.example/b/", ExtractConfig())


def within(html: str) -> list[str]:
    """The texts that stand between the paragraphs of an article."""
    nodes = parse(f"<html><body><main><article><h1>Beaks</h1>{P}{html}{P}</article></main></body></html>").nodes
    texts = [node.text for node in nodes if isinstance(node, TextNode)]
    start = texts.index(NEST) + 1
    return texts[start : len(texts) - 3]


BETWEEN = [
    # inline as in HTML, unless a block stands in it
    (
        "<p>It lives in <st1:place>Camargue</st1:place>, on <x-lake>salt</x-lake> water.",
        ["It lives in Camargue, on salt water."],
    ),
    (f"<x-card><p>{BIRDS}</p><p>{LAKE}</p></x-card>", [BIRDS, LAKE]),
    # headings that are their own link, or lead to what the section is about
    (f'<h2 id="f"><a class="anchor" href="#f">How they feed</a></h2><p>{LAKE}</p>', ["How they feed", LAKE]),
    (f'<h2><a class="headerlink" href="#f">How they feed</a></h2><p>{LAKE}</p>', ["How they feed", LAKE]),
    (
        f'<h2><a href="https://shop.example/b">The best glass for birds</a></h2><p>{LAKE}</p>',
        ["The best glass for birds", LAKE],
    ),
    (f'<h2>How they feed<a class="headerlink" href="#f">link here</a></h2><p>{LAKE}</p>', ["How they feed", LAKE]),
    # buttons that ask, and what they unfold
    (
        f"<h3><button aria-expanded=false aria-controls=q>Why are they pink?</button></h3><div id=q hidden><p>{LAKE}</p></div>",
        ["Why are they pink?", LAKE],
    ),
    (f"<button aria-expanded=false>Why do they stand so?</button><p>{LAKE}</p>", ["Why do they stand so?", LAKE]),
    (f'<div role=tabpanel style="display:none"><p>{LAKE}</p></div>', [LAKE]),
    (f'<p hidden>{LAKE}</p><div style="display:none"><p>{LAKE}</p></div>', []),
    ("<button aria-expanded=false>Menu</button><button>Copy it to the clipboard</button>", []),
    (
        f"<div><button class=faq-question>Why do they stand so?</button><div><p>{LAKE}</p></div></div>",
        ["Why do they stand so?", LAKE],
    ),
    (
        "<p>It is seen<sup>[3–5]</sup> and heard<sup>[7]</sup> all over the lake.</p>",
        ["It is seen and heard all over the lake."],
    ),
    ("<p>Their bones hold <sup>14</sup>C and <sup>210</sup>Pb.</p>", ["Their bones hold 14C and 210Pb."]),
    (
        "<p>It runs <span class=MathJax_Preview>2n</span><script type='math/tex'>2n</script> steps.</p>",
        ["It runs 2n steps."],
    ),
    # raised and lowered
    (
        "<p>It weighs 10<sup>3</sup> g, flies 2<sup>nd</sup>, drinks H<sub>2</sub>O.",
        ["It weighs 10^3 g, flies 2nd, drinks H2O."],
    ),
    ("<p>It is 2<sup>n</sup> of x<sub>1</sub> in 19<sub>2</sub> parts.", ["It is 2^n of x1 in 19_2 parts."]),
    # formulas
    (
        "<p>It eats <math><semantics><mi>m</mi><annotation encoding='application/x-tex'>\\frac{m}{t}</annotation></semantics>"
        "</math> a day, <script type='math/tex'>m^2</script> a week and <m:math><m:mi>a</m:mi><m:mo>+</m:mo></m:math> more.",
        ["It eats \\frac{m}{t} a day, m^2 a week and a+ more."],
    ),
    ("<p>So it is <img src=f.png alt='\\frac{a}{b} = c'> as we see it.", ["So it is \\frac{a}{b} = c as we see it."]),
    # marks of footnotes
    (
        "<p>Seen in 1758<a href='#n1'><sup>1</sup></a> and later<a role=doc-noteref href='#n2'>[2]</a> too. <a href='#r'>↩</a>",
        ["Seen in 1758 and later too."],
    ),
    # code
    ("<pre><ol><li><span>def beak():</span></li><li>    return 1</li></ol></pre>", ["def beak():\n    return 1"]),
    ("<div class=code-toolbar><pre>beak = 1\nmore = 2</pre><div class=toolbar>Copy</div></div>", ["beak = 1\nmore = 2"]),
    # rows
    (
        "<table><tr><th></th><th>2019</th><th>2020</th></tr><tr><td>Eggs</td><td></td><td>7</td></tr></table>",
        ["| 2019 | 2020", "Eggs |  | 7"],
    ),
    ("<table><tr><td>Eggs</td><td></td><td></td></tr></table>", ["Eggs"]),
    # text in headings
    (f"<h4>{LAKE}</h4><p>{NEST}</p>", [LAKE, NEST]),
    (
        f"<h3>1758: named</h3><h3>1900: rare</h3><h3>1990: many</h3><p>{LAKE}</p>",
        ["1758: named", "1900: rare", "1990: many", LAKE],
    ),
    # links that are text
    (f"<p><a href=/more>{LAKE}</a></p>", [LAKE]),
    (f"<p><a href='#n'>{LAKE}</a></p><p><a>{NEST}</a></p>", [LAKE, NEST]),
    ("<p><a href=/more>Why all the flamingos of this lake stand on one leg</a></p>", []),  # an invitation has no full stop
    (
        "<ul>"
        + "".join(f"<li><a href='#s{n}'>Part {n} of the long tale of the bird's beak</a></li>" for n in range(4))
        + "</ul>",
        [],
    ),
]


@pytest.mark.parametrize(("html", "expected"), BETWEEN)
def test_between_paragraphs(html, expected):
    assert within(html) == expected


def test_a_link_that_is_never_closed_takes_no_text():
    found = parse(f"<main><h1>Beaks</h1><p>{BIRDS}</p><p>It is told <a href=/x>in a book.</p><p>{LAKE}</p><p>{NEST}</p></main>")
    assert [node.text for node in found.nodes] == ["Beaks", BIRDS, "It is told in a book.", LAKE, NEST]


def test_paragraphs_in_one_link_are_an_invitation():
    found = parse(f"<main><h1>Beaks</h1><p>{BIRDS}</p><p>{LAKE}</p><div><a href=/x><p>{NEST}</p><p>{NEST}</p></a></div></main>")
    assert [node.text for node in found.nodes] == ["Beaks", BIRDS, LAKE]


@pytest.mark.parametrize("unclosed", ["<h2>Feeding", "<button>Listen", "<iframe src=x>", "<textarea rows=2>Ask"])
def test_what_is_never_closed_loses_nothing(unclosed):
    texts = [node.text for node in parse(f"<body><h1>Beaks</h1><p>{BIRDS}</p>{unclosed}{P}{P}").nodes]
    assert texts.count(BIRDS) == 3
    assert all(node.tag == "p" for node in parse(f"<body><h1>Beaks</h1>{unclosed}{P}{P}").nodes if node.text == BIRDS)


def test_a_declared_shadow_root_is_read_where_it_stands():
    root = f"<template shadowrootmode=open><p>{LAKE}</p><img src=l.jpg><template><p>never</p></template></template>"
    nodes = parse(f"<main><p>{BIRDS}</p><x-card>{root}<p>{NEST}</p></x-card></main>").nodes
    assert [getattr(node, "text", "image") for node in nodes] == [BIRDS, LAKE, "image", NEST]


def test_preformatted_prose_is_a_letter_where_little_else_is_said():
    letter = f"{BIRDS}\n\n{LAKE}\n\n{NEST}"
    found = parse(f"<body><h1>[birds] Beaks</h1><b>A reader</b><hr><img src=s.jpg><pre>{letter}</pre><a href=2>Next</a>").nodes
    assert letter in [node.text for node in found if isinstance(node, TextNode)]


def test_verse_and_facts_are_kept_where_they_are_all_there_is():
    lines = ["It stood upon a single leg,", "and dreamt beside the lake,", "of mud and of an egg,", "and did not wake."]
    html = "".join(f"<div>{line}</div>" for line in lines) + "<div><div>Height</div><div>90 cm</div></div>"
    texts = [
        node.text
        for node in parse(f"<main><h1>Beaks</h1><img src=b.jpg><div>{html}</div></main>").nodes
        if hasattr(node, "tag")
    ]
    assert texts == ["Beaks", *lines, "Height", "90 cm"]


@pytest.mark.parametrize("name", ["menu-section", "rating", "overlay", "gdpr-part", "comment", "gutter-20"])
def test_boxes_of_one_name_that_hold_the_page_are_the_page(name):
    boxes = "".join(
        f"<section class='{name}'><h2>Part {n}</h2><p>{one}</p></section>" for n, one in enumerate((BIRDS, LAKE, NEST))
    )
    texts = [node.text for node in parse(f"<body><div><h1>Beaks</h1>{boxes}</div></body>").nodes]
    assert [text for text in texts if text in (BIRDS, LAKE, NEST)] == [BIRDS, LAKE, NEST]


def test_a_name_is_believed_where_an_article_stands_beside():
    page = f"<main><h1>Beaks</h1>{P}{P}</main>"
    for name in ("comment", "gdpr-part", "rating"):
        boxes = "".join(
            f"<div class='{name}'><p>{text}</p></div>" for text in ("I like the pink ones, they look so good to me.",) * 3
        )
        assert len(parse(f"<body>{page}{boxes}</body>").nodes) == 7


HEROES = [
    ("<div class=hero-banner><img src=b.jpg width=900></div>", 1),
    ("<div class=image-overlay><img src=b.jpg></div>", 1),
    ("<div class=hero-banner><a href=/sale><img src=b.jpg width=900></a></div>", 0),
    ("<div class=sponsor-banner><img src=b.jpg width=900></div>", 0),
    ("<div class=sidebar><img src=b.jpg width=60></div>", 0),
]


@pytest.mark.parametrize(("html", "count"), HEROES)
def test_a_large_picture_beside_the_title_is_content_whatever_its_box_is_called(html, count):
    nodes = parse(f"<main><article><h1>Beaks</h1>{html}{P}</article></main>").nodes
    assert sum(isinstance(node, ImageNode) for node in nodes) == count


BEFORE = [
    ("<div class=hero-banner><img src=b.jpg width=1600 height=700></div>", 1),
    ("<div class=page-top><figure><img src=b.jpg width=900></figure></div>", 1),
    ("<header><img src=b.jpg width=900></header>", 0),
    ("<div class=top><img src=b.jpg width=970 height=90></div>", 0),
    ("<div class=leaderboard><img src=/ads/b.jpg width=970 height=250></div>", 0),
    ("<div class=top><a href=/><img src=b.jpg width=900></a></div>", 0),
    ("<div class=top><img src=b.jpg width=900></div><p>A line that stands between the two of them.</p>", 0),
]


@pytest.mark.parametrize(("html", "count"), BEFORE)
def test_a_large_picture_right_before_the_article_is_its_own(html, count):
    nodes = parse(f"<body>{html}<article><h1>Beaks</h1>{P * 4}</article></body>").nodes
    assert sum(isinstance(node, ImageNode) for node in nodes) == count


def test_a_title_that_was_never_closed_ends_where_the_next_tag_begins():
    found = parse(f"<html><head><title>Beaks<meta charset=utf-8></head><body><h1>Beaks</h1>{P}</body></html>")
    assert found.title == "Beaks" and len(found.nodes) == 4


def test_the_title_of_a_page_without_one_is_its_first_heading():
    assert parse(f"<body><h1>Beaks</h1>{P}").title == "Beaks"


def test_a_table_caption_goes_with_the_tables_picture_or_stands_before_it():
    table = "<table><caption>The beak from its side</caption><tr><td>{}</td></tr></table>"
    shown = parse(f"<main>{P}{table.format('<img src=b.jpg>')}{P}</main>").nodes
    assert [node.caption for node in shown if isinstance(node, ImageNode)] == ["The beak from its side"]
    told = [node.text for node in parse(f"<main>{P}{table.format('pink</td><td>and long')}{P}</main>").nodes]
    assert told.index("The beak from its side") + 1 == told.index("pink | and long")
