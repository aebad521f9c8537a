"""The story: web archives -> training shards. Five columns of verbs; each hands its tables to the next."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import apache_beam as beam
from apache_beam import PCollection

from lamella.pipeline.declared import SHARDS_FOLDER
from lamella.pipeline.fingerprints import inspection_identity, model_identity
from lamella.pipeline.ledger import Ledger
from lamella.pipeline.opt_outs import opt_outs_of
from lamella.schemas.config import Config, ModelConfig
from lamella.schemas.datasets import DATASETS, PARQUET, Dataset
from lamella.schemas.document import FilteredPage, InterleavedDocument
from lamella.schemas.media import Alias, ArchiveMedia, Media
from lamella.schemas.opt_out import OptOut
from lamella.schemas.pair import CandidatePair, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Rejection
from lamella.schemas.shards import ShardInfo
from lamella.transforms.assemble.stage import DOCUMENTS_USE, AssembleDocuments
from lamella.transforms.base.files import join
from lamella.transforms.base.join_media import JoinMedia
from lamella.transforms.base.memory import FOLDER as MEMORY
from lamella.transforms.base.memory import Measure, Memory
from lamella.transforms.base.remembered import RememberedModel
from lamella.transforms.caption.stage import CaptionPictures, KeepTexts, MatchPairs
from lamella.transforms.dedup.stage import DeduplicateDocuments
from lamella.transforms.extract.stage import ExtractDocuments
from lamella.transforms.fetch.stage import FetchMedia
from lamella.transforms.filter.stage import FilterDocuments
from lamella.transforms.media.store import MediaStore
from lamella.transforms.pair.stage import CANDIDATES_USE, MinePairs, ProposePairs
from lamella.transforms.read.stage import ReadPages
from lamella.transforms.score.stage import JudgeDocuments, JudgePairs, ScoreRecords
from lamella.transforms.shard.manifest import files_of
from lamella.transforms.shard.plan import plan_shards
from lamella.transforms.shard.stage import PlannedShards, ShardsTarget, WriteShards
from lamella.transforms.shard.write import ShardWork


class Extracted(NamedTuple):
    documents: PCollection  # InterleavedDocument, one a page
    bare: PCollection  # InterleavedDocument without text: pages that only show something
    media: PCollection  # ArchiveMedia
    aliases: PCollection  # Alias


def extract_archives(archives: PCollection[str], c: Config, ledger: Ledger) -> Extracted:
    """Paths of web archives -> a document for each page that has text and media, and the media that lie beside them."""
    read = archives | ReadPages(c.read, c.run.split_bytes)
    ledger.enter(read)
    extracted = read.pages | ExtractDocuments(c.extract)
    aliases = (read.aliases, extracted.smaller) | "Aliases" >> beam.Flatten()
    return Extracted(ledger.keep(extracted), extracted.bare, read.media, aliases)


class Documents(NamedTuple):
    documents: PCollection  # InterleavedDocument, survivors
    duplicates: PCollection  # Duplicate
    candidates: PCollection  # CandidatePair


def make_documents(
    extracted: PCollection[InterleavedDocument],
    bare: PCollection[InterleavedDocument],
    c: Config,
    ledger: Ledger,
    *,
    rounds: int = 0,
) -> Documents:
    """Extracted documents -> those of good text, once each; and what every page proposes, whether or not its text stays.

    Args:
        rounds: of contraction of the graph of near duplicates.
    """
    filtered = extracted | FilterDocuments(c.filter)
    survivors = ledger.keep(filtered) | DeduplicateDocuments(c.dedup, rounds)
    unfiltered = bare | "Bare pages" >> beam.Map(_unfiltered).with_output_types(FilteredPage)
    pages = (filtered.told, unfiltered) | "Pages" >> beam.Flatten()
    candidates = ledger.keep(pages | ProposePairs(c.pair))
    return Documents(ledger.keep(survivors), survivors.duplicates, candidates)


class FoundMedia(NamedTuple):
    media: PCollection  # Media
    opt_outs: PCollection  # OptOut, of media, and of documents and candidates before them


class MediaInputs(NamedTuple):
    """What refers to media, and what the archives hold; in the order in which the job reads its tables."""

    documents: PCollection[InterleavedDocument]
    candidates: PCollection[CandidatePair]
    archived: PCollection[ArchiveMedia]
    aliases: PCollection[Alias]
    rejected: PCollection[Rejection]  # of the job before, whose opt-outs are listed with those of media
    known: Mapping[str, PCollection]  # inspections of earlier runs, by the name of their measure


def media_finder(c: Config, root: str, *, asks: bool = True, rounds: int = 0) -> FetchMedia:
    """What finds media, with the memory of its inspections.

    Args:
        rounds: of contraction of the graph of near hashes.
    """
    remembered = RememberedModel(inspection_identity(c.fetch), memory_of(c, root), c.run.batch_buckets)
    return FetchMedia(c.fetch, MediaStore.of(root, c.read, c.fetch), remembered, asks=asks, rounds=rounds)


def find_media(read: MediaInputs, finder: FetchMedia, ledger: Ledger) -> FoundMedia:
    """What documents and candidates refer to -> media found in the archives or over HTTP, inspected, judged, once each."""
    refs = {name: getattr(read, name) for name in ("documents", "candidates", "archived", "aliases")}
    found = {**refs, **read.known} | finder
    ledger.count(found.counts)
    gone = (found.rejected, read.rejected) | "All that left" >> beam.Flatten()
    opt_outs = gone | "ListOptOuts" >> beam.FlatMap(opt_outs_of).with_output_types(OptOut)
    return FoundMedia(ledger.keep(found), opt_outs)


class Pairs(NamedTuple):
    interleaved: PCollection  # InterleavedDocument: assembled, scored
    images: PCollection  # ImageTextPair
    videos: PCollection  # VideoTextPair


class Models(NamedTuple):
    """What a run asks of models; None where its config asks nothing."""

    scorer: ScoreRecords | None
    captioner: CaptionPictures | None
    matcher: MatchPairs | None

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(measure for model in self if model for measure in model.measures)


def models_of(c: Config, root: str) -> Models:
    """The models that a config names, each with the memory of its answers."""
    store, memory = MediaStore.of(root, c.read, c.fetch), memory_of(c, root)

    def remembered(key: str, model: ModelConfig) -> RememberedModel:
        accelerator = None if model.device == "cpu" else c.run.accelerator
        return RememberedModel(model_identity(key, model), memory, c.run.batch_buckets, accelerator)

    scorer = ScoreRecords(c.score, store, remembered("score.model", c.score.model)) if c.score.on else None
    if not c.caption.on:
        return Models(scorer, None, None)
    captioner = CaptionPictures(c.caption, store, remembered("caption.captioner", c.caption.captioner))
    return Models(scorer, captioner, MatchPairs(c.caption, store, remembered("caption.matcher", c.caption.matcher)))


def memory_of(c: Config, root: str) -> Memory:
    """The memory of expensive answers: in a folder that runs share, or in the run's own."""
    return Memory(root=c.run.memory or join(root, MEMORY))


