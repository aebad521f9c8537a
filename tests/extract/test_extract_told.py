"""What reads like boilerplate, a mark or a size, and is told all the same; and beside each what still is none."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode
from lamella.transforms.extract.parse import parse_html

BEAK = "A flamingo strains its food from the water through the fine comb of lamellae in its beak."
LAKE = "The lake is shallow and salty, and its shrimps colour the feathers of all who feed on them."
NEST = "A nest is a cone of mud as high as a hand, and both parents guard the egg that lies in it."
REED = "The reed on the far shore hides the herons, who wait for the evening before they go to fish."
TEXTS = (BEAK, LAKE, NEST, REED)
PROSE = "".join(f"<p>{text}</p>" for text in TEXTS)


def nodes(body: str, title: str = "Birds of the lake"):
    html = f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    return parse_html(html, "https://a.example/", ExtractConfig()).nodes


def said(body: str, title: str = "Birds of the lake") -> list[str]:
    return [node.text for node in nodes(body, title) if isinstance(node, TextNode)]


def shown(body: str) -> list[tuple[str, str]]:
    found = nodes(f"<main><h1>Birds of the lake</h1>{PROSE}{body}{PROSE}</main>")
    return [(node.url.removeprefix("https://a.example/"), node.alt) for node in found if isinstance(node, ImageNode)]


@pytest.mark.parametrize(
    ("sources", "largest"),
    [
        (("nest_small.jpg", "nest_large.jpg"), "nest_large.jpg"),
        (("nest.jpg", "nest-300x200.jpg"), "nest.jpg"),  # as it was put up
        (("nest.jpg", "nest@2x.jpg"), "nest@2x.jpg"),
        (("nest.jpg?w=400", "nest.jpg"), "nest.jpg"),
        (("nest-thumb.jpg", "nest-640x480.jpg"), "nest-640x480.jpg"),
    ],
)
def test_the_largest_size_is_told_by_numbers_or_words_or_by_none(sources, largest):
    assert shown(f"<p>{BEAK}</p>".join(f'<img src="{source}" alt="a nest">' for source in sources)) == [(largest, "a nest")]


def test_where_nothing_is_shown_an_attribute_named_for_an_address_is_believed_without_an_ending():
    assert shown('<img src="data:," data-nestlazyload="/draw?id=7" alt=a>') == [("draw?id=7", "a")]
    assert shown('<img src="data:," data-src-page="/birds.html" alt=a>') == []


def test_a_path_is_no_formula():
    assert shown(r'<img src="nest.jpg" alt="C:\Users\ann\nest">') == [("nest.jpg", r"C:\Users\ann\nest")]
    assert shown(r'<img src="f.png" alt="\frac{a}{b}">') == []


def test_a_picture_beside_the_title_in_its_header_is_the_pages():
    header = '<header class="entry-header"><img src="/nest.jpg" width=1200 alt=nest>{}</header><div>{}</div>'
    found = nodes(header.format("<h1>Birds of the lake</h1>", PROSE))
    assert [node.alt for node in found if isinstance(node, ImageNode)] == ["nest"]
    linked = header.replace("<img", "<a href=/><img").replace("alt=nest>", "alt=nest></a>")
    assert not any(isinstance(node, ImageNode) for node in nodes(linked.format("<h1>Birds of the lake</h1>", PROSE)))


def test_a_button_that_unfolds_by_any_of_the_attributes_for_it_is_a_question():
    answer = f"<div id=n1 class=collapse><p>{NEST}</p></div>"
    question = '<button data-bs-toggle="collapse" data-bs-target="#n1">How high is a nest of mud?</button>'
    assert "How high is a nest of mud?" in said(f"<main><h1>Birds</h1><p>{BEAK}</p>{question}{answer}<p>{LAKE}</p></main>")
    plain = question.replace('data-bs-toggle="collapse" data-bs-target="#n1"', "onclick='go()'")
    assert "How high is a nest of mud?" not in said(f"<main><h1>Birds</h1><p>{BEAK}</p>{plain}{answer}<p>{LAKE}</p></main>")


def test_a_policy_in_the_pages_own_part_is_told_and_a_notice_is_not():
    policy = (
        f"<main><h1>Rights</h1><section class=cookies><p>{BEAK}</p></section><section class=gdpr><p>{LAKE}</p></section></main>"
    )
    assert said(policy, "Rights") == ["Rights", BEAK, LAKE]
    assert BEAK not in said(f"<div class=cookies><p>{BEAK}</p></div><main><h1>Rights</h1><p>{LAKE}</p></main>", "Rights")


def test_a_number_in_brackets_is_a_mark_where_it_is_glued_to_a_word():
    glued = 'The nest is made of mud<a href="#f1">[1]</a> and as high as a hand, as in <a href="#l3">[3]</a> of the list.'
    assert "The nest is made of mud and as high as a hand, as in [3] of the list." in said(
        f"<h1>Birds</h1><p>{glued}</p>{PROSE}"
    )


def test_a_tables_caption_of_one_word_stands_before_it():
    table = "<table><caption>Nests</caption><tr><th>Year<th>Eggs<tr><td>1990<td>40</table>"
    assert said(f"<main><h1>Birds</h1>{PROSE}{table}{PROSE}</main>")[5:7] == ["Nests", "Year | Eggs"]


LINES = "<div>Two beaks</div><div>Three feathers</div><div>Mud</div><div>One egg</div>"


def test_short_lines_under_a_heading_of_their_own_are_told():
    told = said(f"<main><h1>Birds</h1>{PROSE}<h3>You need</h3>{LINES}<h3>Then</h3>{PROSE}</main>")
    assert told[5:10] == ["You need", "Two beaks", "Three feathers", "Mud", "One egg"]
    assert "Mud" not in said(f"<main><h1>Birds</h1>{PROSE}{LINES}</main>")


def test_rows_of_a_name_and_a_value_are_told():
    facts = "".join(
        f"<div class=row><div>{name}</div><div>{value}</div></div>" for name, value in (("Eggs", 1), ("Toes", 3), ("Age", 40))
    )
    assert said(f"<main><h1>Birds</h1>{PROSE}<div>{facts}</div><p>{BEAK}</p></main>")[5:11] == [
        "Eggs",
        "1",
        "Toes",
        "3",
        "Age",
        "40",
    ]


def test_a_link_around_a_picture_that_was_never_closed_holds_the_text():
    assert said(f"<article><h1>Birds</h1><a href=/print><img src=/print.gif width=100>{PROSE}</article>") == ["Birds", *TEXTS]


def test_a_few_linked_paragraphs_between_others_are_told_and_many_are_offered():
    linked = [f"<p><a href=/{number}>{text}</a></p>" for number, text in enumerate((LAKE, NEST))]
    assert said(f"<article><h1>Birds</h1><p>{BEAK}</p>{''.join(linked)}<p>{REED}</p></article>") == ["Birds", *TEXTS]
    assert LAKE not in said(f"<article><h1>Birds</h1><p>{BEAK}</p>{''.join(linked * 2)}<p>{REED}</p></article>")


def test_linked_headings_of_what_is_told_here_are_no_cards():
    goods = "".join(
        f"<h2><a href=/buy{n}>A basket of the size {n}</a></h2><p>{text}</p>" for n, text in enumerate((LAKE, NEST, REED))
    )
    found = said(f"<article><h1>Birds</h1><p>{BEAK}</p>{goods}</article>")
    assert [text for text in found if text.startswith("A basket")] == [f"A basket of the size {n}" for n in range(3)]


def test_headings_of_years_in_a_row_are_a_chronicle_at_the_end_too():
    years = "<h3>1871: found</h3><h3>1904: lost</h3><h3>1950: found again</h3>"
    assert said(f"<main><h1>Birds</h1>{PROSE}{years}</main>")[5:] == ["1871: found", "1904: lost", "1950: found again"]
    assert said(f"<main><h1>Birds</h1>{PROSE}<h3>Share</h3><h3>Follow us</h3><h3>Write</h3></main>")[5:] == []


def test_an_article_that_goes_on_behind_its_element_is_whole():
    head = f"<article><h1>Birds</h1><p>{BEAK}</p></article>"
    assert said(f"<div>{head}<section><p>{LAKE}</p><p>{NEST}</p></section></div>", "Birds") == ["Birds", BEAK, LAKE, NEST]


def test_two_short_lines_between_two_headings_are_told():
    told = said(f"<main><h1>Birds</h1>{PROSE}<h3>You need</h3><p>Two beaks</p><p>Mud</p><h3>Then</h3>{PROSE}</main>")
    assert told[5:8] == ["You need", "Two beaks", "Mud"]


@pytest.mark.parametrize(
    "tracker",
    [
        '<img src="https://count.example/matomo.php?idsite=1" alt="">',
        '<img src="https://count.example/nest.jpg" style="position:absolute; left:-9999px" alt="">',
    ],
)
def test_a_picture_that_counts_or_stands_beyond_the_screen_is_a_tracker(tracker):
    assert shown(tracker) == []


def test_a_heading_that_leads_back_to_the_contents_is_its_text():
    heading = '<h2><a class="toc-backref" role="doc-backlink" href="#i1">How nests are built</a>{}</h2>'
    for handle in ("", '<a class="headerlink" href="#n">¶</a>'):
        assert "How nests are built" in said(f"<main><h1>Birds</h1>{PROSE}{heading.format(handle)}{PROSE}</main>")


def test_a_button_in_a_summary_is_what_it_unfolds():
    folded = f"<details><summary><button>Which nest?</button></summary><p>{NEST}</p></details>"
    assert said(f"<main><h1>Birds</h1><p>{BEAK}</p>{folded}<p>{LAKE}</p></main>") == ["Birds", BEAK, "Which nest?", NEST, LAKE]


def test_a_note_reference_of_a_book_goes():
    noted = 'The nest is made of mud<a epub:type="noteref" href="#n1">1</a> and as high as a hand.'
    assert "The nest is made of mud and as high as a hand." in said(f"<h1>Birds</h1><p>{noted}</p>{PROSE}")


def test_a_banner_with_the_title_over_one_picture_is_the_pages():
    banner = '<div class="banner"><div style="background-image:url(/nest.jpg)"></div><h1>Birds of the lake</h1>{}</div>'
    body = f"<main>{banner}<div>{PROSE}</div></main>"
    assert [node.url for node in nodes(body.format("")) if isinstance(node, ImageNode)] == ["https://a.example/nest.jpg"]
    linked = body.format("<a href=/shop>Buy our book of birds</a>")
    assert not any(isinstance(node, ImageNode) for node in nodes(linked))


def test_a_form_that_asks_for_a_password_is_the_sites():
    form = "<form><h3>Come in</h3><p>{}</p><input><input type={}></form>"
    assert NEST not in said(f"<div><h1>Birds</h1>{PROSE.replace(NEST, REED)}</div>{form.format(NEST, 'password')}")


def player(number: int, *labels: str) -> str:
    said_below = "".join(f"<div class=column>{label}</div>" for label in labels)
    return f'<div><video controls><source src="/v{number}.mp4"></video><div class="columns">{said_below}</div></div>'


def test_players_in_a_widget_of_the_text_are_shown_and_one_for_another_page_is_not():
    labels = ("(a) in spring", "(b) dusk")
    tabs = "<ul><li><a>Nest</a><li><a>Lake</a></ul>" + player(1, *labels) + player(2, *labels)
    found = nodes(f"<main><h1>Birds of the lake</h1>{PROSE}<div><div class=tabs-widget>{tabs}</div></div>{PROSE}</main>")
    told = [node.text if isinstance(node, TextNode) else node.url[-7:] for node in found]
    assert told == ["Birds of the lake", *TEXTS, "/v1.mp4", *labels, "/v2.mp4", *labels, *TEXTS]

    promo = f'<div class="sponsor-widget">{player(3)}</div>'
    offered = f"<div class=widget>{player(4)}<a href=/shop>All films of our shop, and the books beside them, to order</a></div>"
    assert all(isinstance(node, TextNode) for node in nodes(f"<main><h1>Birds of the lake</h1>{PROSE}{promo}{offered}</main>"))


def test_a_line_that_names_a_part_is_told_behind_a_picture_alone():
    picture = '<img src="lake.jpg" width="640" height="480">'
    lines = "<div>(a) dawn</div><div>(b) dusk</div>"
    assert said(f"<main><h1>Birds of the lake</h1>{PROSE}{picture}{lines}{PROSE}</main>")[5:7] == ["(a) dawn", "(b) dusk"]
    assert "(a) dawn" not in said(f"<main><h1>Birds of the lake</h1>{PROSE}<div>Share</div>{lines}{PROSE}</main>")


def test_a_heading_for_each_kind_of_screen_is_told_once():
    doubled = '<h1>Birds of the lake</h1><h2 class="is-hidden-touch">Birds of the lake</h2><h3>Birds of the lake</h3>'
    chapters = f"<h2>The nest</h2>{PROSE}<h2>The nest</h2>{PROSE}"
    assert said(f"<main>{doubled}{PROSE}{chapters}</main>") == ["Birds of the lake", *TEXTS, *("The nest", *TEXTS) * 2]


def test_code_that_is_all_of_its_block_is_a_listing_and_a_name_or_a_link_is_none():
    for code in ("<code>open the beak</code>", "<code>open the beak<br>strain</code>"):
        found = nodes(f"<main><h1>Birds of the lake</h1>{PROSE}<div class=snippet>{code}</div></main>")
        assert (found[-1].tag, found[-1].text.split("\n")[0]) == ("pre", "open the beak")
    for code in ("<code>beak.py</code>", "<a href=/beak.py><code>open the beak</code></a>", "Or <code>open the beak</code>"):
        found = nodes(f"<main><h1>Birds of the lake</h1>{PROSE}<div class=snippet>{code}</div></main>")
        assert [node.tag for node in found] == ["h1", "p", "p", "p", "p"]


def test_a_cover_is_the_pages_whatever_it_promotes():
    picture = "<img src=/beak.jpg alt='A beak'>"
    assert shown(f"<div class=cover-promo>{picture}</div>") == [("beak.jpg", "A beak")]
    for name in ("promo-picture", "cover-advert"):
        assert shown(f"<div class={name}>{picture}</div>") == []


def test_one_filled_cell_keeps_its_place_among_rows_of_several_and_is_a_line_elsewhere():
    row = "<tr><td></td><td></td><td>Frogs</td></tr>"
    table = f"<table><tr><td>Heron</td><td>90 cm</td><td>Fish</td></tr>{row}</table>"
    assert said(f"<main><h1>Birds of the lake</h1>{PROSE}{table}{PROSE}</main>")[5:7] == ["Heron | 90 cm | Fish", "|  | Frogs"]
    assert said(f"<main><h1>Birds of the lake</h1>{PROSE}<table>{row}</table>{PROSE}</main>")[5] == "Frogs"


@pytest.mark.parametrize("field", ["type=email name=who", "type=text autocomplete=username", "name=login"])
def test_a_form_that_asks_who_one_is_is_the_sites(field):
    form = f"<form><p>{REED}</p><label>Who are you? <input {field}></label><button>Go on</button></form>"
    page = f"<main><h1>Birds of the lake</h1><p>{BEAK}</p><p>{LAKE}</p><p>{NEST}</p>{form}</main>"
    assert said(page) == ["Birds of the lake", BEAK, LAKE, NEST]


NOTES = (
    "<ul><li><a href=/1>Beaks can now be built from old feathers</a></li>"
    "<li><a href=/2>Wings now fold while birds walk</a></li></ul>"
)


@pytest.mark.parametrize(
    ("before", "behind", "kept"),
    [
        ("<h3>Other improvements</h3>", "<p>All of this stands in the notes of the release.</p>", True),
        ("<p>There are a few other improvements, too:</p>", "<p>All of this stands in the notes of the release.</p>", True),
        ("<h3>Read on</h3>", "", False),  # nothing is told behind it
        ("<p>See also these:</p>", "<p>All of this stands in the notes of the release.</p>", False),
    ],
)
def test_a_list_of_links_within_a_text_is_told(before, behind, kept):
    body = f"<main><h1>Notes</h1>{PROSE}{before}{NOTES}{behind}</main>"
    found = [node.text for node in nodes(body) if isinstance(node, TextNode)]
    assert ("Wings now fold while birds walk" in found) is kept
