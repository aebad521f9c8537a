"""FetchMedia: documents and the archives' media -> Media, judged, one of each; every other link becomes a Rejection.

Links meet the archives' media by URL, through redirects and revisits; what is missing is fetched over HTTP if the configuration
says so. Files are inspected in place, the same bytes once: refs, hashes and measurements cross the shuffles, bytes never do.
"""

from typing import NamedTuple

import apache_beam as beam

from lamella.schemas.account import CounterKind
from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Media, MediaLink
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.files import join
from lamella.transforms.base.memory import FOLDER as MEMORY
from lamella.transforms.base.memory import Kept
from lamella.transforms.base.reject import reject_media
from lamella.transforms.base.remembered import Ask, Remembered, RememberedModel
from lamella.transforms.base.rule import Violation
from lamella.transforms.base.spread import Spread
from lamella.transforms.base.step import Step
from lamella.transforms.fetch.address_rules import judge_link
from lamella.transforms.fetch.ask_the_web import AskTheWeb
from lamella.transforms.fetch.captured import FetchedFile, InspectedFile
from lamella.transforms.fetch.copies import choose_one
from lamella.transforms.fetch.download import policy_of
from lamella.transforms.fetch.find_copies import FindCopies
from lamella.transforms.fetch.find_links import FindLinks
from lamella.transforms.fetch.hear_sites import HearSites
from lamella.transforms.fetch.inspect import asked_of, judge_media, read_media, with_inspection
from lamella.transforms.fetch.links import FetchRequest
from lamella.transforms.fetch.listed import judge_listed
from lamella.transforms.fetch.look_in_archives import LookInArchives
from lamella.transforms.fetch.shared import SharedAnswers
from lamella.transforms.fetch.unsafe import read_lists
from lamella.transforms.media.inspection import Inspections
from lamella.transforms.media.store import MediaStore


class FoundMedia(NamedTuple):
    """An Outcome, and how much was inspected."""

    kept: beam.PCollection  # Media
    rejected: beam.PCollection
    counters: beam.PCollection
    counts: beam.PCollection  # Counted, of inspections


class FetchMedia(beam.PTransform):
    """{"documents", "candidates", "archived", "aliases", and what is known, by `measures`' names} -> FoundMedia; unit MEDIA,
    made = distinct links.

    Args:
        config: limits, how politely sites are asked, and whether the network is asked at all.
        store: where media lie, the run's folder first: packs are written to its `media/packs`.
        remembered: where inspections are kept, and under what.
        asks: whether the network may be asked; where not, only the answers that earlier runs had are heard.
        rounds: of contraction, ahead of the union-find of near hashes that one worker holds; no output depends on them.
    """

    def __init__(
        self, config: FetchConfig, store: MediaStore, remembered: RememberedModel, *, asks: bool = True, rounds: int = 0
    ):
        super().__init__()
        self._rounds = rounds
        self._config, self._store, self._remembered, self._asks = config, store, remembered, asks
        self._inspections = Inspections.of(config, store, remembered.identity)
        shares = config.http and asks and remembered.memory.root != join(store.root, MEMORY)  # in its own, a run has its packs
        told = {"memory": remembered.memory, "config": config, "policy": policy_of(config), "root": store.root}
        self._shared = SharedAnswers(**told) if shares else None

    @property
    def measures(self) -> tuple[Kept, ...]:
        return (self._inspections, self._shared) if self._shared else (self._inspections,)

    def expand(self, inputs):
        config, documents = self._config, inputs["documents"]
        links = {"documents": documents, "candidates": inputs["candidates"]} | "FindLinks" >> FindLinks(config)
        # Inside, links pass several steps. Outside they come into being once, and are kept once.
        first = {"entry": CounterKind.MADE, "leave": None, "counts": _one, "setup": read_lists}
        wanted = links | "JudgeLinks" >> Step(Stage.FETCH, judge_link, config, FetchRequest, **first)

        places = {"links": wanted.kept, "archived": inputs["archived"], "aliases": inputs["aliases"]}
        found = places | "LookInArchives" >> LookInArchives(config)
        in_archives = {"captured": found.captured, "archived": inputs["archived"]}
        heard = in_archives | "HearSites" >> HearSites(config, self._store)
        if config.http:  # what a host's answers came to is in one worker, and is shared out; archives' captures are already
            missing = {"links": found.missing, "aliases": inputs["aliases"]}
            missing |= {"shared": inputs[self._shared.name]} if self._shared else {}
            asked = missing | "AskTheWeb" >> AskTheWeb(config, self._store, asks=self._asks, shared=self._shared)
            captured = (heard.captured, asked.captured | Spread(_url)) | "Captured" >> beam.Flatten()
            refused = asked.refused
        else:
            captured, refused = heard.captured, found.missing | "NotCaptured" >> beam.Map(_not_captured)

        between = {"entry": None, "leave": None, "counts": _one, "setup": read_lists}
        reads = Step(Stage.FETCH, read_media, config, FetchedFile | Media, given=(self._store,), **between)
        read = captured | "Read" >> reads
        files = read.kept | "Files" >> beam.Filter(isinstance, FetchedFile).with_output_types(FetchedFile)
        tracks = read.kept | "Tracks" >> beam.Filter(isinstance, Media).with_output_types(Media)
        asks = [Ask(measure=self._inspections, asked_of=asked_of)]
        known = {"records": files, self._inspections.name: inputs[self._inspections.name]}
        inspected = known | "Inspect" >> Remembered(asks, with_inspection, InspectedFile, **self._remembered.where())
        media = inspected.answers | "Judge" >> Step(Stage.FETCH, judge_media, config, Media, **between)
        sound = (media.kept, tracks) | "Sound" >> beam.Flatten()
        listed = sound | "Listed" >> Step(Stage.FETCH, judge_listed, config, Media, **between)
        members = {"documents": documents, "media": listed.kept} | "FindCopies" >> FindCopies(config, self._rounds)
        chosen = members | "ChooseOne" >> Step(Stage.FETCH, choose_one, config, Media, counts=_one, entry=None)

        judged = (read.rejected, media.rejected, listed.rejected, chosen.rejected)
        gone = (wanted.rejected, found.refused, heard.refused, refused, *judged)
        rejections = gone | "Rejected" >> beam.Flatten()
        counters = (wanted.counters, chosen.counters) | "Counters" >> beam.Flatten()
        return FoundMedia(chosen.kept, rejections, counters, inspected.counts)


def _not_captured(link: MediaLink) -> Rejection:
    """Of a type that Beam can check: it reads annotations, and a Protocol cannot be asked for its subclasses."""
    return reject_media(link, Violation(Reason.NOT_CAPTURED))


def _one(record: MediaLink | Media):
    return ((Unit.MEDIA, 1),)


def _url(record: MediaLink) -> str:
    return record.url
