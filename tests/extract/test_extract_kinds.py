"""Pages that are no articles: lists of entries, sections, pages drawn by a script; and how sure the extraction is of each."""

import json

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode
from lamella.transforms.extract.parse import parse_html

BIRDS = "A flamingo strains its food from the water through the fine comb of lamellae in its beak."
LAKE = "The lake is shallow and salty, and its shrimps colour the feathers of all who feed on them."
MENU = "<ul class=nav>" + "".join(f"<li><a href=/{n}>Topic {n}</a></li>" for n in range(9)) + "</ul>"
CARDS = "".join(
    f"<div class=card><a href=/b{n}><img src=/b{n}.jpg alt='bird {n}'><h3>The bird of the number {n}</h3></a>"
    f"<p class=price>{n + 3} crowns</p><a href=/buy{n}>Put it into the basket</a></div>"
    for n in range(8)
)


def parse(html: str):
    return parse_html(
        f"<html><head><title>Birds</title></head><body>{html}</body></html>", "https://a.example/", ExtractConfig()
    )


def texts(html: str) -> list[str]:
    return [node.text for node in parse(html).nodes if isinstance(node, TextNode)]


def test_a_page_that_is_a_list_keeps_its_entries_whole():
    found = parse(f"{MENU}<main><h1>Birds for sale</h1><p>{BIRDS}</p><div class=promo>{CARDS}</div></main>").nodes
    said = [node.text for node in found if isinstance(node, TextNode)]
    assert said[:4] == ["Birds for sale", BIRDS, "The bird of the number 0", "3 crowns"]
    assert said[-1] == "10 crowns"
    assert "Topic 3" not in said
    assert "Put it into the basket" not in said  # every entry says so
    assert [node.alt for node in found if isinstance(node, ImageNode)] == [f"bird {n}" for n in range(8)]


def test_a_card_of_one_line_and_its_picture_is_an_entry():
    cards = "".join(
        f"<div class=card><a href=/r{n}><img src=/r{n}.jpg><span>The dish of the number {n}</span></a></div>" for n in range(8)
    )
    found = parse(f"{MENU}<main><h1>Dishes</h1><div class=list>{cards}</div></main>").nodes
    said = [node.text for node in found if isinstance(node, TextNode)]
    assert said == ["Dishes", *(f"The dish of the number {n}" for n in range(8))]
    assert len(found) == 1 + 2 * 8
    article = f"<article><h1>Beaks</h1>{f'<p>{BIRDS} {LAKE}</p>' * 8}</article>"
    assert all("The dish" not in text for text in texts(f"<main>{article}<div>{cards}</div></main>"))


def test_cards_below_an_article_are_invitations():
    article = f"<article><h1>Beaks</h1>{f'<p>{BIRDS} {LAKE}</p>' * 8}</article>"
    assert all("number" not in text for text in texts(f"<main>{article}<div>{CARDS}</div></main>"))


def test_a_menu_within_a_menu_is_no_list_of_entries():
    menus = "".join(f"<li class=top><a href=/{n}>A topic of the site {n}</a>{MENU}</li>" for n in range(6))
    said = texts(f"<ul>{menus}</ul><div><h1>Beaks</h1><p>{BIRDS}</p><p>{LAKE}</p></div>")
    assert said == ["Beaks", BIRDS, LAKE]


def test_a_page_of_sections_keeps_what_would_be_promotion_elsewhere():
    names = ("hero-banner", "plain", "promo-block", "cta", "rating")
    sections = "".join(f"<section class={name}><div><h2>About {name}</h2><p>{BIRDS}</p></div></section>" for name in names)
    said = texts(f"<main><h1>We look after birds</h1>{sections}</main>")
    assert [text for text in said if text.startswith("About")] == [f"About {name}" for name in names]


def test_a_page_that_a_script_draws_is_read_from_its_state():
    posts = [{"id": n, "cooked": f"<p>{BIRDS}</p><p>{LAKE} {n}</p>", "by": f"reader {n}"} for n in range(3)]
    state = json.dumps({"topic": json.dumps({"posts": posts}), "words": {"a": BIRDS}})
    said = texts(f'<div id=app></div><script type="application/json">{state}</script>')
    assert said[1:] == [text for n in range(3) for text in (BIRDS, f"{LAKE} {n}")]


def test_the_state_of_a_page_that_speaks_for_itself_is_not_read():
    state = json.dumps({"articleBody": "Something else is told in here, at some length, about no bird at all. " * 9})
    said = texts(f'<main><p>{BIRDS}</p><p>{LAKE}</p><p>{BIRDS}</p></main><script type="application/ld+json">{state}</script>')
    assert said == [BIRDS, LAKE, BIRDS]


