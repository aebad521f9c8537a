"""A caption -> where it says that its picture was taken ("in Paris", "from the streets of Tokyo"): spans, or the rest.

LTIP had locations removed from its captions (Flamingo, A.3.3). `captions` recognises "Lyon, France" by its form. A single name
is a place if a preposition leads to it and the gazetteer has it. Linear in the text: every repetition is bounded.
"""

import re

from lamella.transforms.pair.gazetteer import PEOPLE, places

Span = tuple[int, int]


def location_spans(text: str, min_people: int) -> list[Span]:
    """(start, end) of each phrase that names a place, its preposition included, in order; a town has `min_people` or more.

    >>> [text[a:b] for text in ["A man in Paris holds a loaf from Lyon"] for a, b in location_spans(text, 15_000)]
    ['in Paris', 'from Lyon']
    """
    known = places(min_people)
    spans = ((match.start(), _end(match, text, known)) for match in _PHRASE.finditer(text))
    return [(start, end) for start, end in spans if end > start]


def without_locations(text: str, min_people: int) -> str:
    """The caption without them; the blanks and marks that a cut leaves are for `captions` to mend."""
    spans = location_spans(text, min_people)
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    left = " ".join(text[end:start].strip(" ") for end, start in zip(ends, starts, strict=True)) if spans else text
    if not spans or spans[0][0]:
        return left
    left = left.lstrip(" ,")  # "In Paris, a man" begins with the man
    return left[:1].upper() + left[1:]


def _end(match: re.Match[str], text: str, known: frozenset[str]) -> int:
    """The end of the last name that is a place; the phrase's start if the first name is none."""
    leads = match["leads"].split()[0].lower()
    if leads in _AFTER and not _AFTER[leads].search(text[max(0, match.start() - _LOOK_BACK) : match.start()]):
        return match.start()
    end, at = match.start(), match.start("names")
    for name, joined in zip(*[iter([*_JOIN.split(match["names"]), ""])] * 2, strict=True):
        person = name in PEOPLE and (leads != "in" or end > match.start())
        if name not in known or person or _GOES_ON.match(text, at + len(name)):
            return end if text[end:at] == ", " else match.start()
        end = at + len(name)
        at = end + len(joined)
    return end


_NAME = r"[A-Z][\w'’]{1,30}+(?:[.-][\w'’]{1,30}+){0,3}+"
_NAMES = rf"{_NAME}(?: (?:(?:de|del|la|le|of|upon|am|an|der|sur|do|da|e|i) ){{0,2}}{_NAME}){{0,3}}"
_AREA = (
    r"(?:(?:down|up|mid)town|central|old|rural|inner|outer|upper|lower|greater|north(?:ern)?|south(?:ern)?|east(?:ern)?|west(?:ern)?"
    r"|(?:north|south)(?:east|west)(?:ern)?|nearby)"
)
_KIND = r"(?:city|town|village|port|capital|state|province|county|region|island|district)"
# What a picture shows of a place stays: "the streets of Lisbon" are streets.
_SEEN = (
    r"(?:streets?|outskirts|suburbs|cent(?:re|er)|heart|hills?|views?|skyline|rooftops|map|canals?|beach(?:es)?|mountains|coast"
    r"|harbou?r|markets?|bridges?|parks?|people|lanes|alleys|squares?|panorama|picture|photo(?:graph)?|shores?|north|south|east|west)"
)
_WAY = r"(?:roads?|trains?|way|bus|flights?|ferry|trips?|journey|visits?|trail|visitors?|tourists|holiday|travell?(?:s|ed|ing))"
_PHRASE = re.compile(
    r"(?<![\w-])(?P<leads>"
    rf"(?:[Ii]n|[Ff]rom|[Nn]ear|[Oo]utside|[Aa]round|[Aa]cross|[Tt]hrough|[Aa]t|[Oo]ver|[Ii]nside)(?: the)?(?: {_AREA}){{0,2}}"
    rf"(?:(?: the)?(?: [a-z]{{2,12}})? {_KIND} of)?"
    rf"|(?:of|to)(?: {_AREA})?)"
    rf" (?P<names>{_NAMES}(?:(?:, and|,| and| or) {_NAMES}){{0,4}})"
)
_JOIN = re.compile(r"(, and |, | and | or )")
# What must stand before "of" and "to", which lead to people as well.
_AFTER = {"of": re.compile(rf"\b{_SEEN} $"), "to": re.compile(rf"\b{_WAY} $")}
_LOOK_BACK = 16
# The name is part of a longer one, or says what kind a thing is: "in Oxford shoes".
_GOES_ON = re.compile(
    r"\w|[-'’]\w| [A-Z]\w| (?:style|fashion|accent|hats?|shoes|shirts?|cotton|linen|leather|tweed|silk|wool|lace)\b"
)
