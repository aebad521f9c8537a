"""A BlockTree -> the entries of a page that is a list of them, as results, products and posts are; none where it is an article.

Entries are blocks of one name that repeat, each with a link and with a picture, a heading or a second line. The page is theirs
where they say more than all prose beside them, and where not much prose stands before the first of them.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import Block, BlockTree, Element
from lamella.transforms.extract.dom.class_heuristics import BOILERPLATE, COMMENTS, CONSENT, LIKELY_BOILERPLATE
from lamella.transforms.extract.dom.tags import HEADINGS
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_MONEY = re.compile("[$€£¥₹₽₩₺₫฿₴]")
_BY_SIGN = re.compile(r"[$€£¥₹₽₩₺₫฿₴]\s?\d|\d\s?[$€£¥₹₽₩₺₫฿₴]")
_BY_NAME = re.compile(r"\d[.,]\d\d\s(?:[A-Z]{3}|[A-Za-z]{2,3}\.?)$")  # 12.50 EUR, 12,50 kr.
_COLONS = frozenset(":：")
_NEVER = frozenset((BOILERPLATE, CONSENT, COMMENTS))
_NO_ENTRIES = frozenset(("p", "td", "th", "dt", "dd", "option", "figure", "ul", "ol", "table", "tbody", *HEADINGS))


def entries_of(tree: BlockTree, marked: list[bool], limits: "ExtractConfig") -> list[int]:
    """The blocks of the entries, in document order; [] where the page is no list."""
    blocks = tree.blocks
    candidates = [
        index
        for index, block in enumerate(blocks)
        if block.link_letters
        and limits.min_entry_letters <= block.letters <= limits.max_entry_letters
        and block.tag not in _NO_ENTRIES
        and index
    ]
    if len(candidates) < limits.min_entries:
        return []
    lines, priced = _lines(tree), priced_blocks(tree)
    never = tree.within([block.hint in _NEVER for block in blocks])
    likely = tree.within([block.hint == LIKELY_BOILERPLATE for block in blocks])
    groups: dict[tuple[str, str], list[int]] = {}
    shared_name = _shared_names([blocks[index] for index in candidates if blocks[index].tag == "article"], limits)
    for index in candidates:
        if never[index]:
            continue
        block, around = blocks[index], blocks[blocks[index].parent]
        named = block.name or block.tag != "li" or (around.tag == "ul" and around.name)
        if block.tag == "li" and around.tag == "ol" and not block.name and 2 * block.prose > block.letters:
            continue  # steps, exercises: they are told in their order, whatever they link to
        if _is_entry(block, lines[index] if named else 2, likely[index], priced[index], limits):
            name = shared_name(block) if block.tag == "article" else block.name
            groups.setdefault((block.tag, name or f"{around.tag} {around.name}"), []).append(index)
    ends = tree.ends()
    best: list[int] = []
    most = 0
    for group in groups.values():
        outer = _outermost(group, ends)
        letters = sum(blocks[index].letters for index in outer)
        links = sum(blocks[index].link_letters for index in outer)
        if len(outer) >= limits.min_entries and letters > most and links >= limits.min_entry_links * letters:
            best, most = outer, letters
    return best if best and _is_theirs(tree, best, most, ends, marked, limits) else []


def _shared_names(articles: list[Block], limits: "ExtractConfig") -> Callable[[Block], str]:
    """A function that gives the words of an article's class that several have: "post" of "post post-7 category-birds"."""
    counts = Counter(word for article in articles for word in set(article.name.split()))
    return lambda article: " ".join(word for word in article.name.split() if counts[word] >= limits.min_entries) or article.name


def _is_entry(block: Block, lines: int, likely: bool, priced: bool, limits: "ExtractConfig") -> bool:
    """In what may be boilerplate only what shows a picture and has a heading: menus have no both. A single line is one with its
    picture."""
    if likely:
        return bool(block.media and block.headings)
    tells = (
        lines > 2 and (block.name or block.tag != "li") and block.link_letters <= limits.max_entry_links * block.letters
    )  # a menu within a menu has lines, too
    if lines == 1:
        return bool(block.media and block.name)
    return lines > 1 and bool(block.media or block.headings or tells or priced)


def _lines(tree: BlockTree) -> list[int]:
    """For each block the texts in it."""
    lines = [0] * len(tree.blocks)
    for element in tree.elements:
        lines[element.block] += not element.media
    for index in range(len(lines) - 1, 0, -1):
        lines[tree.blocks[index].parent] += lines[index]
    return lines


def priced_blocks(tree: BlockTree) -> list[bool]:
    """For each block whether a short line in it is a price: a number beside a sign of money."""
    priced = [False] * len(tree.blocks)
    for element in tree.elements:
        if len(element.text) <= HEURISTICS.max_price_characters and _is_price(element.text):
            priced[element.block] = True
    for index in range(len(priced) - 1, 0, -1):
        if priced[index]:
            priced[tree.blocks[index].parent] = True
    return priced


def _is_price(text: str) -> bool:
    if _MONEY.search(text):
        return bool(_BY_SIGN.search(text))
    return text[:1].isdecimal() and bool(_BY_NAME.search(text))


def _outermost(group: list[int], ends: list[int]) -> list[int]:
    out: list[int] = []
    for index in group:
        if not out or index >= ends[out[-1]]:
            out.append(index)
    return out


def _is_theirs(
    tree: BlockTree,
    entries: list[int],
    letters: int,
    ends: list[int],
    marked: list[bool],
    limits: "ExtractConfig",
) -> bool:
    """Whether the page is a list of these entries, by the prose that stands outside of them and of boilerplate."""
    outside = tree.within(marked)
    for entry in entries:
        outside[entry : ends[entry]] = [True] * (ends[entry] - entry)
    before = beside = 0.0
    for element in tree.elements:
        if (
            not outside[element.block]
            and not element.media
            and element.words >= limits.min_prose_words
            and 2 * element.link_letters < len(element.text)
        ):
            beside += len(element.text)
            before += len(element.text) if element.block < entries[0] else 0
    return letters >= limits.min_entries_share * beside and before <= limits.max_prose_before_entries * letters


def without_repeated_lines(tree: BlockTree, elements: list[Element]) -> list[Element]:
    """Entries without the short lines that most of them have: "read more", "add to cart". What is told of each under a name,
    "Weight:", stays, and so does its value, which many may share."""
    counts = Counter(element.text for element in elements if element.entry and not element.media)
    most = max(len({element.entry for element in elements if element.entry}), 5)
    out, name = [], None
    for element in elements:
        names = not element.media and element.text[-1:] in _COLONS
        value = name is not None and name.entry == element.entry and not element.link_letters
        if not element.entry or element.media or 2 * counts[element.text] <= most or names or value:
            out.append(element)
        name = element if names else None
    return out