def test_an_article_is_surer_than_a_list_and_a_list_than_what_was_sought():
    article = parse(f"<article><h1>Beaks</h1>{f'<p>{BIRDS} {LAKE}</p>' * 8}</article>").confidence
    entries = parse(f"<main><h1>Birds</h1><div>{CARDS.replace('crowns', BIRDS)}</div></main>").confidence
    sought = parse(f"<div style='display:none'>{f'<p>{BIRDS}</p>' * 8}</div>").confidence
    assert 1.0 >= article > entries > sought >= 0.0


def test_a_menu_with_pictures_does_not_take_the_page_for_itself():
    cards = "".join(
        f"<div class=depth><h4>{bird}</h4><img src=/{n}.jpg><ul>"
        + f"<li><a href=/{n}>Everything of the {bird}, by month</a></li>" * 3
        + "</ul></div>"
        for n, bird in enumerate(("heron", "kestrel", "dipper", "stork", "crane", "plover"))
    )
    menu = f"<div class=header><div><div class=menu-box>{cards}</div></div></div>"
    said = texts(f"<h1>Birds</h1>{menu}<div class=text><h2>Beaks</h2><p>{BIRDS}</p><p>{LAKE}</p></div>")
    assert said == ["Birds", "Beaks", BIRDS, LAKE]


def told(number: int) -> str:
    return f"The stork of the year {number} stood on the roof of the mill, and all the village came to count its young."


def test_a_paragraph_that_is_shown_again_for_another_screen_is_told_once():
    story = "".join(f"<p>{told(number)}</p>" for number in range(12))
    for_telephones = f"<div class=narrow><p>{told(0)}</p></div>"
    assert texts(f"<main><h1>Storks</h1><div>{story}</div>{for_telephones}</main>").count(told(0)) == 1
    again = f"<div>{story}<p>{told(0)}</p></div>"  # in one block it is told twice
    assert texts(f"<main><h1>Storks</h1>{again}</main>").count(told(0)) == 2


def test_who_wrote_a_post_is_no_part_of_it():
    posts = "".join(
        f"<div class=post><div class=user-info>keeper {number}</div><div>{told(number)} {BIRDS}<img src=/{number}.jpg></div>"
        f"<a href=/post/{number}>Quote the post of this keeper</a></div>"
        for number in range(6)
    )
    said = texts(f"<main><h1>Which stork is it</h1>{posts}</main>")
    assert [text for text in said if text.startswith("keeper")] == []
    assert sum(text.startswith("The stork of the year") for text in said) == 6


def test_steps_in_an_ordered_list_are_no_entries():
    steps = "".join(
        f"<li><img src=/{number}.png>{told(number)}<ul><li><a href=/{number}>The whole of the answer</a></li></ul></li>"
        for number in range(6)
    )
    said = texts(f"<main><h1>To count storks</h1><p>{BIRDS}</p><ol>{steps}</ol></main>")
    assert said.count("The whole of the answer") == 6


def test_a_page_that_tells_enough_under_its_own_title_believes_what_its_menus_are_called():
    menu = "".join(
        f"<section class=nav-news><h1>Part {number}</h1><div class=nav-text><p>{BIRDS} {told(number)}</p></div></section>"
        for number in range(30)
    )
    story = "".join(f"<p>{told(100 + number)}</p>" for number in range(9))
    page = f"<html><head><title>Storks - The town</title></head><body><div>{menu}</div><div><h1>Storks</h1>{story}</div>"
    said = [n.text for n in parse_html(page, "https://a.example/", ExtractConfig()).nodes if isinstance(n, TextNode)]
    assert said == ["Storks", *(told(100 + number) for number in range(9))]


def test_a_title_that_leads_to_its_own_page_is_no_invitation():
    head = "<header><h1><a href=/>A site of birds</a></h1></header>"
    story = (
        f"<article><header><h2><a href=/storks.html>The storks of the mill</a></h2></header>{f'<p>{told(7)}</p>' * 4}</article>"
    )
    page = f"<html><head><title>A site of birds - The storks of the mill</title></head><body>{head}<main>{story}</main></body>"
    said = [n.text for n in parse_html(page, "https://a.example/", ExtractConfig()).nodes if isinstance(n, TextNode)]
    assert said == ["The storks of the mill", *[told(7)] * 4]


def test_the_numbers_of_lines_are_no_code():
    code = "<td class=gutter><pre>1\n2\n3</pre></td><td class=code><pre>first\nsecond\n3</pre></td>"
    said = texts(f"<main><p>{BIRDS}</p><figure><table><tr>{code}</tr></table></figure><p>{LAKE}</p></main>")
    assert said == [BIRDS, "first\nsecond\n3", LAKE]


def test_what_has_a_price_is_an_entry_without_a_picture_too():
    names = [f"A clay pot of the {bird}, {size}" for bird in ("heron", "plover", "dipper", "stork") for size in "SML"]
    pots = "".join(
        f"<div class=thumb><a href=/{n}>{name}</a><div class=sum>${n}9.00</div></div>" for n, name in enumerate(names)
    )
    page = f"<main><h1>Pots</h1><p>{BIRDS}</p><div>{pots}</div></main>"
    assert texts(page) == ["Pots", BIRDS, *(line for n, name in enumerate(names) for line in (name, f"${n}9.00"))]


