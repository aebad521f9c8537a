"""Settings of dedup: when two documents are one, and which of them stays."""

from typing import Literal

from pydantic import PositiveInt

from lamella.schemas.bounds import Share
from lamella.schemas.config.timed import Timed


class DedupConfig(Timed):
    by_url: bool = True
    by_text: bool = True
    shingle_words: PositiveInt = 5  # datatrove, FineWeb
    bands: PositiveInt = 14  # datatrove, FineWeb: 14 x 8 finds Jaccard 0.75 with probability 0.77
    rows: PositiveInt = 8
    min_similarity: Share = 0.7  # of a copy to the one that stays; what bands find half of, a little under FineWeb's 0.75
    survivor: Literal["hash", "latest"] = "hash"  # which of a cluster stays
