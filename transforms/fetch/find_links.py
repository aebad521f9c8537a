"""Documents and candidates -> the links that they show, each once, with what their pages say of its use."""

import apache_beam as beam

from lamella.schemas.config import FetchConfig
from lamella.transforms.fetch.links import (
    FetchRequest,
    Mention,
    as_link,
    shown_by,
    sum_mentions,
    wanted_by,
)


class FindLinks(beam.PTransform):
    """{"documents", "candidates"} -> FetchRequest, one a URL."""

    def __init__(self, config: FetchConfig):
        super().__init__()
        self._config = config

    def expand(self, inputs):
        documents, candidates = inputs["documents"], inputs["candidates"]
        mentions = (
            documents | "ShownBy" >> beam.FlatMap(shown_by, self._config).with_output_types(tuple[str, Mention]),
            candidates | "WantedBy" >> beam.FlatMap(wanted_by, self._config).with_output_types(tuple[str, Mention]),
        )
        return (
            mentions
            | "Mentions" >> beam.Flatten()
            | beam.CombinePerKey(sum_mentions)
            | beam.MapTuple(as_link).with_output_types(FetchRequest)
        )
