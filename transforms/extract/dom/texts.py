"""The pieces of text of a block -> its lines, clean, and what is counted on them."""

import re

BREAK, CELL = "\0", "\1"  # a line break and a table cell's edge among the pieces; pages' own are dropped before

# Zero-width spaces, soft hyphens, bidi overrides, controls, surrogates. Joiners stay: Persian and Indic scripts need them.
_INVISIBLE = re.compile(r"[\x02-\x08\x0b\x0e-\x1f\x7f\xad\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")
# Scripts that do not part words by spaces: two characters count as a word.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
CELL_EDGE = " | "


def blocks_of(pieces: list[str], preformatted: bool) -> list[tuple[str, int]]:
    """The texts of a block and the words in each: white space runs to one space, breaks to line ends; two breaks in a row
    part paragraphs."""
    text = "".join(pieces)
    simple = not preformatted and BREAK not in text and CELL not in text
    if simple:
        words = text.split()
        block = " ".join(words)
        if block.isprintable():  # then nothing in it is invisible
            return [(block, len(words) + _unspaced_words(block))] if block else []
    plain = text.isascii()
    if not plain:
        text = _INVISIBLE.sub("", text)
    if simple:
        blocks = [" ".join(text.split())]
    elif preformatted:
        blocks = _preformatted(text)
    elif CELL in text:
        blocks = [_row([" ".join(cell.replace(BREAK, " ").split()) for cell in text.split(CELL)])]
    else:
        blocks = _paragraphs(text)
    if plain:
        blocks = [_INVISIBLE.sub("", block) for block in blocks]
    return [(block, len(block.split()) + _unspaced_words(block)) for block in blocks if block]


def _row(cells: list[str]) -> str:
    """Empty cells keep their place before what follows them; one cell that says something is a line of text."""
    said = [cell for cell in cells if cell]
    if len(said) < 2:
        return "".join(said)
    while not cells[-1]:
        cells.pop()
    return CELL_EDGE.join(cells).strip()


def _unspaced_words(text: str) -> int:
    """In scripts without spaces two characters are a word. What `min_block_words` compares is all words."""
    return 0 if text.isascii() else len(_UNSPACED.findall(text)) // 2


def _preformatted(text: str) -> list[str]:
    text = text.replace(BREAK, "\n").replace(CELL, "\t").replace("\r\n", "\n")
    block = "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
    return [] if block.isspace() else [block]


def _paragraphs(text: str) -> list[str]:
    blocks, lines = [], []
    for line in text.split(BREAK):
        if line := " ".join(line.split()):
            lines.append(line)
        elif lines:
            blocks.append("\n".join(lines))
            lines = []
    return [*blocks, "\n".join(lines)] if lines else blocks


def one_line(text: str) -> str:
    """The text of a title or an attribute on one line, clean."""
    if text.isprintable():  # then nothing in it is invisible, and space is its only white space
        return " ".join(text.split())
    spaced = text.replace("\u200b", " ")  # a zero-width space is where words may part; within prose it divides long words
    return " ".join(" ".join(text for text, _ in blocks_of([spaced], False)).split())
