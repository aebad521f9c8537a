"""The elements of the main content -> those that say something: lists of links, labels and headings of nothing go."""

import re
from typing import TYPE_CHECKING

from lamella.transforms.extract.content.headings import (
    without_doubled_headings,
    without_emptied_blocks,
    without_lone_headings,
)
from lamella.transforms.extract.content.link_lists import LISTS, told_items
from lamella.transforms.extract.content.repeats import without_repeats
from lamella.transforms.extract.content.runs import FULL_STOPS, is_sentence, keep_whole_rows, runs_of
from lamella.transforms.extract.dom.blocks import Block, BlockTree, Element, Image, is_named
from lamella.transforms.extract.dom.tags import HEADINGS, TEXT_BLOCKS
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_ROWS = frozenset(("tr", "pre", "blockquote", "figcaption"))
_SENTENCE_ENDS = frozenset(".!?:;…\"'”’»«“。！？；：」』؟।۔")
_COLONS = frozenset(":：")
_PART = re.compile(r"\(?[a-h]\) \S")  # of a figure: "(a) before"


def without_boilerplate(tree: BlockTree, elements: list[Element], limits: "ExtractConfig") -> list[Element]:
    wholes = _link_densities(tree, elements)
    runs = runs_of(tree, elements, limits)
    said = [
        element.media is not None
        or element.tag in HEADINGS
        or bool(element.entry)
        or bool(runs[index])
        or not _is_boilerplate(element, tree.blocks[element.block].tag, wholes[element.block], limits)
        or _names_part(elements, index)
        or _is_linked_paragraph(tree, elements, index, limits)
        for index, element in enumerate(elements)
    ]
    keep_whole_rows(tree, elements, said)
    if _is_made_of_links(elements, said, limits):
        said = [one or element.tag == "li" for one, element in zip(said, elements, strict=True)]
    for index in told_items(tree, elements, said, limits):
        said[index] = True
    for index in range(len(elements) - 2, -1, -1):
        if (
            said[index]
            and not elements[index].entry
            and not said[index + 1]
            and _is_label(elements[index], elements[index + 1], limits)
        ):
            said[index] = False
    kept = [element for index, element in enumerate(elements) if said[index] or _is_between(tree, elements, said, index)]
    kept = without_emptied_blocks(tree, elements, kept, limits)
    kept = _without_preamble(tree, _without_notices(kept, limits), limits)
    kept = _without_logos(without_repeats(tree, kept, limits), limits)
    in_runs = {id(element) for element, run in zip(elements, runs, strict=True) if run or element.entry}
    kept = without_lone_headings(tree, _without_loose_ends(tree, kept, in_runs, limits))
    return without_doubled_headings(kept)


def _names_part(elements: list[Element], index: int) -> bool:
    """Whether a short line behind pictures says what a part of them shows: "(a) before"."""
    for element in reversed(elements[max(0, index - HEURISTICS.max_parts) : index + 1]):
        if element.media or element.link_letters or not _PART.match(element.text):
            return element.media is not None
    return False


def _is_linked_paragraph(tree: BlockTree, elements: list[Element], index: int, limits: "ExtractConfig") -> bool:
    """A sentence that is one link, long and among paragraphs: it is told, not offered; so are a few in a row."""
    element, blocks = elements[index], tree.blocks
    if not _may_be_told(blocks, element, limits):
        return False
    parent = blocks[element.block].parent

    def linked_on(step: int) -> int:
        """Paragraphs like it up to one that is no link, or too many where there is none."""
        for count in range(HEURISTICS.max_linked_in_a_row):
            at = index + (count + 1) * step
            if (
                not 0 <= at < len(elements)
                or blocks[elements[at].block].tag != "p"
                or blocks[elements[at].block].parent != parent
            ):
                break
            if is_sentence(elements[at], limits):
                return count
            if not _may_be_told(blocks, elements[at], limits):
                break
        return HEURISTICS.max_linked_in_a_row

    return linked_on(-1) + 1 + linked_on(1) <= HEURISTICS.max_linked_in_a_row


def _may_be_told(blocks: list[Block], element: Element, limits: "ExtractConfig") -> bool:
    long = element.tag == "p" and element.words >= limits.min_linked_words and element.text[-1] in FULL_STOPS
    return long and blocks[element.block].tag == "p"


