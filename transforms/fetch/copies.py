"""Media -> clusters of exact and perceptual copies, and for each picture whether it is the one that stays.

Two pictures are copies if their 64-bit DCT hashes differ in at most `phash_distance` bits (mmc4) and their thumbnails agree in
every cell: a hash sees neither colours nor small things on a plain background. Of d differing bits at least one of d + 1 chunks
has none (the pigeonhole principle), so only hashes that share a chunk are compared. What they connect is a chain whose ends may
differ: within it each picture is a copy only of one that stays. Equal bytes have equal hashes, so exact copies are found too.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Media
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.reject import reject_media
from lamella.transforms.base.rule import Found, Over, apply_rules
from lamella.transforms.base.union_find import UnionFind
from lamella.transforms.media.rule_scope import MEDIA_SCOPE

_BITS = 64
_PLAIN = 512  # hashes that are compared each with each
_STRIDES = (11, 27, 45)  # of the chunks that a larger bucket is cut by, one after the other


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Media):
    """A Media and what is known of its cluster."""

    survivor: str  # URL of the copy that stays
    seen_in: int  # distinct documents that refer to any copy


def documents(member: Member) -> int:
    """Distinct documents that show it or a copy of it."""
    return member.seen_in


def better_copy(member: Member, config: FetchConfig) -> str:
    """The address of the copy that stays, where it is another."""
    return "" if member.url == member.survivor else f"copy of {member.survivor}"


COPY_RULES = MEDIA_SCOPE.book(
    "copies of a picture",
    Over(Reason.REPEATED_IMAGE, documents, "max_documents"),
    Found(Reason.DUPLICATE_IMAGE, better_copy, "one_of_each"),
)


def chunks(phash: str, distance: int) -> Iterable[tuple[int, int]]:
    """`distance` + 1 chunks of a hash as (number, bits); two hashes that near share at least one of them."""
    bits, parts = int(phash, 16), distance + 1
    for part in range(parts):
        low, high = _BITS * part // parts, _BITS * (part + 1) // parts
        yield part, bits >> low & (1 << high - low) - 1


def near_hashes(phashes: Iterable[str], distance: int) -> list[tuple[str, str]]:
    """Pairs that connect all hashes of one chunk's bucket that are near each other: a spanning forest, not every pair.

    A bucket beyond `_PLAIN` hashes is cut again, by chunks of other bits, for which the pigeonhole holds as well.
    """
    bucket = _Bucket(sorted(set(phashes)), distance)
    bucket.connect(np.arange(len(bucket.names)), 0)
    return bucket.edges


class _Bucket:
    """Hashes of one bucket, and the edges found between them."""

    def __init__(self, names: list[str], distance: int):
        self.names, self._distance = names, distance
        self._values = np.array([int(name, 16) for name in names], np.uint64)
        self._forest = UnionFind()
        self.edges: list[tuple[str, str]] = []

    def connect(self, members: np.ndarray, level: int) -> None:
        """Joins those of some members that are near each other."""
        if len(members) <= _PLAIN or level == len(_STRIDES):
            self._compare(members)
            return
        for mask in _masks(_STRIDES[level], self._distance + 1):
            bits = self._values[members] & mask
            order = np.argsort(bits, kind="stable")
            starts = np.flatnonzero(np.diff(bits[order])) + 1
            for same in np.split(members[order], starts):
                if len(same) > 1:
                    self.connect(same, level + 1)

    def _compare(self, members: np.ndarray) -> None:
        for at in range(len(members) - 1):
            if len(self.edges) == len(self.names) - 1:
                return  # all of them are one already, as hashes of flat pictures soon are
            rest = members[at + 1 :]
            for near in rest[_ones(self._values[rest] ^ self._values[members[at]]) <= self._distance]:
                pair = self.names[members[at]], self.names[near]
                if self._forest.join(*pair):
                    self.edges.append(pair)


def _masks(stride: int, parts: int) -> Iterator[np.uint64]:
    """The bits of each of so many parts of a hash, taken in strides: an odd one meets every bit once."""
    for part in range(parts):
        places = range(_BITS * part // parts, _BITS * (part + 1) // parts)
        yield np.uint64(sum(1 << place * stride % _BITS for place in places))


def copies_of(component: Iterable[Media], config: FetchConfig) -> Iterator[tuple[str, Media]]:
    """(cluster, Media) of each picture of a component: the cluster is the hash of the bytes of the copy that stays.

    Pictures are taken as `best_first` says, and each joins the nearest of those that stay, or stays itself. Iterates twice
    and holds one of each file; a file is compared with those that stay and share a chunk of its hash.
    """
    distinct: dict[str, Media] = {}
    for media in component:
        known = distinct.setdefault(media.sha256, media)
        if best_first(media) < best_first(known):
            distinct[media.sha256] = media
    ranked = sorted(distinct.values(), key=best_first)
    hashes = np.array([int(media.phash, 16) for media in ranked], np.uint64)
    cells = np.stack([np.frombuffer(media.thumbnail, np.uint8) for media in ranked]).astype(np.int16)
    distance = config.phash_distance or 0
    kept: defaultdict[tuple[int, int], list[int]] = defaultdict(list)  # by chunk
    cluster: dict[str, str] = {}
    for at, media in enumerate(ranked):
        parts = list(chunks(media.phash, distance))
        others = sorted({it for part in parts for it in kept.get(part, ())})
        near = [others[it] for it in np.flatnonzero(_ones(hashes[others] ^ hashes[at]) <= distance)]
        unlike = np.abs(cells[near] - cells[at]).max(axis=1, initial=0)
        if len(near) and unlike.min() <= config.max_cell_difference:
            cluster[media.sha256] = ranked[near[int(unlike.argmin())]].sha256
        else:
            for part in parts:
                kept[part].append(at)
            cluster[media.sha256] = media.sha256
    for media in component:
        yield cluster[media.sha256], media


def hashes_by_chunk(phash: str, distance: int) -> Iterable[tuple[tuple[int, int], str]]:
    for chunk in chunks(phash, distance):
        yield chunk, phash


def survivor_of(copies: Iterable[Media]) -> Media:
    return min(copies, key=best_first)


def alone(media: Media) -> Member:
    """A Media that is not clustered: it survives itself."""
    return as_member(media, media, media.documents)


def best_first(media: Media) -> tuple:
    """Sorts the copy that should stay to the front: most pixels, then smallest hash, then smallest URL."""
    return -media.width * media.height, media.sha256, media.url


def choose_one(member: Member, config: FetchConfig) -> Iterable[Media | Rejection]:
    """The picture, told its cluster; or the Rejection of one that is everywhere (OBELICS) or a copy (Flamingo)."""
    violation = apply_rules(COPY_RULES, member, config)
    yield reject_media(member, violation) if violation else as_media(member)


def as_member(media: Media, survivor: Media, seen_in: int) -> Member:
    return Member(**_fields(media, cluster=survivor.sha256, survivor=survivor.url, seen_in=seen_in))


def as_media(member: Member) -> Media:
    return Media(**_fields(member, documents=member.seen_in))


def _fields(media: Media, **changed: Any) -> dict[str, Any]:
    return {name: getattr(media, name) for name in Media.__dataclass_fields__} | changed


def _ones(values: np.ndarray) -> np.ndarray:
    """Bits that are set, of each unsigned 64-bit integer (in parallel within the word, as Hacker's Delight counts)."""
    values = values - (values >> np.uint64(1) & np.uint64(0x5555555555555555))
    values = (values & np.uint64(0x3333333333333333)) + (values >> np.uint64(2) & np.uint64(0x3333333333333333))
    values = values + (values >> np.uint64(4)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return values * np.uint64(0x0101010101010101) >> np.uint64(56)
