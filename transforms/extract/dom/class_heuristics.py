"""A block's tag, role, class and id -> what it says it is: content, boilerplate of the site, or nothing ("").

What words say stands in `class_words.toml`; here is how they are read: token by token, as a token is seen on many sites, a
whole class attribute on few.
"""

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from lamella.transforms.extract.input_limits import INPUT_LIMITS

CONTENT = "content"  # the page's own matter
BOILERPLATE = "boilerplate"  # by tag or role: the page says so in HTML's own words
LIKELY_BOILERPLATE = "likely boilerplate"  # by class or id: a habit of site builders
CONSENT = "consent"  # to cookies: no site calls its content so
COMMENTS = "comments"
TEASER = "teaser"  # the article's own lead, or an invitation to another one: its links tell
PROMOTION = "promotion"  # of another page, or of what a landing page is about
HEADER = "header"  # of the site, or of a section
LABEL = "label"  # who, when, under which heading: boilerplate where it is short

# What a class or an id alone may say.
BY_NAME = frozenset((LIKELY_BOILERPLATE, PROMOTION, CONSENT, COMMENTS, TEASER, HEADER, LABEL))

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_CONTENT_ROLES = frozenset(("main", "article"))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CAPTION_TAGS = frozenset(("figcaption", "caption"))
_CONTENT_TAGS = _words("article main")
_HEADINGS = _words("h1 h2 h3 h4 h5 h6")  # their ids are made of their words
_TABLE_PARTS = _words("table thead tbody tr th td")  # a header of these is no site's
_BOILERPLATE_TAGS = _words("nav footer aside menu dialog")
_NOTED_TAGS = _words("aside footer")  # which may hold an article's notes
_BOILERPLATE_ROLES = _words("navigation contentinfo banner search dialog alertdialog menu menubar complementary toolbar")


# What one token can say: bits, so that the tokens of a class attribute add up.
_SAYS = (
    *("boilerplate", "built", "builder", "comments", "note", "teaser", "label"),
    *("header", "content", "caption", "silent", "consent", "promotion", "code"),
)
_BITS = {says: 1 << bit for bit, says in enumerate(_SAYS)}
_BOILERPLATE, _BUILT, _BUILDER, _COMMENTS, _NOTE, _TEASER, _LABEL = list(_BITS.values())[:7]
_HEADER, _CONTENT, _CAPTION, _SILENT, _CONSENT, _PROMOTION, _CODE = list(_BITS.values())[7:]


_BEGINNINGS = re.compile(r"\(\?:([a-z|]+)\)(?![?*+])")  # of a pattern: "(?:image|photo)"


def _said_by(groups: list[dict[str, str]], kind: str) -> dict[str, int]:
    """What each of the words, or tokens, says."""
    said: dict[str, int] = {}
    for group in groups:
        for word in group.get(kind, "").split():
            said[word] = said.get(word, 0) | _BITS[group["says"]]
    return said


def _pattern(groups: list[dict[str, str]], *says: str) -> str:
    """A pattern of alternatives that looks once at a letter: they are put together by the one that each begins with."""
    rest: dict[str, list[str]] = {}
    for pattern in " ".join(group.get("patterns", "") for group in groups if group["says"] in says).split():
        begins = _BEGINNINGS.match(pattern)
        for one in [f"{word}{pattern[begins.end() :]}" for word in begins[1].split("|")] if begins else [pattern]:
            first, end = (one[0], one[1:]) if one[0].isalpha() else ("", one)
            if one.startswith(r"\b") and one[2:3].isalpha():
                first, end = one[2], rf"(?<=\b{one[2]}){one[3:]}"
            rest.setdefault(first, []).append(end)
    return "(?:" + "|".join(f"{first}(?:{'|'.join(ends)})" for first, ends in rest.items()) + ")"


