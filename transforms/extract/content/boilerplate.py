"""The items of the main region -> those that say something: lists of links, labels and headings of nothing go."""

import re
from typing import TYPE_CHECKING

from lamella.transforms.extract.content.headings import (
    without_doubled_headings,
    without_emptied_boxes,
    without_lone_headings,
)
from lamella.transforms.extract.content.runs import FULL_STOPS, is_sentence, runs_of
from lamella.transforms.extract.dom.blocks import Box, Image, Item, Layout, is_named
from lamella.transforms.extract.dom.tags import HEADINGS, TEXT_BOXES
from lamella.transforms.extract.dom.texts import CELL_EDGE

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_LISTS = frozenset(("ul", "ol", "dl"))
_ROWS = frozenset(("tr", "pre", "blockquote", "figcaption"))
_SENTENCE_ENDS = frozenset(".!?:;…\"'”’»«“。！？；：」』؟।۔")
_LINKS_TO_PROSE = 3  # letters in lists of links a letter of prose: with more, the links are what is told
_MAX_LINKED_IN_A_ROW = 3  # paragraphs; more are a list of what to read elsewhere
_COLONS = frozenset(":：")
_PART = re.compile(r"\(?[a-h]\) \S")  # of a figure: "(a) before"
_MAX_PARTS = 8  # a to h


def without_boilerplate(layout: Layout, items: list[Item], limits: "ExtractConfig") -> list[Item]:
    wholes = _link_densities(layout, items)
    runs = runs_of(layout, items, limits)
    said = [
        item.media is not None
        or item.tag in HEADINGS
        or bool(item.entry)
        or bool(runs[index])
        or _names_part(items, index)
        or not _is_boilerplate(item, layout.boxes[item.box].tag, wholes[item.box], limits)
        or _is_linked_paragraph(layout, items, index, limits)
        for index, item in enumerate(items)
    ]
    if _is_made_of_links(items, said, limits):
        said = [one or item.tag == "li" for one, item in zip(said, items, strict=True)]
    _keep_announced(layout, items, said, limits)
    for index in range(len(items) - 2, -1, -1):
        if said[index] and not items[index].entry and not said[index + 1] and _is_label(items[index], items[index + 1], limits):
            said[index] = False
    kept = [item for index, item in enumerate(items) if said[index] or _is_between(layout, items, said, index)]
    kept = without_emptied_boxes(layout, items, kept, limits)
    kept = _without_preamble(layout, _without_notices(kept, limits), limits)
    kept = _without_logos(_without_repeats(layout, kept, limits), limits)
    in_runs = {id(item) for item, run in zip(items, runs, strict=True) if run or item.entry}
    kept = without_lone_headings(layout, _without_loose_ends(layout, kept, in_runs, limits))
    return without_doubled_headings(kept)


def _names_part(items: list[Item], index: int) -> bool:
    """Whether a short line behind pictures says what a part of them shows: "(a) before"."""
    for item in reversed(items[max(0, index - _MAX_PARTS) : index + 1]):
        if item.media or item.link_letters or not _PART.match(item.text):
            return item.media is not None
    return False


def _is_linked_paragraph(layout: Layout, items: list[Item], index: int, limits: "ExtractConfig") -> bool:
    """A sentence that is one link, long and among paragraphs: it is told, not offered; so are a few in a row."""
    item, boxes = items[index], layout.boxes
    if not _may_be_told(boxes, item, limits):
        return False
    parent = boxes[item.box].parent

    def linked_on(step: int) -> int:
        """Paragraphs like it up to one that is no link, or too many where there is none."""
        for count in range(_MAX_LINKED_IN_A_ROW):
            at = index + (count + 1) * step
            if not 0 <= at < len(items) or boxes[items[at].box].tag != "p" or boxes[items[at].box].parent != parent:
                break
            if is_sentence(items[at], limits):
                return count
            if not _may_be_told(boxes, items[at], limits):
                break
        return _MAX_LINKED_IN_A_ROW

    return linked_on(-1) + 1 + linked_on(1) <= _MAX_LINKED_IN_A_ROW


def _may_be_told(boxes: list[Box], item: Item, limits: "ExtractConfig") -> bool:
    long = item.tag == "p" and item.words >= limits.min_linked_words and item.text[-1] in FULL_STOPS
    return long and boxes[item.box].tag == "p"


