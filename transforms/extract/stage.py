"""ExtractDocuments: pages in; interleaved documents, rejections and counters out."""

import apache_beam as beam

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.page import Page
from lamella.schemas.rejection import Stage
from lamella.transforms.base.step import Step
from lamella.transforms.extract.extract import extract_document


class ExtractDocuments(beam.PTransform):
    """Makes documents from pages, each within limits of time and memory that stop it for good."""

    def __init__(self, config: ExtractConfig):
        super().__init__()
        self._config = config

    def expand(self, pages: beam.PCollection[Page]):
        return pages | Step(Stage.EXTRACT, extract_document, self._config, InterleavedDocument, makes=True)
