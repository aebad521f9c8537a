"""Text in reading order, clean; boilerplate out; what the head says."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode
from lamella.transforms.extract.parse import parse_html

CONFIG = ExtractConfig()
PROSE = "A flamingo strains its food from the water through the fine comb of lamellae in its beak."


def parse(html: str):
    return parse_html(html, "http://a.example/", CONFIG)


def texts(html: str) -> list[tuple[str, str]]:
    return [(node.tag, node.text) for node in parse(html).nodes if isinstance(node, TextNode)]


BLOCKS = [
    ("<p>Birds <b>of</b> a\n  <i>fea</i>ther.</p>", [("p", "Birds of a feather.")]),
    ("<h2>How they feed</h2><p>With the beak turned over.</p>", [("h2", "How they feed"), ("p", "With the beak turned over.")]),
    (
        "<ul><li>algae</li><li>shrimps<ul><li>pink ones</li></ul></li></ul>",
        [("li", "algae"), ("li", "shrimps"), ("li", "pink ones")],
    ),
    (
        "<table><tr><th>Bird</th><th>Legs</th></tr><tr><td>Flamingo</td><td>2</td></tr></table>",
        [("tr", "Bird | Legs"), ("tr", "Flamingo | 2")],
    ),
    ("<pre>def f():\n    return <b>1</b>\n\n</pre>", [("pre", "def f():\n    return 1")]),
    ("<pre><div>def f():</div><div>    return 1</div></pre>", [("pre", "def f():\n    return 1")]),
    (
        "<table><tr><td><p>Flamingo</p><p>pink</p></td><td><div>two <b>legs</b></div></td></tr></table>",
        [("tr", "Flamingo pink | two legs")],
    ),
    (
        "<table><tr><td><p>Flamingo</p>pink</td><td><p>two</p><span class=caption>legs</span></td></tr></table>",
        [("tr", "Flamingo pink | two legs")],
    ),
    (
        f"<table><tr><td>Flamingo</td><td>pink</td><td><h3>Beaks</h3>It <b>strains</b> its <i>food</i> well. {'So on. ' * 50}",
        [("tr", "Flamingo | pink"), ("h3", "Beaks"), ("p", f"It strains its food well. {'So on. ' * 50}".strip())],
    ),
    ("<table><tr class=header><th>Bird<th>Legs<tr><td>Flamingo<td>2</table>", [("tr", "Bird | Legs"), ("tr", "Flamingo | 2")]),
    ("<p><span class=pagenum>[7]</span>a leaf is turned here</p>", [("p", "a leaf is turned here")]),
    (
        "<p>one line here<br>another line here<br><br>a new paragraph here</p>",
        [("p", "one line here\nanother line here"), ("p", "a new paragraph here")],
    ),
    (
        "<div>loose text in front<p>a real paragraph here</p>loose text behind</div>",
        [("p", "loose text in front"), ("p", "a real paragraph here"), ("p", "loose text behind")],
    ),
    ("<blockquote><p>to feed or not</p></blockquote>", [("blockquote", "to feed or not")]),
    ("<p>soft\u00adhyphen and zero\u200bwidth and&nbsp;space</p>", [("p", "softhyphen and zerowidth and space")]),
    ("<p>control \x01 and &#xD800; and &#0; characters</p>", [("p", "control and \ufffd and \ufffd characters")]),
    ("<p>見出しの下に立つ鳥</p>", [("p", "見出しの下に立つ鳥")]),
    ("<p><ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>を読む鳥がいる</p>", [("p", "漢字を読む鳥がいる")]),
    (
        "<h2>Permanent<a class=headerlink href=#x>¶</a></h2><p>links are not read out.</p>",
        [("h2", "Permanent"), ("p", "links are not read out.")],
    ),
    ("<noscript>Please enable JavaScript now.</noscript>", []),
    ("<p>Share</p>", []),
    ("<p><a href=x>All of it is a link</a> now</p>", []),
    ("<h2>Related</h2>", []),
    ("<p>Gotcha.</p>", [("p", "Gotcha.")]),
    (
        "<p>It is said in <a href=/a>a book of the birds and of their ways</a> that they do so, and so I think, too.</p>",
        [("p", "It is said in a book of the birds and of their ways that they do so, and so I think, too.")],
    ),
    ("<h2>Section</h2><h3>Sub</h3><p>and its text here</p>", [("h2", "Section"), ("h3", "Sub"), ("p", "and its text here")]),
]


@pytest.mark.parametrize(("html", "expected"), BLOCKS)
def test_blocks(html, expected):
    found = texts(f"<html><body><main><p>{PROSE}</p>{html}</main></body></html>")
    assert found == [("p", PROSE), *expected]


BOILERPLATE_HTML = [
    "<nav><p>{}</p></nav>",
    "<footer><p>{}</p></footer>",
    "<aside><p>{}</p></aside>",
    "<header><p>{}</p></header>",
    '<div role="navigation"><p>{}</p></div>',
    '<div id="cookie-consent"><p>{}</p></div>',
    '<div class="sharedaddy"><p>{}</p></div>',
    '<section class="related-posts"><p>{}</p></section>',
    '<ol class="commentlist"><li>{}</li></ol>',
    '<div class="newsletterSignup"><p>{}</p></div>',
    "<div hidden><p>{}</p></div>",
    "<dialog><p>{}</p></dialog>",
]


@pytest.mark.parametrize("html", BOILERPLATE_HTML)
def test_boilerplate_goes(html):
    page = f"<html><body>{html.format(PROSE.upper())}<article><h1>Beaks</h1>{f'<p>{PROSE}</p>' * 4}</article></body></html>"
    assert texts(page) == [("h1", "Beaks")] + [("p", PROSE)] * 4


LONG = "Flamingos filter brine shrimp and algae from the shallow water of salt lakes and lagoons, day and night."
LICENCE = "This text may be copied and given away by anybody, at no cost and with almost no conditions at all. " * 6
LINE_BY_LINE = [
    ("<p><a href=/>Home</a></p><h1>Beaks</h1><p>{0}</p>", ["Beaks", "{0}"]),
    ("<h1>Beaks</h1><p>Last updated on 2026-05-01 | <a href=/e>Edit this page</a></p><p>{0}</p>", ["Beaks", "{0}"]),
    ("<h1>Beaks</h1><div><span>By Ann</span></div><p>{0}</p>", ["Beaks", "{0}"]),
    ("<p>{0}</p><p>See also:</p><p><a href=/b>All about the beaks of other birds</a></p><p>{0}</p>", ["{0}", "{0}"]),
    ("<p>{0}</p><p>Read this, too</p><ul><li><a href=/b>All about other birds</a></li></ul>", ["{0}"]),
    ("<p>{0}</p><div>Was this of use?</div>", ["{0}"]),
    ("<p>{0}</p><div><h4>Read on</h4><a href=/a>Birds</a><br><br><a href=/b>Beaks</a></div><p>{0}</p>", ["{0}", "{0}"]),
    ("<p>{0}</p><div><h2>Beaks</h2><a href=#e>edit</a></div><p>{0}</p>", ["{0}", "Beaks", "{0}"]),
    # a list, or a table, is judged as a whole
    ("<p>{0}</p><ul><li><a href=/a>Ann Park</a> counted</li><li>{0}</li></ul>", ["{0}", "Ann Park counted", "{0}"]),
    ("<p>{0}</p><ul><li><a href=/a>Ann Park</a> counts</li><li><a href=/b>Bo Li</a> too</li></ul>", ["{0}"]),
    ("<p>{0}</p><table><tr><td><a href=/a>Flamingo</a><td>2<tr><td>A bird<td>{0}</table>",
     ["{0}", "Flamingo | 2", "A bird | {0}"]),
    # an anchor is no link
    ("<p>{0}</p><p><a name=why>And what does the keeper of the birds say to that?</a></p><p>{0}</p>",
     ["{0}", "And what does the keeper of the birds say to that?", "{0}"]),
    ("<p>{0}</p><p>“Why?”</p><p>{0}</p>", ["{0}", "“Why?”", "{0}"]),
    ("<p>{0}</p><div><a href=/n>Next page</a></div>", ["{0}"]),
    ("<pre>{1}</pre><h1>Beaks</h1><p>{0}</p><p>{0}</p><p>{0}</p><pre>{1}</pre>", ["Beaks", "{0}", "{0}", "{0}"]),
    ("<p>{0}</p><pre>def strain(water):\n    return [f for f in water if f.is_food]</pre>", ["{0}", None]),
    ("<p>{0}</p><p>Ann Park<sup>1</sup>, Bo Li<sup>2</sup></p><p><sup>1</sup>University of Lagoons.</p><p>{0}</p>",
     ["{0}", "Ann Park 1, Bo Li2", "1 University of Lagoons.", "{0}"]),
    ("<p>{0} It says so<sup><a href='#n1'>[1]</a></sup>.</p>", ["{0} It says so."]),
    ("<p>{0}</p><p>An area of 5 km<sup>2</sup> is enough for them.</p>", ["{0}", "An area of 5 km2 is enough for them."]),
]  # fmt: skip


@pytest.mark.parametrize(("html", "expected"), LINE_BY_LINE)
def test_line_by_line(html, expected):
    found = [text for _, text in texts(f"<body><main>{html.format(LONG, LICENCE)}</main></body>")]
    assert len(found) == len(expected)
    for text, wanted in zip(found, expected, strict=True):
        assert wanted is None or text == wanted.format(LONG)


def test_reading_order_and_positions():
    nodes = parse(f"<body><p>{PROSE}</p><img src=1.jpg><p>{PROSE}<img src=2.jpg> and after it there is text</p></body>").nodes
    assert [type(node) for node in nodes] == [TextNode, ImageNode, TextNode, ImageNode, TextNode]
    positions = [node.position for node in nodes]
    assert positions == sorted(positions)
    assert len(set(positions)) == 5


def test_the_head():
    parsed = parse(f"""<html><head><title> Beaks &amp;
      lamellae </title><meta name="ROBOTS" content="noindex"><meta name="googlebot" content="noimageindex, noai">
      <meta name="tdm-reservation" content="1"><meta name="description" content="x">
      <link rel="alternate license" href="/cc-by"></head><body><p>{PROSE}</p></body></html>""")
    assert (parsed.title, parsed.licence) == ("Beaks & lamellae", "http://a.example/cc-by")
    assert parsed.robots == "noindex, noimageindex, noai, tdm-reservation: 1"
    assert parse('<meta property="og:title" content="Beaks">').title == "Beaks"
    headers = '<meta http-equiv="X-Robots-Tag" content="noai"><meta http-equiv=TDM-Reservation content=1>'
    assert parse(headers + '<meta http-equiv=refresh content="noindex">').robots == "noai, tdm-reservation: 1"
    rsl = parse('<meta name=robots content=all><link rel=license type="application/RSL+xml" href="/l.xml">')
    assert (rsl.robots, rsl.licence) == ("all, rsl-license: http://a.example/l.xml", "http://a.example/l.xml")


RSL = """<script type="application/rsl+xml">
  <rsl xmlns="https://rslstandard.org/rsl">
    <content url="{}"><license><prohibits type="usage">{}</prohibits></license></content>
  </rsl>
