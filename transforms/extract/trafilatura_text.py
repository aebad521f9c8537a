"""HTML and its Layout -> the text that trafilatura takes of it, as items, with the media that are ours put in by position.

For those who must compare: `extract.engine=trafilatura`. A block stands where the walk met the same words; one that the walk
has nowhere stands right behind the block before it. Which pictures are content, and their captions, stay ours.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import Item, Layout
from lamella.transforms.extract.dom.tags import HEADINGS
from lamella.transforms.extract.dom.texts import CELL_EDGE

if TYPE_CHECKING:
    from lxml.etree import _Element

_TAGS = {"p": "p", "item": "li", "quote": "blockquote", "code": "pre", "row": "tr"}
_AROUND_CODE = frozenset(("main", "quote", "div"))  # in which code is a block
_KEY_LETTERS = 24  # of a block's beginning, by which it is found in the walk


def with_trafilatura_text(html: str, layout: Layout, ours: list[Item]) -> list[Item]:
    """trafilatura's blocks and the media among `ours`, in reading order."""
    texts = list(_in_place(_blocks(html), layout))
    return sorted([*texts, *(item for item in ours if item.media)], key=lambda item: item.position)


def _blocks(html: str) -> Iterator[tuple[str, str]]:
    """(tag, text) of each block; none where trafilatura finds no content."""
    from lxml.etree import fromstring
    from trafilatura import extract

    found = extract(html, include_comments=False, output_format="xml")
    if found:
        yield from _blocks_in(fromstring(found.encode("utf-8")))


def _blocks_in(root: _Element) -> Iterator[tuple[str, str]]:
    """A block within another one parts it, as a list within an item does. No recursion: pages are deep."""
    from lxml.etree import iterwalk

    pieces: list[str] = []
    tags = ["p"]
    for event, element in iterwalk(root, events=("start", "end")):
        if tag := _tag_of(element):
            if text := _text(pieces, tags[-1]):
                yield tags[-1], text
            pieces.clear()
        if event == "start":
            if tag:
                tags.append(tag)
            pieces.append(element.text or "")
            continue
        if tag:
            tags.pop()
        elif element.tag == "lb":
            pieces.append("\n")
        elif element.tag == "cell" and element.getnext() is not None:
            pieces.append(CELL_EDGE)
        pieces.append(element.tail or "")
    if text := _text(pieces, tags[-1]):
        yield tags[-1], text


def _tag_of(element: _Element) -> str:
    """The tag of the block that an element is; "" for one in a line, as code among words."""
    name, around = str(element.tag), element.getparent()
    if name == "code" and (around is None or around.tag not in _AROUND_CODE):
        return ""
    if name == "head":
        rank = element.get("rend") or ""
        return rank if rank in HEADINGS else "h2"
    return _TAGS.get(name, "")


def _text(pieces: list[str], tag: str) -> str:
    text = "".join(pieces)
    return text.strip("\n") if tag == "pre" else " ".join(text.split())


def _in_place(blocks: Iterator[tuple[str, str]], layout: Layout) -> Iterator[Item]:
    places: dict[str, list[int]] = {}
    for index, item in enumerate(layout.items):
        if not item.media and (key := _key(item.text)):
            places.setdefault(key, []).append(index)
    at, position, box = 0, 0, 0
    for tag, text in blocks:
        found = places.get(_key(text), [])
        following = bisect_left(found, at)
        if following < len(found):
            item = layout.items[found[following]]
            at, position, box = found[following] + 1, item.position, item.box
        yield Item(box, position, tag, text, words=len(text.split()))


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text[: 4 * _KEY_LETTERS].casefold()))[:_KEY_LETTERS]
