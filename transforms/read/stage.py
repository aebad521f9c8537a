"""ReadPages: archive paths -> pages, media and aliases found in the archives, rejections and counters."""

from typing import NamedTuple

import apache_beam as beam

from lamella.schemas.account import Counter
from lamella.schemas.config import ReadConfig
from lamella.schemas.media import Alias, ArchiveMedia
from lamella.schemas.page import Page
from lamella.schemas.rejection import Rejection
from lamella.transforms.base.spread import Spread
from lamella.transforms.read.archive import read_archive
from lamella.transforms.read.pages_again import Pages, read_pages


class ReadOutcome(NamedTuple):
    """The outputs of the stage. In unit RECORD: in = kept (pages, media, aliases, requests and crawl facts) + rejected."""

    pages: beam.PCollection
    media: beam.PCollection
    aliases: beam.PCollection
    rejected: beam.PCollection
    counters: beam.PCollection


class ReadPages(beam.PTransform):
    """Reads archives. They are shared out among workers, and what they hold flows out record by record.

    Args:
        split_bytes: the pages of a larger archive are shared out among workers, so many bytes of it to each; None: one worker
            has all of them.
    """

    def __init__(self, config: ReadConfig, split_bytes: int | None = None):
        super().__init__()
        self._config, self._split_bytes = config, split_bytes

    def expand(self, paths):
        outputs = {"stretches": Pages, "media": ArchiveMedia, "aliases": Alias, "rejected": Rejection, "counters": Counter}
        out = (
            paths
            | "share archives" >> Spread(str)
            | "read"
            >> beam.ParDo(_ReadArchive(self._config, self._split_bytes))
            .with_output_types(Page, **outputs)
            .with_outputs(*outputs, main="pages")
        )
        pages = out.pages
        if self._split_bytes is not None:
            again = beam.FlatMap(read_pages, self._config).with_output_types(Page)
            split = out.stretches | "share stretches" >> Spread(_key) | "read again" >> again
            pages = (pages, split) | "All pages" >> beam.Flatten()
        return ReadOutcome(pages, out.media, out.aliases, out.rejected, out.counters)


def _key(pages: Pages) -> str:
    return pages.key


class _ReadArchive(beam.DoFn):
    """Not a Step: a Step keeps what one record gives until all of it is there, and an archive gives gigabytes."""

    def __init__(self, config: ReadConfig, split_bytes: int | None):
        self._config, self._split_bytes = config, split_bytes

    def process(self, path: str):
        for output in read_archive(path, self._config, self._split_bytes):
            match output:
                case Page():
                    yield output
                case Pages():
                    yield beam.pvalue.TaggedOutput("stretches", output)
                case ArchiveMedia():
                    yield beam.pvalue.TaggedOutput("media", output)
                case Alias():
                    yield beam.pvalue.TaggedOutput("aliases", output)
                case Rejection():
                    yield beam.pvalue.TaggedOutput("rejected", output)
                case Counter():
                    yield beam.pvalue.TaggedOutput("counters", output)
