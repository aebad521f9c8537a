"""The main content of a page: what is in it, what goes, and what is read where there is little else."""

import pytest
from growth import is_linear

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import TextNode
from lamella.transforms.extract.dom.class_heuristics import (
    BOILERPLATE,
    COMMENTS,
    CONSENT,
    CONTENT,
    LIKELY_BOILERPLATE,
    traits_of,
)
from lamella.transforms.extract.parse import parse_html

PROSE = "A flamingo strains its food from the water through the fine comb of lamellae in its beak."
LONG = "Flamingos filter brine shrimp and algae from the shallow water of salt lakes and lagoons, day and night."


def texts(html: str) -> list[tuple[str, str]]:
    nodes = parse_html(html, "http://a.example/", ExtractConfig()).nodes
    return [(node.tag, node.text) for node in nodes if isinstance(node, TextNode)]


REGIONS = [
    # the lead stands outside the block of the paragraphs
    (
        "<div><h1>Beaks</h1><p>In short: they strain it all.</p></div><div><div>{0}</div></div>",
        ["Beaks", "In short: they strain it all."],
    ),
    # a title of lower rank is known by the page's own name for itself
    (
        "<title>On the beaks of flamingos | A site</title><header><h2>On the beaks of flamingos</h2></header><div>{0}</div>",
        ["On the beaks of flamingos"],
    ),
    # or by a line that says the same
    (
        "<title>On the long and heavy beaks of pink flamingos | A site</title>"
        "<div><div class=title>On the long and heavy beaks of pink flamingos</div>"
        "<p>In short: they strain all of it.</p></div><main>{0}</main>",
        ["On the long and heavy beaks of pink flamingos", "In short: they strain all of it."],
    ),
    # and so is its header, whoever is named in it
    (
        "<title>On the beaks of flamingos</title><header><h2>On the beaks of flamingos</h2><a href=/ann>Ann</a></header>{0}",
        ["On the beaks of flamingos"],
    ),
    ("<div><h1>Beaks</h1><div class=lead>Learn to strain.</div>{0}</div>", ["Beaks", "Learn to strain."]),
    # what little stands before the title goes; a title above another stays
    (
        "<title>How they feed | Birds</title><p>The second edition, 1889.</p><h1>Beaks</h1>"
        "<h1>How they feed</h1><h1>At dawn</h1>{0}",
        ["How they feed", "At dawn"],
    ),
    # a section's heading of the first rank inside is not the title outside
    (
        "<title>On the beaks of flamingos</title><h2>On the beaks of flamingos</h2><div><h1>How they feed</h1>{0}</div>",
        ["On the beaks of flamingos", "How they feed"],
    ),
    # a teaser without links is the lead, one with links is an invitation
    (
        "<div><h1>Beaks</h1><div class=teaser-text><p>{1}</p></div><div>{0}</div></div>"
        "<div class=teaser><a href=/x>{1}</a><p>Or this other tale of birds.</p></div>",
        ["Beaks", "{1}"],
    ),
    # who and when, in blocks that say so; a post's category is not its label
    (
        "<div class='post category-birds'><h1>Beaks</h1><div class=post-date>On the first of May</div>{0}</div>",
        ["Beaks"],
    ),
    # names of states, not of the block
    ("<div class='field label-hidden hidden-xs'><h1>Beaks</h1>{0}</div>", ["Beaks"]),
    # what asks for consent is no content, even where little else is; comments are no loss, either
    ("<div class=widget_cookie_law>{1}{1}{1}{1}{1}</div><div class=comments>{1}{1}{1}{1}</div><h1>Beaks</h1>{0}", ["Beaks"]),
    # of several articles it is the one with the title
    (
        "<main><article><h1>Beaks</h1>{0}</article><article><h2>On lagoons</h2><p>{1}{1}{1}</p></article></main>",
        ["Beaks"],
    ),
    # a section's id may be made of its heading's words, as any heading's
    (
        "<section id=how-we-share-food><h1 id=share>How we share food</h1>{0}</section><div id=share-food><p>{1}</p></div>",
        ["How we share food"],
    ),
    # an article in an aside's neighbourhood: the aside goes, however long it is
    ("<article><h1>Beaks</h1>{0}</article><aside><p>{1}{1}{1}{1}{1}{1}{1}{1}{1}</p></aside>", ["Beaks"]),
]


@pytest.mark.parametrize(("html", "first"), REGIONS)
def test_regions(html, first):
    found = [text for _, text in texts(f"<body>{html.format(f'<p>{PROSE}</p>' * 4, LONG)}</body>")]
    assert found == [text.format("", LONG) for text in first] + [PROSE] * 4