class PairInputs(NamedTuple):
    """What shows media, what became of them, and earlier answers of models; tables in the order in which the job reads them."""

    documents: PCollection[InterleavedDocument]
    candidates: PCollection[CandidatePair]
    media: PCollection[Media]
    unusable: PCollection[Rejection]  # of media
    known: Mapping[str, PCollection]  # answers, by the name of their measure


def make_pairs(read: PairInputs, models: Models, c: Config, ledger: Ledger) -> Pairs:
    """Documents, candidates and media -> interleaved documents, and the pairs, scored, captioned and matched."""
    asking = _Asking(models, read.known, c, ledger)

    shown = {name: getattr(read, name) for name in ("documents", "candidates", "media", "unusable")}
    joined = shown | JoinMedia({"documents": DOCUMENTS_USE, "candidates": CANDIDATES_USE})
    interleaved = ledger.keep(joined["documents"] | AssembleDocuments(c.assemble))
    pairs = pictures = ledger.keep(joined["candidates"] | MinePairs(c.pair))
    if c.score.when == "before":
        pairs, interleaved, pictures = _scored(pairs, interleaved, asking)
    pairs = _captioned(pairs, pictures, asking)
    if c.score.when != "before":
        pairs, interleaved, _ = _scored(pairs, interleaved, asking)
    return Pairs(interleaved, _of_type(pairs, ImageTextPair), _of_type(pairs, VideoTextPair))


