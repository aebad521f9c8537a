"""FilterDocuments: documents in; documents of the wanted languages and of good text out, with what was measured on them."""

import apache_beam as beam

from lamella.schemas.config import FilterConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.rejection import Stage
from lamella.transforms.base.opt_out_list import read_opt_outs
from lamella.transforms.base.step import Step
from lamella.transforms.filter.texts import filter_document
from lamella.transforms.formats.language import load_model


class FilterDocuments(beam.PTransform):
    """Measures language and quality, takes bad texts out of documents, and rejects documents that are bad as a whole."""

    def __init__(self, config: FilterConfig):
        super().__init__()
        self._config = config

    def expand(self, documents: beam.PCollection[InterleavedDocument]):
        return documents | Step(Stage.FILTER, filter_document, self._config, InterleavedDocument, setup=_load)


def _load(config: FilterConfig) -> None:
    load_model()
    read_opt_outs.cache_clear()  # a process may outlive a run, and the list may have grown since
    read_opt_outs(config.opt_out_list)
