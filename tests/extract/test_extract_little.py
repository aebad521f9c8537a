"""Pages of which little is taken by their prose: all outside their boilerplate is theirs, but not beside a short article."""

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode
from lamella.transforms.extract.parse import parse_html

BIRDS = "A flamingo strains its food from the water through the fine comb of lamellae in its beak."
LAKE = "The lake is shallow and salty, and its shrimps colour the feathers of all who feed on them."
AROUND = (
    "<nav><a href=/shop>The shop</a><a href=/help>Ask for help</a></nav>{}"
    "<div class=cookie-consent>We and our partners keep cookies to know you by.</div>"
    "<form><label>Your name</label><input><label>Your address</label></form>"
    "<footer><p>All rights are kept by the society of the birds of the lake, since 1907.</p></footer>"
)
LETTERS = "".join(
    f"<div class=letter>{letter}</div><div class=names>{''.join(f'<a href=/{n}>{n}</a> ' for n in names.split())}</div>"
    for letter, names in {
        "A": "Avocet Albatross Anhinga",
        "B": "Bittern Brent Bufflehead",
        "C": "Coot Crake Crane",
        "D": "Dipper Dunlin Dabchick",
        "E": "Eider Egret",
        "F": "Frigatebird Fulmar Flamingo",
        "G": "Gadwall Garganey Goosander",
        "H": "Heron Hamerkop Harrier",
    }.items()
)


def nodes(html: str):
    page = f"<html><head><title>Birds</title></head><body>{AROUND.format(html)}</body></html>"
    return parse_html(page, "https://a.example/", ExtractConfig()).nodes


def said(html: str) -> str:
    return "\n".join(node.text for node in nodes(html) if isinstance(node, TextNode))


def test_an_index_of_names_is_told_though_it_has_no_prose():
    text = said(f"<h1>The birds of the lake</h1><div class=browse>{LETTERS}</div>")
    assert all(name in text for name in ("The birds of the lake", "Avocet", "Frigatebird", "Hamerkop"))
    assert not any(other in text for other in ("The shop", "cookies", "Your name", "All rights"))


def test_a_few_kinds_of_goods_are_told_with_their_pictures():
    kinds = "".join(
        f"<li class=product-category><a href=/{n}><img src=/{n}.jpg width=300 height=300><h2>{kind} ({n})</h2></a></li>"
        for n, kind in enumerate(("Clay pots", "Reed mats", "Salt lamps", "Nest boxes"))
    )
    found = nodes(f"<div><h1>Goods of the lake</h1><ul class=products>{kinds}</ul></div>")
    assert [node.text for node in found if isinstance(node, TextNode)][1:] == [
        "Clay pots (0)",
        "Reed mats (1)",
        "Salt lamps (2)",
        "Nest boxes (3)",
    ]
    assert len([node for node in found if isinstance(node, ImageNode)]) == 4


def test_a_short_article_does_not_take_the_lists_beside_it():
    told = (
        f"<p>{BIRDS}</p><p>{LAKE}</p>",
        f"<p>{BIRDS}</p><pre>count = sum(1 for bird in lake if bird.pink)\nprint(count)</pre>",
        f"<p>{BIRDS}</p><ul>{''.join(f'<li>Wade to the stake of the number {n}</li>' for n in range(5))}</ul>",
    )
    for article in told:
        beside = f"<div class=browse>{LETTERS * 2}</div>"
        text = said(f"<div><div class=text><h1>A day at the lake</h1>{article}</div>{beside}</div>")
        assert BIRDS in text and "Hamerkop" not in text, article


def test_a_page_within_one_form_is_no_form():
    text = said(f"<form><h1>The birds of the lake</h1><div class=browse>{LETTERS}</div></form>")
    assert "Garganey" in text


def test_what_a_page_hides_is_not_asked_where_it_shows_enough():
    choices = f"<div style='display:none' class=preferences><h2>Your choices</h2>{f'<p>{BIRDS} {LAKE}</p>' * 3}</div>"
    more = "".join(f"<div class=names><a href=/{n}>A bird of the bay {n}</a></div>" for n in range(9))
    text = said(f"<h1>The birds of the lake</h1><div class=browse>{LETTERS}{more}</div>{choices}")
    assert "Garganey" in text and "Your choices" not in text
