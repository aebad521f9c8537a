"""The elements of the main content -> the same without what stands there again: each kind of screen is shown its own copy, and
a thread quotes what was said before. The first of each stays.
"""

from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import BlockTree, Element
from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_IN_ROWS = frozenset(("tr", "pre"))  # tables and code repeat themselves for a reason


def without_repeats(tree: BlockTree, elements: list[Element], limits: "ExtractConfig") -> list[Element]:
    again = _said_again(tree, elements, limits)
    elements = [element for element in elements if id(element) not in again]
    again = _paragraphs_again(tree, elements, limits)
    return [element for element in elements if id(element) not in again]


def _paragraphs_again(tree: BlockTree, elements: list[Element], limits: "ExtractConfig") -> set[int]:
    """The paragraphs that stood before, word for word, in a block elsewhere. Where they are much of the text, a page repeats
    itself for a reason."""
    seen: dict[str, int] = {}
    repeats: dict[int, str] = {}
    told_again: set[str] = set()  # in one block
    for element in elements:
        if element.tag == "p" and element.words >= limits.min_repeated_words:
            around = tree.blocks[element.block].parent
            if element.text not in seen:
                seen[element.text] = around
            elif seen[element.text] == around:
                told_again.add(element.text)
            else:
                repeats[id(element)] = element.text
    repeats = {name: text for name, text in repeats.items() if text not in told_again}
    letters = sum(len(element.text) for element in elements)
    if letters < limits.min_repeating_letters or sum(map(len, repeats.values())) > limits.max_repeated_text * letters:
        return set()
    return set(repeats)


def _said_again(tree: BlockTree, elements: list[Element], limits: "ExtractConfig") -> set[int]:
    """Quotations of what stands before, and several texts in a row that stood there in the same order, in a block elsewhere."""
    texts = [element for element in elements if not element.media]
    places: dict[str, list[int]] = {}
    for index, element in enumerate(texts):
        places.setdefault(element.text, []).append(index)
    again = _quoted_again(tree, texts, places, limits)
    index = 0 if len(places) < len(texts) else len(texts)
    while index < len(texts):
        before = places[texts[index].text][: HEURISTICS.max_repeats_compared]
        length = max((_alike(tree, texts, first, index) for first in before if first < index), default=0)
        row = texts[index : index + length]
        if (
            len(row) >= HEURISTICS.min_repeated_row
            and sum(one.words for one in row) >= HEURISTICS.min_repeated_row_words
            and any(tree.blocks[one.block].tag != "li" for one in row)  # what is in two offers is said of both
        ):
            again.update(map(id, row))
        index += max(length, 1)
    return again


def _quoted_again(tree: BlockTree, texts: list[Element], places: dict[str, list[int]], limits: "ExtractConfig") -> set[int]:
    """What a quotation says that a text before it says, too: word for word, or, where it is prose, as a part of it."""
    quotations = [block.tag == "blockquote" for block in tree.blocks]
    if True not in quotations:
        return set()
    quoted = tree.within(quotations)
    again: set[int] = set()
    said, left, length = "\n".join(one.text for one in texts), INPUT_LIMITS.max_quotations, 0
    for at, one in enumerate(texts):
        if quoted[one.block]:
            before = places[one.text][0] < at
            if not before and left > 0 and one.words >= limits.min_prose_words:
                left -= 1
                before = said.find(one.text, 0, length) >= 0
            if before:
                again.add(id(one))
        length += len(one.text) + 1
    return again


def _alike(tree: BlockTree, texts: list[Element], first: int, second: int) -> int:
    """How many texts from `first` on stand from `second` on, too; 0 where both begin in one block: a refrain."""
    blocks, length = tree.blocks, 0
    if blocks[texts[first].block].parent == blocks[texts[second].block].parent:
        return 0
    while first + length < second and second + length < len(texts):
        one, other = texts[first + length], texts[second + length]
        if one.text != other.text or other.tag in _IN_ROWS:
            break
        length += 1
    return length
