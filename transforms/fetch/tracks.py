"""Bytes of a WebVTT file -> its cues, each with its times; BadTrack for anything else."""

import html
import re
from collections.abc import Iterator

from lamella.schemas.errors import DataError
from lamella.schemas.media import Cue
from lamella.transforms.formats.charset import decode_html

_MARK = b"\xef\xbb\xbf"
_SIGNATURE = re.compile(r"WEBVTT(?:[ \t][^\n]*)?(?:\n|$)")
_BLOCK = re.compile(r"(?:[^\n]++\n?)++")  # lines without a blank one among them
_ABOVE = re.compile(r"<rt(?:[. ][^<>]*)?>[^<>]*(?:</rt>)?", re.IGNORECASE)  # readings, which stand above the words
_BREAK = re.compile(r"<br */?>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:[A-Za-z][^<>]*|[\d:.]*)>|\{\\[^{}]*\}"
)  # of WebVTT, of HTML, and of other formats that were turned into it
_TIME = r"((?:\d{1,9}:)?[0-5]?\d:[0-5]\d[.,]\d{3})"  # a comma, and an hour of one digit, as in SubRip
_TIMES = re.compile(rf"(?<!\S){_TIME}\s*+-->\s*+{_TIME}")
_ENDLESS = re.compile(r"&#(?:\d{8,}+|[xX][0-9A-Fa-f]{8,}+);?+")  # numbers that no character has, and Python does not read
_MOST_MARKUP = 8  # characters of a block of cues for each that may be taken: what is longer is cut off before it is read
_BREAKS = re.compile(r"\r\n?")


class BadTrack(DataError, ValueError):
    """Bytes that are no WebVTT."""


def looks_like_track(data: bytes) -> bool:
    return data.removeprefix(_MARK).startswith(b"WEBVTT")


def track_cues(data: bytes, max_characters: int) -> tuple[Cue, ...]:
    """The cues in the file's order, without tags and cue settings, cut behind the last that ends within `max_characters`.

    Notes, styles and regions are no cues (WebVTT, section 4). Tracks are UTF-8; those that are not are read as pages are, since
    what players show of them, a sign for each letter that is none, is no text to learn from.
    """
    text = _BREAKS.sub("\n", decode_html(data.removeprefix(_MARK), "")[0])
    if not _SIGNATURE.match(text):
        raise BadTrack(f"starts with {text[:12]!r}")
    cues, size = [], 0
    for block in _BLOCK.finditer(text):
        for cue in _cues(block[0][: _MOST_MARKUP * max_characters].strip("\n").split("\n")):
            size += len(cue.text) + 1
            if size > max_characters:
                return tuple(cues)
            cues.append(cue)
    return tuple(cues)


def _cues(lines: list[str]) -> Iterator[Cue]:
    """Of a block: one, but where the blank line before the next is missing. It may open with its name."""
    if not any(map(_times, lines[:2])):
        return
    found = [(at, times) for at, line in enumerate(lines) if (times := _times(line))]
    is_numbered = found[0][0] == 1 and lines[0].strip().isdigit()
    ends = [at - (is_numbered and lines[at - 1].strip().isdigit()) for at, _ in found[1:]]  # the next one's number is no word
    for (at, times), end in zip(found, [*ends, len(lines)], strict=True):
        start_s, end_s = _seconds(times[1]), _seconds(times[2])
        text = _words("\n".join(lines[at + 1 : end]))
        if text and start_s < end_s:
            yield Cue(start_s=start_s, end_s=end_s, text=text)


def _times(line: str) -> re.Match[str] | None:
    """Only if nothing stands before the times: a note may mention times."""
    return _TIMES.match(line.lstrip())


def _words(payload: str) -> str:
    plain = _ENDLESS.sub("\ufffd", _TAG.sub("", _BREAK.sub("\n", _ABOVE.sub("", payload))))
    said = html.unescape(plain).split("\n")
    return "\n".join(filter(None, (" ".join(words.split()) for words in said)))


def _seconds(time: str) -> float:
    """Of `mm:ss.ttt`, before which hours may stand; thousandths, as they are written."""
    whole, _, thousandths = time.replace(",", ".").partition(".")
    total = 0
    for part in whole.split(":"):
        total = 60 * total + int(part)
    return (1000 * total + int(thousandths)) / 1000
