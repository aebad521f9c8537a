"""Text -> words, sentences and lines, without a dictionary. (Tokens, which the rules of text count, are in `formats.tokens`.)

A word is a run of letters, digits and marks, with the apostrophes inside it. Scripts that put no spaces between words
(Chinese, Japanese, Thai, Lao, Burmese, Khmer) have no words without a dictionary: there each character, with its marks,
is one. A Chinese or Japanese word is about `CHARACTERS_PER_WORD` characters, which n-grams of words must mind. Korean
puts spaces, and its words are taken whole. Everything here is linear in the text.
"""

import re
import unicodedata
from collections.abc import Iterable

CHARACTERS_PER_WORD = 1.6  # of Chinese and Japanese, as segmenters cut them
TERMINAL = ".!?…。！？．｡؟۔।॥։።၊။។៕"  # marks that end a sentence

# First and last code point of the scripts that put no spaces: Thai and Lao, Burmese, Khmer, ideographic signs, kana, Han.
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3005, 0x3007),
    (0x3040, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x20000, 0x323AF),
)
_LAST_MARK = 0xFFFF  # rarer marks lie beyond, which would make the patterns slow
_CLOSING = "\"'”’»)\\]」』）"


def words(text: str) -> list[str]:
    """The words of a text, as they stand; punctuation is left out."""
    return _WORD.findall(text)


def words_and_marks(text: str) -> list[str]:
    """Words and marks of punctuation in order: an ellipsis of dots is one, any other mark one each."""
    return _WORD_OR_MARK.findall(text)


def lines(text: str) -> list[str]:
    """The lines that are not blank, stripped."""
    return [line for line in map(str.strip, text.split("\n")) if line]


def sentences(text: str) -> list[str]:
    """The sentences of a text, stripped. A line's end ends a sentence too; after `Dr.`, `e.g.` or an initial none ends."""
    found: list[str] = []
    for line in lines(text):
        start = 0
        for match in _SENTENCE_END.finditer(line):
            if match[1] == "." and _ABBREVIATION.search(line, max(0, match.start() - 12), match.start() + 1):
                continue
            found.append(line[start : match.end()].strip())
            start = match.end()
        found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


def is_unspaced(text: str) -> bool:
    """True where most words of the text are single characters of a script without spaces."""
    if not _ANY_UNSPACED.search(text):  # several times as fast as counting
        return False
    unspaced = len(UNSPACED_CHARACTER.findall(text))
    return unspaced > 0 and 2 * unspaced > len(words(text))


def ranges(code_points: Iterable[int]) -> str:
    """Code points, rising, as the inside of a character class."""
    spans: list[list[int]] = []
    for point in code_points:
        if spans and spans[-1][1] == point - 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in spans)


def _is_mark(point: int) -> bool:
    return unicodedata.category(chr(point))[0] == "M"


# `\w` lacks the combining marks: by itself it would cut Hindi words at every vowel sign.
_CHARACTER = "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _UNSPACED)
_MARK = ranges(filter(_is_mark, range(_LAST_MARK + 1)))
_LETTERS = rf"[^\W{_CHARACTER}]+"
# Inside a word: marks and apostrophes; a point or an at sign before a small letter or a digit; what divides digits.
_INSIDE = rf"[{_MARK}'’\u200c\u200d]+|[.@&](?=[a-z0-9])|(?<=[A-Z])[.&](?=[A-Z])|(?<=[0-9])[,:/](?=[0-9])"
_WORD_PATTERN = rf"{_LETTERS}(?:(?:{_INSIDE}){_LETTERS})*[{_MARK}]*|\w[{_MARK}]*"
_STUCK = r"(?<!\w)[-/@|~^\\+]+"  # marks at the head of a path, an option, a handle, a signed number
_ADDRESS = rf"(?:https?://|www\.)[^\s<>\"'{_CHARACTER}]*[\w/]"
ADDRESS = re.compile(_ADDRESS)
# Most words are plain and stand before a space, most other characters are spaces: asked first, this takes 0.6 of the time.
_WORD = re.compile(rf"(?=\w)(?:[0-9A-Za-z_]++(?=\s)|{_WORD_PATTERN})")
_WORD_OR_MARK = re.compile(rf"{_ADDRESS}|{_WORD_PATTERN}|{_STUCK}(?:{_WORD_PATTERN})|[-/@|~^\\+=]+|\.\.\.|[^\w\s]")
_ANY_UNSPACED = re.compile(rf"[{_CHARACTER}]")
UNSPACED_CHARACTER = re.compile(rf"(?=\w)[{_CHARACTER}]")
# A terminal mark with what closes after it, before a space; the marks of scripts without spaces need none after them.
# It is tried once at the head of a run of marks, or a text of dots would cost the square of its length.
_SENTENCE_END = re.compile(
    rf"(?<![{TERMINAL}])([{TERMINAL}])[{TERMINAL}]*+[{_CLOSING}]*+(?:(?=\s)|(?<=[。！？｡។៕])|(?<=[。！？｡][」』）”]))"
)
_ABBREVIATION = re.compile(
    r"\b(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|cf|al|Nr|Fig|Figs|Vol|vol|pp|ed|eds|approx|Inc|Ltd|Co|Corp|Rev|Gen"
    r"|e\.g|i\.e|z\.B|d\.h|u\.a|p\.ex|bzw|ca|Abb|Hrsg|M|Mme|Mlle|Sra|Dra|Ud|Uds)\.$"
)