def _without_repeats(layout: Layout, items: list[Item], limits: "ExtractConfig") -> list[Item]:
    """Without the paragraphs that stood before, word for word, in a box elsewhere: each kind of screen is shown its own. Where
    they are much of the text, a page repeats itself for a reason."""
    seen: dict[str, int] = {}
    repeats: dict[int, str] = {}
    told_again: set[str] = set()  # in one box
    for index, item in enumerate(items):
        if item.tag == "p" and item.words >= limits.min_repeated_words:
            around = layout.boxes[item.box].parent
            if item.text not in seen:
                seen[item.text] = around
            elif seen[item.text] == around:
                told_again.add(item.text)
            else:
                repeats[index] = item.text
    repeats = {index: text for index, text in repeats.items() if text not in told_again}
    letters = sum(len(item.text) for item in items)
    if letters < limits.min_repeating_letters or sum(map(len, repeats.values())) > limits.max_repeated_text * letters:
        return items
    return [item for index, item in enumerate(items) if index not in repeats]


def _without_preamble(layout: Layout, items: list[Item], limits: "ExtractConfig") -> list[Item]:
    """Without the little text that stands before the page's own title: sections, dates, notes on the edition."""
    names = layout.title.casefold()
    title = next((index for index, item in enumerate(items) if is_named(item, names)), 0)
    before = sum(len(item.text) for item in items[:title])
    if before > limits.max_preamble * sum(len(item.text) for item in items):
        return items
    higher = [item.media or (item.tag in HEADINGS and item.tag < items[title].tag) for item in items[:title]]
    return [item for item, stays in zip(items, higher, strict=False) if stays] + items[title:]


def _without_logos(items: list[Item], limits: "ExtractConfig") -> list[Item]:
    """Without the pictures that are called a logo or an avatar before the first paragraph and after the last one; between them
    a text may speak of them, as of one with a caption."""
    told = [index for index, item in enumerate(items) if item.words >= limits.min_prose_words and item.tag not in HEADINGS]
    first, last = (told[0], told[-1]) if told else (len(items), -1)
    return [
        item
        for index, item in enumerate(items)
        if first < index < last
        or not isinstance(item.media, Image)
        or not item.media.of_site
        or item.media.caption
        or item.entry
    ]


def _link_densities(layout: Layout, items: list[Item]) -> list[float]:
    """For each box, the link density of the list or table that it stands in, whole; 1.0 where it stands in none."""
    boxes = layout.boxes
    wholes = [0] * len(boxes)
    for index, box in enumerate(boxes):
        whole = wholes[box.parent] if index else 0
        lists = box.tag in _LISTS and boxes[whole].tag not in _LISTS  # a list within a list is part of it
        wholes[index] = index if lists or box.tag == "table" else whole
    letters, links = [0] * len(boxes), [0] * len(boxes)
    for item in items:
        if item.tag in ("li", "tr"):
            letters[wholes[item.box]] += len(item.text)
            links[wholes[item.box]] += item.link_letters
    return [links[whole] / letters[whole] if whole and letters[whole] else 1.0 for whole in wholes]


def _is_boilerplate(item: Item, tag: str, whole_density: float, limits: "ExtractConfig") -> bool:
    if item.tag == "pre":
        return _numbers_lines(item.text)
    if tag == "caption" and not item.link_letters:
        return False  # a table's, which no picture took
    if item.link_density > limits.max_link_density:
        if item.tag == "p" and item.words * (1 - item.link_density) >= limits.min_prose_words and item.text[-1] in FULL_STOPS:
            return False  # it says enough beside its links
        part = item.tag == "li" or (item.tag == "tr" and CELL_EDGE in item.text)
        return not part or whole_density > limits.max_link_density
    sentence = item.text[-1] in FULL_STOPS and not item.link_letters and tag in ("p", "summary")
    return item.words < limits.min_block_words and not sentence and item.tag not in ("li", "tr", "figcaption")


def _numbers_lines(text: str) -> bool:
    """Whether preformatted text is the numbers of the lines that stand beside it."""
    lines = text.split()
    return len(lines) > 1 and lines[0] == "1" and lines == [str(number) for number in range(1, len(lines) + 1)]


def _is_made_of_links(items: list[Item], said: list[bool], limits: "ExtractConfig") -> bool:
    """Whether lists of links are all that the page has to say, or nearly so."""
    prose = sum(len(i.text) for i, one in zip(items, said, strict=True) if one and i.words >= limits.min_prose_words)
    listed = sum(i.link_letters for i, one in zip(items, said, strict=True) if i.tag == "li" and not one)
    return prose < listed and (prose < limits.min_article_prose or _LINKS_TO_PROSE * prose < listed)


def _keep_announced(layout: Layout, items: list[Item], said: list[bool], limits: "ExtractConfig") -> None:
    """A list of links that a sentence before it announces is part of what is told: "you will need these two:"."""
    boxes, announced = layout.boxes, -1
    for index, item in enumerate(items):
        if item.media or item.tag != "li":
            announces = said[index] and item.tag == "p" and item.words >= limits.min_prose_words and item.text[-1:] in _COLONS
            announced = item.box if announces else -1
        elif announced >= 0 and not said[index]:
            whole = boxes[item.box].parent
            said[index] = boxes[whole].tag in _LISTS and boxes[announced].parent == boxes[whole].parent


