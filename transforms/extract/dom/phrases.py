"""Phrases, links and raised marks, met on the walk -> what they do to the block of text that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.class_heuristics import is_caption, is_silent
from lamella.transforms.extract.dom.texts import BREAK

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from lamella.transforms.extract.dom.walker import Gatherer

Attributes = dict[str, str | None]
SKIP = object()  # the inside of the element is not walked
_NAME_LETTERS = 4  # a word of so many is no unit of measure: what is raised behind it is a mark
_MAX_WRAPS = 4  # elements around the first letter of a mark


def phrase(page: Gatherer, node: LexborNode, attributes: Attributes) -> object:
    if not attributes:
        return None
    class_ = attributes.get("class")
    if class_:
        if is_silent(class_):
            return SKIP
        if node.tag == "span" and not page.joined and is_caption(class_):
            return page.block(node, attributes)
    return SKIP if attributes.get("aria-hidden") == "true" else None


def formula(page: Gatherer, node: LexborNode, attributes: Attributes) -> object:
    if text := attributes.get("alttext"):
        page.add_text(text)
        return SKIP
    return None


def slant(page: Gatherer, node: LexborNode, attributes: Attributes) -> object:
    if attributes and (leave := phrase(page, node, attributes)) is not None:
        return leave
    page.slants += 1
    return page.unslant


def raised(page: Gatherer, node: LexborNode, attributes: Attributes) -> object:
    """A raised mark stands apart from the name before it and the word behind it; a link to a footnote goes."""
    child, following = node.first_child, node.next
    if child is not None and child.tag == "a" and (child.attributes.get("href") or "").startswith("#"):
        return SKIP
    before = page.pieces[-1][-_NAME_LETTERS:] if page.pieces else ""
    if len(before) == _NAME_LETTERS and before.isalpha() and _first_letter(node).isdigit():
        page.part_words()
    if following is not None and following.tag == "-text" and (following.text_content or "")[:1].isalpha():
        return page.part_words
    return None


def _first_letter(node: LexborNode) -> str:
    """Of the first text within. Not `node.text()`: that reads all of it, for each mark within a mark."""
    inner = node.first_child
    for _ in range(_MAX_WRAPS):
        if inner is None or inner.tag == "-text":
            break
        inner = inner.first_child
    return (inner.text_content or "")[:1] if inner is not None and inner.tag == "-text" else ""


def link(page: Gatherer, node: LexborNode, attributes: Attributes) -> object:
    class_ = attributes.get("class")
    if (class_ and is_silent(class_)) or attributes.get("aria-hidden") == "true":
        return SKIP
    before, page.href = page.href, attributes.get("href")
    leads = page.href is not None or not ("name" in attributes or "id" in attributes)  # else it is led to
    page.links += leads

    def leave() -> None:
        page.links -= leads
        page.href = before

    return leave


def line_break(page: Gatherer, node: LexborNode, attributes: Attributes) -> None:
    if page.pieces:
        page.pieces.append(BREAK)
