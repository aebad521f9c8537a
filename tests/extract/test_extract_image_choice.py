"""Which picture an element means: sizes of one and different ones, thumbnails and pages behind them, trackers and pictures."""

import pytest

from lamella.schemas.config import ExtractConfig, FetchConfig
from lamella.schemas.document import ImageNode
from lamella.schemas.media import MediaKind, MediaLink
from lamella.transforms.extract.dom.addresses import candidates
from lamella.transforms.extract.dom.placeholders import is_tracker
from lamella.transforms.extract.parse import parse_html
from lamella.transforms.fetch.address_rules import blocked_word

PROSE = "<p>A flamingo strains its food from the water through the fine comb of lamellae in its beak.</p>"


def shown(html: str, url: str = "https://a.example/b/page.html") -> list[tuple[str, str]]:
    nodes = parse_html(f"<html><body><main>{PROSE}{html}{PROSE}</main></body></html>", url, ExtractConfig()).nodes
    return [(node.url.removeprefix("https://a.example/b/"), node.alt) for node in nodes if isinstance(node, ImageNode)]


def test_numbered_pictures_are_different_whatever_size_word_stands_before_the_number():
    names = ["nest_thumb1.jpg", "nest_thumb2.jpg", "nest_thumb3.jpg"]
    assert shown(PROSE.join(f'<img src="{name}" alt="">' for name in names)) == [(name, "") for name in names]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("beak-small.png", "beak-large.png"),
        ("beak-100x80.png", "beak-800x640.png"),
        ("/draw?width=100", "/draw?width=900"),
    ],
)
def test_pictures_of_which_different_things_are_said_are_different(one, other):
    found = shown(f'<img src="{one}" alt="a young beak">{PROSE}<img src="{other}" alt="an old beak">')
    assert [alt for _, alt in found] == ["a young beak", "an old beak"]


@pytest.mark.parametrize("alt", ["", "a beak"])
def test_sizes_of_one_picture_are_one(alt):
    found = shown(f'<img src="beak-150x150.jpg" alt="a beak">{PROSE}<img src="beak-1024x768.jpg" alt="{alt}">')
    assert found == [("beak-1024x768.jpg", "a beak")]


def test_a_small_number_is_no_size():
    assert len(shown(f'<img src="/plate?size=1" alt="">{PROSE}<img src="/plate?size=2" alt="">')) == 2


def test_a_size_word_within_a_word_is_none():
    assert len(shown(f'<img src="town_smallwood.png">{PROSE}<img src="town_smallford.png">')) == 2


THUMBNAILS = [
    ('<a href="/wiki/Datei:Beak.jpg"><img src="/t/120px-Beak.jpg" width=120></a>', "https://a.example/t/120px-Beak.jpg"),
    ('<a href="/wiki/File%3ABeak.png"><img src="120px-Beak.png" width=120></a>', "120px-Beak.png"),
    ('<a href="https://git.example/o/r/blob/main/b.png"><img src="b.png" width=90></a>', "b.png"),
    ('<a href="https://pics.example/full/b.png"><img src="b.png" width=90></a>', "b.png"),
    ('<a href="https://pics.example/full/b.png"><img src="thumbs/b.png" width=90></a>', "https://pics.example/full/b.png"),
    ('<a href="full/b.jpg"><img src="b-150x150.jpg" width=150></a>', "full/b.jpg"),
    ('<a href="0815.jpg"><img src="4711.jpg" width=90></a>', "0815.jpg"),
]


@pytest.mark.parametrize(("html", "expected"), THUMBNAILS)
def test_what_a_thumbnail_links_to_is_believed_where_it_is_a_picture(html, expected):
    assert [url for url, _ in shown(html)] == [expected]


SMALLER = [
    ('<a href="full/b.jpg"><img src="b-150x150.jpg" width=150></a>', [("full/b.jpg", "b-150x150.jpg")]),
    (
        '<a href="b.jpg"><img src="b_th.jpg" srcset="b_th-90.jpg 90w, b_th-180.jpg 180w" width=90></a>',
        [("b.jpg", "b_th-180.jpg"), ("b_th-180.jpg", "b_th.jpg")],
    ),
    ('<img src="b-400.jpg" srcset="b-800.jpg 800w, b-1600.jpg 1600w">', [("b-1600.jpg", "b-400.jpg")]),
    (f'<img src="b-150x150.jpg">{PROSE}<img src="b-1024x768.jpg">', [("b-1024x768.jpg", "b-150x150.jpg")]),
    ('<img src="b.jpg">', []),
    ('<a href="page.html"><img src="b.jpg"></a>', []),
    ('<img src="wait.gif" data-src="b.jpg">', []),
    ('<img class="lazyload" src="wait.jpg" data-srcset="b.jpg 900w">', []),
    ('<img src="data:image/gif;base64,R0" srcset="b.jpg 900w">', []),
]


