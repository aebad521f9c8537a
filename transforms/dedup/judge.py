"""A document and, where it is a copy, its Duplicate -> the document with its canonical URL, or its Rejection."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lamella.schemas.account import units_of
from lamella.schemas.config import DedupConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.duplicate import Duplicate
from lamella.schemas.page import Provenance
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.reject import reject_document
from lamella.transforms.base.rule import Violation
from lamella.transforms.formats.urls import page_url


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A document and the verdict on it."""

    document: InterleavedDocument
    duplicate: Duplicate | None = None

    @property
    def provenance(self) -> Provenance:
        return self.document.provenance


def judgements(documents: Iterable[InterleavedDocument], duplicates: Iterable[Duplicate]) -> Iterator[Judged]:
    """The documents of one key, each with its verdict.

    A key names one record of one archive, so several documents of a key are the same record, read twice: one stays.
    """
    duplicate = next(iter(duplicates), None)
    for document in documents:
        yield Judged(document=document, duplicate=duplicate)
        duplicate = duplicate or Duplicate(
            key=document.key,
            url=document.url,
            survivor=document.key,
            survivor_url=document.url,
            reason=Reason.SAME_URL,
            similarity=1.0,
        )


def keep_survivor(judged: Judged, config: DedupConfig) -> Iterator[InterleavedDocument | Rejection]:
    """The document, where it is no copy; rejects copies (unit DOCUMENT)."""
    document, duplicate = judged.document, judged.duplicate
    if duplicate is None:
        yield replace(document, canonical_url=page_url(document.url))
        return
    copy = Violation(duplicate.reason, detail=f"copy of {duplicate.survivor_url}")
    yield reject_document(Stage.DEDUP, document, copy)


def units_of_judged(judged: Judged) -> Iterable[tuple[Unit, int]]:
    return units_of(judged.document)
