"""FilterDocuments: documents -> documents of the wanted languages and of good text, with their measurements; and every page,
with what is unsafe on it."""

from collections.abc import Iterable
from typing import TypeGuard

import apache_beam as beam

from lamella.schemas.config import FilterConfig
from lamella.schemas.document import FilteredPage, InterleavedDocument
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.opt_out_list import read_opt_outs
from lamella.transforms.base.step import Step, Tells
from lamella.transforms.filter.texts import filter_document
from lamella.transforms.formats.language import load_model


class FilterDocuments(beam.PTransform):
    """Measures language and quality, takes bad texts out of documents, and rejects documents that are bad as a whole.

    Documents -> Told: a FilteredPage of each, as it entered.
    """

    def __init__(self, config: FilterConfig):
        super().__init__()
        self._config = config

    def expand(self, documents: beam.PCollection[InterleavedDocument]):
        tells = Tells(_filtered_page, FilteredPage)
        return documents | Step(Stage.FILTER, filter_document, self._config, InterleavedDocument, setup=_load, tells=tells)


def _filtered_page(page: InterleavedDocument, outputs: Iterable[InterleavedDocument | Rejection]) -> FilteredPage:
    said = (gone.says or gone.reason.value for gone in outputs if _is_unsafe_page(gone))
    return FilteredPage(page=page, unsafe=min(said, default=""))


def _is_unsafe_page(out: InterleavedDocument | Rejection) -> TypeGuard[Rejection]:
    return isinstance(out, Rejection) and out.unit is Unit.DOCUMENT and out.reason is Reason.UNSAFE_TEXT


def _load(config: FilterConfig) -> None:
    load_model()
    read_opt_outs.cache_clear()  # a process may outlive a run, and the list may have grown since
    read_opt_outs(config.opt_out_list)
