"""A question -> the examples before it: drawn by hash, or those whose pictures are most similar to its picture.

RICES (Yang et al. 2021; Alayrac et al. 2022, 3.4): nearest by the cosine of the frozen vision encoder's features, the
most similar one last, right before the question.
"""

from torch import Tensor

from lamella.schemas.keys import stable_int

RANDOM, RICES = "random", "rices"
SELECTIONS = (RANDOM, RICES)


def by_hash(seed: int, query: str, support: list[str], count: int) -> list[int]:
    """Places of `count` examples in `support`, drawn by the keys of the question and of the examples."""
    order = sorted(range(len(support)), key=lambda place: stable_int(seed, "shot", query, support[place]))
    return order[:count]


def nearest(query: Tensor, support: Tensor, count: int) -> list[int]:  # [D], [S, D], normalised
    """Places of the `count` examples whose pictures are the most similar, the most similar one last."""
    likeness = support @ query
    order = likeness.argsort(descending=True, stable=True)[:count]
    return order.flip(0).tolist()
