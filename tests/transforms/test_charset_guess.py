"""A line or two in no declared charset, or in a wrong one, and UTF-8 that is broken here and there."""

import pytest

from lamella.transforms.formats.charset import decode_html

LINES = [
    ("红色的鸟在水边用嘴找吃的", "gbk"),
    ("紅色的鳥在水邊用嘴找東西吃", "big5"),
    ("赤い鳥が水のそばで食べ物をさがしている", "shift_jis"),
    ("赤い鳥が水のそばで食べ物をさがしている", "euc_jp"),
    ("빨간 새가 물가에서 먹이를 찾고 있다", "euc_kr"),
    ("Różowe ptaki stoją w płytkiej wodzie i filtrują pokarm.", "cp1250"),
    ("Różowe ptaki stoją w płytkiej wodzie i filtrują pokarm.", "iso8859-2"),
    ("Růžoví ptáci stojí v mělké vodě a filtrují potravu.", "cp1250"),
    ("Les oiseaux sont à côté de l'étang, où l'été est chaud.", "cp1252"),
    ("Die schönen Vögel stehen im flachen Wasser, größer als üblich.", "cp1252"),
    ("Os pássaros estão na água à procura de comida não salgada.", "cp1252"),
]


@pytest.mark.parametrize("declared", ["", "<meta charset=iso-8859-1>"])
@pytest.mark.parametrize(("line", "charset"), LINES)
def test_a_line_is_read_in_the_charset_that_makes_a_language_of_it(line, charset, declared):
    page = f"<html><head>{declared}<title>t</title></head><body><p>".encode() + line.encode(charset) + b"</p></body></html>"
    assert f"<p>{line}</p>" in decode_html(page, "")[0]


@pytest.mark.parametrize("hidden", ["<!-- {} -->", "<script>'{}'</script>", "<noscript>{}</noscript>"])
def test_a_charset_in_no_markup_is_not_declared(hidden):
    declared = hidden.format("<meta charset=koi8-r>") + "<meta charset=windows-1251>"
    page = f"<html><head>{declared}</head><p>".encode() + "Красные птицы стоят в воде".encode("cp1251")
    assert "Красные птицы стоят в воде" in decode_html(page, "")[0]


def test_utf8_with_as_many_broken_characters_as_good_ones_is_utf8():
    page = b"<meta charset=utf-8><p>" + "the bird’s beak – here".encode() + b" cut \xe2\x80 and \xc3 off</p>"
    text, charset = decode_html(page, "")
    assert charset == "utf-8"
    assert "the bird’s beak – here" in text


def test_one_byte_that_utf8_cannot_be_among_western_letters_is_western():
    page = b"<p>caf\xe9, gar\xe7on, \xe0 la carte</p>"
    assert "café, garçon, à la carte" in decode_html(page, "")[0]
