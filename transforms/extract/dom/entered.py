"""An HTML element that is, or calls itself, boilerplate -> whether it is walked all the same, for what stands in it."""

from selectolax.lexbor import LexborNode

from lamella.transforms.extract.dom.class_heuristics import BOILERPLATE, LABEL, LIKELY_BOILERPLATE
from lamella.transforms.extract.dom.walk import Walk
from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

# Boilerplate with these inside was perhaps never closed: where it holds the page's prose, it is none.
_CONTENT = "main, [role=main], h1"
_NAVIGATED = f"{_CONTENT}, p"
# What only calls itself boilerplate is none where it shows or tells something.
_MATTER = "h1, h2, h3, h4, h5, h6, p, img, nav, pre, video, main, article"
_LOGIN = "input[type=password]"


def is_entered(walk: Walk, node: LexborNode, tag: str, hint: str) -> bool:
    """Whether boilerplate is walked: what HTML calls so for a title or the main part in it, what only its names call so
    for anything that may be content. Each is looked into a bounded number of times: they stand within each other."""
    if hint == BOILERPLATE:
        if walk.entered < INPUT_LIMITS.max_entered and node.css_first(_NAVIGATED if tag == "nav" else _CONTENT) is None:
            return False
        walk.entered += 1
        return True
    if walk.named >= INPUT_LIMITS.max_named or (node.css_first(_MATTER) is None and _says_little(node)):
        return walk.named >= INPUT_LIMITS.max_named
    walk.named += 1
    return True


def hint_of_form(node: LexborNode, hint: str) -> str:
    """A form that asks for a password is of the site, whatever it is called: forms never stand within each other."""
    return LIKELY_BOILERPLATE if hint == LABEL and node.css_first(_LOGIN) is not None else hint


def _says_little(node: LexborNode) -> bool:
    """Whether links are nearly all that it says: more than an entry of a list has, and no sentences beside them."""
    links = len(node.css("a"))
    return links >= HEURISTICS.min_menu_links and len(node.text(strip=True)) <= HEURISTICS.max_menu_letters * links