def _is_label(item: Item, following: Item, limits: "ExtractConfig") -> bool:
    """Whether a short line announces links: "read this, too:"."""
    if item.media or item.words >= limits.min_prose_words or item.tag in HEADINGS or item.tag in _ROWS:
        return False
    announces = item.text[-1] in _COLONS or (item.tag == "p" and following.tag == "li" and item.text[-1] not in _SENTENCE_ENDS)
    return announces and following.link_density > limits.max_link_density


def _is_between(layout: Layout, items: list[Item], said: list[bool], index: int) -> bool:
    """A paragraph of a word or two among paragraphs, as in a dialogue."""
    if not 0 < index < len(items) - 1 or items[index].link_letters or layout.boxes[items[index].box].tag != "p":
        return False
    around = [items[index - 1], items[index + 1]]
    parent = layout.boxes[items[index].box].parent
    return said[index - 1] and said[index + 1] and all(layout.boxes[item.box].parent == parent for item in around)


def _without_notices(items: list[Item], limits: "ExtractConfig") -> list[Item]:
    """Without preformatted prose at either end of a document that is no preformatted one: that is a licence, and no code."""
    if sum(len(item.text) for item in items if item.tag != "pre") < limits.min_article_prose:
        return items
    if 2 * sum(item.tag == "pre" for item in items) > len(items):
        return items
    last = len(items) - limits.max_edge_items
    at_edge = [index < limits.max_edge_items or index >= last for index in range(len(items))]
    return [item for edge, item in zip(at_edge, items, strict=True) if not (edge and _is_notice(item, limits))]


def _is_notice(item: Item, limits: "ExtractConfig") -> bool:
    if item.tag != "pre" or item.words < limits.min_notice_words:
        return False
    plain = sum(character.isalpha() or character.isspace() or character in ",.'" for character in item.text)
    return plain >= limits.min_notice_letters * len(item.text)


def _without_loose_ends(layout: Layout, items: list[Item], in_runs: set[int], limits: "ExtractConfig") -> list[Item]:
    """Without the short lines before the first and after the last block that says something: paths, dates, who wrote it, where
    to go next. Before the first paragraph only what stands in no element of text; before the first heading, list items, too."""
    solid = [_is_solid(item, limits) for item in items]
    closing = [index for index, item in enumerate(items) if solid[index] and _may_close(layout, item, limits)]
    if not closing:
        return items
    heading = next((index for index, item in enumerate(items) if item.tag in HEADINGS), len(items))
    first = next((index for index, item in enumerate(items) if solid[index] and item.tag not in HEADINGS), 0)
    last, out = closing[-1], []
    for index, item in enumerate(items):
        linked = ("p",) if item.link_letters and item.tag == "p" else ()
        loose = (
            (index < min(heading, first) and not solid[index] and _is_loose(layout, item, ("li", "p")))
            or (index < first and not solid[index] and _is_loose(layout, item, linked))
            or (index > last and _is_loose(layout, item, linked))
        )
        if not loose or id(item) in in_runs or _is_of_pictures(items, index):
            out.append(item)
    return out


def _is_of_pictures(items: list[Item], index: int) -> bool:
    """A line in a row of pictures, each followed by one: it says what the picture before it shows."""
    if index < 1 or items[index].link_letters or not items[index - 1].media:
        return False
    following = index + 1 < len(items) and items[index + 1].media
    return bool(following or (index > 2 and items[index - 3].media and not items[index - 2].media))


def _is_solid(item: Item, limits: "ExtractConfig") -> bool:
    """A block that reads as text: long enough, or a sentence, or code, or a row, or a heading."""
    if item.media:
        return False
    if item.tag in _ROWS or item.tag in HEADINGS or item.text[-1] in _SENTENCE_ENDS:
        return True
    return item.words >= limits.min_prose_words and item.link_density <= limits.max_solid_link_density


def _may_close(layout: Layout, item: Item, limits: "ExtractConfig") -> bool:
    """A short sentence in no element of text does not end a document: "Was this of use?"."""
    return item.words >= limits.min_prose_words or item.tag != "p" or layout.boxes[item.box].tag in TEXT_BOXES


def _is_loose(layout: Layout, item: Item, also: tuple[str, ...]) -> bool:
    """A short line in no element of text, or in one of those named."""
    if item.media:
        return False
    box = layout.boxes[item.box]
    return box.tag in also or (box.tag not in TEXT_BOXES and (item.link_letters > 0 or box.letters == len(item.text)))
