"""One row of the duplicates table: a document that left as a copy, of which document, and how similar they are."""

from dataclasses import dataclass

from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A copy. Its survivor was chosen among all copies of one page; a survivor by URL can be a copy by text in its turn."""

    key: str  # of the document that left
    url: str
    survivor: str  # key
    survivor_url: str
    reason: Reason  # SAME_URL or NEAR_DUPLICATE
    similarity: float  # Jaccard similarity of their word n-grams as MinHash estimates it; 0 where one has too few words
