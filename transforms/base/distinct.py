"""Keys, in any order and any number of times -> how many different ones there are, in bounded memory.

The k-minimum-values sketch (Bar-Yossef et al. 2002), which is exact while the keys are few: hashes are spread evenly, and the
position of the k-th lowest tells how many there are. Millions of documents show a logo, and no worker holds their keys.
"""

from collections.abc import Iterable

from lamella.schemas.keys import stable_int

_LOWEST = 2048  # hashes that an estimate is made from: its standard error is 2.2 %
_RANGE = 1 << 64  # of the hashes


class DistinctKeys:
    """Counts different keys: exactly up to 4,096, beyond that within some percent; the same whatever their order.

    >>> len(DistinctKeys(["a", "b", "a"]))
    2
    """

    def __init__(self, keys: Iterable[str] = ()):
        self._lowest: set[int] = set()
        self._below = _RANGE  # hashes from here on are not held
        for key in keys:
            self.add(key)

    def add(self, key: str) -> bool:
        """False where the key is known to have been there before."""
        value = stable_int(key)
        if value in self._lowest:
            return False
        if value < self._below:
            self._lowest.add(value)
            if len(self._lowest) > 2 * _LOWEST:
                self._cut()
        return True

    def __len__(self) -> int:
        if self._below == _RANGE:
            return len(self._lowest)
        return round((_LOWEST - 1) * _RANGE / sorted(self._lowest)[_LOWEST - 1])

    def _cut(self) -> None:
        ordered = sorted(self._lowest)
        self._below = ordered[_LOWEST]  # _LOWEST hashes lie below it
        self._lowest = set(ordered[:_LOWEST])
