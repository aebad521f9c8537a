"""What only the whole corpus knows of a pair: which pairs are copies, how often an alt, an image and a token occur."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from lamella.schemas.keys import stable_key
from lamella.schemas.pair import CandidatePair, Pair
from lamella.schemas.quick_pickle import quick_pickle
from lamella.transforms.formats.words import words
from lamella.transforms.pair.captions import normalised

HEAD_TOKENS = 100_000  # kinds that every worker holds in memory; changes what is shuffled, never what is decided


Proposed = TypeVar("Proposed", bound=CandidatePair | Pair)


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Generic[Proposed]):
    """A pair with what the corpus says of it. Before anything is fetched, an image is known by its URL."""

    pair: Proposed
    unsafe: str = ""  # what the filter found on a page that left as unsafe
    alt_images: int = 1  # different images that share this alt text; over the raw set of ALIGN candidates, as rare tokens are
    image_alts: int = 1  # different alt texts of this image
    rare_token: str = ""  # a token of the text that is outside the vocabulary; the first in order
    survivor: str = ""  # key of the copy that stays, where the pair has copies that break no rule

    @property
    def key(self) -> str:
        return self.pair.key

    @property
    def url(self) -> str:
        return self.pair.url if isinstance(self.pair, CandidatePair) else self.pair.media.url


@dataclass(frozen=True, slots=True)
class Floors:
    """Where the vocabulary ends, and where its head does: counts of pairs that hold a token."""

    vocabulary: int
    head: int


def image_of(pair: Pair) -> str:
    """The same for copies of an image or video: its cluster, or its hash."""
    return pair.media.cluster or pair.media.sha256


def copy_key(pair: Pair) -> str:
    """The same for pairs that say the same of the same image, in whatever dataset."""
    return stable_key(image_of(pair), normalised(pair.text))


def alt_key(candidate: CandidatePair) -> str:
    """The same for candidates that say the same of the same address."""
    return stable_key(candidate.url, normalised(candidate.text))


def tokens_of(text: str) -> Iterable[str]:
    """The unigrams and bigrams of a text, each once, as ALIGN counts them."""
    unigrams = words(normalised(text))
    return dict.fromkeys([*unigrams, *map(" ".join, pairwise(unigrams))])


def floors_of(kinds: Mapping[int, int], max_vocabulary: int, min_count: int) -> Floors:
    """How often a token must be seen to be in the vocabulary.

    The most frequent kinds are kept, at most `max_vocabulary`; kinds that tie at the cut fall together, so that no order
    among them decides.

    Args:
        kinds: from a count to how many tokens were seen that often.
    """
    vocabulary = max(min_count, _floor(kinds, max_vocabulary))
    return Floors(vocabulary, max(vocabulary, _floor(kinds, HEAD_TOKENS)))


def _floor(kinds: Mapping[int, int], most: int) -> int:
    """The smallest count that at most `most` kinds reach."""
    total, floor = 0, max(kinds, default=0) + 1
    for count in sorted(kinds, reverse=True):
        total += kinds[count]
        if total > most:
            break
        floor = count
    return floor
