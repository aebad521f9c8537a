"""Strings -> stable hex keys, and fractions in [0, 1): the same on every machine and in every run."""

from hashlib import blake2b

_SEPARATOR = b"\x1f"


def stable_key(*parts: object) -> str:
    """128 bits of BLAKE2b over the parts, as 32 hex digits."""
    return _digest(parts, 16).hex()


def stable_int(*parts: object) -> int:
    """64 bits of BLAKE2b over the parts, as an unsigned integer: choose a bucket by `% n`."""
    return int.from_bytes(_digest(parts, 8), "big")


def stable_fraction(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone: choose with probability p by `< p`."""
    return (stable_int(*parts) >> 11) / (1 << 53)


def _digest(parts: tuple[object, ...], size: int) -> bytes:
    text = (str(part).encode("utf-8", "surrogatepass") for part in parts)
    return blake2b(_SEPARATOR.join(text), digest_size=size).digest()
