"""ReadPages: archive paths in; pages, media and aliases found in the archives, rejections and counters out."""

from typing import NamedTuple

import apache_beam as beam

from lamella.schemas.account import Counter
from lamella.schemas.config import ReadConfig
from lamella.schemas.media import Alias, ArchiveMedia
from lamella.schemas.page import Page
from lamella.schemas.rejection import Rejection
from lamella.transforms.base.spread import Spread
from lamella.transforms.read.archive import read_archive


class ReadOutcome(NamedTuple):
    """The doors of the stage. In unit RECORD: in = kept (pages, media, aliases, requests and crawl facts) + rejected."""

    pages: beam.PCollection
    media: beam.PCollection
    aliases: beam.PCollection
    rejected: beam.PCollection
    counters: beam.PCollection


class ReadPages(beam.PTransform):
    """Reads archives. They are shared out among workers, and what they hold flows out record by record."""

    def __init__(self, config: ReadConfig):
        super().__init__()
        self._config = config

    def expand(self, paths):
        out = (
            paths
            | "share archives" >> Spread(str)
            | "read"
            >> beam.ParDo(_ReadArchive(self._config))
            .with_output_types(Page, media=ArchiveMedia, aliases=Alias, rejected=Rejection, counters=Counter)
            .with_outputs("media", "aliases", "rejected", "counters", main="pages")
        )
        return ReadOutcome(out.pages, out.media, out.aliases, out.rejected, out.counters)


class _ReadArchive(beam.DoFn):
    """Not a Step: a Step keeps what one record gives until all of it is there, and an archive gives gigabytes."""

    def __init__(self, config: ReadConfig):
        self._config = config

    def process(self, path: str):
        for output in read_archive(path, self._config):
            match output:
                case Page():
                    yield output
                case ArchiveMedia():
                    yield beam.pvalue.TaggedOutput("media", output)
                case Alias():
                    yield beam.pvalue.TaggedOutput("aliases", output)
                case Rejection():
                    yield beam.pvalue.TaggedOutput("rejected", output)
                case Counter():
                    yield beam.pvalue.TaggedOutput("counters", output)
