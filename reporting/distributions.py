"""A run's tables -> counts over fixed bins. Columns are streamed; only counts stay in memory."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from lamella.pipeline.columns import counted, field, pc, read_columns
from lamella.pipeline.declared import rejections_of
from lamella.pipeline.graph import JOBS, PAIR_TABLES
from lamella.pipeline.tables import read_manifest
from lamella.schemas.datasets import Dataset
from lamella.schemas.media import MediaKind
from lamella.schemas.pair import CaptionSource
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.files import join
from lamella.transforms.base.reject import is_of_synthetic

SCORES = np.linspace(-0.2, 1.0, 121)  # cosine similarities; what lies outside goes to the outer bins
SHARES = np.linspace(0.0, 1.0, 26)  # probabilities
WORDS = np.unique(np.round(2.0 ** np.arange(0, 18, 1 / 3)))  # three bins a doubling, whole numbers
COUNTS = np.arange(0, 32)  # images of a document; the last bin holds all above
CAPTION_WORDS = np.arange(0, 64, 2)
SIDES = np.geomspace(16, 16_384, 41)  # px; four bins an octave


def distributions(run: str) -> dict[str, Any]:
    """Everything the report draws: each as {"edges": [...], "series": {name: [counts]}}, or as {name: count}."""
    documents = "interleaved" if read_manifest(join(run, "interleaved")) else "documents"
    return {
        "languages": _languages(run, documents),
        "words_per_document": _words(run, documents),
        "images_per_document": _images(run, documents),
        "image_sizes": _sizes(run),
        "clip_scores": _clip_scores(run),
        "node_clip_scores": _node_scores(run, documents),
        "matches": _matches(run),
        "caption_words": _caption_words(run),
        "sources": _sources(run),
    }


def rejected_column(run: str, stage: Stage, unit: Unit, reason: Reason, *, column: str) -> Iterable[pa.Array]:
    """One column of one reason's rejections, batch by batch."""
    for (values,) in rejected_columns(run, stage, unit, reason, columns=(column,)):
        yield values


def rejected_columns(
    run: str, stage: Stage, unit: Unit, reason: Reason, *, columns: tuple[str, ...]
) -> Iterable[tuple[pa.Array, ...]]:
    """Some columns of one reason's rejections, batch by batch."""
    for job in JOBS:
        for batch in read_columns(join(run, rejections_of(job)), ("stage", "unit", "reason", *columns)):
            here = pc.and_(pc.equal(batch["stage"], stage.value), pc.equal(batch["unit"], unit.value))
            rows = batch.filter(pc.and_(here, pc.equal(batch["reason"], reason.value)))
            yield tuple(rows[column] for column in columns)


def _languages(run: str, table: str) -> dict[str, dict[str, int]]:
    """Of documents that stayed, and of those that left for their language: it is their detail."""
    kept: Counter[str] = Counter()
    for batch in read_columns(join(run, table), ("language",)):
        kept.update({language or "unknown": count for language, count in counted(batch["language"])})
    rejected: Counter[str] = Counter()
    for codes in rejected_column(run, Stage.FILTER, Unit.DOCUMENT, Reason.WRONG_LANGUAGE, column="detail"):
        rejected.update({code or "unknown": count for code, count in counted(codes)})
    return {"kept": _sorted(kept), "rejected": _sorted(rejected)}


def _words(run: str, table: str) -> dict[str, Any]:
    bins = _Bins(WORDS)
    for batch in read_columns(join(run, table), ("quality.words",)):
        bins.add("documents", field(batch, "quality", "words"))
    return bins.result()


def _images(run: str, table: str) -> dict[str, Any]:
    bins = _Bins(COUNTS)
    for batch in read_columns(join(run, table), ("nodes.list.element.kind",)):
        kinds = pc.struct_field(pc.list_flatten(batch["nodes"]), "kind")
        parents = pc.list_parent_indices(batch["nodes"]).filter(pc.equal(kinds, "ImageNode"))
        images = np.bincount(parents.to_numpy(zero_copy_only=False), minlength=len(batch))
        bins.add("documents", pa.array(images))
    return bins.result()


