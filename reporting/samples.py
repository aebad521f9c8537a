"""A run's tables -> a few kept and rejected samples of each kind for the report, chosen by hash of their key.

Tables are streamed, and only chosen rows become Python objects. Foreign text is cut and cleaned here, once.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from lamella.pipeline.columns import RowRef, pc, read_batches, read_columns, read_rows
from lamella.pipeline.declared import rejections_of
from lamella.pipeline.graph import JOBS, PAIR_TABLES
from lamella.pipeline.tables import read_manifest
from lamella.schemas.arrow import from_table
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode
from lamella.schemas.keys import stable_int
from lamella.schemas.media import Media, MediaKind
from lamella.schemas.pair import Pair
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.files import join

# Pictures that nobody asked to see, and pictures whose owners asked not to be used, are never shown.
NEVER_SHOWN = frozenset({Reason.UNSAFE_IMAGE.value, Reason.OPTED_OUT.value, Reason.FORBIDDEN_ADDRESS.value})

# C0 and C1 controls, marks and overrides of the reading direction, invisible tags, halves of surrogate pairs.
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_CANDIDATES = 64  # of each sort and batch, evenly spaced, are weighed by hash: a rare sort is seen whole
_NODES = 14  # of a document shown
_CHARACTERS = 1500  # of a text shown


def samples_of(run: str, each: int) -> dict[str, Any]:
    """`each` samples of every dataset, of the documents, and of every reason.

    Returns:
        documents, pairs and rejected: lists of plain dicts. Pictures are named by their BlobRef under "blob".
    """
    rejected = _rejected(run, each)
    # A link's own rejection is the whole verdict on it. A node or a pair may have left before its picture was judged, so
    # theirs are shown only where the picture was found usable.
    links = _blobs_of(
        run, "archive_media", {one["url"] for one in rejected if one["unit"] == Unit.MEDIA and _may_be_shown(one)}
    )
    usable = _blobs_of(run, "media", {one["url"] for one in rejected if one["unit"] in (Unit.NODE, Unit.PAIR)})
    return {
        "documents": [shown_document(document) for document in _documents(run, each)],
        "pairs": [shown_pair(pair) for pair in _pairs(run, each)],
        "rejected": [one | (links if one["unit"] == Unit.MEDIA else usable).get(one["url"], {}) for one in rejected],
    }


def unsafe_urls(run: str) -> frozenset[str]:
    """URLs, as samples name them, of pictures that any stage found unsafe: one that left a pair may still be in a document."""
    found: set[str] = set()
    for job in JOBS:
        for batch in read_columns(join(run, rejections_of(job)), ("reason", "url")):
            found.update(batch.filter(pc.equal(batch["reason"], Reason.UNSAFE_IMAGE.value))["url"].to_pylist())
    return frozenset(clean(url, 2000) for url in found if url)


def clean(text: str, most: int = _CHARACTERS) -> str:
    """Text that can do nothing but be read: no controls but line breaks, nothing that turns the direction of what follows, no
    half of a surrogate pair; cut at `most` characters."""
    kept = _UNSEEN.sub("", text[: most + 1])
    return kept if len(text) <= most else kept[:most].rstrip() + " …"


def _may_be_shown(rejected: dict[str, Any]) -> bool:
    return bool(rejected["url"]) and rejected["reason"] not in NEVER_SHOWN


def _documents(run: str, each: int) -> list[InterleavedDocument]:
    table = "interleaved" if read_manifest(join(run, "interleaved")) else "documents"
    return _chosen(join(run, table), InterleavedDocument, (), each)


def _pairs(run: str, each: int) -> list[Pair]:
    return [pair for table in PAIR_TABLES for pair in _chosen(join(run, table.name), table.record, ("dataset",), each)]


def _rejected(run: str, each: int) -> list[dict[str, Any]]:
    found = []
    for job in JOBS:
        found += _chosen(join(run, rejections_of(job)), Rejection, ("stage", "unit", "reason"), each)
    order = {name: at for names in (Stage, Unit, Reason) for at, name in enumerate(names)}
    found.sort(key=lambda one: (order[one.stage], order[one.unit], order[one.reason]))
    return [
        {
            "stage": one.stage.value,
            "unit": one.unit.value,
            "reason": one.reason.value,
            "key": clean(one.key, 200),
            "url": clean(one.url, 2000),
            "says": clean(one.says, 500),
            "sample": clean(one.sample),
            "nodes": one.nodes,
            "archive": clean(one.archive, 1000),
            "offset": one.offset,
        }
        for one in found
    ]


def _chosen(folder: str, record_type: type, by: tuple[str, ...], each: int) -> list[Any]:
    """The `each` records of every group whose keys hash lowest, groups in order of their names."""
    best: dict[tuple[str, ...], list[tuple[int, RowRef]]] = defaultdict(list)
    for start, batch in read_batches(folder, (*by, "key")) if each else ():
        for group, rows in _groups(batch, by):
            rows = rows[:: max(1, len(rows) // _CANDIDATES)]
            keys = batch["key"].take(pa.array(rows)).to_pylist()
            found = [
                (stable_int("report", key), RowRef(start.file, start.row + int(row)))
                for key, row in zip(keys, rows, strict=True)
            ]
            best[group] = sorted(best[group] + found)[:each]
    refs = [ref for group in sorted(best) for _, ref in best[group]]
    records = {ref: next(iter(from_table(record_type, row))) for ref, row in read_rows(folder, refs)}
    return [records[ref] for ref in refs]


def _groups(batch: pa.RecordBatch, by: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
    if not by:
        yield (), np.arange(len(batch))
        return
    name = pc.binary_join_element_wise(*(batch[column] for column in by), pa.scalar("/", pa.large_string())).dictionary_encode()
    codes = name.indices.to_numpy()
    for code, group in enumerate(name.dictionary.to_pylist()):
        yield tuple(group.split("/")), np.flatnonzero(codes == code)


def _blobs_of(run: str, table: str, urls: set[str]) -> dict[str, dict[str, Any]]:
    """Where the bytes of these URLs lie, as far as the table knows: {"blob": ..., "kind": ...}."""
    wanted, found = pa.array(sorted(urls), pa.large_string()), {}
    kind = "kind" if table == "media" else "mime"
    for batch in read_columns(join(run, table), ("url", kind, "blob")) if urls else ():
        for row in batch.filter(pc.is_in(batch["url"], wanted)).to_pylist():
            found[row["url"]] = {"blob": row["blob"], "kind": row[kind].partition("/")[0]}
    return found


def shown_document(document: InterleavedDocument) -> dict[str, Any]:
    return {
        "key": document.key,
        "url": clean(document.url, 2000),
        "title": clean(document.title, 200),
        "language": clean(document.language, 20),
        "words": document.quality.words if document.quality else len(document.text.split()),
        "images": len(document.images),
        "nodes": [_node(node) for node in document.nodes[:_NODES]],
        "more": max(0, len(document.nodes) - _NODES),
    }


def _node(node: Any) -> dict[str, Any]:
    if isinstance(node, TextNode):
        return {"kind": "text", "tag": node.tag, "text": clean(node.text)}
    words = clean(" · ".join(filter(None, (node.caption, getattr(node, "alt", "")))), 300)
    what = MediaKind.IMAGE if isinstance(node, ImageNode) else MediaKind.VIDEO
    return {"kind": what.value, "text": words, "clip_score": getattr(node, "clip_score", None)} | _where(node.media)


def shown_pair(pair: Pair) -> dict[str, Any]:
    return {
        "key": pair.key,
        "dataset": pair.dataset.value,
        "text": clean(pair.text),
        "source": pair.source.value,
        "page_url": clean(pair.page_url, 2000),
        "clip_score": pair.clip_score,
        "captioner": clean(pair.captioner, 100),
        "match": pair.match if pair.matcher else None,
        "start_s": getattr(pair, "start_s", 0.0),
        "end_s": getattr(pair, "end_s", 0.0),
    } | _where(pair.media)


def _where(media: Media | None) -> dict[str, Any]:
    if media is None:
        return {}
    facts = {"url": clean(media.url, 2000), "width": media.width, "height": media.height, "duration_s": media.duration_s}
    return facts | {"blob": asdict(media.blob), "kind": media.kind.value}
