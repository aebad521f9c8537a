"""Fingerprints of copies in, the one that survives and a Duplicate for each of the others out."""

from collections.abc import Callable, Iterable, Iterator

from lamella.schemas.config import DedupConfig
from lamella.schemas.duplicate import Duplicate
from lamella.schemas.keys import stable_key
from lamella.schemas.rejection import Reason
from lamella.transforms.dedup.signature import Fingerprint, similarity


def choose_survivor(copies: Iterable[Fingerprint], config: DedupConfig) -> Fingerprint:
    """The latest by crawl time, or any by hash; the hash decides between equal times. The order does not matter."""
    return max(copies, key=_preference(config))


def duplicates_of(copies: Iterable[Fingerprint], reason: Reason, config: DedupConfig) -> Iterator[Duplicate]:
    """A Duplicate for each copy but the survivor. Iterates twice, holds nothing."""
    survivor = choose_survivor(copies, config)
    for copy in copies:
        if copy.key != survivor.key:
            yield Duplicate(
                key=copy.key,
                url=copy.url,
                survivor=survivor.key,
                survivor_url=survivor.url,
                reason=reason,
                similarity=similarity(copy, survivor),
            )


def _preference(config: DedupConfig) -> Callable[[Fingerprint], tuple[str, str]]:
    if config.survivor == "latest":
        return lambda copy: (copy.crawl_time, stable_key("survivor", copy.key))
    return lambda copy: ("", stable_key("survivor", copy.key))
