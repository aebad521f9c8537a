"""How media are found: every place where a page can put an address, and what is no content at all."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode, VideoNode
from lamella.transforms.extract.dom.addresses import candidates
from lamella.transforms.extract.parse import parse_html

CONFIG = ExtractConfig()
PROSE = "<p>A flamingo strains its food from the water through the fine comb of lamellae in its beak.</p>"


def nodes_of(html: str, url: str = "http://a.example/b/page.html"):
    return parse_html(f"<html><body><main>{PROSE}{html}{PROSE}</main></body></html>", url, CONFIG).nodes


def images_of(html: str, **more) -> list[ImageNode]:
    return [node for node in nodes_of(html, **more) if isinstance(node, ImageNode)]


def video_of(html: str) -> VideoNode:
    (video,) = (node for node in nodes_of(html) if isinstance(node, VideoNode))
    return video


ADDRESSES = [
    ('<img src="i/r.jpg">', "b/i/r.jpg"),
    ('<img src="/r.jpg">', "r.jpg"),
    ('<img src="../r.jpg#x">', "r.jpg"),
    ('<img src=" r s.jpg ">', "b/r%20s.jpg"),
    ('<img srcset="s.jpg 320w, m.jpg 800w, l.jpg 1600w, xxl.jpg 6000w">', "b/l.jpg"),
    ('<img srcset="l.jpg 4000w, xl.jpg 6000w">', "b/l.jpg"),
    ('<img src="s.jpg" srcset="m.jpg 1.5x, l.jpg 2x, xl.jpg 9x">', "b/l.jpg"),
    ('<img src="s.jpg" srcset="m.jpg 1.5x, l.jpg 2.16666666666667x">', "b/l.jpg"),
    ('<img src="s.jpg" srcset="m.jpg ²w, l.jpg ²x">', "b/s.jpg"),  # digits, but no number
    ("<div style='background-image: url(\"l(1).jpg\")'>", "b/l(1).jpg"),
    ('<img srcset="//c.example/w_300,h_200/a.jpg 300w, //c.example/w_900,h_600/a.jpg 900w">', "//c.example/w_900,h_600/a.jpg"),
    ('<img src="data:image/gif;base64,R0lGOD" srcset="data:,x 1x, r.jpg 2x">', "b/r.jpg"),
    ('<picture><source srcset="l.webp 900w" type="image/webp"><img src="s.jpg"></picture>', "b/l.webp"),
    ('<picture><source srcset="l.jxl 999w" type="image/jxl"><img src="s.jpg" srcset="m.jpg 500w"></picture>', "b/m.jpg"),
    ('<picture><source srcset="l.webp"><img src="s.jpg"></picture>', "b/s.jpg"),
    ('<picture><source data-srcset="l.webp"><img></picture>', "b/l.webp"),
    ('<img data-srcset="m.jpg 500w" src="blank.gif">', "b/m.jpg"),
    ('<img src="r.jpg" srcset="/img/loading.gif" lazyload>', "b/r.jpg"),  # as a theme of Hexo has it
    ('<amp-img src="r.jpg" width="300" height="200"></amp-img>', "b/r.jpg"),
    ('<noscript><img src="r.jpg"></noscript>', "b/r.jpg"),
    ('<img data-src="r.jpg" src="p.gif" alt="x"><noscript><img src="r.jpg" alt="x"></noscript>', "b/r.jpg"),
    ('<a href="large.jpg"><img src="thumb.jpg"></a>', "b/large.jpg"),
    ('<a href="large.jpg"><img src="r.jpg" width="120"></a>', "b/large.jpg"),
    ('<a href="large.jpg"><img src="r.jpg" width="640"></a>', "b/r.jpg"),
    ('<a href="page.html"><img src="thumb.jpg"></a>', "b/thumb.jpg"),
    ("<div style=\"color: red; background: #fff url('r.jpg') center\"></div>", "b/r.jpg"),
    ('<object data="r.png" type="image/png"></object>', "b/r.png"),
    ('<object type="application/x"><img src="r.png"></object>', "b/r.png"),
    ('<embed src="r.gif">', "b/r.gif"),
]
LAZY = ["data-src", "data-src-fg", "data-scroll-image", "data-lateloadsrc", "data-img-src", "data-original", "data-gt-lazy-src"]
LAZY += ["data-lazy", "data-lazy-src", "src2", "data-srcset"]


@pytest.mark.parametrize(("html", "address"), ADDRESSES)
def test_addresses(html, address):
    expected = f"http:{address}" if address.startswith("//") else f"http://a.example/{address}"
    assert [image.url for image in images_of(html)] == [expected]


@pytest.mark.parametrize("attribute", LAZY)
def test_lazy_attributes(attribute):
    assert [image.url for image in images_of(f'<img src="wait.gif" {attribute}="r.jpg">')] == ["http://a.example/b/r.jpg"]


@pytest.mark.parametrize(
    "html",
    [
        '<img src="data:image/png;base64,AAAA">',
        '<img src="t.gif" width="1" height="1">',
        '<img src="t.gif" width="0">',
        '<img src="t.gif" style="width:1px;height:1px">',
        '<img src="http://b.example/pixel.gif?id=7">',
        '<img src="/img/spacer.gif">',
        '<img src="/img/spacer.gif?for=cover.jpg">',
        '<img src="{{ image.url }}">',
        '<img alt="nothing">',
        '<img src="mailto:a@b.example">',
        '<img src="r.jpg" hidden>',
        '<div style="display: none"><img src="r.jpg"></div>',
        '<svg><image href="r.png"/></svg>',
        '<template><img src="r.jpg"></template>',
        '<footer><img src="r.jpg"></footer>',
        '<nav><ul><li><img src="r.jpg"> Home</li></ul></nav>',
        '<div class="share-buttons"><img src="r.jpg"></div>',
    ],
)
def test_what_is_no_content(html):
    assert images_of(html) == []


COPIES = [
    (("/r.jpg", "/r.jpg"), ["r.jpg", "r.jpg"]),  # which of them goes, `assemble` says, with its reason
    (("/r-300x200.jpg", "/r-900x600.jpg"), ["r-900x600.jpg"]),
    (("/w_900,h_600/r.jpg", "/w_300,h_200/r.jpg"), ["w_900,h_600/r.jpg"]),
    (("/r.jpg?w=300&id=1", "/r.jpg?w=900&id=1", "/r.jpg?w=900&id=2"), ["r.jpg?w=900&id=1", "r.jpg?w=900&id=2"]),
    (("/bird-articleLarge.jpg", "/bird-superJumbo.jpg"), ["bird-superJumbo.jpg"]),
    (("/thumb/R.jpg/220px-R.jpg", "/thumb/S.jpg/220px-S.jpg"), ["thumb/R.jpg/220px-R.jpg", "thumb/S.jpg/220px-S.jpg"]),
    (("/bird-1.jpg", "/bird-2.jpg"), ["bird-1.jpg", "bird-2.jpg"]),
    (("/w/12/r.jpg", "/w/34/r.jpg"), ["w/12/r.jpg", "w/34/r.jpg"]),  # numbers of works, as likely as widths
]


@pytest.mark.parametrize(("sources", "expected"), COPIES)
def test_a_picture_in_several_sizes_counts_once(sources, expected):
    html = PROSE.join(f'<p><img src="{source}"></p>' for source in sources)
    assert [image.url for image in images_of(html)] == [f"http://a.example/{address}" for address in expected]


def test_a_picture_with_two_captions_is_shown_twice():
    html = "".join(f"<figure><img src=/r.jpg><figcaption>{caption}</figcaption></figure>" for caption in ("One", "Two"))
    assert [image.caption for image in images_of(html)] == ["One", "Two"]


def test_base():
    (node,) = (
        node
        for node in parse_html(
            f'<html><head><base href="//c.example/d/"><base href="/e"></head><body>{PROSE}<img src="r.jpg">',
            "http://a.example/",
            CONFIG,
        ).nodes
        if isinstance(node, ImageNode)
    )
    assert node.url == "http://c.example/d/r.jpg"


def test_what_is_said_of_an_image():
    html = """<figure><a href="x.html"><img src="r.jpg" alt=" Three
      birds " title="Birds" width="640px" height="480" aria-describedby="d1 d2" aria-label="label"></a>
      <figcaption>Flamingos <b>in</b> the lagoon</figcaption></figure>
      <p id="d1">Three pink birds</p><p id="d2">stand on one leg each.</p>"""
    (image,) = images_of(html)
    assert (image.alt, image.title, image.caption) == ("Three birds", "Birds", "Flamingos in the lagoon")
    assert (image.description, image.width, image.height) == ("Three pink birds stand on one leg each.", 640, 480)
    (image,) = images_of('<img src="r.jpg" aria-label="label" style="width: 320px">')
    assert (image.description, image.width, image.height) == ("label", 320, 0)


def test_captions_beside_images():
    html = """<div class="wp-caption"><img src="1.jpg"><p class="wp-caption-text">The first caption</p></div>
      <img src="2.jpg"><div class="image-caption">The second caption</div>
      <img src="3.jpg"><p>No caption but a paragraph.</p>"""
    assert [image.caption for image in images_of(html)] == ["The first caption", "The second caption", ""]
    assert [node.text for node in nodes_of(html) if isinstance(node, TextNode)] == [
        PROSE[3:-4],
        "No caption but a paragraph.",
        PROSE[3:-4],
    ]


def test_emoji_are_text():
    nodes = nodes_of('<p>They sleep on one leg <img class="emoji" src="x.png" alt="🦩"> all night long.</p>')
    assert "They sleep on one leg 🦩 all night long." in [node.text for node in nodes]


def test_videos():
    video = video_of("""<h2>The feeding</h2><p>Look how the beak is held upside down.</p>
      <figure><video title="Old title" poster="p.jpg" width="640" height="360">
      <source src="v.webm" type="video/webm"><source src="v.mp4" type="video/mp4">
      <track kind="chapters" src="c.vtt"><track kind="captions" src="t.vtt" srclang="en">Your browser is old.</video>
      <figcaption>A flamingo feeds</figcaption></figure>""")
    assert (video.url, video.track, video.poster) == tuple(
        f"http://a.example/b/{name}" for name in ("v.webm", "t.vtt", "p.jpg")
    )
    assert (video.caption, video.width, video.height) == ("A flamingo feeds", 640, 360)
    assert video.nearest_text == "The feeding\nLook how the beak is held upside down."
    assert video_of('<video src="v.mp4" aria-label="Feeding"></video>').caption == "Feeding"
    assert video_of('<object data="v.mp4" type="video/mp4"></object>').url == "http://a.example/b/v.mp4"


def test_candidates_of_a_srcset():
    assert candidates("a.jpg, b.jpg 2x") == [("a.jpg", ""), ("b.jpg", "2x")]
    assert candidates(" ,a,b.jpg 100w 50h,, c.jpg") == [("a,b.jpg", "100w"), ("c.jpg", "")]
    assert candidates("") == []
