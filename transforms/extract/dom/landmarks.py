"""A parsed page -> the HTML elements that are looked for wherever they stand: licences, and what a parser does not enter.

One selector for all of them: each is a walk through the whole page, also through what is boilerplate.
"""

from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from lamella.transforms.extract.dom.selectors import found as found_in
from lamella.transforms.extract.dom.selectors import holds
from lamella.transforms.extract.input_limits import INPUT_LIMITS

_LOOKED_FOR = '[rel~="license" i][href], script[type="application/rsl+xml" i], template, iframe, textarea, title, select'
_RSL = "application/rsl+xml"
_THREAD = "DiscussionForumPosting"  # schema.org's word for a thread's first post
_DECLARATIONS = f'[itemtype$="/{_THREAD}" i], script[type="application/ld+json" i]'
_NO_CHOICE = "p, div, h1, h2, h3, h4, section, article, table, ul, ol"


class Landmarks(NamedTuple):
    templates: bool  # it holds some
    swallowed: bool  # a frame, a field, a title or a list of choices holds what it cannot: it may never have been closed
    licences: list[LexborNode]  # links
    rsl_links: list[LexborNode]  # those of them that lead to a licence that machines read (RSL 1.0)
    rsl_texts: list[LexborNode]  # scripts that are one


def declares_thread(dom: LexborHTMLParser, page: bytes) -> bool:
    """Whether a page, parsed from these bytes, says in microdata or JSON-LD that it is a thread of a forum."""
    if _THREAD.encode() not in page:
        return False
    return any(node.tag != "script" or f'"{_THREAD}"' in (node.text() or "") for node in dom.css(_DECLARATIONS))


def landmarks(dom: LexborHTMLParser) -> Landmarks:
    found = Landmarks(False, False, [], [], [])
    templates, swallowed, choices = False, False, 0
    for node in found_in(dom.root, _LOOKED_FOR) if dom.root is not None else ():
        tag = node.tag
        if tag == "template":
            templates = True
        elif tag == "script":
            found.rsl_texts.append(node)
        elif tag == "select":
            choices += 1
            swallowed = swallowed or (choices <= INPUT_LIMITS.max_choices and holds(node, _NO_CHOICE))
        elif tag not in ("iframe", "textarea", "title"):
            found.licences.append(node)
            if tag == "link" and (node.attributes.get("type") or "").lower() == _RSL:
                found.rsl_links.append(node)
        elif not swallowed and (held := node.first_child) is not None:
            swallowed = "<" in (held.text_content or "")
    return found._replace(templates=templates, swallowed=swallowed)
