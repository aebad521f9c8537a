"""ExtractDocuments: pages -> interleaved documents, pages without text that show something, where pictures are shown smaller,
rejections and counters."""

from typing import NamedTuple

import apache_beam as beam

from lamella.schemas.account import units_of
from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import BarePage, InterleavedDocument
from lamella.schemas.media import Alias
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
    smaller: beam.PCollection  # Alias


class ExtractDocuments(beam.PTransform):
    """Makes documents from pages, each within limits of time and memory that stop it for good."""

    def __init__(self, config: ExtractConfig):
        super().__init__()
        self._config = config

    def expand(self, pages: beam.PCollection[Page]):
        made = InterleavedDocument | BarePage | Alias
        out = pages | Step(Stage.EXTRACT, extract_document, self._config, made, makes=True, units=_units)
        documents = out.kept | "Documents" >> beam.Filter(_is_document).with_output_types(InterleavedDocument)
        bare = out.kept | "Bare" >> beam.FlatMap(_bare).with_output_types(InterleavedDocument)
        smaller = out.kept | "Smaller" >> beam.Filter(isinstance, Alias).with_output_types(Alias)
        return Extracted(documents, out.rejected, out.counters, bare, smaller)


def _units(made: InterleavedDocument | BarePage | Alias):
    return () if isinstance(made, Alias) else units_of(made)


def _is_document(made: InterleavedDocument | BarePage | Alias) -> bool:
    return isinstance(made, InterleavedDocument)


def _bare(made: InterleavedDocument | BarePage | Alias):
    if isinstance(made, BarePage):
        yield made.page
