"""A run's folder and the address of a page or picture -> what each stage did with it.

Every measurement is shown beside its limit, as in the rulebooks. All of it is read from tables.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import fsspec

from lamella.pipeline.audit import shards_of
from lamella.pipeline.columns import find_rows
from lamella.pipeline.declared import rejections_of
from lamella.pipeline.graph import JOBS, PAIR_TABLES, in_order
from lamella.pipeline.partitions import FOLDER as PARTITIONS
from lamella.pipeline.run_file import config_of
from lamella.pipeline.standing import rows_by_dataset
from lamella.schemas.arrow import from_table
from lamella.schemas.config import Config
from lamella.schemas.datasets import Dataset
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, TextQuality, VideoNode
from lamella.schemas.duplicate import Duplicate
from lamella.schemas.media import Alias, ArchiveMedia, Media, MediaKind
from lamella.schemas.pair import Pair, is_synthetic
from lamella.schemas.rejection import Rejection, Stage, Unit
from lamella.schemas.shards import index_shard, shard_name
from lamella.transforms.assemble.rules import RULES as ASSEMBLE_RULES
from lamella.transforms.base.files import join, read_bytes
from lamella.transforms.base.rule import Rulebook
from lamella.transforms.caption.judge import RULES as CAPTION_RULES
from lamella.transforms.caption.matches import Matched
from lamella.transforms.fetch.copies import COPY_RULES, alone
from lamella.transforms.fetch.rules import SIZE_RULES, VIDEO_RULES, WEIGHT_RULES, Size, Weight
from lamella.transforms.filter.rules import DOCUMENT_RULES
from lamella.transforms.formats.urls import canonical_url
from lamella.transforms.media.picture_rules import IMAGE_RULES
from lamella.transforms.pair.corpus import Candidate
from lamella.transforms.pair.rules import RULES as PAIR_RULES
from lamella.transforms.pair.rules import TEXT_RULES as PAIR_TEXT_RULES
from lamella.transforms.score.rules import NODE_RULES as NODE_SCORE_RULES
from lamella.transforms.score.rules import PAIR_RULES as PAIR_SCORE_RULES
from lamella.transforms.shard.plan import place_of, plan_shards


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one stage did with one thing."""

    stage: Stage
    unit: Unit
    left: bool  # it left here, for the reason that `says` begins with
    says: str
    measured: tuple[str, ...] = ()  # "words 230 >= 50", in the order of the rules


def why(run: str, address: str) -> list[Finding]:
    """Every finding on a page's or a media file's address, in the order of the stages. Empty where the run never met it.

    Raises ConfigError where the folder holds no run.
    """
    config = config_of(run)
    addresses = {address, canonical_url(address)} - {""}
    found = [*_page(run, addresses, config), *_media(run, addresses, config)]
    stages = [node.stage for node in in_order(config.score.when)]
    return sorted(dict.fromkeys(found), key=lambda finding: stages.index(finding.stage))


def _page(run: str, addresses: Collection[str], config: Config) -> Iterator[Finding]:
    extracted = list(_extracted(run, "documents", InterleavedDocument, addresses))
    for document in extracted:
        where = document.provenance
        yield _kept(Stage.READ, Unit.PAGE, f"page at offset {where.offset} of {where.archive}")
        yield _kept(Stage.EXTRACT, Unit.DOCUMENT, f"document {document.key}: {_nodes(document)}")
    yield from _left(_extracted(run, "rejected", Rejection, addresses))
    keys = {document.key for document in extracted}
    yield from _left(one for one in _rejections(run, addresses) if one.unit is not Unit.MEDIA)
    for copy in _rows(run, "duplicates", Duplicate, "key", values=keys):
        yield Finding(
            stage=Stage.DEDUP,
            unit=Unit.DOCUMENT,
            left=True,
            says=f"{copy.reason}: copy of {copy.survivor_url}",
            measured=(f"similarity {copy.similarity:.3g}",),
        )
    for document in _rows(run, "documents", InterleavedDocument, "key", values=keys):
        language = f"language {document.language} {document.language_score:.3g} >= {config.filter.min_language_score:g}"
        text = _beside(DOCUMENT_RULES, document.quality, config.filter.document) if document.quality else ()
        yield _kept(Stage.FILTER, Unit.DOCUMENT, _nodes(document), (language, *text))
        yield _kept(Stage.DEDUP, Unit.DOCUMENT, "one of its kind")
    for document in _rows(run, "interleaved", InterleavedDocument, "key", values=keys):
        yield _kept(Stage.ASSEMBLE, Unit.DOCUMENT, _nodes(document), _beside(ASSEMBLE_RULES, document, config.assemble))
        for image in document.images:
            yield _kept(Stage.SCORE, Unit.NODE, image.url, _beside(NODE_SCORE_RULES, image, config.score))
        yield from _sample(run, document, config)
    yield from _pairs(run, "document", keys, config)


def _media(run: str, addresses: Collection[str], config: Config) -> Iterator[Finding]:
    for found in _extracted(run, "media", ArchiveMedia, addresses):
        yield _kept(Stage.READ, Unit.RECORD, f"{found.mime} at offset {found.blob.offset} of {found.blob.path}")
    for alias in _extracted(run, "aliases", Alias, addresses):
        named = next(filter(None, (alias.target, alias.digest, alias.record_id)), "")
        yield _kept(Stage.READ, Unit.RECORD, f"{alias.kind} of {named} at offset {alias.offset} of {alias.archive}")
    yield from _left(one for one in _rejections(run, addresses) if one.unit in (Unit.MEDIA, Unit.NODE, Unit.PAIR))
    for media in _rows(run, "media", Media, "url", values=addresses):
        yield _kept(
            Stage.FETCH, Unit.MEDIA, f"{media.kind} by {media.source}, {media.width} x {media.height}", _judged(media, config)
        )
    yield from _pairs(run, "media.url", addresses, config)


