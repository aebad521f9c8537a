"""Fingerprints of copies -> those that survive, and a Duplicate for each of the others."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from lamella.schemas.config import DedupConfig
from lamella.schemas.duplicate import Duplicate
from lamella.schemas.keys import stable_key
from lamella.schemas.rejection import Reason
from lamella.transforms.dedup.signature import Fingerprint, similarity


def choose_survivor(copies: Iterable[Fingerprint], config: DedupConfig) -> Fingerprint:
    """The latest by crawl time, or any by hash; the hash decides between equal times. The order does not matter."""
    return max(copies, key=_preference(config))


def same_address(copies: Iterable[Fingerprint], config: DedupConfig) -> Iterator[Duplicate]:
    """A Duplicate for each page of one address but the survivor. Iterates twice, holds nothing."""
    survivor = choose_survivor(copies, config)
    for copy in copies:
        if copy.key != survivor.key:
            yield _duplicate(copy, survivor, Reason.SAME_URL, similarity(copy, survivor))


def near_duplicates(component: Iterable[Fingerprint], config: DedupConfig) -> Iterator[Duplicate]:
    """A Duplicate for each document that is as similar as `min_similarity` to one that stays.

    A component is a chain: its ends may share nothing. So documents are taken by preference, and one leaves only where it
    is a copy of a document that was kept before it: the most similar of those. Holds the component's sketches, 224 bytes each.
    """
    ranked = sorted(component, key=_preference(config), reverse=True)
    kept: list[Fingerprint] = []
    sketches = np.empty((len(ranked), len(ranked[0].sketch) // 2), "<u2")
    for copy in ranked:
        sketch = np.frombuffer(copy.sketch, "<u2")
        alike = (sketches[: len(kept)] == sketch).mean(axis=1)  # as `signature.similarity` estimates it
        best = int(alike.argmax()) if kept else 0
        if kept and alike[best] >= config.min_similarity:
            yield _duplicate(copy, kept[best], Reason.NEAR_DUPLICATE, float(alike[best]))
        else:
            sketches[len(kept)] = sketch
            kept.append(copy)


def _duplicate(copy: Fingerprint, survivor: Fingerprint, reason: Reason, alike: float) -> Duplicate:
    return Duplicate(
        key=copy.key, url=copy.url, survivor=survivor.key, survivor_url=survivor.url, reason=reason, similarity=alike
    )


def _preference(config: DedupConfig) -> Callable[[Fingerprint], tuple[str, str]]:
    if config.survivor == "latest":
        return lambda copy: (copy.crawl_time, stable_key("survivor", copy.key))
    return lambda copy: ("", stable_key("survivor", copy.key))
