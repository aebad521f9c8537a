"""Path of a list of SHA-256 -> the set of them: files that must never be kept, decoded or shown."""

import re
from functools import cache

from lamella.transforms.base.files import read_bytes

_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


@cache
def read_hashes(path: str | None) -> frozenset[str]:
    """The hex digests of a text file, one a line, whatever stands beside them (as sha256sum writes); none without a path.

    Raises OSError where the list cannot be read: without its list a run must not go on.
    """
    return frozenset(_DIGEST.findall(read_bytes(path).decode("ascii", "replace").lower())) if path else frozenset()
