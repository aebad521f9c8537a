"""Bytes of a WebVTT file -> the text of its cues, one line a cue; BadTrack for anything else."""

import html
import re

from lamella.schemas.errors import DataError

_SIGNATURE = re.compile(r"WEBVTT(?:[ \t][^\n]*)?(?:\n|$)")
_BLOCK = re.compile(r"(?:[^\n]++\n?)++")  # lines without a blank one among them
_TAG = re.compile(r"<[^<>]*>")
_BREAKS = re.compile(r"\r\n?")


class BadTrack(DataError, ValueError):
    """Bytes that are no WebVTT."""


def looks_like_track(data: bytes) -> bool:
    return data.removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT")


def track_text(data: bytes, max_characters: int) -> str:
    """The cues' text without tags and cue settings, cut behind the last cue that ends within `max_characters`.

    Notes, styles and regions carry none (WebVTT, section 4).
    """
    text = _BREAKS.sub("\n", data.decode("utf-8-sig", "replace").replace("\0", "�"))
    if not _SIGNATURE.match(text):
        raise BadTrack(f"starts with {text[:12]!r}")
    said, size = [], 0
    for block in _BLOCK.finditer(text):
        if cue := _cue_text(block[0]):
            size += len(cue) + 1
            if size > max_characters:
                break
            said.append(cue)
    return "\n".join(said)


def _cue_text(block: str) -> str:
    lines = block.strip("\n").split("\n")
    for at, line in enumerate(lines[:2]):  # a cue may open with its name
        if "-->" in line:
            return " ".join(html.unescape(_TAG.sub("", " ".join(lines[at + 1 :]))).split())
    return ""
