"""What a page says again: copies for another screen and quotations go, refrains, tables and what is said of two things stay."""

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import TextNode
from lamella.transforms.extract.parse import parse_html

BEAK = "A flamingo strains its food from the water through the fine comb of lamellae in its beak."
LAKE = "The lake is shallow and salty, and its shrimps colour the feathers of all who feed on them."
NEST = "A nest is a cone of mud as high as a hand, and both parents guard the egg that lies in it."
REED = "The reed on the far shore hides the herons, who wait for the evening before they go to fish."
SECTION = f"<h2>How it eats</h2><p>{BEAK}</p><h3>Where</h3><p>{LAKE}</p><ul><li>Shrimps, small and red</li></ul><p>{REED}</p>"


def texts(html: str) -> list[str]:
    page = f"<html><head><title>Birds</title></head><body><main><h1>Birds</h1>{html}</main></body></html>"
    nodes = parse_html(page, "https://a.example/", ExtractConfig()).nodes
    return [node.text for node in nodes if isinstance(node, TextNode)]


def test_what_each_kind_of_screen_is_shown_is_told_once():
    wide, tall, small = (f"<div class={name}>{SECTION}</div>" for name in ("wide", "tall", "small"))
    once = texts(f"<p>{NEST}</p>{wide}")
    assert texts(f"<p>{NEST}</p>{wide}{tall}{small}") == once
    assert BEAK in once and "Shrimps, small and red" in once


def test_a_post_that_quotes_another_does_not_say_it_again():
    posts = (
        f"<p>{BEAK}</p><p>{LAKE}</p>",
        f"<blockquote><p>{BEAK}</p></blockquote><p>{NEST}</p>",
        f"<blockquote><p>{NEST}</p></blockquote><p>{REED}</p>",
    )
    said = texts("".join(f"<div class=post><div class=text>{post}</div></div>" for post in posts))
    assert [said.count(text) for text in (BEAK, LAKE, NEST, REED)] == [1, 1, 1, 1]


def test_a_quotation_of_another_page_stays():
    assert LAKE in texts(f"<p>{BEAK}</p><blockquote><p>{LAKE}</p></blockquote><p>{NEST}</p>")


def test_a_refrain_is_sung_each_time():
    refrain = "".join(f"<p>{line}</p>" for line in (BEAK, LAKE, NEST))
    said = texts(f"<div>{refrain}<p>{REED}</p>{refrain}</div>")
    assert said.count(BEAK) == said.count(NEST) == 2


def test_what_is_said_of_two_offers_is_said_of_both():
    said_of_both = "".join(f"<li>{line}</li>" for line in (BEAK, LAKE, NEST))
    ways = "".join(f"<h2>By {way}</h2><p>Over the lake by {way}.</p><ul>{said_of_both}</ul>" for way in ("boat", "raft"))
    said = texts(f"<p>{REED}</p>{ways}")
    assert said.count(BEAK) == said.count(LAKE) == 2


def test_tables_repeat_themselves_for_a_reason():
    table = "<table>{}</table>".format("".join(f"<tr><td>{n} o'clock</td><td>{NEST}</td></tr>" for n in range(4)))
    said = texts(f"<p>{BEAK}</p><h2>Monday</h2>{table}<p>{LAKE}</p><h2>Tuesday</h2>{table}<p>{REED}</p>")
    assert sum(NEST in text for text in said) == 8
