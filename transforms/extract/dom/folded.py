"""A hidden HTML element -> whether a reader can unfold it: an answer, a tab, a slide. By its role, its id, its class and what
stands beside it."""

from selectolax.lexbor import LexborNode

from lamella.transforms.extract.dom.class_heuristics import says_folded
from lamella.transforms.extract.dom.tags import FOLDED_ROLES, HEADINGS, is_hidden
from lamella.transforms.extract.dom.walk import Attributes, Walk
from lamella.transforms.extract.input_limits import INPUT_LIMITS

_PANELS = frozenset(("div", "section", "dd", "ul", "ol", "li", "article"))
_HANDLES = (HEADINGS - {"h1"}) | {"dt", "button"}


def is_folded(walk: Walk, node: LexborNode, attributes: Attributes) -> bool:
    if _is_controlled(walk, attributes):
        return True
    if node.tag not in _PANELS:
        return False
    inner, before = _beside(node.first_child, 1), _beside(node.prev, -1)
    if (inner is not None and _is_controlled(walk, inner.attributes)) or (before is not None and _unfolds(before)):
        return True
    class_ = attributes.get("class") or ""
    return class_ != "" and (says_folded(class_[: INPUT_LIMITS.max_names]) or _is_next_to_twin(node, class_))


def _is_controlled(walk: Walk, attributes: Attributes) -> bool:
    return attributes.get("role") in FOLDED_ROLES or (attributes.get("id") or "") in walk.controlled


def _unfolds(before: LexborNode) -> bool:
    """Whether what stands right before is a heading, or says that it unfolds something."""
    if before.tag in _HANDLES:
        return True
    attributes = before.attributes
    return attributes.get("role") == "button" or "aria-expanded" in attributes


def _is_next_to_twin(node: LexborNode, class_: str) -> bool:
    """Whether an HTML element of the same class beside it is shown: one tab of several."""
    for step in (-1, 1):
        at = node
        for _ in range(INPUT_LIMITS.max_twins):
            at = _beside(at.prev if step < 0 else at.next, step)
            if at is None or at.tag != node.tag:
                break
            attributes = at.attributes
            if attributes.get("class") == class_ and not is_hidden(attributes):
                return True
    return False


def _beside(node: LexborNode | None, step: int) -> LexborNode | None:
    """The HTML element here or beyond texts and comments."""
    while node is not None and (node.tag or "-").startswith("-"):
        node = node.prev if step < 0 else node.next
    return node
