"""Numbers and a seed in, numbers to sort by out: how both loaders put samples in an order by hash."""

import numpy as np


def mixed(values: np.ndarray, seed: int) -> np.ndarray:
    """splitmix64's finaliser over uint64 values: an order that any machine and any version of numpy agrees on."""
    with np.errstate(over="ignore"):
        x = values ^ np.uint64(seed)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))
