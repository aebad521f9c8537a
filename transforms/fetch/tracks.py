"""Bytes of a WebVTT file -> its cues, each with its times; BadTrack for anything else."""

import html
import re

from lamella.schemas.errors import DataError
from lamella.schemas.media import Cue

_SIGNATURE = re.compile(r"WEBVTT(?:[ \t][^\n]*)?(?:\n|$)")
_BLOCK = re.compile(r"(?:[^\n]++\n?)++")  # lines without a blank one among them
_TAG = re.compile(r"<[^<>]*>")
_TIME = r"((?:\d{2,9}:)?[0-5]\d:[0-5]\d\.\d{3})"
_TIMES = re.compile(rf"(?<!\S){_TIME}\s*+-->\s*+{_TIME}")
_BREAKS = re.compile(r"\r\n?")


class BadTrack(DataError, ValueError):
    """Bytes that are no WebVTT."""


def looks_like_track(data: bytes) -> bool:
    return data.removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT")


def track_cues(data: bytes, max_characters: int) -> tuple[Cue, ...]:
    """The cues in the file's order, without tags and cue settings, cut behind the last that ends within `max_characters`.

    Notes, styles and regions are no cues (WebVTT, section 4).
    """
    text = _BREAKS.sub("\n", data.decode("utf-8-sig", "replace").replace("\0", "\ufffd"))
    if not _SIGNATURE.match(text):
        raise BadTrack(f"starts with {text[:12]!r}")
    cues, size = [], 0
    for block in _BLOCK.finditer(text):
        if cue := _cue(block[0]):
            size += len(cue.text) + 1
            if size > max_characters:
                break
            cues.append(cue)
    return tuple(cues)


def _cue(block: str) -> Cue | None:
    lines = block.strip("\n").split("\n")
    for at, line in enumerate(lines[:2]):  # a cue may open with its name
        if times := _TIMES.search(line):
            said = html.unescape(_TAG.sub("", "\n".join(lines[at + 1 :]))).split("\n")
            text = "\n".join(filter(None, (" ".join(words.split()) for words in said)))
            return Cue(start_s=_seconds(times[1]), end_s=_seconds(times[2]), text=text) if text else None
    return None


def _seconds(time: str) -> float:
    """Of `mm:ss.ttt`, before which hours may stand; thousandths, as they are written."""
    whole, _, thousandths = time.partition(".")
    total = 0
    for part in whole.split(":"):
        total = 60 * total + int(part)
    return (1000 * total + int(thousandths)) / 1000
