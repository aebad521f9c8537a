"""The pieces of what stands between two edges of blocks -> its texts, clean, and the words in each."""

import re

from lamella.transforms.extract.heuristics import HEURISTICS

BREAK, CELL = "\0", "\1"  # a line break and a table cell's edge among the pieces; pages' own are dropped before

# Zero-width spaces, soft hyphens, bidi overrides, controls, surrogates. Joiners stay: Persian and Indic scripts need them.
_INVISIBLE = re.compile(r"[\x02-\x08\x0b\x0e-\x1f\x7f\xad\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")
# Scripts that do not part words by spaces: two characters count as a word.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
CELL_EDGE = " | "


def texts_of(pieces: list[str], preformatted: bool, in_columns: bool = False) -> list[tuple[str, int]]:
    """(text, words in it), most often one: white space runs to one space, breaks to line ends; two breaks in a row part
    paragraphs."""
    text = "".join(pieces) if len(pieces) > 1 else pieces[0]
    simple = not preformatted
    if simple and (line := text.strip()).isprintable() and "  " not in line:  # most texts: they are clean
        return [(line, line.count(" ") + 1 + (0 if line.isascii() else _unspaced_words(line)))] if line else []
    if simple and (simple := BREAK not in text and CELL not in text):
        words = text.split()
        line = " ".join(words)
        if line.isprintable():  # then nothing in it is invisible, and space is its only white space
            return [(line, len(words) if line.isascii() else len(words) + _unspaced_words(line))] if line else []
    plain = text.isascii()
    if not plain:
        text = _INVISIBLE.sub("", text)
    if simple:
        texts = [" ".join(text.split())]
    elif preformatted:
        texts = _preformatted(text)
    elif CELL in text:
        texts = [_row([" ".join(cell.replace(BREAK, " ").split()) for cell in text.split(CELL)], in_columns)]
    else:
        texts = _paragraphs(text)
    if plain:
        texts = [_INVISIBLE.sub("", text) for text in texts]
    return [(text, len(text.split()) + _unspaced_words(text)) for text in texts if text]


def _row(cells: list[str], in_columns: bool) -> str:
    """Empty cells keep their place before what follows them; one cell that says something is a line of text, but for a
    value in a table whose other rows have several."""
    said = [cell for cell in cells if cell]
    if not said or (len(said) < 2 and not (in_columns and len(said[0].split()) <= HEURISTICS.max_value_words)):
        return "".join(said)
    while not cells[-1]:
        cells.pop()
    return CELL_EDGE.join(cells).strip()


def _unspaced_words(text: str) -> int:
    """In scripts without spaces two characters are a word. What `min_element_words` compares is all words."""
    return 0 if text.isascii() else len(_UNSPACED.findall(text)) // 2


def _preformatted(text: str) -> list[str]:
    text = text.replace(BREAK, "\n").replace(CELL, "\t").replace("\r\n", "\n")
    whole = "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
    return [] if whole.isspace() else [whole]


def _paragraphs(text: str) -> list[str]:
    texts, lines = [], []
    for line in text.split(BREAK):
        if line := " ".join(line.split()):
            lines.append(line)
        elif lines:
            texts.append("\n".join(lines))
            lines = []
    return [*texts, "\n".join(lines)] if lines else texts


def one_line(text: str) -> str:
    """The text of a title or an attribute on one line, clean."""
    if text.isprintable():  # then nothing in it is invisible, and space is its only white space
        return " ".join(text.split())
    spaced = text.replace("\u200b", " ")  # a zero-width space is where words may part; within prose it divides long words
    return " ".join(" ".join(text for text, _ in texts_of([spaced], False)).split())