def _judged(media: Media, config: Config) -> Iterable[str]:
    yield from _beside(WEIGHT_RULES, Weight(media.kind, media.bytes), config.fetch)
    if media.kind is MediaKind.IMAGE:
        yield from _beside(SIZE_RULES, Size(media.width, media.height), config.fetch)
    book = {MediaKind.IMAGE: IMAGE_RULES, MediaKind.VIDEO: VIDEO_RULES}.get(media.kind)
    yield from _beside(book, media, config.fetch) if book else ()
    yield from _beside(COPY_RULES, alone(media), config.fetch)


def _pairs(run: str, column: str, values: Collection[str], config: Config) -> Iterator[Finding]:
    for table in PAIR_TABLES:
        for pair in _rows(run, table.name, table.record, column, values=values):
            # What the whole corpus said of the pair is not on it: only what it says itself is compared.
            one, corpus = Candidate(pair=pair), ("images_of_alt", "language_score", "alts_of_image")
            own = [
                said
                for rules in (PAIR_TEXT_RULES, PAIR_RULES)
                for said in _beside(rules[pair.dataset], one, config.pair, skip=corpus)
            ]
            if not is_synthetic(pair):
                yield _kept(Stage.PAIR, Unit.PAIR, f"{pair.dataset} {pair.key}: {pair.text[:100]!r} ({pair.source})", own)
            if pair.clip_model:
                scored = _beside(PAIR_SCORE_RULES, pair, config.score)
                yield _kept(Stage.SCORE, Unit.PAIR, f"{pair.dataset} {pair.key}, by {pair.clip_model}", scored)
            if pair.matcher:
                yield _matched(pair, config)
            yield from _sample(run, pair, config)


def _matched(pair: Pair, config: Config) -> Finding:
    of = f" of {pair.captioner}" if pair.captioner else ""
    says = f"{pair.dataset} {pair.key}: {pair.text[:100]!r} ({pair.source}{of}), by {pair.matcher}"
    return _kept(Stage.CAPTION, Unit.PAIR, says, _beside(CAPTION_RULES, Matched(pair=pair), config.caption))


def _sample(run: str, record: InterleavedDocument | Pair, config: Config) -> Iterator[Finding]:
    """The record's shard, and the place of its sample in it."""
    dataset = Dataset.M3W if isinstance(record, InterleavedDocument) else record.dataset
    written = {shard.name for manifest in shards_of(run) if manifest.dataset is dataset for shard in manifest.shards}
    if not written:
        return
    plan = plan_shards(dataset, rows_by_dataset(run)[dataset], config.shard)
    name = shard_name(dataset, *place_of(record, plan, config.shard))
    tar = read_bytes(join(run, "shards", dataset, name)) if name in written else b""
    for key, members in index_shard(tar):
        offset, length = members["json"]
        if json.loads(tar[offset : offset + length])["key"] == record.key:
            unit = Unit.DOCUMENT if dataset is Dataset.M3W else Unit.PAIR
            yield _kept(Stage.SHARD, unit, f"sample {key} at byte {offset} of shards/{dataset}/{name}")


def _left(rejections: Iterable[Rejection]) -> Iterator[Finding]:
    for gone in rejections:
        sample = f": {gone.sample[:80]!r}" if gone.sample else ""
        says = f"{gone.reason}{sample}"
        yield Finding(stage=gone.stage, unit=gone.unit, left=True, says=says, measured=(gone.says,) if gone.says else ())


def _kept(stage: Stage, unit: Unit, says: str, measured: Iterable[str] = ()) -> Finding:
    return Finding(stage=stage, unit=unit, left=False, says=says, measured=tuple(measured))


def _beside(book: Rulebook, record: Any, limits: Any, skip: Collection[str] = ()) -> Iterator[str]:
    """Each measure that a rulebook has of the record beside the limit that it keeps, for rules that are on and apply."""
    for rule in book:
        limit = getattr(limits, rule.limit) if rule.limit else None
        if rule.read is None or limit is None or rule.measure in skip:
            continue
        if isinstance(record, TextQuality):  # a document that is kept holds its text's measures by their names
            value = getattr(record, rule.measure)
        else:
            value = rule.read(record) if all(speaks(record, limits) for speaks in rule.when) else None
        if value is not None:
            yield f"{rule.measure} {value:.6g} {'<=' if rule.sign == '>' else '>='} {limit:.6g}"


def _nodes(document: InterleavedDocument) -> str:
    kinds = Counter(type(node) for node in document.nodes)
    return f"{kinds[TextNode]} texts, {kinds[ImageNode]} images, {kinds[VideoNode]} videos"


def _extracted(run: str, file: str, record_type: type, addresses: Collection[str]) -> Iterator[Any]:
    """Records of the parts that each archive has."""
    fs, root = fsspec.core.url_to_fs(join(run, PARTITIONS))
    for part in sorted(fs.ls(root, detail=False)) if fs.exists(root) else ():
        for row in find_rows(join(run, PARTITIONS, part.rpartition("/")[2]), "url", addresses, f"{file}.parquet"):
            yield from from_table(record_type, row)


def _rejections(run: str, addresses: Collection[str]) -> Iterator[Rejection]:
    for job in JOBS:
        yield from _rows(run, rejections_of(job), Rejection, "url", values=addresses)


def _rows(run: str, table: str, record_type: type, column: str, *, values: Collection[str]) -> Iterator[Any]:
    for row in find_rows(join(run, table), column, values) if values else ():
        yield from from_table(record_type, row)