def _sizes(run: str) -> dict[str, Any]:
    counts = np.zeros((len(SIDES) - 1, len(SIDES) - 1), dtype=np.int64)
    for batch in read_columns(join(run, "media"), ("kind", "width", "height")):
        batch = batch.filter(pc.equal(batch["kind"], MediaKind.IMAGE.value))
        sides = [np.clip(batch[side].to_numpy(), SIDES[0], SIDES[-1]) for side in ("width", "height")]
        counts += np.histogram2d(*sides, bins=(SIDES, SIDES))[0].astype(np.int64)
    return {"edges": _plain(SIDES), "counts": counts.tolist(), "total": int(counts.sum())}


def _clip_scores(run: str) -> dict[str, Any]:
    """Of pairs that stayed, and of those that left for their score."""
    bins = _Bins(SCORES)
    for table in PAIR_TABLES:
        for batch in read_columns(join(run, table.name), ("clip_score",)):
            bins.add("kept", batch["clip_score"])
    for values in rejected_column(run, Stage.SCORE, Unit.PAIR, Reason.LOW_CLIP_SCORE, column="value"):
        bins.add("rejected", values)
    return bins.result()


def _node_scores(run: str, table: str) -> dict[str, Any]:
    """Of documents' images and the text beside them."""
    bins = _Bins(SCORES)
    for batch in read_columns(join(run, table), ("nodes.list.element.clip_score",)):
        bins.add("kept", pc.struct_field(pc.list_flatten(batch["nodes"]), "clip_score"))
    for values in rejected_column(run, Stage.SCORE, Unit.NODE, Reason.LOW_CLIP_SCORE, column="value"):
        bins.add("rejected", values)
    return bins.result()


def _matches(run: str) -> dict[str, Any]:
    """The matcher's probabilities of web texts and of synthetic ones, of pairs that stayed and of those that left for it."""
    bins = _Bins(SHARES)
    for table in PAIR_TABLES:
        for batch in read_columns(join(run, table.name), ("source", "match")):
            made = pc.equal(batch["source"], CaptionSource.SYNTHETIC.value)
            bins.add("web", batch["match"].filter(pc.invert(made)))
            bins.add("synthetic", batch["match"].filter(made))
    for values, details in rejected_columns(
        run, Stage.CAPTION, Unit.PAIR, Reason.NO_CAPTION_MATCHES, columns=("value", "detail")
    ):
        made = pa.array(map(is_of_synthetic, details.to_pylist()), pa.bool_())
        bins.add("web, rejected", values.filter(pc.invert(made)))
        bins.add("synthetic, rejected", values.filter(made))
    return bins.result()


def _caption_words(run: str) -> dict[str, Any]:
    bins = _Bins(CAPTION_WORDS)
    for table in PAIR_TABLES:
        for batch in read_columns(join(run, table.name), ("dataset", "text")):
            words = pc.list_value_length(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(batch["text"])))
            for dataset in Dataset:
                bins.add(dataset.value, words.filter(pc.equal(batch["dataset"], dataset.value)))
    return bins.result()


def _sources(run: str) -> dict[str, int]:
    """Pairs by dataset and by where their text came from: its place in the page, or a captioner."""
    counts: Counter[str] = Counter()
    for table in PAIR_TABLES:
        for batch in read_columns(join(run, table.name), ("dataset", "source")):
            for name, count in counted(
                pc.binary_join_element_wise(batch["dataset"], batch["source"], pa.scalar("/", pa.large_string()))
            ):
                counts[name] += count
    return _sorted(counts)


class _Bins:
    """Counts of several series over the same edges."""

    def __init__(self, edges: np.ndarray):
        self._edges, self._series = edges, {}

    def add(self, series: str, values: pa.Array) -> None:
        numbers = pc.drop_null(values).to_numpy(zero_copy_only=False)
        if len(numbers):
            inside = np.clip(numbers, self._edges[0], self._edges[-1])
            self._series[series] = self._series.get(series, 0) + np.histogram(inside, self._edges)[0]

    def result(self) -> dict[str, Any]:
        return {"edges": _plain(self._edges), "series": {name: counts.tolist() for name, counts in self._series.items()}}


def _plain(edges: Iterable[float]) -> list[float]:
    return [round(float(edge), 6) for edge in edges]


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
