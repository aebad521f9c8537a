"""Lists of hashes, by path -> whether a file or a picture is listed: one that must never be kept, decoded or shown.

Files are known by SHA-256 or MD5. Pictures that were encoded again are known by PDQ (Facebook 2019), of whose 256 bits up to 31
may differ.
"""

import re
from collections.abc import Sequence
from functools import cache
from hashlib import md5, sha256

import numpy as np

from lamella.schemas.config import FetchConfig
from lamella.transforms.base.files import read_bytes
from lamella.transforms.media.pdq import pdq_bits, pdq_library

_DIGEST = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])")
_PDQ = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_MD5_DIGITS = 32


@cache
def read_hashes(path: str | None) -> frozenset[str]:
    """The hex digests of a text file, one on each line, with anything after them (as sha256sum and md5sum write); none without
    a path.

    Raises OSError where the list cannot be read: without its list a run must not go on.
    """
    return frozenset(_DIGEST.findall(_text(path))) if path else frozenset()


def listed_file(data: bytes, digest: str, path: str | None) -> str:
    """What a file is listed as, or "". `digest` is its SHA-256."""
    listed = read_hashes(path)
    if digest in listed:
        return f"{digest} is listed"
    if _has_md5(path) and (weak := md5(data, usedforsecurity=False).hexdigest()) in listed:
        return f"md5 {weak} is listed"
    return ""


def hashers_for(path: str | None) -> list:
    """Hash objects to feed with a file as it comes: SHA-256, and MD5 where a list has any of those."""
    return [sha256(), *([md5(usedforsecurity=False)] if _has_md5(path) else [])]


def listed_as(hashers: list, path: str | None) -> str:
    """What a file that `hashers_for(path)` were fed with is listed as, or ""."""
    listed = read_hashes(path)
    found = ((hasher.name, hasher.hexdigest()) for hasher in hashers)
    return next((f"{name} {digest} is listed" for name, digest in found if digest in listed), "")


def pdq_distance(hashes: Sequence[str], config: FetchConfig) -> int | None:
    """The least number of bits in which any of some PDQ hashes differs from a listed one; None if there is none."""
    if config.unsafe_pdq is None or not hashes or not len(known := read_pdq(config.unsafe_pdq)):
        return None
    return min(int((known != bits).sum(axis=1).min()) for bits in pdq_bits(hashes))


@cache
def read_pdq(path: str) -> np.ndarray:
    """bool [N, 256] of a text file of 64 hex digits a line. Raises OSError, and ConfigError where `pdqhash` is missing."""
    pdq_library()
    return pdq_bits(sorted(set(_PDQ.findall(_text(path)))))


@cache
def _has_md5(path: str | None) -> bool:
    return any(len(digest) == _MD5_DIGITS for digest in read_hashes(path))


def _text(path: str) -> str:
    return read_bytes(path).decode("ascii", "replace").lower()
