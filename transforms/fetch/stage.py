"""FetchMedia: documents and what the archives hold -> Media, judged, one of each; every other link a Rejection.

Links meet the archives' media by URL; what is missing is asked for over HTTP where the configuration says so. Files are
inspected where they lie: refs, hashes and measurements cross the shuffles, bytes never do.
"""

from collections.abc import Iterable

import apache_beam as beam

from lamella.schemas.account import Door, Tally
from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Media, MediaLink
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.reject import reject_media
from lamella.transforms.base.rule import Violation
from lamella.transforms.base.step import Outcome, Step
from lamella.transforms.fetch.address_rules import judge_link
from lamella.transforms.fetch.captured import CapturedLink
from lamella.transforms.fetch.copies import choose_one
from lamella.transforms.fetch.find_copies import FindCopies
from lamella.transforms.fetch.find_links import AskTheWeb, FindLinks, LookInArchives
from lamella.transforms.fetch.hash_list import read_hashes
from lamella.transforms.fetch.inspect import inspect_media
from lamella.transforms.fetch.links import WantedLink
from lamella.transforms.media.store import MediaStore


class FetchMedia(beam.PTransform):
    """{"documents", "archived"} -> Outcome of Media; unit MEDIA, made = distinct links.

    Args:
        config: limits, manners, and whether the network is asked at all.
        store: where media lie, the run's folder first: packs are written to its `media/packs`.
    """

    def __init__(self, config: FetchConfig, store: MediaStore):
        super().__init__()
        self._config, self._store = config, store

    def expand(self, inputs):
        config, documents = self._config, inputs["documents"]
        links = documents | "FindLinks" >> FindLinks(config)
        wanted = links | "JudgeLinks" >> Step(Stage.FETCH, judge_link, config, WantedLink, counts=_one, setup=_read_lists)

        found = {"links": wanted.kept, "archived": inputs["archived"]} | "LookInArchives" >> LookInArchives()
        if config.http:
            asked = found.missing | "AskTheWeb" >> AskTheWeb(config, self._store.root)
            captured, refused = (found.captured, asked.captured) | "Captured" >> beam.Flatten(), asked.refused
        else:
            captured, refused = (
                found.captured,
                found.missing | "NotCaptured" >> beam.Map(reject_media, Violation(Reason.NOT_CAPTURED)),
            )

        inspect = _Inspect(config, self._store)
        media = captured | "Spread" >> beam.Reshuffle() | "Inspect" >> inspect
        members = {"documents": documents, "media": media.kept} | "FindCopies" >> FindCopies(config)
        chosen = members | "ChooseOne" >> Step(Stage.FETCH, choose_one, config, Media, counts=_one)

        rejections = (wanted.rejected, refused, media.rejected, chosen.rejected) | "Rejected" >> beam.Flatten()
        # Inside, links pass several doors. Outside they come into being once, and are kept once.
        made = wanted.tallies | "Made" >> beam.FlatMap(_relabelled, Door.IN, Door.MADE).with_output_types(Tally)
        kept = chosen.tallies | "Kept" >> beam.FlatMap(_relabelled, Door.KEPT, Door.KEPT).with_output_types(Tally)
        return Outcome(chosen.kept, rejections, (made, kept) | "Tallies" >> beam.Flatten())


class _Inspect(beam.PTransform):
    """CapturedLink -> Media, read and judged where it lies."""

    def __init__(self, config: FetchConfig, store: MediaStore):
        super().__init__()
        self._config, self._store = config, store

    def expand(self, captured):
        judge = _InspectIn(self._store)
        return captured | Step(Stage.FETCH, judge, self._config, Media, counts=_one, setup=_read_lists)


class _InspectIn:
    """`inspect_media` with the store bound: a step's function takes a record and its config."""

    __name__ = "inspect_media"

    def __init__(self, store: MediaStore):
        self._store = store

    def __call__(self, link: CapturedLink, config: FetchConfig) -> Iterable[Media | Rejection]:
        return inspect_media(link, config, self._store)


def _one(record: MediaLink | Media):
    return ((Unit.MEDIA, 1),)


def _read_lists(config: FetchConfig) -> None:
    read_hashes.cache_clear()  # a process may outlive a run, and the list may have grown since
    read_hashes(config.unsafe_hashes)  # a list that cannot be read ends the run, before anything is looked at


def _relabelled(tally: Tally, door: Door, name: Door):
    if tally.door is door:
        yield Tally(stage=tally.stage, unit=tally.unit, door=name, count=tally.count)
