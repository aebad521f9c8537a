"""A path and patterns with stars -> the longest rule that matches the path (RFC 9309, 2.2.2 and 2.2.3).

There are no regular expressions: a file may have tens of thousands of rules, each tried on each path, and a star may be
anywhere. A pattern is tried by looking for its pieces one after another, in time proportional to pattern and path.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple, TypeVar
from urllib.parse import quote, urlsplit

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_KEPT = "%/?#[]@!$&'()*+,;=:~"
_STARS = re.compile(r"\*{2,}+")

Said = TypeVar("Said")


class PathPattern(NamedTuple):
    """A pattern in pieces: what stands between its stars."""

    pieces: tuple[str, ...]
    ends: bool  # with `$`: the path ends there
    length: int  # of the pattern as it is written, normalised: the longer one counts

    @classmethod
    def of(cls, text: str) -> "PathPattern":
        text = _normal(text)
        ends = text.endswith("$")
        return cls(tuple(_STARS.sub("*", text.removesuffix("$")).split("*")), ends, len(text))

    def matches(self, path: str) -> bool:
        """Whether a path of `path_of` is meant."""
        first, *middle = self.pieces
        if not path.startswith(first):
            return False
        if not middle:
            return not self.ends or path == first
        at, last = len(first), middle.pop()
        for piece in middle:
            at = path.find(piece, at)
            if at < 0:
                return False
            at += len(piece)
        return path.endswith(last) and len(path) - len(last) >= at if self.ends else path.find(last, at) >= 0


def path_of(url: str) -> str:
    """The path and query of a URL, as patterns are compared with them."""
    parts = urlsplit(url)
    return _normal((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def longest(rules: Iterable[tuple[PathPattern, Said]], path: str) -> list[Said]:
    """What the longest rules say that mean the path: several where they are of one length, [] where none does."""
    best, said = -1, []
    for pattern, says in rules:
        if pattern.length < best or not pattern.matches(path):
            continue
        if pattern.length > best:
            best, said = pattern.length, []
        said.append(says)
    return said


def _normal(path: str) -> str:
    """Escapes of what needs none undone, others in upper case, everything else that needs one escaped."""
    if not path.isascii() or not path.isprintable() or " " in path:
        path = quote(path, safe=_KEPT)
    return _ESCAPE.sub(_unescaped, path) if "%" in path else path


def _unescaped(match: re.Match) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()
