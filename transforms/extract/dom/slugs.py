"""An HTML element and its id -> whether the id is made of the words of the heading within, as CMSs do, and is no name."""

import re

from selectolax.lexbor import LexborNode

from lamella.transforms.extract.dom.tags import HEADINGS
from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

_WORD, _NO_LETTERS = re.compile(r"[^\W_]+"), re.compile(r"[\W_]+")


def is_slug(node: LexborNode, id_: str) -> bool:
    """One of a word or two may be a name, "related-posts", but where the heading links to it, as documentation does."""
    if (heading := _first_heading(node)) is None:
        return False
    few = len(_WORD.findall(id_[: INPUT_LIMITS.max_slug_letters])) < HEURISTICS.min_slug_words
    if few and not _links_to(heading, f"#{id_}"):
        return False
    text, slug = _letters(heading.text() or ""), _letters(id_)
    return text != "" and (text.startswith(slug) or slug.startswith(text))


def _links_to(heading: LexborNode, reference: str) -> bool:
    at = heading.last_child
    return at is not None and at.tag == "a" and at.attributes.get("href") == reference


def _first_heading(node: LexborNode) -> LexborNode | None:
    """In so few steps that sections within sections cost no more than their number."""
    at = node.first_child
    for _ in range(INPUT_LIMITS.max_nodes_before):
        if at is None or at.tag in HEADINGS:
            return at
        above, at = at, at.first_child or at.next
        while at is None and (above := above.parent) is not None and above.mem_id != node.mem_id:
            at = above.next
    return None


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", text[: INPUT_LIMITS.max_slug_letters].lower())