</script>"""


def test_a_licence_that_stands_in_the_page():
    assert parse(RSL.format("/a b/*.jpg", "train-ai, search")).robots == "rsl-prohibits: /a%20b/*.jpg=search+train-ai"
    both = parse("<meta name=robots content=all>" + RSL.format("http://a.example/", "ai-all").replace("rsl+xml", "RSL+XML"))
    assert both.robots == "all, rsl-prohibits: http%3A//a.example/=ai-all"
    closed, open_folder = RSL.format("/", "train-ai"), RSL.format("/open/", "train-ai").replace("prohibits", "permits")
    said = "rsl-prohibits: /=train-ai, rsl-prohibits: /open/="  # the longest decides
    assert parse(open_folder + closed).robots == parse(closed + open_folder).robots == said
    assert parse(open_folder).robots == ""
    for none in (RSL.format("/", ""), RSL.replace("rsl+xml", "ld+json"), '<script type="application/rsl+xml"></script>'):
        assert parse(none).robots == ""


def test_lines_of_a_row_of_pictures_stay_before_any_prose():
    plates = "".join(f"<img src=/{shape}.jpg><ul><li>Shape: {shape}</li></ul>" for shape in ("ring", "star", "ring"))
    html = f"<main><ul><li>Issue 4</li></ul>{plates}<p>{PROSE}</p><p>{PROSE}</p></main>"
    assert [text for _, text in texts(html)] == ["Shape: ring", "Shape: star", "Shape: ring", PROSE, PROSE]