def _without_preamble(tree: BlockTree, elements: list[Element], limits: "ExtractConfig") -> list[Element]:
    """Without the little text that stands before the page's own title: sections, dates, notes on the edition."""
    names = tree.title.casefold()
    title = next((index for index, element in enumerate(elements) if is_named(element, names)), 0)
    before = sum(len(element.text) for element in elements[:title])
    if before > limits.max_preamble * sum(len(element.text) for element in elements):
        return elements
    higher = [element.media or (element.tag in HEADINGS and element.tag < elements[title].tag) for element in elements[:title]]
    return [element for element, stays in zip(elements, higher, strict=False) if stays] + elements[title:]


def _without_logos(elements: list[Element], limits: "ExtractConfig") -> list[Element]:
    """Without the pictures that are called a logo or an avatar before the first paragraph and after the last one; between them
    a text may speak of them, as of one with a caption."""
    told = [at for at, one in enumerate(elements) if one.words >= limits.min_prose_words and one.tag not in HEADINGS]
    first, last = (told[0], told[-1]) if told else (len(elements), -1)
    return [
        element
        for index, element in enumerate(elements)
        if first < index < last
        or not isinstance(element.media, Image)
        or not element.media.of_site
        or element.media.caption
        or element.entry
    ]


def _link_densities(tree: BlockTree, elements: list[Element]) -> list[float]:
    """For each block, the link density of the list or table that it stands in, whole; 1.0 where it stands in none, and 0.0 in a
    table with several rows of several cells: it tells what it links to."""
    blocks = tree.blocks
    wholes = [0] * len(blocks)
    for index, block in enumerate(blocks):
        whole = wholes[block.parent] if index else 0
        lists = block.tag in LISTS and blocks[whole].tag not in LISTS  # a list within a list is part of it
        wholes[index] = index if lists or block.tag == "table" else whole
    letters, links, rows = [0] * len(blocks), [0] * len(blocks), [0] * len(blocks)
    for element in elements:
        if element.tag in ("li", "tr"):
            letters[wholes[element.block]] += len(element.text)
            links[wholes[element.block]] += element.link_letters
            rows[wholes[element.block]] += element.cells >= HEURISTICS.min_data_cells
    for index, count in enumerate(rows):
        links[index] = 0 if count >= HEURISTICS.min_fact_rows else links[index]
    return [links[whole] / letters[whole] if whole and letters[whole] else 1.0 for whole in wholes]


def _is_boilerplate(element: Element, tag: str, whole_density: float, limits: "ExtractConfig") -> bool:
    if element.tag == "pre":
        return _numbers_lines(element.text)
    if tag == "caption" and not element.link_letters:
        return False  # a table's, which no picture took
    if element.link_density > limits.max_link_density:
        if (
            element.tag == "p"
            and element.words * (1 - element.link_density) >= limits.min_prose_words
            and element.text[-1] in FULL_STOPS
        ):
            return False  # it says enough beside its links
        part = element.tag == "li" or element.cells > 1
        return not part or whole_density > limits.max_link_density
    if element.tag == "p" and len(element.text) > HEURISTICS.max_letters_a_word * element.words and "://" not in element.text:
        return True  # ids and keys that a script reads
    sentence = element.text[-1] in FULL_STOPS and not element.link_letters and tag in ("p", "summary")
    return element.words < limits.min_element_words and not sentence and element.tag not in ("li", "tr", "figcaption")


def _numbers_lines(text: str) -> bool:
    """Whether preformatted text is the numbers of the lines that stand beside it."""
    lines = text.split()
    return len(lines) > 1 and lines[0] == "1" and lines == [str(number) for number in range(1, len(lines) + 1)]


def _is_made_of_links(elements: list[Element], said: list[bool], limits: "ExtractConfig") -> bool:
    """Whether lists of links are all that the page has to say, or nearly so."""
    prose = sum(len(i.text) for i, one in zip(elements, said, strict=True) if one and i.words >= limits.min_prose_words)
    listed = sum(i.link_letters for i, one in zip(elements, said, strict=True) if i.tag == "li" and not one)
    return prose < listed and (prose < limits.min_article_prose or HEURISTICS.min_links_to_prose * prose < listed)


def _is_label(element: Element, following: Element, limits: "ExtractConfig") -> bool:
    """Whether a short line announces links: "read this, too:"."""
    if element.media or element.words >= limits.min_prose_words or element.tag in HEADINGS or element.tag in _ROWS:
        return False
    announces = element.text[-1] in _COLONS or (
        element.tag == "p" and following.tag == "li" and element.text[-1] not in _SENTENCE_ENDS
    )
    return announces and following.link_density > limits.max_link_density