_DATA = tomllib.loads(Path(__file__).with_name("class_words.toml").read_text(encoding="utf-8"))
_GROUPS = _DATA["group"]
_PLACES = _words(_DATA["places"])
_CUT_SHORT = re.compile(_DATA["cut_short"])
_STATES, _FOUND = _words(_DATA["states"]), _words(_DATA["found"])
_SAID, _SAID_WHOLE = _said_by(_GROUPS, "words"), _said_by(_GROUPS, "tokens")
_SAID_WORDS = frozenset(_SAID)
_PAIRS, _COMMENT_PAIRS = re.compile(_pattern(_GROUPS, "boilerplate")), re.compile(_pattern(_GROUPS, "comments"))
_CAPTIONS = re.compile(_pattern(_GROUPS, "caption"))
_SILENCES = re.compile(f"(?:^|[_-]){_pattern(_GROUPS, 'silent')}(?:$|[_-])")
_ANY_PAIR = re.compile(_pattern(_GROUPS, *_BITS))
_OF_SITE, _PROMOTES, _OPENS, _OF_PICTURES, _ADVERTISES, _FOLDED, _HANDLES, _MESSAGES = (
    re.compile(_pattern(_GROUPS, says), re.IGNORECASE)
    for says in (
        "picture of the site",
        "picture that promotes",
        "picture that opens",
        "picture",
        "address that advertises",
        "folded",
        "handle",
        "message",
    )
)
_SHORTEST_PAIR = 6  # "social"
_DIGITS = re.compile(r"[0-9]+")
# A part of a token with a letter behind a digit, and no run of letters as long as a word, is a machine's: of "0ad8" no "ad" is
# a word.
_MADE = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]{0,4}[0-9]++[A-Za-z])(?![A-Za-z0-9]*?[A-Za-z]{5})[A-Za-z0-9]++")
_STYLED = frozenset("[(&")  # a utility class that holds a rule of CSS: "top-[var(--nav-height)]"
_SPLIT = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


# What was read, beyond the page. An `lru_cache` takes longer to find a thing than most of this file takes to do it: these are
# plain, and forget all when they are full.
_MOST_REMEMBERED = 1 << 16
_said: dict[str, int] = {}  # by a class attribute, an id, or a token of one
_traits: dict[tuple[str, str, int, int], tuple[str, bool]] = {}
_traits_of_tags: dict[str, tuple[str, bool]] = {}


def traits_of(tag: str, role: str, class_: str, id_: str) -> tuple[str, bool]:
    """(what a block says of itself, whether it says that it is a caption)"""
    said = 0
    if class_ and (said := _said.get(class_, -1)) < 0:
        said = _read(class_)
    caption = said & _CAPTION  # an id says no caption
    if id_ and tag not in _HEADINGS and role != "tabpanel":  # whose id is its tab's
        of_id = _said.get(id_, -1)
        said |= of_id if of_id >= 0 else _read(id_)
    if not said and not role:
        return traits_of_tag(tag)
    key = tag, role, said, caption
    return _traits.get(key) or _keep(_traits, key, (_hint_by(tag, role, said), tag in _CAPTION_TAGS or caption != 0))


def traits_of_tag(tag: str) -> tuple[str, bool]:
    """The same of a block whose role, class and id say nothing."""
    return _traits_of_tags.get(tag) or _keep(_traits_of_tags, tag, (_hint_by(tag, "", 0), tag in _CAPTION_TAGS))


def _keep(known: dict[_Key, _Value], key: _Key, value: _Value) -> _Value:
    if len(known) >= _MOST_REMEMBERED:
        known.clear()
    known[key] = value
    return value


def _hint_by(tag: str, role: str, said: int) -> str:
    if tag in _CONTENT_TAGS or role in _CONTENT_ROLES:
        return CONTENT
    if tag in _BOILERPLATE_TAGS or role in _BOILERPLATE_ROLES:
        return "" if tag in _NOTED_TAGS and _hint(said, True) == "" else BOILERPLATE
    if tag == "form":
        return _hint(said, False) or LABEL
    hint = _hint(said, False) if said and tag not in ("body", "html") else ""
    return "" if (hint == HEADER and tag in _TABLE_PARTS) or (hint == LIKELY_BOILERPLATE and tag == "dt") else hint


def is_caption(class_: str) -> bool:
    """Whether a phrase's class says that it is the caption of a picture."""
    return bool(_names_say(class_) & _CAPTION)


def is_code(class_: str) -> bool:
    """Whether a list's class says that its items are lines of code."""
    return bool(_names_say(class_) & _CODE)


@lru_cache(maxsize=4096)
def tells_only_where(names: str) -> bool:
    """Whether a class makes boilerplate of a block by words for a place on the page alone, and not by what stands there."""
    tokens = _CAMEL.sub("-", names).lower().split()
    rest = _CUT_SHORT.sub("", " ".join("-".join(word for word in _words_of(token) if word not in _PLACES) for token in tokens))
    doubtful = (LIKELY_BOILERPLATE, PROMOTION)
    return _hint(_names_say(names), False) in doubtful and _hint(_names_say(rest), False) in ("", LABEL, TEASER, HEADER)


@lru_cache(maxsize=4096)
def shows_the_site(names: str) -> bool:
    """Whether a class says that what is shown is no part of the page; a promotion may be its cover."""
    return bool(_OF_SITE.search(names) or (_PROMOTES.search(names) and not _OPENS.search(names)))