@pytest.mark.parametrize(("html", "expected"), SMALLER)
def test_where_a_page_shows_a_picture_smaller_is_told(html, expected):
    page = f"<html><body><main>{PROSE}{html}{PROSE}</main></body></html>"
    parsed = parse_html(page, "https://a.example/b/page.html", ExtractConfig())
    told = [tuple(url.removeprefix("https://a.example/b/") for url in pair) for pair in parsed.smaller]
    assert told == expected


LAZY = [
    ('<img class=lazy src="data:image/gif;base64,R0" data-beakload="r.jpg">', "r.jpg"),
    ('<img src="/common/none.gif" zoom="r.jpg">', "r.jpg"),
    ('<img src="spacer.gif" data-any="r.webp?v=2" data-fallback="no.png">', "r.webp?v=2"),
    ('<img data-error-src="no.png" data-late="r.jpg">', "r.jpg"),
    ('<img src="data:," data-sizes="auto" data-deferset="s.jpg 300w, l.jpg 900w">', "l.jpg"),
    ('<img src="r.jpg" data-hover="other.jpg">', "r.jpg"),  # what is shown needs no guess
    ('<img src="r.jpg" title="see other.jpg" class="wide">', "r.jpg"),
]


@pytest.mark.parametrize(("html", "expected"), LAZY)
def test_where_nothing_is_shown_any_attribute_may_hold_the_address(html, expected):
    assert [url for url, _ in shown(html)] == [expected]


@pytest.mark.parametrize(
    ("url", "size"),
    [
        ("https://a.example/google-pixel-9.png", (0, 0)),
        ("https://a.example/side-loader.gif", (0, 0)),
        ("https://a.example/clear-sky.png", (0, 0)),
        ("https://a.example/pixel/red.jpg", (0, 0)),
        ("https://a.example/blank.png", (640, 480)),
        ("https://stats.example/chart.png", (300, 0)),
    ],
)
def test_a_picture_is_no_tracker_for_a_word_in_its_name(url, size):
    assert not is_tracker(url, size, {})


@pytest.mark.parametrize(
    ("url", "size"),
    [
        ("https://a.example/pixel.gif", (0, 0)),
        ("https://a.example/img/ajax-loader.gif", (32, 32)),
        ("https://a.example/1x1.png", (0, 0)),
        ("https://a.example/spacer_12.gif", (0, 0)),
        ("https://a.example/t/pixel?u=7", (0, 0)),
        ("https://stats.example/b.gif?u=7", (0, 0)),
        ("https://a.example/a.jpg", (1, 1)),
    ],
)
def test_what_is_there_to_be_asked_for_is_a_tracker(url, size):
    assert is_tracker(url, size, {})


@pytest.mark.parametrize(
    ("srcset", "expected"),
    [
        ("a b-300.jpg 300w, c.jpg 900w", [("c.jpg", "900w")]),
        ("a (1).jpg 320w", []),
        ("a.jpg 2x (,), b.jpg", [("b.jpg", "")]),
        ("a.jpg 300w 200h, b.jpg 1.5x", [("a.jpg", "300w"), ("b.jpg", "1.5x")]),
        ("a.jpg 300w 2x", []),
    ],
)
def test_a_candidate_with_a_descriptor_that_is_none_is_void(srcset, expected):
    assert candidates(srcset) == expected


@pytest.mark.parametrize("name", ["iconic-mills.jpg", "silicon.png", "catalogo/1.jpg", "buttonhole.jpg", "logotherapy.png"])
def test_a_blocked_word_within_a_word_blocks_nothing(name):
    assert blocked_word(_link(name), FetchConfig()) == ""


@pytest.mark.parametrize(
    "name", ["logo.png", "icons/1.png", "logo_2x.png", "siteLogo.png", "favicon.png", "play-button.png", "plugins/x/a.jpg"]
)
def test_a_blocked_word_of_its_own_blocks(name):
    assert blocked_word(_link(name), FetchConfig()) != ""


def _link(name: str) -> MediaLink:
    return MediaLink(url=f"https://a.example/{name}", kind=MediaKind.IMAGE, documents=1)


@pytest.mark.parametrize("name", ["image1.png", "img_2.gif", "x3.png", "image.png"])
def test_a_name_that_says_only_that_it_is_a_picture_is_no_placeholder(name):
    assert shown(f'<img src="{name}" alt="a beak">') == [(name, "a beak")]


@pytest.mark.parametrize("name", ["1x1.gif", "x.gif", "px.png", "blank-img.gif", "loading_image_2.gif"])
def test_a_name_of_nothing_is_a_placeholder(name):
    assert shown(f'<img src="{name}" alt="">') == []
