"""An element and its id -> whether the id is made of the words of the heading within, as section makers do, and is no name."""

import re

from selectolax.lexbor import LexborNode

_HEADINGS = "h1, h2, h3, h4, h5, h6"
_WORD, _NO_LETTERS = re.compile(r"[^\W_]+"), re.compile(r"[\W_]+")
_MIN_WORDS = 3  # "related-posts" is a name, whatever its heading says
_MAX_LETTERS = 300


def is_slug(node: LexborNode, id_: str) -> bool:
    if len(_WORD.findall(id_[:_MAX_LETTERS])) < _MIN_WORDS or (heading := node.css_first(_HEADINGS)) is None:
        return False
    text, slug = _letters(heading.text() or ""), _letters(id_)
    return text != "" and (text.startswith(slug) or slug.startswith(text))


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", text[:_MAX_LETTERS].lower())
