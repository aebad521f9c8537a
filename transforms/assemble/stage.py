"""AssembleDocuments: documents beside their media -> documents whose images are in place, and what left on the way."""

import apache_beam as beam

from lamella.schemas.account import units_of
from lamella.schemas.config import AssembleConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.rejection import Stage
from lamella.transforms.assemble.assemble import Joined, assemble_joined
from lamella.transforms.assemble.media import media_urls
from lamella.transforms.base.join_media import Found, MediaUser
from lamella.transforms.base.step import Step


class AssembleDocuments(beam.PTransform):
    """PCollection of what DOCUMENTS_USE gives -> Outcome of documents."""

    def __init__(self, config: AssembleConfig):
        super().__init__()
        self._config = config

    def expand(self, joined: beam.PCollection[Joined]):
        return joined | Step(Stage.ASSEMBLE, assemble_joined, self._config, InterleavedDocument, counts=_units)


def _joined(document: InterleavedDocument, found: Found) -> Joined:
    return Joined(document=document, found=found)


DOCUMENTS_USE = MediaUser(media_urls, _joined, Joined)


def _units(joined: Joined):
    return units_of(joined.document)
