"""ExtractDocuments: pages in; interleaved documents, pages without text that show something, rejections and counters out."""

from typing import NamedTuple

import apache_beam as beam

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import BarePage, InterleavedDocument
from lamella.schemas.page import Page
from lamella.schemas.rejection import Stage
from lamella.transforms.base.step import Step
from lamella.transforms.extract.extract import extract_document


class Extracted(NamedTuple):
    """The doors of the stage, and the pages that are no documents and show something."""

    kept: beam.PCollection  # InterleavedDocument
    rejected: beam.PCollection
    counters: beam.PCollection
    bare: beam.PCollection  # InterleavedDocument without text


class ExtractDocuments(beam.PTransform):
    """Makes documents from pages, each within limits of time and memory that stop it for good."""

    def __init__(self, config: ExtractConfig):
        super().__init__()
        self._config = config

    def expand(self, pages: beam.PCollection[Page]):
        out = pages | Step(Stage.EXTRACT, extract_document, self._config, InterleavedDocument | BarePage, makes=True)
        documents = out.kept | "Documents" >> beam.Filter(_is_document).with_output_types(InterleavedDocument)
        bare = out.kept | "Bare" >> beam.FlatMap(_bare).with_output_types(InterleavedDocument)
        return Extracted(documents, out.rejected, out.counters, bare)


def _is_document(made: InterleavedDocument | BarePage) -> bool:
    return isinstance(made, InterleavedDocument)


def _bare(made: InterleavedDocument | BarePage):
    if isinstance(made, BarePage):
        yield made.page
