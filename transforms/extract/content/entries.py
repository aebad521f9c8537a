"""A Layout -> the entries of a page that is a list of them, as results, products and posts are; none where it is an article.

Entries are boxes of one name that repeat, each with a link and with a picture, a heading or a second line. The page is theirs
where they say more than all prose beside them, and where not much prose stands before the first of them.
"""

import re
from collections import Counter
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import Box, Item, Layout
from lamella.transforms.extract.dom.class_heuristics import COMMENTS, CONSENT, FURNITURE, LIKELY_FURNITURE
from lamella.transforms.extract.dom.tags import HEADINGS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_MONEY = frozenset("$€£¥₹₽₩₺₫฿₴")
_BY_SIGN = re.compile(r"[$€£¥₹₽₩₺₫฿₴]\s?\d|\d\s?[$€£¥₹₽₩₺₫฿₴]")
_BY_NAME = re.compile(r"\d[.,]\d\d\s(?:[A-Z]{3}|[A-Za-z]{2,3}\.?)$")  # 12.50 EUR, 12,50 kr.
_MAX_PRICE = 60  # characters of a line that is one
_NEVER = frozenset((FURNITURE, CONSENT, COMMENTS))
_NO_ENTRIES = frozenset(("p", "tr", "td", "th", "dt", "dd", "option", "figure", "ul", "ol", "table", "tbody", *HEADINGS))


def entries_of(layout: Layout, marked: list[bool], limits: "ExtractConfig") -> list[int]:
    """The boxes of the entries, in document order; [] where the page is no list."""
    boxes = layout.boxes
    candidates = [
        index
        for index, box in enumerate(boxes)
        if box.link_letters
        and limits.min_entry_letters <= box.letters <= limits.max_entry_letters
        and box.tag not in _NO_ENTRIES
        and index
    ]
    if len(candidates) < limits.min_entries:
        return []
    lines, priced = _lines(layout), priced_boxes(layout)
    never = _within(layout, [box.hint in _NEVER for box in boxes])
    likely = _within(layout, [box.hint == LIKELY_FURNITURE for box in boxes])
    groups: dict[tuple[str, str], list[int]] = {}
    for index in candidates:
        if never[index]:
            continue
        box, around = boxes[index], boxes[boxes[index].parent]
        named = box.name or box.tag != "li" or (around.tag == "ul" and around.name)
        if box.tag == "li" and around.tag == "ol" and not box.name and 2 * box.prose > box.letters:
            continue  # steps, exercises: they are told in their order, whatever they link to
        if _is_entry(box, lines[index] if named else 2, likely[index], priced[index], limits):
            groups.setdefault((box.tag, box.name or f"{around.tag} {around.name}"), []).append(index)
    ends = layout.ends()
    best: list[int] = []
    most = 0
    for group in groups.values():
        outer = _outermost(group, ends)
        letters = sum(boxes[index].letters for index in outer)
        links = sum(boxes[index].link_letters for index in outer)
        if len(outer) >= limits.min_entries and letters > most and links >= limits.min_entry_links * letters:
            best, most = outer, letters
    return best if best and _is_theirs(layout, best, most, ends, marked, limits) else []


def _is_entry(box: Box, lines: int, likely: bool, priced: bool, limits: "ExtractConfig") -> bool:
    """In what may be furniture only what shows a picture and has a heading: menus have no both."""
    if likely:
        return bool(box.media and box.headings)
    tells = (
        lines > 2 and (box.name or box.tag != "li") and box.link_letters <= limits.max_entry_links * box.letters
    )  # a menu within a menu has lines, too
    return lines > 1 and bool(box.media or box.headings or tells or priced)


def _lines(layout: Layout) -> list[int]:
    """For each box the blocks of text in it."""
    lines = [0] * len(layout.boxes)
    for item in layout.items:
        lines[item.box] += not item.media
    for index in range(len(lines) - 1, 0, -1):
        lines[layout.boxes[index].parent] += lines[index]
    return lines


def priced_boxes(layout: Layout) -> list[bool]:
    """For each box whether a short line in it is a price: a number beside a sign of money."""
    priced = [False] * len(layout.boxes)
    for item in layout.items:
        if len(item.text) <= _MAX_PRICE and _is_price(item.text):
            priced[item.box] = True
    for index in range(len(priced) - 1, 0, -1):
        if priced[index]:
            priced[layout.boxes[index].parent] = True
    return priced


def _is_price(text: str) -> bool:
    if not _MONEY.isdisjoint(text):
        return bool(_BY_SIGN.search(text))
    return text[:1].isdecimal() and bool(_BY_NAME.search(text))


def _outermost(group: list[int], ends: list[int]) -> list[int]:
    out: list[int] = []
    for index in group:
        if not out or index >= ends[out[-1]]:
            out.append(index)
    return out


def _is_theirs(
    layout: Layout,
    entries: list[int],
    letters: int,
    ends: list[int],
    marked: list[bool],
    limits: "ExtractConfig",
) -> bool:
    """Whether the page is a list of these entries, by the prose that stands outside of them and of boilerplate."""
    outside = _within(layout, marked)
    for entry in entries:
        outside[entry : ends[entry]] = [True] * (ends[entry] - entry)
    before = beside = 0.0
    for item in layout.items:
        if (
            not outside[item.box]
            and not item.media
            and item.words >= limits.min_prose_words
            and 2 * item.link_letters < len(item.text)
        ):
            beside += len(item.text)
            before += len(item.text) if item.box < entries[0] else 0
    return letters >= limits.min_entries_share * beside and before <= limits.max_prose_before_entries * letters


def without_repeated_lines(layout: Layout, items: list[Item]) -> list[Item]:
    """Entries without the short lines that most of them have: "read more", "add to cart"."""
    counts = Counter(item.text for item in items if item.entry and not item.media)
    entries = len({item.entry for item in items if item.entry})
    return [item for item in items if not (item.entry and not item.media and 2 * counts[item.text] > max(entries, 5))]


def _within(layout: Layout, tops: list[bool]) -> list[bool]:
    out = list(tops)
    for index, box in enumerate(layout.boxes):
        if index and out[box.parent]:
            out[index] = True
    return out