def is_for_pictures(names: str) -> bool:
    """Whether a class says that a block shows pictures."""
    return bool(_OF_PICTURES.search(names))


def advertises(url: str) -> bool:
    """Whether the address of a picture says that it is an advertisement."""
    return bool(_ADVERTISES.search(url[: INPUT_LIMITS.max_names]))


@lru_cache(maxsize=4096)
def says_folded(class_: str) -> bool:
    """Whether the class of a hidden HTML element says that a reader unfolds it."""
    return bool(_FOLDED.search(_CAMEL.sub("-", class_)))


@lru_cache(maxsize=4096)
def says_handle(class_: str) -> bool:
    """Whether a class is that of something by which a reader unfolds what stands behind it."""
    return bool(_HANDLES.search(_CAMEL.sub("-", class_)))


@lru_cache(maxsize=4096)
def says_message(class_: str) -> bool:
    """Whether the class of a hidden HTML element says that it waits for something to happen."""
    return bool(_MESSAGES.search(_CAMEL.sub("-", class_)))


@lru_cache(maxsize=4096)
def says_review(class_: str) -> bool:
    """Whether a word of a class is a review."""
    return any("review" in _words_of(_CAMEL.sub("-", token).lower()) for token in class_.split())


def is_silent(class_: str) -> bool:
    """Whether a phrase's class says that readers do not see it, or that it is a handle and not text."""
    return bool(_names_say(class_) & _SILENT)


def _hint(said: int, aside: bool) -> str:
    if said & _BUILDER:
        said &= ~(_BUILT | _HEADER | _NOTE)
    if said & _CONSENT:
        return CONSENT
    if said & _COMMENTS:
        return COMMENTS
    if said & (_BOILERPLATE | _BUILT):
        return LIKELY_BOILERPLATE
    if said & _PROMOTION:
        return PROMOTION
    if said & _NOTE:
        return ""
    if aside:
        return BOILERPLATE
    if said & _TEASER:
        return TEASER
    if said & _HEADER and not said & _CONTENT:
        return HEADER
    return LABEL if said & _LABEL else ""


def _names_say(names: str) -> int:
    """Of a class attribute or an id."""
    said = _said.get(names, -1)
    return said if said >= 0 else _read(names)


def _read(names: str) -> int:
    names = names[: INPUT_LIMITS.max_names]
    if len(_said) >= _MOST_REMEMBERED:
        _said.clear()
    tokens = names.split()
    said = _token_says(tokens[0]) if len(tokens) == 1 else 0
    for token in tokens if len(tokens) > 1 else ():
        if (says := _said.get(token, -1)) < 0:
            says = _said[token] = _token_says(token)
        said |= says
    _said[names] = said
    return said


def _token_says(token: str) -> int:
    lower = token.lower()
    plain = lower if lower == token else _CAMEL.sub("-", token).lower()
    hyphened = plain.replace("_", "-")
    if (letters := hyphened.replace("-", "")).isalpha() and letters.isascii():  # as most are
        words = hyphened.split("-")
    elif not _STYLED.isdisjoint(token):
        return 0
    elif _DIGITS.search(token):
        return _names_say(_DIGITS.sub("", _MADE.sub("", token)))  # names count with them
    else:
        words = _SPLIT.split(plain)
    said = _SAID_WHOLE.get(lower, 0)
    if not _SAID_WORDS.isdisjoint(words) and _STATES.isdisjoint(words):
        found = not _FOUND.isdisjoint(words)  # "search-results" are what a page of them is about
        for word in words:
            if word in _SAID and not (found and word == "search"):
                said |= _SAID[word]
        if not _SAID.get(words[-1], 0) & _LABEL:
            said &= ~_LABEL  # "post-date" is one, "category-birds" is a post's
    paired = len(lower) >= _SHORTEST_PAIR and _ANY_PAIR.search(lower)
    return said | _pairs_say(plain, said) if paired else said


def _words_of(token: str) -> list[str]:
    plain = token.replace("_", "-")
    return plain.split("-") if plain.replace("-", "").isalnum() and plain.isascii() else _SPLIT.split(token)


def _pairs_say(plain: str, words_say: int) -> int:
    said = 0
    if not words_say & _BUILDER and _STATES.isdisjoint(plain.split("-")):
        said = _BOILERPLATE * bool(_PAIRS.search(plain)) | _COMMENTS * bool(_COMMENT_PAIRS.search(plain))
    return said | _CAPTION * bool(_CAPTIONS.search(plain)) | _SILENT * bool(_SILENCES.search(plain))
