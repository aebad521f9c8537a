"""AssembleDocuments: documents x media -> documents whose images are in place, and what left on the way.

Two joins. By URL: media go to the keys of the documents that need them, so that no text passes by a hot URL. By document
key: what was found goes to its document. Media are refs and measurements here, never bytes.
"""

import apache_beam as beam

from lamella.schemas.account import units_of
from lamella.schemas.config import AssembleConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.media import Media
from lamella.schemas.rejection import Rejection, Stage
from lamella.transforms.assemble.assemble import Joined, assemble_joined
from lamella.transforms.assemble.media import media_urls, url_of
from lamella.transforms.base.step import Step


class AssembleDocuments(beam.PTransform):
    """{"documents", "media", "unusable"} -> Outcome of documents; `unusable` are fetch's Rejections of media."""

    def __init__(self, config: AssembleConfig):
        super().__init__()
        self._config = config

    def expand(self, inputs):
        documents = inputs["documents"]
        needed = documents | "UrlsNeeded" >> beam.FlatMap(_needed).with_output_types(tuple[str, str])
        media = inputs["media"] | "MediaByUrl" >> beam.WithKeys(url_of).with_output_types(tuple[str, Media])
        unusable = inputs["unusable"] | "UnusableByUrl" >> beam.WithKeys(url_of).with_output_types(tuple[str, Rejection])
        found = (
            {"needed": needed, "media": media, "unusable": unusable}
            | "JoinByUrl" >> beam.CoGroupByKey()
            | "FoundByDocument" >> beam.FlatMapTuple(_found).with_output_types(tuple[str, Media | Rejection])
        )
        by_key = documents | "DocumentsByKey" >> beam.WithKeys(_key_of).with_output_types(tuple[str, InterleavedDocument])
        return (
            {"documents": by_key, "found": found}
            | "JoinByDocument" >> beam.CoGroupByKey()
            | "Joined" >> beam.FlatMapTuple(_joined).with_output_types(Joined)
            | Step(Stage.ASSEMBLE, assemble_joined, self._config, InterleavedDocument, counts=_units)
        )


def _needed(document: InterleavedDocument):
    for url in media_urls(document):
        yield url, document.key


def _found(url: str, group: dict):
    answers = [*group["media"], *group["unusable"]]  # a handful: fetch makes one record a URL
    if answers:
        for key in group["needed"]:
            for answer in answers:
                yield key, answer


def _joined(key: str, group: dict):
    found = tuple(group["found"])
    for document in group["documents"]:
        yield Joined(document=document, found=found)


def _units(joined: Joined):
    return units_of(joined.document)


def _key_of(document: InterleavedDocument) -> str:
    return document.key
