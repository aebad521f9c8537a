"""HTML and its BlockTree -> the text that trafilatura takes of it, as Elements, with our media put in by position.

For those who must compare: `extract.engine=trafilatura`. A text stands where the walk met the same words; one that the walk
has nowhere stands right behind the text before it. Which pictures are content, and their captions, stay ours.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import BlockTree, Element
from lamella.transforms.extract.dom.tags import HEADINGS
from lamella.transforms.extract.dom.texts import CELL_EDGE

if TYPE_CHECKING:
    from lxml.etree import _Element

_TAGS = {"p": "p", "item": "li", "quote": "blockquote", "code": "pre", "row": "tr"}
_AROUND_CODE = frozenset(("main", "quote", "div"))  # in which code is a text of its own
_KEY_LETTERS = 24  # of a text's beginning, by which it is found in the walk


def with_trafilatura_text(html: str, tree: BlockTree, ours: list[Element]) -> list[Element]:
    """trafilatura's texts and the media among `ours`, in reading order."""
    texts = list(_in_place(_texts_in_html(html), tree))
    return sorted([*texts, *(element for element in ours if element.media)], key=lambda element: element.position)


def _texts_in_html(html: str) -> Iterator[tuple[str, str]]:
    """(tag, text) of each text; none where trafilatura finds no content."""
    from lxml.etree import fromstring
    from trafilatura import extract

    found = extract(html, include_comments=False, output_format="xml")
    if found:
        yield from _texts_in(fromstring(found.encode("utf-8")))


def _texts_in(root: _Element) -> Iterator[tuple[str, str]]:
    """A text within another one parts it, as a list within an item does. No recursion: pages are deep."""
    from lxml.etree import iterwalk

    pieces: list[str] = []
    tags = ["p"]
    for event, node in iterwalk(root, events=("start", "end")):
        if tag := _tag_of(node):
            if text := _text(pieces, tags[-1]):
                yield tags[-1], text
            pieces.clear()
        if event == "start":
            if tag:
                tags.append(tag)
            pieces.append(node.text or "")
            continue
        if tag:
            tags.pop()
        elif node.tag == "lb":
            pieces.append("\n")
        elif node.tag == "cell" and node.getnext() is not None:
            pieces.append(CELL_EDGE)
        pieces.append(node.tail or "")
    if text := _text(pieces, tags[-1]):
        yield tags[-1], text


def _tag_of(node: _Element) -> str:
    """The tag of the text that a node holds; "" for one in a line, as code among words."""
    name, around = str(node.tag), node.getparent()
    if name == "code" and (around is None or around.tag not in _AROUND_CODE):
        return ""
    if name == "head":
        rank = node.get("rend") or ""
        return rank if rank in HEADINGS else "h2"
    return _TAGS.get(name, "")


def _text(pieces: list[str], tag: str) -> str:
    text = "".join(pieces)
    return text.strip("\n") if tag == "pre" else " ".join(text.split())


def _in_place(texts: Iterator[tuple[str, str]], tree: BlockTree) -> Iterator[Element]:
    places: dict[str, list[int]] = {}
    for index, element in enumerate(tree.elements):
        if not element.media and (key := _key(element.text)):
            places.setdefault(key, []).append(index)
    at, position, block = 0, 0, 0
    for tag, text in texts:
        found = places.get(_key(text), [])
        following = bisect_left(found, at)
        if following < len(found):
            element = tree.elements[found[following]]
            at, position, block = found[following] + 1, element.position, element.block
        yield Element(block, position, tag, text, words=len(text.split()))


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text[: 4 * _KEY_LETTERS].casefold()))[:_KEY_LETTERS]
