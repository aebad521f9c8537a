"""Names and values in blocks of two; answers hidden behind a line that asks; ids that scripts read, and no reader."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import TextNode
from lamella.transforms.extract.parse import parse_html

KEYS = "Each key of the board springs back by itself, and a drop of oil a year keeps it quiet for long."
CASE = "The case is cast in one piece, and its feet are of rubber, so that it stays where it is put."
CORD = "A cord of two metres is in the box, and any other with the same plug will do as well as this."
FACTS = (("Height", "3.2 cm"), ("Weight", "653 g"), ("Colour", "Black"), ("Made of", "Aluminium"))
ANSWER = "It does, if the desk has a socket within two metres of it, and nothing heavy stands on the cord."


def said(html: str) -> list[str]:
    page = f"<html><head><title>A keyboard</title></head><body>{html}</body></html>"
    return [node.text for node in parse_html(page, "https://a.example/", ExtractConfig()).nodes if isinstance(node, TextNode)]


def row(name: str, value: str, class_: str = "row") -> str:
    return f"<div class={class_}><div>{name}</div><div>{value}</div></div>"


@pytest.mark.parametrize("between", ["", f"<p>{CASE}</p>", "<img src=/a.jpg width=600 height=400>"])
def test_a_name_and_its_value_are_told_whatever_stands_between_the_rows(between):
    rows = between.join(row(*fact) for fact in FACTS)
    told = said(f"<main><h1>A keyboard</h1><p>{KEYS} {KEYS}</p>{rows}<p>{CORD}</p></main>")
    assert [text for text in told if text in dict(FACTS)] == [name for name, _ in FACTS]
    assert [text for text in told if text in dict(FACTS).values()] == [value for _, value in FACTS]


def test_two_rows_are_no_table_and_rows_with_links_are_a_menu():
    two = "".join(row(*fact) for fact in FACTS[:2])
    assert "653 g" not in said(f"<main><h1>A keyboard</h1><p>{KEYS} {KEYS}</p>{two}<p>{CORD}</p></main>")
    links = "".join(row(name, f"<a href=/{name}>{value}</a>") for name, value in FACTS)
    assert "653 g" not in said(f"<main><h1>A keyboard</h1><p>{KEYS} {KEYS}</p>{links}<p>{CORD}</p></main>")


def asked(line: str, behind: str = "") -> str:
    answer = f"<div style='visibility:hidden'><p>{ANSWER}</p></div>"
    return f"<main><h1>A keyboard</h1><p>{KEYS} {CASE}</p><div><div><div>{line}</div>{behind}</div>{answer}</div></main>"


def test_an_answer_hidden_behind_the_line_that_asks_is_told():
    assert ANSWER in said(asked("Does the cord reach the socket?", "<div><svg></svg></div>"))
    assert ANSWER in said(asked("这根线够得着插座吗 是 不 是？"))


@pytest.mark.parametrize("line", ["Your cart is empty.", "Sure?", "Delete it now? You cannot undo this."])
def test_what_is_hidden_behind_another_line_is_not(line):
    assert ANSWER not in said(asked(line))
    assert ANSWER not in said(asked("Does the cord reach the socket?", "<div>It reaches.</div>"))


def test_ids_in_the_text_are_for_scripts_and_addresses_for_readers():
    ids = " ".join(f"{number}f2c3bf1f466ab8566f031758a086p16207f0d54424472ad5151542a45a841c3" * 2 for number in range(8))
    assert said(f"<main><h1>A keyboard</h1><p>{KEYS} {KEYS}</p><div>{ids}</div><p>{CORD}</p></main>") == [
        "A keyboard",
        f"{KEYS} {KEYS}",
        CORD,
    ]
    address = "https://a.example/" + "-".join(["boards"] * 20)
    assert address in said(f"<main><h1>A keyboard</h1><p>{KEYS} {KEYS}</p><p>{address}.</p><p>{CORD}</p></main>")[2]
