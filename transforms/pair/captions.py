"""Web text -> the caption without file names, dates, places and credits, and the form by which its copies are found.

LTIP had dates and locations removed from its captions (Flamingo, A.3.3). Patterns here are linear in the text: every repetition
is bounded, or never backtracks.
"""

import html
import re
import unicodedata

from lamella.transforms.pair.locations import without_locations
from lamella.transforms.pair.places import COUNTRIES, STATES


def clean(text: str) -> str:
    """One line, single spaces, no control characters, no signs that only a line breaker or a bidi algorithm sees.

    Shops escape what is escaped already: entities that are left in a text are read, up to two times more. Joiners stay, since
    emoji and scripts are written with them.

    >>> clean("Tom &amp;amp; Jerry: a soft\\u00adware\\u200bstory")
    'Tom & Jerry: a software story'
    """
    for _ in range(_MOST_ESCAPES):
        if (once := _ENTITY.sub(_character, text)) == text:
            break
        text = once
    return " ".join(_CONTROL.sub(" ", _UNSEEN.sub("", text)).split())


def _character(entity: re.Match) -> str:
    return html.unescape(entity[0])


def normalised(text: str) -> str:
    """The form under which two texts are the same: compatibility forms, case and spaces do not tell them apart."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def is_file_name(text: str) -> bool:
    """`IMG_1234`, `holiday photo.JPG`, `red-fox-in-snow`: what a camera or a site builder wrote, not a person."""
    return bool(_FILE_NAME.fullmatch(text))


def without_dates_and_places(text: str, min_people: int) -> str:
    """A caption without datelines, dates, `City, Country`, "in Paris", and the credits of photographers and agencies.

    A name that stands alone is a town's where it has `min_people` or more.

    >>> without_dates_and_places("LONDON, England — A fox crosses a street on 12 March 2019. (c) Jane Doe", 15_000)
    'A fox crosses a street.'
    """
    text = " ".join(text.split())  # the patterns take few spaces in a row
    for pattern in (_DATELINE, _CREDIT, _CITY_OF_DATE, _DATE, _PLACE):
        text = pattern.sub(" ", text)
    return _tidied(without_locations(" ".join(text.split()), min_people))


def _tidied(text: str) -> str:
    """Mends what a cut leaves: empty brackets, doubled spaces, marks that hang in the air."""
    text = _LONE_STOP.sub(r"\1", _EMPTY_BRACKETS.sub(" ", text))
    text = _SPACE_BEFORE_MARK.sub(r"\1", " ".join(text.split()))
    text = _DOUBLED_MARK.sub(r"\1", text)
    return text.strip(" ,;:|–—-/")


_MOST_ESCAPES = 2  # beyond the one that the page's own parser has read
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")  # with its semicolon: "AT&T" is none
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b]")
# Soft hyphen; marks, embeddings, overrides and isolates of bidirectional text; word joiner and invisible operators; the mark
# of byte order; interlinear annotation.
_UNSEEN = re.compile(r"[\u00ad\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")

_IMAGE_SUFFIX = r"\.(?:jpe?g|jfif|png|gif|webp|avif|bmp|tiff?|svg|heic)"
_CAMERA = r"(?:img|dscn?|dscf|mg|p|pict|image|photo|picture|pic|screen ?shot|untitled|file|scan|unnamed|download|thumbnail)"
_FILE_NAME = re.compile(
    rf"[^\n]{{0,255}}{_IMAGE_SUFFIX}(?:\?\S*)?"  # ends as an image file does
    rf"|{_CAMERA}(?:[-_ (]{{0,2}}\d[\d_ ()-]*)"  # a camera's counter
    r"|(?=[^-]*+-[^-]*+-|(?=[^-]*+-).*?\w_\w|\w[^-_]*+_\w[^-_]*+_\w)\w++(?:-\w++)*+"  # a slug: three words or more, no space
    r"|(?=[^\W\d]*+\d)(?=[^\W_]*+_)\w++"  # an identifier
    r"|[0-9a-f]{12,}|\d+",
    re.IGNORECASE,
)

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?\b"
_YEAR = r"(?:1[5-9]|20)\d\d\b"
_DATE = re.compile(
    r"(?:\b(?:on|in|since|from|of|dated|until|till|by|circa|c\.)\s++|[(\[])?"
    rf"(?:\b{_WEEKDAY},?\s++)?"
    rf"(?:\b{_DAY}(?:\s++of)?\s++{_MONTH}(?:,?\s++{_YEAR})?"  # 12 March 2019
    rf"|\b{_MONTH}\s++{_DAY}(?:,?\s++{_YEAR})?"  # March 12, 2019
    rf"|\b{_MONTH},?\s++{_YEAR}"  # March 2019
    rf"|\b{_YEAR}[-/.]\d{{1,2}}[-/.]\d{{1,2}}\b"  # 2019-03-12
    r"|\b\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d\d)\b)[)\]]?,?"  # 12/03/2019
    rf"|\bon\s++{_WEEKDAY}\b,?"
    rf"|\b(?:in|since|circa|c\.)\s++{_YEAR},?|[(\[]{_YEAR}[)\]],?|,\s++{_YEAR}(?![-/.]\d)"
)

_NAME = r"[A-Z][\w'’.]{0,40}+"
_CITY = rf"{_NAME}(?:[ -](?:{_NAME}|de|del|la|le|of|upon|am|an|der|sur)){{0,3}}"
_LAND = "(?:" + "|".join(re.escape(name) for name in sorted({*COUNTRIES, *STATES}, key=lambda it: (-len(it), it))) + r")(?!\w)"
_COUNTRY = "(?:" + "|".join(re.escape(name) for name in sorted(COUNTRIES, key=lambda it: (-len(it), it))) + r")(?!\w)"
_CITY_OF_DATE = re.compile(rf"[,(\[]\s*+(?!{_LAND}){_CITY},\s++(?={_DATE.pattern})")  # two squares, Lisbon, 3 May 2021
_DASH = r"\s?(?:—|–|--|\s-\s|:\s)\s?"
_AGENCY = r"\((?:AP|AFP|Reuters|REUTERS|UPI|EFE|dpa|DPA|PTI|ANI|CNN|Xinhua|Bloomberg)\)"
_DATELINE = re.compile(
    rf"^{_CITY},\s{_LAND}\.?\s?(?:{_AGENCY})?{_DASH}"  # PARIS, France (AP) —
    rf"|^{_CITY}\s?{_AGENCY}{_DASH}"  # LONDON (Reuters) -
    r"|^[A-Z][A-Z .'-]{2,30}[A-Z]\s?(?:—|--)\s?"  # NEW YORK —
)
_PREPOSITION = r"\b(?:in|at|near|from|of|over|across|around|outside|off|to)\s++(?:the\s++)?"
_PLACE = re.compile(
    rf"(?:{_PREPOSITION}|,\s++|[(\[])?\b{_CITY},\s++{_LAND}[)\]]?"  # near Lyon, France
    rf"|\b(?:in|near|from|outside)\s++{_COUNTRY}"  # in New Zealand
)

_PERSON = r"(?:[A-Z][\w.'’&-]{0,40}(?:[ ,/]{1,2}|(?=$|[.;|)\]]))){1,8}"
_END = r"(?:[.;|)\]]+|$)"
_CREDIT = re.compile(
    r"\b[Aa]ll [Rr]ights [Rr]eserved\b\.?"
    r"|[(\[]?(?:©|\([cC]\)|\bCopyright\b)(?:[^.;|)\n]{0,80}+(?:[.;|)\]]++|$)|[^.;|)\n]{0,79}\][.;|)\]]*+)"
    rf"|[(\[]?\b(?:[Pp]hoto(?:graph)?s?|[Ii]mages?|[Pp]ictures?|[Ii]llustration|PHOTO|IMAGE)\s?"
    rf"(?:[Cc]redits?:?|[Cc]ourtesy(?:\sof)?:?|by|:|/)\s{{0,2}}(?:{_PERSON}){_END}"
    rf"|[(\[]?\b(?:[Cc]redits?|[Cc]ourtesy|[Ss]ource)(?:\sof\s|:\s?)(?:the\s)?(?:{_PERSON}){_END}"
    r"|[(\[][^()\[\]]{0,60}(?:Getty Images|Reuters|REUTERS|AFP|AP Photo|Shutterstock|iStock|Alamy|Wikimedia Commons)"
    r"[^()\[\]]{0,60}[)\]]"
    r"|[(\[](?:AP|CC[ -]BY[^()\[\]]{0,30}|[Pp]ublic [Dd]omain)[)\]]"
)
_EMPTY_BRACKETS = re.compile(r"\(\s*+[,;]?\s*+\)|\[\s*+[,;]?\s*+\]")
_LONE_STOP = re.compile(r"([.!?])\s++(?:[,;:]\s++)?\.(?!\.)")  # of a sentence that is gone whole
_SPACE_BEFORE_MARK = re.compile(r"\s([,.;:!?)\]])")
_DOUBLED_MARK = re.compile(r"[,;:](?:\s*+[,;:])*\s*+([.!?,;:])")
