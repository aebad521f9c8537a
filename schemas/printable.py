"""Foreign text -> the same without what would steer a terminal or turn the reading direction; a number of bytes -> text."""

import re

# C0 and C1 controls but tab and line break (ESC is one), marks and overrides of the reading direction, invisible tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_HALVES = re.compile("[\ud800-\udfff]")  # of surrogate pairs: names of files that are not UTF-8 hold them, no stream takes them


def printable(text: object) -> str:
    """The text, with its line breaks and tabs, that any terminal can show as it is."""
    return _HALVES.sub("\ufffd", _UNSEEN.sub("", str(text)))


def byte_size(count: int) -> str:
    """Bytes as a reader likes them: 999 B, 1.5 kB, 605 MB, 3.0 GB."""
    if count < 1000:
        return f"{count} B"
    shown, unit = count / 1000, "kB"
    for larger in ("MB", "GB"):
        if shown >= 1000:
            shown, unit = shown / 1000, larger
    return f"{shown:.0f} {unit}" if shown >= 100 else f"{shown:.1f} {unit}"