def _is_between(tree: BlockTree, elements: list[Element], said: list[bool], index: int) -> bool:
    """A paragraph of a word or two among paragraphs, as in a dialogue."""
    if not 0 < index < len(elements) - 1 or elements[index].link_letters or tree.blocks[elements[index].block].tag != "p":
        return False
    around = [elements[index - 1], elements[index + 1]]
    parent = tree.blocks[elements[index].block].parent
    return said[index - 1] and said[index + 1] and all(tree.blocks[element.block].parent == parent for element in around)


def _without_notices(elements: list[Element], limits: "ExtractConfig") -> list[Element]:
    """Without preformatted prose at either end of a document that is no preformatted one: that is a licence, and no code."""
    if sum(len(element.text) for element in elements if element.tag != "pre") < limits.min_article_prose:
        return elements
    if 2 * sum(element.tag == "pre" for element in elements) > len(elements):
        return elements
    last = len(elements) - limits.max_edge_elements
    at_edge = [index < limits.max_edge_elements or index >= last for index in range(len(elements))]
    return [element for edge, element in zip(at_edge, elements, strict=True) if not (edge and _is_notice(element, limits))]


def _is_notice(element: Element, limits: "ExtractConfig") -> bool:
    if element.tag != "pre" or element.words < limits.min_notice_words:
        return False
    plain = sum(character.isalpha() or character.isspace() or character in ",.'" for character in element.text)
    return plain >= limits.min_notice_letters * len(element.text)


def _without_loose_ends(tree: BlockTree, elements: list[Element], in_runs: set[int], limits: "ExtractConfig") -> list[Element]:
    """Without the short lines before the first and after the last text that says something: paths, dates, who wrote it, where
    to go next. Before the first paragraph only what stands in no block of text; before the first heading, list items, too."""
    solid = [_is_solid(element, limits) for element in elements]
    closing = [index for index, element in enumerate(elements) if solid[index] and _may_close(tree, element, limits)]
    if not closing:
        return elements
    heading = next((index for index, element in enumerate(elements) if element.tag in HEADINGS), len(elements))
    first = next((index for index, element in enumerate(elements) if solid[index] and element.tag not in HEADINGS), 0)
    last, out = closing[-1], []
    for index, element in enumerate(elements):
        linked = ("p",) if element.link_letters and element.tag == "p" else ()
        loose = (
            (index < min(heading, first) and not solid[index] and _is_loose(tree, element, ("li", "p")))
            or (index < first and not solid[index] and _is_loose(tree, element, linked))
            or (index > last and _is_loose(tree, element, linked))
        )
        if not loose or id(element) in in_runs or _is_of_pictures(elements, index):
            out.append(element)
    return out


def _is_of_pictures(elements: list[Element], index: int) -> bool:
    """A line in a row of pictures, each followed by one: it says what the picture before it shows."""
    if index < 1 or elements[index].link_letters or not elements[index - 1].media:
        return False
    following = index + 1 < len(elements) and elements[index + 1].media
    return bool(following or (index > 2 and elements[index - 3].media and not elements[index - 2].media))


def _is_solid(element: Element, limits: "ExtractConfig") -> bool:
    """What reads as text: long enough, or a sentence, or code, or a row, or a heading."""
    if element.media:
        return False
    if element.tag in _ROWS or element.tag in HEADINGS or element.text[-1] in _SENTENCE_ENDS:
        return True
    return element.words >= limits.min_prose_words and element.link_density <= limits.max_solid_link_density


def _may_close(tree: BlockTree, element: Element, limits: "ExtractConfig") -> bool:
    """A short sentence in no block of text does not end a document: "Was this of use?"."""
    return element.words >= limits.min_prose_words or element.tag != "p" or tree.blocks[element.block].tag in TEXT_BLOCKS


def _is_loose(tree: BlockTree, element: Element, also: tuple[str, ...]) -> bool:
    """A short line in no block of text, or in one of those named."""
    if element.media:
        return False
    block = tree.blocks[element.block]
    return block.tag in also or (
        block.tag not in TEXT_BLOCKS and (element.link_letters > 0 or block.letters == len(element.text))
    )