def test_a_box_of_any_name_that_holds_the_whole_list_is_the_page():
    cards = CARDS.replace(" crowns", "&nbsp;€")
    for name in ("teaser", "related-items"):
        page = f"<main><h1>Birds for sale</h1><div class={name}><div><div>{cards}</div></div></div></main>"
        assert "The bird of the number 7" in texts(page), name


def test_what_an_editor_or_an_animation_calls_its_boxes_says_nothing_of_them():
    more = f"<p>{BIRDS} {LAKE}</p>" * 6
    for name in ("ck-widget row", "elementor-widget elementor-invisible", "product-review-card"):
        page = f"<main><h1>Birds</h1>{more}<div class='{name}'><h2>Storks</h2><p>{told(1)}</p></div>{more}</main>"
        assert told(1) in texts(page), name


def test_where_lists_of_links_are_several_times_the_prose_they_are_what_is_told():
    links = "".join(
        f"<ul>{''.join(f'<li><a href=/{n}{m}>The lake of name {n}{m}</a></li>' for m in range(9))}</ul>" for n in range(9)
    )
    said = texts(f"<title>Lakes</title><main><h1>Lakes</h1>{f'<p>{LAKE}</p>' * 3}<div>{links}</div></main>")
    assert "The lake of name 88" in said


def test_a_table_tells_what_it_links_to_and_a_row_of_links_leads_on():
    rows = [["Year", "Bird", "Lake", "Seen by"]]
    rows += [[f"19{n}", f"Flamingo {n}", f"Salt lake {n}", f"Watcher {n}"] for n in range(10, 20)]
    table = "".join("<tr>" + "".join(f"<td><a href=/{cell}>{cell}</a></td>" for cell in row) + "</tr>" for row in rows)
    way = (
        "<tr><td><a href=/a>The page before</a></td><td><a href=/b>Up to all</a></td><td><a href=/c>The next page</a></td></tr>"
    )
    said = texts(
        f"<main><h1>Birds</h1><p>{BIRDS}</p><table>{table}</table><p>{LAKE}</p><table>{way}</table><p>{BIRDS}</p></main>"
    )
    assert [" | ".join(row) for row in rows] == [text for text in said if "|" in text]


def test_headers_of_sections_are_told_though_their_headings_link():
    sections = "".join(
        f"<section><header class=top><h2><a href=/{n}>The lake of the number {n}</a></h2></header><p>{n}: {BIRDS} {LAKE}</p>"
        f"<p>There are {n} birds on it, and each of them stands on one leg. {BIRDS} And {n} more may come.</p></section>"
        for n in range(4)
    )
    said = texts(f"<header><h2><a href=/>All the lakes of the land</a></h2></header><main><h1>Lakes</h1>{sections}</main>")
    assert [text for text in said if text.startswith("The lake of")] == [f"The lake of the number {n}" for n in range(4)]
    assert "All the lakes of the land" not in said


def test_posts_of_an_archive_are_entries_though_the_class_of_each_is_its_own():
    posts = "".join(
        f"<article class='post-{n} post category-{'abcdefgh'[n]}'><header class=entry-header><h2><a href=/{n}>Night number {n}"
        f" by the lake</a></h2></header><p>Night {n} had {n + 9} flamingos on the lake, on one leg each.</p></article>"
        for n in range(8)
    )
    said = texts(f"{MENU}<main><h1>All nights</h1>{posts}</main>")
    assert [text for text in said if text.startswith("Night number")] == [f"Night number {n} by the lake" for n in range(8)]


def test_two_links_that_touch_are_two_words_but_where_a_script_knows_no_spaces():
    touching = (
        "<p>The books are called <a href=/z>Zoology</a><a href=/l>Lakes</a> and <a href=/t>東京</a><a href=/m>都</a>.</p>"
    )
    said = texts(f"<main><h1>Birds</h1><p>{BIRDS}</p>{touching}<p>{LAKE}</p></main>")
    assert said[2] == "The books are called Zoology Lakes and 東京都."


def test_a_bar_in_a_text_is_no_edge_of_a_cell():
    """A row of two cells with a line of links in it is no row of data."""
    way = "<a href=/h>Hide it</a> | <a href=/p>Its past</a> | <a href=/d>Discuss it</a>"
    table = "".join(f"<tr><td>{n}</td><td>{way}</td></tr>" for n in range(9))
    said = texts(
        f"<title>Birds</title><main><h1>Birds</h1><p>{BIRDS}</p><table>{table}</table><p>{LAKE}</p><p>{BIRDS}</p></main>"
    )
    assert not [text for text in said if "Hide it" in text]
