"""What stands behind the text: much that is told stays, little about the author goes."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import TextNode
from lamella.transforms.extract.parse import parse_html

RYE = "Rye stands taller than wheat, and bends further before a storm without breaking at the root."
OATS = "Oats ask for less sun than barley, so that they are sown where the hills keep the morning out."
ANSWER = "It is so once the ears hang down and a thumb's nail leaves no mark on the corn, whatever the date."


def said(behind: str) -> list[str]:
    story = "".join(f"<p>{number}. {RYE} {OATS} {RYE}</p>" for number in range(60))
    page = f"<article><h1>Four corns</h1><div class=story>{story}</div><div class=behind>{behind}</div></article>"
    html = f"<html><head><title>Four corns</title></head><body>{page}</body></html>"
    return [node.text for node in parse_html(html, "https://a.example/", ExtractConfig()).nodes if isinstance(node, TextNode)]


def answers(count: int, link: str = "") -> str:
    return "".join(
        f"<div><div>Is corn number {number} ripe?</div><div>In year {number} it is. {ANSWER}{link}</div></div>"
        for number in range(count)
    )


@pytest.mark.parametrize(("count", "told"), [(20, 20), (4, 0)])
def test_much_that_is_told_behind_the_text_is_a_part_of_it(count, told):
    assert sum(ANSWER in text for text in said(answers(count))) == told


def test_what_leads_elsewhere_is_not():
    link = " <a href=/corn>All about corn</a>"
    assert not any(ANSWER in text for text in said(answers(20, link)))
