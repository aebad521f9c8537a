"""Markup that many sites share -> what a reader sees of it: documentation, toggles, text that is cut off, sizes of shops."""

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode
from lamella.transforms.extract.parse import parse_html

BIRDS = "A flamingo strains its food from the water through the fine comb of lamellae in its beak."
LAKE = "The lake is shallow and salty, and its shrimps colour the feathers of all who feed on them."


def nodes(html: str):
    page = f"<title>Birds</title><main><article><h1>Birds</h1><p>{BIRDS} {LAKE}</p>{html}<p>{LAKE} {BIRDS}</p></article></main>"
    return parse_html(page, "https://a.example/", ExtractConfig()).nodes


def between(html: str) -> list[str]:
    """The texts that stand between the first paragraph and the last."""
    return [node.text for node in nodes(html) if isinstance(node, TextNode)][2:-1]


def images(html: str) -> list[str]:
    return [node.url for node in nodes(html) if isinstance(node, ImageNode)]


def test_a_signature_in_documentation_is_no_signature_of_a_forum():
    said = "birds.<span>wade</span>(<em>lake</em>, <em>depth=1</em>)<a class=headerlink href='#w'>¶</a>"
    documented = f"<dl><dt class='sig sig-object py'>{said}</dt><dd><p>{LAKE}</p></dd></dl>"
    assert between(documented) == ["birds.wade(lake, depth=1)", LAKE]


def test_a_section_whose_heading_links_to_it_is_no_boilerplate_by_its_id():
    section = f"<section id=comments><h2>Comments<a class=headerlink href='#comments'>¶</a></h2><p>{LAKE}</p></section>"
    assert between(section) == ["Comments", LAKE]
    assert between(section.replace("#comments", "#top").replace("headerlink", "x")) == []


def test_what_only_screen_readers_hear_stays_where_it_is_shown_in_parts():
    shown = "<span aria-hidden=true><span>Pink</span><span>feathers</span></span>"
    assert between(f"<h2><span class=sr-only>Pink feathers</span>{shown}</h2><p>{LAKE}</p>") == ["Pink feathers", LAKE]
    assert between(f"<p><span class=sr-only>Close</span><span aria-hidden=true>×</span> {LAKE}</p>") == [LAKE]


def test_the_rest_of_a_text_that_is_cut_off_is_told():
    rest = f"<p>{LAKE}<span id=dots>...</span><span id=more style='display:none'> {BIRDS}</span></p>"
    assert between(f"{rest}<button onclick=unfold()>Read more</button>") == [f"{LAKE}... {BIRDS}"]
    assert between(rest) == [f"{LAKE}..."]
    block = f"<div class=more-text hidden><p>{BIRDS}</p></div>"
    assert between(f"{block}<a href='#' class=button>Read more</a>")[0] == BIRDS
    assert BIRDS not in between(block.replace("more-text", "tip") + "<button>Help</button>")


def test_a_title_that_leads_nowhere_and_unfolds_a_panel_is_no_link():
    handle = "<div role=button aria-controls=one><a tabindex=0>Where do the birds sleep?</a></div>"
    assert between(f"{handle}<div id=one style='display:none'><p>{LAKE}</p></div>") == ["Where do the birds sleep?", LAKE]


def test_the_footer_of_a_quotation_says_whose_it_is_and_one_of_notes_holds_them():
    words = "They stand on one leg all night, and nobody has told me why."
    quoted = f"<blockquote><p>{words}</p><footer>Anna Stone, who keeps the birds</footer></blockquote>"
    assert between(quoted) == [words, "Anna Stone, who keeps the birds"]
    note = "See the book of the parish of that year, on page 12."
    assert between(f"<footer class=footnotes><ol><li>{note}</li></ol></footer>") == [note]
    assert between(f"<footer><ol><li>{note}</li></ol></footer>") == []


def test_an_address_with_a_place_for_a_size_is_none():
    assert images("<img src=/s/bird_300x300.jpg data-src='/s/bird_{width}x.jpg'>") == ["https://a.example/s/bird_300x300.jpg"]


def test_a_width_alone_is_a_size_of_a_picture():
    assert images("<img src=/s/bird_400x.jpg alt=bird><img src=/s/bird_800x.jpg alt=bird>") == [
        "https://a.example/s/bird_800x.jpg"
    ]
    assert len(images("<img src=/s/cell_10x.jpg><img src=/s/cell_40x.jpg>")) == 2  # under a microscope


def test_lines_of_one_name_in_a_row_are_told_together():
    said = ["Wade, wade on", "by night", "over the salty lake"]
    verse = "".join(f"<div class=line>{line}</div>" for line in said)
    assert between(f"<div class=poem>{verse}</div>") == said
    apart = "".join(f"<div class={name}>{line}</div>" for name, line in zip("abc", said, strict=True))
    assert "by night" not in between(f"<div class=poem>{apart}</div>")


def test_a_table_of_names_and_values_behind_the_main_content_is_part_of_it():
    facts = "<table><tr><th>Height</th><td>140 cm</td></tr><tr><th>Colour</th><td>Pink</td></tr></table>"
    product = f"<h1>Bird</h1><div class=tabs><div><p>{BIRDS}</p><p>{LAKE}</p></div><div class=tab-pane>{facts}</div></div>"

    def said(html: str) -> list[str]:
        found = parse_html(f"<title>Bird</title><div>{html}</div>", "https://a.example/", ExtractConfig()).nodes
        return [node.text for node in found if isinstance(node, TextNode)]

    assert said(product)[:3] == ["Bird", BIRDS, LAKE]
    assert ["Height" in text and "140 cm" in text for text in said(product)[3:]].count(True) == 1
    assert said(product.replace("140 cm", "<a href=/tall>140 cm</a>")) == ["Bird", BIRDS, LAKE]
    assert said(product.replace("tab-pane", "col-4").replace("tabs", "row")) == ["Bird", BIRDS, LAKE]  # a column of the site
