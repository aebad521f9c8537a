"""Media that leave before there is a node of them: each is a rejection with its reason, and none is lost in silence."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode
from lamella.schemas.rejection import Reason
from lamella.transforms.extract.parse import parse_html

PROSE = "<p>A flamingo strains its food from the water through the fine comb of lamellae in its beak.</p>"
PICTURE = "data:image/png;base64," + "iVBORw0KGgo" * 900


def parsed(html: str):
    page = f"<html><body><main>{PROSE}{html}{PROSE}</main></body></html>"
    return parse_html(page, "https://a.example/", ExtractConfig())


def left(html: str) -> list[tuple[str, str, str]]:
    return [tuple(one) for one in parsed(html).left]


def shown(html: str) -> list[str]:
    return [node.url for node in parsed(html).nodes if isinstance(node, ImageNode)]


def test_the_smaller_size_of_a_picture_leaves_for_the_larger():
    small, large = "https://a.example/beak-150x120.jpg", "https://a.example/beak-600x480.jpg"
    for first, second in ((small, large), (large, small)):
        html = f"<img src={first} alt='a beak'>{PROSE}<img src={second} alt='a beak'>"
        assert shown(html) == [large]
        assert left(html) == [(Reason.SIZE_OF_ANOTHER, small, large)]


def test_a_picture_within_the_page_leaves_with_its_reason():
    (one,) = left(f"<img src='{PICTURE}' alt='a beak'>")
    assert one == (Reason.INLINE_IMAGE, PICTURE[:200], f"{len(PICTURE)} characters of a data: URI")
    assert shown(f"<img src='{PICTURE}' alt='a beak'>") == []


@pytest.mark.parametrize(
    "html",
    [
        "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw=' alt='a place'>",  # holds the place of a picture
        f"<img src='{PICTURE.replace('png', 'svg+xml')}'>",  # drawn by the page itself
        f"<nav><ul><li><a href=/><img src='{PICTURE}'></a></li></ul></nav>",
    ],
)
def test_what_is_no_picture_of_the_text_leaves_nothing(html):
    assert (left(html), shown(html)) == ([], [])


@pytest.mark.parametrize(
    "html",
    [
        f"<img src='{PICTURE}' data-src=/r.jpg>",
        f"<img src='{PICTURE}' srcset='/r.jpg 900w'>",
        f"<a href=/r.jpg><img src='{PICTURE}'></a>",
        f"<img src='{PICTURE}' alt=''><noscript><img src=/r.jpg alt=''></noscript>",
    ],
)
def test_a_picture_within_the_page_that_holds_the_place_of_another_is_that(html):
    assert (shown(html), left(html)) == (["https://a.example/r.jpg"], [])
