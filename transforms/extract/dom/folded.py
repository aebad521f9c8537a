"""A hidden HTML element -> whether a reader can unfold it: an answer, a tab, a slide. By its role, its id, its class and what
stands beside it."""

import re

from selectolax.lexbor import LexborNode

from lamella.transforms.extract.dom.class_heuristics import says_folded, says_handle, says_message
from lamella.transforms.extract.dom.tags import FOLDED_ROLES, HEADINGS, UNFOLDS, is_hidden
from lamella.transforms.extract.dom.walk import Attributes, Walk
from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

_PANELS = frozenset(("div", "section", "dd", "ul", "ol", "li", "article"))
_HANDLES = frozenset(("dt", "button"))
_CLICKED = frozenset(("button", "a"))
_REST = re.compile(
    r"(?:^|[\s_-])(?:read-?)?(?i:more)(?:-?text|-?content|Text|Content)?(?:$|[\s_-])"
)  # of a text that is cut off
_LESSER_HEADINGS = HEADINGS - {"h1"}
_QUESTION_MARKS = ("?", "？", "؟")
_UNFOLDING = frozenset((*UNFOLDS, "aria-expanded", "onclick"))
_MESSAGE_ROLES = frozenset(("alert", "status", "log"))


def is_folded(walk: Walk, node: LexborNode, attributes: Attributes) -> bool:
    if _is_controlled(walk, attributes):
        return True
    if node.tag not in _PANELS:
        return node.tag == "span" and not _is_message(attributes) and _is_cut_off(node)
    if _is_message(attributes):
        return False
    inner, before = _beside(node.first_child, 1), _beside(node.prev, -1)
    if (inner is not None and _is_controlled(walk, inner.attributes)) or (before is not None and _unfolds(before, node)):
        return True
    if _is_cut_off(node):
        return True
    class_ = attributes.get("class") or ""
    return class_ != "" and (says_folded(class_[: INPUT_LIMITS.max_names]) or _is_next_to_twin(walk, node, class_))


def _is_cut_off(node: LexborNode) -> bool:
    """Whether it is the rest of a text: its id or class is "more", and a handle stands behind it, or behind the paragraph that
    it ends."""
    names = f"{node.id or ''} {node.attributes.get('class') or ''}"[: INPUT_LIMITS.max_names]
    if not _REST.search(names):
        return False
    behind = _beside(node.next, 1)
    if behind is None and node.parent is not None:
        behind = _beside(node.parent.next, 1)
    return behind is not None and (behind.tag in _CLICKED or behind.attributes.get("role") == "button")


def _is_controlled(walk: Walk, attributes: Attributes) -> bool:
    return attributes.get("role") in FOLDED_ROLES or (attributes.get("id") or "") in walk.controlled


def _is_message(attributes: Attributes) -> bool:
    """Whether it waits for something to go wrong, or well, and for no reader: an error of a form."""
    if attributes.get("role") in _MESSAGE_ROLES or "aria-live" in attributes:
        return True
    return says_message((attributes.get("class") or "")[: INPUT_LIMITS.max_names])


def _unfolds(before: LexborNode, panel: LexborNode) -> bool:
    """Whether what stands right before a panel is its handle. A heading stands before all kinds of things: it is one where it
    asks, looks like one, or is one of several with such a panel behind each."""
    attributes = before.attributes
    if before.tag in _HANDLES or attributes.get("role") == "button" or "aria-expanded" in attributes:
        return True
    if before.tag in _PANELS:
        return _asks(before)
    return before.tag in _LESSER_HEADINGS and (_is_handle(before) or _is_one_of_several(before, panel))


def _asks(before: LexborNode) -> bool:
    """Whether a line of some words is all that it says, and a question."""
    said = ""
    for count, inner in enumerate(before.traverse(include_text=True)):
        if count == INPUT_LIMITS.max_nodes_before:
            return False
        if inner.tag == "-text" and (text := (inner.text_content or "").strip()):
            if said:
                return False
            said = text
    return said[-1:] in _QUESTION_MARKS and len(said.split()) >= HEURISTICS.min_question_words


def _is_handle(heading: LexborNode) -> bool:
    """Whether a heading asks; or whether it, something in it, or the block around it and its panel says that it unfolds."""
    around, said = heading.parent, ""
    if around is not None and says_folded((around.attributes.get("class") or "")[: INPUT_LIMITS.max_names]):
        return True
    for count, inner in enumerate(heading.traverse(include_text=True)):
        if count == INPUT_LIMITS.max_nodes_before:
            return False
        if inner.tag == "-text":
            said = (inner.text_content or "").rstrip() or said
            continue
        attributes = inner.attributes
        class_ = (attributes.get("class") or "")[: INPUT_LIMITS.max_names]
        if inner.tag == "button" or attributes.get("role") == "button" or not _UNFOLDING.isdisjoint(attributes):
            return True
        if class_ and (says_folded(class_) or says_handle(class_)):
            return True
    return said[-1:] in _QUESTION_MARKS


def _is_one_of_several(heading: LexborNode, panel: LexborNode) -> bool:
    """Whether a heading of its rank and class stands before a panel of this one's class once more: right before or behind
    them, or in the block beside the one around them."""
    before = _beside(heading.prev, -1)
    if before is not None and _is_pair(_beside(before.prev, -1), heading, panel):
        return True
    if _is_pair(_beside(panel.next, 1), heading, panel):
        return True
    around = heading.parent
    beside = [_beside(around.prev, -1), _beside(around.next, 1)] if around is not None else []
    return any(
        one is not None
        and around is not None
        and one.tag == around.tag
        and _is_pair(_beside(one.first_child, 1), heading, panel)
        for one in beside
    )


def _is_pair(other: LexborNode | None, heading: LexborNode, panel: LexborNode) -> bool:
    behind = _beside(other.next, 1) if other is not None else None
    return other is not None and behind is not None and _is_alike(other, heading) and _is_alike(behind, panel)


def _is_alike(one: LexborNode, other: LexborNode) -> bool:
    return one.tag == other.tag and one.attributes.get("class") == other.attributes.get("class")


def _is_next_to_twin(walk: Walk, node: LexborNode, class_: str) -> bool:
    """Whether an HTML element of the same class beside it is shown, and says something else: one tab of several. What says
    nearly the same is a variant of it, for another screen or another choice."""
    twins = [at for step in (-1, 1) for at in _alike_beside(node, class_, step)]
    if not twins or walk.compared >= INPUT_LIMITS.max_compared:
        return False
    walk.compared += 1
    said = _words(node)
    return all(len(said & _words(twin)) < HEURISTICS.max_variant_words * len(said) for twin in twins) if said else True


def _alike_beside(node: LexborNode, class_: str, step: int) -> list[LexborNode]:
    """The first on one side that is shown and has its tag and its class, as a list."""
    at = node
    for _ in range(INPUT_LIMITS.max_twins):
        at = _beside(at.prev if step < 0 else at.next, step)
        if at is None or at.tag != node.tag:
            break
        attributes = at.attributes
        if attributes.get("class") == class_ and not is_hidden(attributes):
            return [at]
    return []


def _words(node: LexborNode) -> set[str]:
    return set((node.text(separator=" ") or "")[: INPUT_LIMITS.max_compared_letters].split())


def _beside(node: LexborNode | None, step: int) -> LexborNode | None:
    """The HTML element here or beyond texts and comments."""
    while node is not None and (node.tag or "-").startswith("-"):
        node = node.prev if step < 0 else node.next
    return node
