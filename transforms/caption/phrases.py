"""A captioner's words -> the whole phrases among them without a full stop, and the sentence that is kept.

The full stop says that nothing was cut. Matchers see the words without it, as captioners write them: with it, the bundled one
accepts none of 759 captions.
"""

import re
import unicodedata

from lamella.transforms.formats.words import TERMINAL, sentences

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
_BEGINS = re.compile(rf" {_OPENS}(?= |$)|[,;:](?= (?:{_OPENS}|{'|'.join(_DETERMINERS.split())})\b)", re.IGNORECASE)
_HANGS = re.compile(rf" {_OPENS}$", re.IGNORECASE)
_LOOSE = " ,;:"  # what ends no sentence
_STOP = "."
_STOPS = {"CJK": "。", "HIRAGANA": "。", "KATAKANA": "。", "DEVANAGARI": "।", "BENGALI": "।"}  # by the last letter's script
_CLOSING = "\"'”’»)]」』）"  # what may follow the mark that ends a sentence


def whole_phrases(text: str) -> str:
    """Cut back to the last whole sentence, or else to where the last phrase begins; "" where that leaves under three words.

    >>> whole_phrases("a man rides a horse along the beach with a sm")
    'a man rides a horse along the beach'
    """
    whole = sentences(text)
    while whole and not whole[-1].rstrip(_CLOSING).endswith(tuple(TERMINAL)):
        whole.pop()
    if whole:
        return " ".join(whole)
    text = " ".join(text.split())
    begins = [mark.start() for mark in _BEGINS.finditer(text)]
    left = text[: begins[-1]] if begins else ""
    while hanging := _HANGS.search(left):
        left = left[: hanging.start()]
    return left.rstrip(_LOOSE) if len(left.split()) >= _LEAST else ""


def without_stop(text: str) -> str:
    """The words without the full stop that ends them.

    >>> without_stop("Two rings. They lie on snow.")
    'Two rings. They lie on snow'
    """
    return text.rstrip().rstrip("".join(_STOPS.values()) + _STOP)


def as_sentence(text: str) -> str:
    """With the full stop of its script, where no other mark ends it.

    >>> as_sentence("a man rides a horse along the beach")
    'a man rides a horse along the beach.'
    """
    text = text.rstrip().rstrip(_LOOSE)
    if not text or text.rstrip(_CLOSING).endswith(tuple(TERMINAL)):
        return text
    script = unicodedata.name(text.rstrip(_CLOSING)[-1:] or " ", "").split(" ")[0]
    return text + _STOPS.get(script, _STOP)
