"""An HTML element that is, or calls itself, boilerplate -> whether it is walked all the same, for what stands in it."""

from selectolax.lexbor import LexborNode, create_tag

from lamella.transforms.extract.dom.class_heuristics import BOILERPLATE, LABEL, LIKELY_BOILERPLATE
from lamella.transforms.extract.dom.selectors import holds
from lamella.transforms.extract.dom.walk import Walk
from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

# Boilerplate with these inside was perhaps never closed: where it holds the page's prose, it is none.
_CONTENT = "main, [role=main], h1"
_NAVIGATED = f"{_CONTENT}, p"
# What only calls itself boilerplate is none where it tells something, or shows as many pictures as a list has entries.
_MATTER = frozenset(create_tag(tag).tag_id for tag in ("h1", "pre", "video", "main"))
_UNSEEN = frozenset(create_tag(tag).tag_id for tag in ("script", "style"))
_LINK, _IMAGE, _PARAGRAPH = (create_tag(tag).tag_id for tag in ("a", "img", "p"))
_LOOKED_AT = _MATTER | _UNSEEN | {_LINK, _IMAGE, _PARAGRAPH}
_LOGIN = "input[type=password], input[type=email], input[autocomplete=username], input[name=username], input[name=login]"


def is_entered(walk: Walk, node: LexborNode, tag: str, hint: str) -> bool:
    """Whether boilerplate is walked: what HTML calls so for a title or the main part in it, what only its names call so
    for anything that may be content. Each is looked into a bounded number of times: they stand within each other."""
    if hint == BOILERPLATE:
        if walk.entered < INPUT_LIMITS.max_entered and not holds(node, _NAVIGATED if tag == "nav" else _CONTENT):
            return False
        walk.entered += 1
        return True
    if walk.named >= INPUT_LIMITS.max_named or _is_menu(node):
        return walk.named >= INPUT_LIMITS.max_named
    walk.named += 1
    return True


def hint_of_form(node: LexborNode, hint: str) -> str:
    """A form that asks who one is is of the site, whatever it is called: forms never stand within each other."""
    return LIKELY_BOILERPLATE if hint == LABEL and holds(node, _LOGIN) else hint


def _is_menu(node: LexborNode) -> bool:
    """Whether it shows and tells nothing, and links are nearly all that it says: more than an entry of a list has, and no
    sentences beside them."""
    links = images = unseen = 0
    for inner in node.traverse(include_text=False):
        tag = inner.tag_id
        if tag not in _LOOKED_AT:
            continue
        if tag == _LINK:
            links += 1
        elif tag in _UNSEEN:
            unseen += len(inner.text(strip=True))
        elif tag == _IMAGE:
            images += 1
            if images > HEURISTICS.max_menu_images:
                return False
        elif tag in _MATTER or (tag == _PARAGRAPH and len(inner.text()) > HEURISTICS.max_menu_paragraph):
            return False
    if links < HEURISTICS.min_menu_links:
        return False
    return len(node.text(strip=True)) - unseen <= HEURISTICS.max_menu_letters * links
