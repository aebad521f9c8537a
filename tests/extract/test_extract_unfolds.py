"""What is hidden until a reader unfolds it is told: answers, panels, tabs; what is hidden for good is not. And what sections of
a page are called for how they look."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode
from lamella.transforms.extract.parse import parse_html

BIRDS = "A flamingo strains its food from the water through the fine comb of lamellae in its beak."
LAKE = "The lake is shallow and salty, and its shrimps colour the feathers of all who feed on them."
NEST = "Both parents build the nest of mud, and both of them feed the young with milk from the crop."
EGGS = "A single egg lies on the cone of mud, and it takes a month until the chick comes out of it."
P = f"<p>{BIRDS}</p><p>{LAKE}</p>"


def texts(html: str, title: str = "") -> list[str]:
    page = f"<html><head><title>{title}</title></head><body>{html}</body></html>"
    return [node.text for node in parse_html(page, "https://a.example/", ExtractConfig()).nodes if isinstance(node, TextNode)]


FOLDED = {
    "behind a heading": f"<h3>Who builds the nest?</h3><div style='display:none'><p>{NEST}</p></div>",
    "behind a comment behind a heading": f"<h3>Who builds it?</h3> <!-- x --> <section hidden><p>{NEST}</p></section>",
    "behind a term": f"<dl><dt>The nest</dt><dd style='display: none'><p>{NEST}</p></dd></dl>",
    "behind what says that it unfolds": f"<div role=button>The nest</div><div style='visibility:hidden'><p>{NEST}</p></div>",
    "called an answer": f"<div>Who builds it?</div><div class=faq__answer style='display:none'><p>{NEST}</p></div>",
    "called a panel in camel case": f"<div><span>Nest</span><div class=itemAccordionBody hidden><p>{NEST}</p></div></div>",
    "around a panel with a role": f"<div style='display:none'><div role=region><p>{NEST}</p></div></div>",
    "behind a heading with what turns": f"<h3>The nest<i class=icon-arrow></i></h3><div hidden><p>{NEST}</p></div>",
    "behind a heading with a button": f"<h3><button>The nest</button></h3><div hidden><p>{NEST}</p></div>",
    "in a block that is called so": f"<div class=collapsible><h3>The nest</h3><div hidden><p>{NEST}</p></div></div>",
    "behind one of several headings": f"<h3>Eggs</h3><div><p>{EGGS}</p></div><h3>Nests</h3><div hidden><p>{NEST}</p></div>",
    "behind headings in blocks of their own": f"<div><h3>Nests</h3><div hidden><p>{NEST}</p></div></div>"
    f"<div><h3>Eggs</h3><div hidden><p>{EGGS}</p></div></div>",
    "a tab beside the one that is shown": f"<div class=pane><p>{EGGS}</p></div><div class=pane hidden><p>{NEST}</p></div>",
}


@pytest.mark.parametrize("html", FOLDED.values(), ids=FOLDED)
def test_what_a_reader_unfolds_is_told(html):
    assert NEST in texts(f"<main><h1>Beaks</h1>{P}{html}{P}</main>")


HIDDEN = {
    "behind a paragraph": f"<p>{EGGS}</p><div style='display:none'><p>{NEST}</p></div>",
    "behind the title": f"<h1>Flamingos</h1><div hidden><p>{NEST}</p></div>",
    "an error behind a heading": f"<h3>Write to us</h3><div class=error style='display:none'><p>{NEST}</p></div>",
    "an error behind a question": f"<h3>Who are you?</h3><div class=formError style='display:none'><p>{NEST}</p></div>",
    "an alert behind a question": f"<h3>Who are you?</h3><div role=alert style='display:none'><p>{NEST}</p></div>",
    "errors behind several headings": f"<h3>Name</h3><div class=form-error hidden><p>{NEST}</p></div>"
    f"<h3>Mail</h3><div class=form-error hidden><p>{EGGS}</p></div>",
    "behind a heading that is no handle": f"<h3>The nest of mud</h3><div hidden><p>{NEST}</p></div><p>{EGGS}</p>",
    "behind a link elsewhere in a heading": f"<h3><a href=/nests>The nest</a></h3><div hidden><p>{NEST}</p></div>",
    "an error beside one that is shown": f"<div class=error><p>{EGGS}</p></div><div class=error hidden><p>{NEST}</p></div>",
    "a phrase behind a heading": f"<h3>The nest of mud</h3><span hidden>{NEST}</span><p>{EGGS}</p>",
    "a dialogue behind a heading": f"<h3>The nest of mud</h3><div class=modal hidden><p>{NEST}</p></div><p>{EGGS}</p>",
    "of another class than its neighbour": f"<div class=note><p>{EGGS}</p></div><div class=old hidden><p>{NEST}</p></div>",
    "all of one class": f"<div class=old hidden><p>{EGGS}</p></div><div class=old hidden><p>{NEST}</p></div>",
}


@pytest.mark.parametrize("html", HIDDEN.values(), ids=HIDDEN)
def test_what_is_hidden_for_good_is_not_told(html):
    assert NEST not in texts(f"<main><h1>Beaks</h1>{P}{html}{P}</main>")


@pytest.mark.parametrize("variant", [EGGS, EGGS.replace("A single", "One"), EGGS.partition(",")[0]])
@pytest.mark.parametrize("order", [1, -1])
def test_a_variant_of_what_is_shown_beside_it_is_told_once(variant, order):
    both = [f"<div class=pane><p>{EGGS}</p></div>", f"<div class=pane hidden><p>{variant}</p></div>"]
    said = texts(f"<main><h1>Beaks</h1>{P}{''.join(both[::order])}{P.replace('The', 'That')}</main>")
    assert [text for text in said if "cone of mud" in text] == [EGGS]


def test_tabs_of_pictures_are_all_shown():
    slides = "<div class=slide><img src=/a.jpg></div><div class=slide hidden><img src=/b.jpg></div>"
    page = f"<html><body><main><h1>Beaks</h1>{P}{slides}{P}</main></body></html>"
    nodes = parse_html(page, "https://a.example/", ExtractConfig()).nodes
    assert [node.url[-6:] for node in nodes if isinstance(node, ImageNode)] == ["/a.jpg", "/b.jpg"]


def test_what_is_called_a_header_and_tells_something_is_told():
    lead = f"<div class=header><p>{NEST} {EGGS}</p></div>"
    assert f"{NEST} {EGGS}" in texts(f"<main><h1>Beaks</h1>{P}{P}{lead}{P}{P}</main>")
    links = "".join(f"<a href=/{n}>The bird of the number {n} of the lake</a> " for n in range(6))
    assert all(
        "number" not in text for text in texts(f"<main><h1>Beaks</h1>{P}{P}<div class=header>{links}</div>{P}{P}</main>")
    )


def offers(count: int) -> str:
    return "".join(
        f"<div class=cta><h3>Offer {n}</h3><p>{one}</p></div>" for n, one in enumerate((NEST, EGGS, LAKE, BIRDS)[:count])
    )


def test_several_promotions_that_hold_much_of_a_page_are_what_it_is_about():
    more = "Come to the lake before the month ends, and bring what you were sent with you."
    page = f"<main><h1>What we offer</h1><p>{BIRDS} {more}</p><p>{LAKE} {more}</p><p>{more}</p>{offers(4)}</main>"
    assert [text for text in texts(page) if text.startswith("Offer")] == [f"Offer {n}" for n in range(4)]


def test_a_promotion_beside_an_article_is_none_of_it():
    story = "".join(f"<p>{BIRDS} {LAKE} And that was in the year {1900 + n}.</p>" for n in range(12))
    for count in (1, 2):
        assert all(not text.startswith("Offer") for text in texts(f"<main><h1>Beaks</h1>{story}{offers(count)}</main>")), count


def test_the_rows_of_a_table_are_the_entries_of_a_page_that_is_a_list_of_them():
    rows = "".join(
        f"<tr><td>{n}</td><td><a href=/{n}><img src=/{n}.jpg></a> <a href=/{n}>The book of the bird {n}</a> by"
        f"<div><a href=/a{n}>Anna Heron {n}</a></div><div>4.{n} of 5 stars, say its readers</div>"
        f"<div><a href=/v{n}>{n}99 of them voted for it</a></div></td></tr>"
        for n in range(60)
    )
    said = texts(f"<div><h2>The best books of birds</h2><table><tbody>{rows}</tbody></table></div>", "The best books of birds")
    assert sum("The book of the bird" in text for text in said) == 60
    assert sum("Anna Heron" in text for text in said) == 60


def test_entries_that_tell_the_same_of_themselves_tell_it_each():
    cards = "".join(
        f"<div class=card><a href=/{n}><img src=/{n}.jpg><h3>The boot of name {n}</h3></a><div>Weight:</div><div>2 pounds</div>"
        f"<a href=/buy{n}>Put it into the basket</a></div>"
        for n in range(8)
    )
    said = texts(f"<main><h1>Boots for sale</h1><div>{cards}</div></main>")
    assert said == ["Boots for sale", *(line for n in range(8) for line in (f"The boot of name {n}", "Weight:", "2 pounds"))]


def test_what_customers_say_is_no_part_of_the_thing_that_they_speak_of():
    said = ("The nest came in time, and all our birds are fond of it.", "It fell apart in the first rain of the year, sadly.")
    reviews = "".join(f"<div class='shop-review__text'><p>{one}</p></div>" for one in said)
    page = f"<main><h1>A nest of clay</h1>{P}<p>{NEST}</p><div>{reviews}</div></main>"
    assert texts(page) == ["A nest of clay", BIRDS, LAKE, NEST]


def test_the_parts_of_an_article_that_reviews_are_its_own():
    parts = "".join(
        f"<div class=review-card><h2>The glass of the maker {n}</h2><div class=review-card__text><p>{one}</p></div></div>"
        for n, one in enumerate((NEST, EGGS))
    )
    found = texts(f"<main><h1>The best glasses for birds</h1>{P}{parts}</main>")
    assert (NEST in found, EGGS in found) == (True, True)


@pytest.mark.parametrize("after", [f"<p>{NEST}</p>", f"<div>{NEST}</div>", f"<h2>The nest</h2><p>{NEST}</p>"])
def test_a_button_that_was_never_closed_takes_not_even_a_little(after):
    assert NEST in texts(f"<main><h1>Beaks</h1>{P}<div><button class=play>Listen{after}</div>{P}</main>")
    closed = f"<main><h1>Beaks</h1>{P}<div><button class=play><p>{NEST}</p></button></div>{P}</main>"
    assert NEST not in texts(closed)


def test_a_source_that_offers_the_picture_in_more_pixels_is_heard():
    def shown(html: str) -> list[str]:
        nodes = parse_html(f"<main>{P}{html}{P}</main>", "https://a.example/", ExtractConfig()).nodes
        return [node.url.removeprefix("https://a.example") for node in nodes if isinstance(node, ImageNode)]

    wide = "<source srcset='/beak.jpg 1x, /beak-large.jpg 2x'>"
    narrow = "<source media='(max-width: 600px)' srcset='/head.jpg 1x, /head-large.jpg 2x'>"
    assert shown(f"<picture>{narrow}{wide}<img src=/beak.jpg></picture>") == ["/beak-large.jpg"]
    assert shown(f"<picture>{narrow}<img src=/beak.jpg></picture>") == ["/beak.jpg"]  # another picture
