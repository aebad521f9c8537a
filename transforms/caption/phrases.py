"""A caption that the token limit cut, in; the whole phrases before the cut, or nothing, out. English."""

import re

_LEAST = 3  # words of what is left: "a large" of "a large, brown" says nothing

# What begins another phrase, which the cut may have left half. "of" joins words of one phrase, but for places: "left of".
_PLACES = r"(?:to|on|at|in) the (?:left|right|top|bottom|side|edge|middle|back|front)(?: of)?|in front of|on top of|next to"
_WORDS = (
    "about above across after against along and around as at before behind below beneath beside between beyond but by during "
    "for from in inside into near on onto or outside over that through to toward towards under underneath until up upon where "
    "which while who with without"
)
_DETERMINERS = "a an the some several many two three four five six seven eight nine ten no its his her their this that these"
_OPENS = rf"(?:{_PLACES}|{'|'.join(_WORDS.split())})"
_BEGINS = re.compile(rf"\s+{_OPENS}(?=\s|$)|[,;:](?=\s+(?:{_OPENS}|{'|'.join(_DETERMINERS.split())})\b)", re.IGNORECASE)
_HANGS = re.compile(rf"(?:\s+{_OPENS})+$|[\s,;:]+$", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?](?=\s|$)")


def whole_phrases(text: str) -> str:
    """Cut back to the last sentence, or else to where the last phrase begins; "" where fewer than three words are left.

    >>> whole_phrases("a man rides a horse along the beach with a sm")
    'a man rides a horse along the beach'
    """
    sentences = [mark.end() for mark in _SENTENCE.finditer(text)]
    ends = sentences[-1:] or [mark.start() for mark in _BEGINS.finditer(text)][-1:]
    left = _HANGS.sub("", text[: ends[0]]) if ends else ""
    return left if len(left.split()) >= _LEAST else ""