@pytest.mark.parametrize("box", ["div hidden", "div style='display: none'", "aside", "footer", "nav"])
def test_what_is_hidden_or_boilerplate_is_read_where_there_is_nothing_else(box):
    paragraphs = f"<div>{f'<p>{PROSE}</p>' * 3}</div>"
    assert texts(f"<{box}>{paragraphs}</{box.split()[0]}><div>On birds</div>") == [("p", PROSE)] * 3
    assert texts(f"<{box}>{paragraphs.replace('comb', 'sieve')}</{box.split()[0]}>{paragraphs}") == [("p", PROSE)] * 3


def test_headings_stay_where_they_are_all_that_there_is():
    assert texts("<h1>Beaks</h1><h2>Long ones</h2><h2>Bent ones</h2>") == [
        ("h1", "Beaks"),
        ("h2", "Long ones"),
        ("h2", "Bent ones"),
    ]


UNCLOSED = [
    "<nav><ul><li><a href=/>Home</a></li></ul><h1>Beaks</h1>{}<footer><p>By one who likes all birds.</p></footer>",
    "<h1>Beaks</h1><nav><ul><li><a href=/>Home</a></li></ul>{}",
    "<aside><a href=/>Home</a><h1>Beaks</h1>{}",
]


@pytest.mark.parametrize("html", UNCLOSED)
def test_boilerplate_that_was_never_closed_does_not_swallow_the_page(html):
    assert texts(f"<body>{html.format(f'<p>{PROSE}</p>' * 2)}") == [("h1", "Beaks"), ("p", PROSE), ("p", PROSE)]


TAILS = [
    ("<div class=who><p>{1}</p></div>", []),
    ("<div class=footnotes><p>{1}</p></div>", ["{1}"]),
    ("<p>{1}</p>", ["{1}"]),
    ("<div class=text><p>{1}</p></div>", ["{1}"]),  # another block of the same name
    ("<div class=more><p>{1}</p><p>{1}</p><p>{1}</p></div>", ["{1}"] * 3),  # too much to be of no account
]


@pytest.mark.parametrize(("html", "rest"), TAILS)
def test_what_little_follows_the_box_of_the_text_goes(html, rest):
    html = f"<article><h1>Beaks</h1><div class=text>{'<p>{0}</p>' * 6}</div>{html}</article>"
    found = [text for _, text in texts(html.format(PROSE, LONG))]
    assert found == ["Beaks", *[PROSE] * 6, *(text.format("", LONG) for text in rest)]


LAST_BOXES = [
    ("<div class=who><p>{0}</p></div>", []),
    ("<div class=who><h3>The author</h3>{0}</div>", []),
    ("<div><p>{0}</p></div>", ["{0}"]),
    ("{0}", ["{0}"]),
    ("<div class=footnotes><p>{0}</p></div>", ["{0}"]),
    ("<div class=points><ul><li>{0}</li></ul></div>", ["{0}"]),
    ("<div class=more><p>{0}</p></div><p>{0}</p>", ["{0}", "{0}"]),
]


@pytest.mark.parametrize(("html", "rest"), LAST_BOXES)
def test_boxes_with_a_name_behind_the_last_paragraph_go(html, rest):
    found = [text for _, text in texts(f"<article><h1>Beaks</h1>{'<p>{0}</p>' * 11}{html}</article>".format(PROSE))]
    assert found == ["Beaks", *[PROSE] * 11, *(text.format(PROSE) for text in rest)]


def test_a_page_that_is_a_list_of_links_says_that():
    titles = ["How they feed", "How they fly", "How they nest"]
    links = "".join(f"<li><a href=/{title}>{title}</a></li>" for title in titles)
    assert texts(f"<main><h1>Flamingos</h1><ul>{links}</ul></main>") == [("h1", "Flamingos"), *(("li", t) for t in titles)]
    assert texts(f"<main>{f'<p>{PROSE}</p>' * 4}<ul>{links}</ul></main>") == [("p", PROSE)] * 4


