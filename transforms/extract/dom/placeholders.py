"""The address and the size of an image -> whether it is there to be asked for, or to keep a place, and not to be seen."""

import re
from functools import lru_cache

from lamella.transforms.extract.heuristics import HEURISTICS

Attributes = dict[str, str | None]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DRAWN = frozenset(("gif", "png", "svg"))  # a placeholder is one of these
_PAINTED = frozenset((".jpg", "jpeg", "webp", "avif", ".JPG"))
# A name of nothing but these words, what goes with them, and numbers, is a placeholder's or a counter's: "ajax-loader.gif",
# "spacer_2.png", "1x1.gif". What goes with them alone is a name like another: "image1.png", "x3.png".
_EMPTY_NAMES = _words("""
    spacer blank clear transparent trans pixel pix tracking tracker track beacon loading loader load spinner ajax lazy
    lazyload placeholder none empty dummy grey gray white counter count
""")
_WITH_EMPTY_NAMES = _EMPTY_NAMES | _words("px x img image gif hit")
_DOT = re.compile(r"\d{1,2}(?:px|x\d{1,2})|px|x", re.IGNORECASE)
_COUNTER = re.compile(
    r"//(?:pixel|stats|b\.scorecardresearch|www\.facebook\.com/tr|[\w.]*doubleclick\.net)[./?]|/pixel(?:$|\?)|/(?:piwik|matomo)\.php|//mc\.yandex\.ru/watch",
    re.IGNORECASE,
)
_NAME_WORDS = re.compile(r"[^\W\d_]+|\d+")
_FAR_AWAY = re.compile(r"(?:left|top|right)\s*:\s*-\d{3,5}(?:px|em)", re.IGNORECASE)  # beyond any screen


def is_tracker(url: str, size: tuple[int, int], attributes: Attributes) -> bool:
    """Whether an image is there to be asked for, or to keep a place, and not to be seen. What is declared large is seen."""
    width, height, larger = attributes.get("width"), attributes.get("height"), max(size)
    if (width and _is_dot(width)) or (height and _is_dot(height)) or 0 < larger <= 1:
        return True
    if (style := attributes.get("style")) and _FAR_AWAY.search(style):
        return True
    return larger < HEURISTICS.min_seen_px and (bool(_COUNTER.search(url)) or is_placeholder(url))


def _is_dot(length: str) -> bool:
    return length.strip().removesuffix("px") in ("0", "1")


@lru_cache(maxsize=8)  # an image's address is asked about more than once
def is_placeholder(url: str) -> bool:
    """Whether the whole name of a drawn picture says that it shows nothing: "front-loading.png" is a picture's."""
    if url[-4:] in _PAINTED and "?" not in url:  # as most addresses end: there is nothing to take apart
        return False
    stem, _, kind = url.partition("?")[0].partition("#")[0].rpartition("/")[2].rpartition(".")
    if kind.lower() not in _DRAWN or len(stem) > HEURISTICS.max_placeholder_letters:
        return False
    words = _NAME_WORDS.findall(stem.lower())
    if _EMPTY_NAMES.isdisjoint(words):
        return bool(_DOT.fullmatch(stem))
    return all(word.isdecimal() or word in _WITH_EMPTY_NAMES for word in words)
