"""Text -> its tokens, words and marks of punctuation in order, as the filters of text count them.

Published thresholds were set on the tokens of spaCy's English tokenizer (datatrove: Gopher, FineWeb), so its rules hold here:
what stands between two spaces is one token, but for marks at its edges, a few signs inside it, contractions ("do", "n't") and
units ("5", "GB"). Where words are not divided by spaces, `formats.words` cuts. Texts repeat most of these pieces over and over,
so they are remembered. Everything here is linear in the text.
"""

import re
import unicodedata
from itertools import chain

from lamella.transforms.formats.words import ADDRESS, UNSPACED_CHARACTER, ranges, words_and_marks

_MOST_REMEMBERED = 1 << 16  # pieces, and as many before them
_LAST_MARK = 0xFFFF  # beyond it are emoji, and what would make the patterns slow
_LONG = 64  # characters; what is longer is no word, and is not remembered
_PLAIN_ENDS, _LONGEST_SHORT = ",.;:!?)", 6  # marks; letters of what may be an abbreviation
_LONGEST_WHOLE, _LONGEST_TAIL = 12, 8  # characters that are looked at, so that no piece can make it slow


def tokens(text: str) -> list[str]:
    """Words and marks of punctuation in order."""
    return list(chain.from_iterable(map(_PIECES.__getitem__, text.split())))


class _Pieces(dict[str, tuple[str, ...]]):
    """What stands between spaces -> its tokens. Once they are many, those that were not met again are forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[str, tuple[str, ...]] = {}

    def __missing__(self, piece: str) -> tuple[str, ...]:
        found = self._before.get(piece) or _cut(piece)
        if len(piece) <= _LONG:
            if len(self) >= _MOST_REMEMBERED:
                self._before = dict(self)
                self.clear()
            self[piece] = found
        return found


_PIECES = _Pieces()


def _cut(piece: str) -> tuple[str, ...]:
    if piece.isascii():
        if piece.isalpha():
            return _CANNOT.get(piece) or (piece,)
        word, mark = piece[:-1], piece[-1]
        if mark in _PLAIN_ENDS and word.isalpha() and (mark != "." or len(word) > _LONGEST_SHORT):
            return (*_cut(word), mark)
    elif UNSPACED_CHARACTER.search(piece):
        return tuple(words_and_marks(piece))
    head, tail, start, end = [], [], 0, len(piece)
    while start < end and not (end - start <= _LONGEST_WHOLE and _WHOLE.fullmatch(piece, start, end)):
        if found := _HEAD.match(piece, start, end):
            head.append(found[0])
            start = found.end()
        elif found := _TAIL.search(piece, max(start, end - _LONGEST_TAIL), end):
            tail.append(found[0])
            end = found.start()
        else:
            break
    return (*head, *_inside(piece[start:end]), *reversed(tail))


def _inside(piece: str) -> list[str]:
    """The tokens of a piece without marks at its edges."""
    if not piece or _WHOLE.fullmatch(piece) or ADDRESS.match(piece) or _SITE.match(piece):
        return [piece] if piece else []
    if len(piece) <= _LONG and (found := _CONTRACTED.fullmatch(piece)):
        stem, ending = filter(None, found.groups())
        return [*_inside(stem), ending]
    return [part for part in _INFIX.split(piece) if part]


def _category(*categories: str) -> str:
    """The characters of some Unicode categories, as the inside of a character class."""
    return ranges(point for point in range(_LAST_MARK + 1) if unicodedata.category(chr(point)) in categories)


_CANNOT = {word: (word[:3], word[3:]) for word in ("cannot", "Cannot", "CANNOT")}
_ICON = _category("So") + "\U0001f000-\U0001faff"
_MARK = _category("Ps", "Pe", "Pi", "Pf", "Sc") + re.escape("\"'`´,;:!?¿¡#*&_<>…·؟،؛۔।、。！？，；：～〝〞‚„")
_HEAD = re.compile(rf"\.\.+|\+(?![0-9])|[{_MARK}{_ICON}§%=—–]")
_UNIT = "k?m[²³]?|[dcm]m[²³]?|ha|µm|nm|yd|in|ft|[km]?g|mg|µg|t|lb|oz|m/s|km/h|kmh|mph|h?Pa|mbar|[mMkKgGtT]b|[MKGT]B|[TGMK]|%"
_TAIL = re.compile(
    rf"(?:\.{{2,8}}|[{_MARK}{_ICON}—–]|['’][sS]|(?<=[0-9])(?:\+|{_UNIT})|(?<=[0-9²%+\-{_MARK}])\.|(?<=[^\W\d_A-Z])\.|(?<=[A-Z][A-Z])\.)\Z"
)
_INFIX = re.compile(
    rf"(\.\.+|…|[{_ICON}]|(?<=[0-9])[+\-*^](?=[0-9\-])|(?<=[^\W\d_A-Z\"'”’])\.(?=[A-Z\"'“‘])|(?<=[^\W\d_]),(?=[^\W\d_])"
    r"|(?<=[^\W_²³¹¼½¾])(?:---?|——|[-–—~])(?=[^\W\d_])|(?<=[^\W_²³¹¼½¾])[:<>=/](?=[^\W\d_]))"
)
_WHOLE = re.compile(
    r"(?:[^\W\d_]\.)+|(?:Mrs?|Ms|Messrs|Dr|Prof|Rev|Gen|Gov|Sen|Rep|Mt|St|[SJ]r|vs|Inc|Ltd|Corp|Co|Bros|Ph\.D|e\.g|i\.e|v\.s"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.|and/or"
)
_CONTRACTED = re.compile(
    r"(.*[^\W\d_])(n['’]t|['’](?:ll|ve|re|m))|(I|you|he|she|it|we|they|who|what|where|how|there|that)(['’]d)", re.IGNORECASE
)
_SITE = re.compile(r"(?:[a-z0-9\-]+\.)+[a-z]{2,6}/", re.IGNORECASE)