class _Asking(NamedTuple):
    """What each step that asks models needs."""

    models: Models
    known: Mapping[str, PCollection]
    config: Config
    ledger: Ledger


def _scored(pairs: PCollection, interleaved: PCollection, asking: _Asking) -> tuple[PCollection, PCollection, PCollection]:
    """Pairs and documents with CLIP's similarity, and the pairs whose picture may be shown, whatever their texts are worth.

    All as they are where nothing reads a score.
    """
    c, ledger = asking.config, asking.ledger
    if not asking.models.scorer:
        return pairs, interleaved, pairs
    shown = (pairs, *((interleaved,) if c.score.documents else ())) | "Shown" >> beam.Flatten()
    scored = ledger.recall({"records": shown, **asking.known} | asking.models.scorer)
    safe = pairs
    if c.score.heads:  # what one of them finds unsafe is not captioned
        heads_alone = c.score.model_copy(update={"min_score": None})
        safe = (scored | "Safe" >> JudgePairs(heads_alone)).kept
    pairs = ledger.keep(scored | JudgePairs(c.score))
    if c.score.documents:
        interleaved = ledger.keep(scored | JudgeDocuments(c.score))
    return pairs, interleaved, safe


def _captioned(pairs: PCollection, pictures: PCollection, asking: _Asking) -> PCollection:
    """Pairs, and a synthetic text for each picture, as far as each matches its picture (CapFilt); as they are where it is off.

    A picture whose own text left for its score is captioned too: it gains most from a new text.
    """
    _, captioner, matcher = asking.models
    if not captioner or not matcher:
        return pairs
    synthetic = asking.ledger.recall({"records": pictures, **asking.known} | captioner)
    texts = (pairs, synthetic) | "Texts" >> beam.Flatten()
    matched = asking.ledger.recall({"records": texts, **asking.known} | matcher)
    return asking.ledger.keep(matched | KeepTexts(asking.config.caption))


class ShardsOutput(NamedTuple):
    root: str  # the run's folder
    fingerprint: str  # what the manifests say that the shards were made from
    settings: str = ""  # hash of all that a shard's bytes depend on beside its records
    standing: Mapping[str, Mapping[str, ShardInfo]] = MappingProxyType({})  # folder in `shards/` -> files that may stay


class Shards(NamedTuple):
    written: PCollection  # (folder, ShardInfo)
    targets: dict[str, ShardsTarget]  # by folder


def make_shards(
    tables: Mapping[str, PCollection], rows: Mapping[Dataset, int], c: Config, output: ShardsOutput, *, ledger: Ledger
) -> Shards:
    """The tables' records -> tars of each dataset, documents as Parquet too, and what their manifests are made from."""
    store = MediaStore.of(output.root, c.read, c.fetch)
    shards: dict[Dataset, PlannedShards] = {}
    for dataset in DATASETS:
        work = ShardWork(
            dataset=dataset,
            config=c.shard,
            store=store,
            folder=join(output.root, SHARDS_FOLDER, dataset),
            settings=output.settings,
            standing={**output.standing.get(dataset, {}), **output.standing.get(dataset + PARQUET, {})},
        )
        shards[dataset] = PlannedShards(plan_shards(dataset, rows[dataset], c.shard), work)
    made = tables | WriteShards(shards)
    ledger.enter(made)
    targets = {
        folder: ShardsTarget(
            dataset=dataset,
            folder=folder,
            fingerprint=output.fingerprint,
            standing=files_of(output.standing.get(folder.rpartition("/")[2], {}).values()),
        )
        for dataset, planned in shards.items()
        for folder in planned.work.folders
    }
    return Shards(made.written, targets)


def _unfiltered(page: InterleavedDocument) -> FilteredPage:
    """A page without text, of which the filter has nothing to read."""
    return FilteredPage(page=page)


def _of_type(pairs, pair_type: type):
    only = beam.Filter(isinstance, pair_type).with_output_types(pair_type)
    return pairs | f"Only {pair_type.__name__}" >> only