CROWDS = {  # from a size to a page
    "much in the depth": lambda n: "<div class=x><p>" + PROSE + "</p></div><div class=x>" + "<div>" * n + f"<p>{PROSE}</p>" * n,
    "names within names": lambda n: "<div class=widget>" * n + PROSE,
    "names side by side": lambda n: f"<div class=sidebar><p>{PROSE}</p></div>" * n,
    "captions": lambda n: f"<div><img src=/i.jpg><p class=caption>{PROSE}</p></div>" * n,
    "figures": lambda n: f"<figure><img src=/i.jpg><figcaption>{PROSE}</figcaption></figure>" * n,
    "boilerplate at each depth": lambda n: f"<div><div class=share><p>{PROSE}</p></div>" * 2 * n + f"<p>{PROSE}</p>" * 2 * n,
    "headlines at each depth": lambda n: f"<p>{PROSE * 5}</p>" + "<div><h2><a href=/x>How they all feed</a></h2>" * 2 * n,
    "captions at each depth": lambda n: f"{PROSE}{'<div><p class=caption>A beak</p>' * 2 * n}<img src=/i.jpg>",
    "media in the depth": lambda n: "<div>" * 2 * n + "<img src=/i.jpg><br>x" * 2 * n,
    "figures within figures": lambda n: "<figure><img src=/i.jpg>" * 2 * n,
    "sections within sections": lambda n: "<div class=share id=how-we-share>" * 4 * n + PROSE,
    "boilerplate within boilerplate": lambda n: "<aside>" * 4 * n + f"<h1>Beaks</h1><p>{PROSE}</p>",
    "marks within marks": lambda n: f"beak{'<sup>' * 4 * n}{'x' * 8 * n}<p>{PROSE}</p>",
    "a name for each": lambda n: "".join(
        f"<li class=c{i}><img src=/i.jpg><a href=/x>How they all feed</a>" for i in range(2 * n)
    ),
    "a picture of many": lambda n: f"<picture>{'<source srcset=/i.jpg>' * n}{'<img src=/i.jpg>' * n}</picture>",
    "videos": lambda n: f"<p>{PROSE}</p>{'<video src=/v.mp4></video>' * 2 * n}",
    "pictures described": lambda n: (
        f"<p>{PROSE}</p>" + "".join(f"<img src=/{i}.jpg aria-describedby=d{i}>" for i in range(2 * n))
    ),
    "a long title": lambda n: f"<title>{'beak ' * 4 * n}</title>{'<h2>How they feed</h2>' * n}",
    "brackets": lambda n: f"<div style='background:url({'url( ' * 2 * n}'><div data-bg='{'url(' * 4 * n}'>{PROSE}",
    "colons": lambda n: f"<div style='url(x) {'background:' * 2 * n}'>{PROSE}",
    "spaces": lambda n: f"<div style='background:url({' ' * n}'>{PROSE}",
    "digits": lambda n: f"<img srcset='/i.jpg {'1' * 4 * n}!x'>{PROSE}",
    "twins within twins": lambda n: "<div class=b>x</div><div class=b hidden>a b c d" * (n // 4) + "beak " * 300 * n,
    "twins": lambda n: f"<div class=b>x</div>{'<div class=b hidden>x y z</div>' * n}{PROSE}",
    "sizes": lambda n: f"<img src=/j.jpg><img src='/{'w_1,' * 4 * n}/i.jpg'>{PROSE}",
}


@pytest.mark.parametrize("name", CROWDS)
def test_time_grows_with_the_page_and_not_with_its_square(name):
    is_deep = "depth" in name or "within" in name  # no deeper: lexbor looks through all that is open, at each tag
    assert is_linear(lambda n: texts(f"<body>{CROWDS[name](n)}"), 300 if is_deep else 1000)


def test_a_block_with_all_the_prose_is_no_boilerplate():
    assert len(texts(f'<body class="has-sidebar"><div class="widget">{f"<p>{PROSE}</p>" * 4}</div></body>')) == 4


@pytest.mark.parametrize("tag", ["html", "body", "main"])
def test_a_page_that_scripts_show_is_read(tag):
    assert texts(f"<{tag} style='visibility: hidden'><p>{PROSE}</p>") == [("p", PROSE)]


def test_main_content_is_where_the_prose_stands():
    links = "".join(f"<p>{i} more things to look at, by somebody</p>" for i in range(5))
    page = f"<body><div><div>{links}</div></div><div><div>{f'<p>{PROSE * 3}</p>' * 9}</div></div></body>"
    assert {text for _, text in texts(page)} == {PROSE * 3}


@pytest.mark.parametrize(
    ("box", "hint"),
    [
        (("nav", "", "", ""), BOILERPLATE),
        (("div", "contentinfo", "", ""), BOILERPLATE),
        (("div", "main", "sidebar", ""), CONTENT),
        (("div", "", "left-sidebar", ""), LIKELY_BOILERPLATE),
        (("div", "", "relatedPosts", ""), LIKELY_BOILERPLATE),
        (("div", "", "", "comments"), COMMENTS),
        (("div", "", "entry-header", ""), ""),
        (("div", "", "site-header", ""), LIKELY_BOILERPLATE),
        (("aside", "", "note", ""), ""),
        (("div", "", "elementor-widget", ""), ""),
        (("div", "", "shared-memory", ""), ""),
        (("body", "", "has-sidebar", ""), ""),
        (("div", "", "main--no-sidebar", ""), ""),
        (("div", "", "cookie-consent", ""), CONSENT),
    ],
)
def test_hints(box, hint):
    assert traits_of(*box)[0] == hint


def test_a_long_section_among_sections_is_not_the_whole_text():
    short, long = f"<p>{LONG}</p>", f"<p>{LONG}</p>" * 9
    page = (
        f"<div><div><div class=part><h2>Synopsis</h2>{short}</div><div class=part><h2>Description</h2>{short}</div>"
        f"<div class=part><h2>Parameters</h2>{long}</div></div></div>"
    )
    assert [text for tag, text in texts(page) if tag == "h2"] == ["Synopsis", "Description", "Parameters"]
