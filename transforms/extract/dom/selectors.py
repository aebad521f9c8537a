"""A selector of CSS and an HTML element -> what it finds there. One engine for all pages: a page's own takes as long to make as
a look through the whole page."""

from selectolax.lexbor import LexborCSSSelector, LexborNode

_engine = LexborCSSSelector()


def found(node: LexborNode, selector: str) -> list[LexborNode]:
    """All, in document order; the HTML element itself may be one of them."""
    return _engine.find(selector, node)


def holds(node: LexborNode, selector: str) -> bool:
    return _engine.any_matches(selector, node)
