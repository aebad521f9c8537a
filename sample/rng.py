"""The parts of a key -> a stream of numbers, picks and shuffles that depends on the key alone."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
_WORDS_A_BLOCK = 8


class Rng:
    """An endless stream of 64-bit numbers from BLAKE2b over a key and a counter: the same on every machine.

    >>> Rng("seed", 1).below(6) == Rng("seed", 1).below(6)
    True
    """

    __slots__ = ("_block", "_buffer", "_key")

    def __init__(self, *parts: object):
        text = b"\x1f".join(str(part).encode() for part in parts)
        self._key = blake2b(text, digest_size=32).digest()
        self._block = 0
        self._buffer: list[int] = []

    def number(self) -> int:
        """The next 64 bits, as an unsigned integer."""
        if not self._buffer:
            digest = blake2b(self._block.to_bytes(8, "big"), key=self._key).digest()
            self._buffer = [int.from_bytes(digest[8 * i : 8 * i + 8], "big") for i in range(_WORDS_A_BLOCK)]
            self._block += 1
        return self._buffer.pop()

    def below(self, n: int) -> int:
        return self.number() % n

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + self.number() % (high - low + 1)

    def fraction(self) -> float:
        """In [0, 1)."""
        return (self.number() >> 11) / (1 << 53)

    def spread(self, low: float, high: float) -> float:
        return low + (high - low) * self.fraction()

    def chance(self, probability: float) -> bool:
        return self.fraction() < probability

    def pick(self, options: Sequence[T]) -> T:
        return options[self.number() % len(options)]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """A new list in Fisher and Yates' order."""
        out = list(options)
        for i in range(len(out) - 1, 0, -1):
            j = self.number() % (i + 1)
            out[i], out[j] = out[j], out[i]
        return out

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        return self.shuffled(options)[:count]

    def bytes(self, count: int) -> bytes:
        """Noise: `count` bytes that do not compress."""
        blocks = -(-count // 64)
        start, self._block = self._block, self._block + blocks
        noise = b"".join(blake2b((start + i).to_bytes(8, "big"), key=self._key).digest() for i in range(blocks))
        return noise[:count]
