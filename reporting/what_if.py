"""A run, and what it would be with other settings -> the two funnels, the reasons and some examples that differ.

Both are folders of tables, one of them a trial; only tables are compared.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lamella.pipeline.audit import conservation, counters_of, losses_of
from lamella.pipeline.columns import find_rows, read_columns
from lamella.pipeline.declared import Table, rejections_of
from lamella.pipeline.graph import GRAPH, PAIRS
from lamella.pipeline.trial import Trial
from lamella.reporting.report import funnel_of
from lamella.reporting.report_html import ENVIRONMENT, Thumbnails
from lamella.reporting.samples import clean, shown_document, shown_pair, unsafe_urls
from lamella.schemas.arrow import from_table
from lamella.schemas.config import Config
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.keys import stable_int
from lamella.schemas.rejection import Rejection, Unit
from lamella.transforms.base.files import join, write_atomically
from lamella.transforms.fetch.hash_list import read_hashes
from lamella.transforms.media.store import MediaStore

EXAMPLES = 10  # that would come, and that would go, of documents and of pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A count as it is, and as it would be."""

    what: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A document or a pair that would come or go, and the reason: that for which it is out today, or would be."""

    sample: Mapping[str, Any]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What would change of one unit's records."""

    unit: Unit
    come: int
    go: int
    coming: tuple[Example, ...]
    going: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that other settings would change."""

    funnels: Mapping[str, tuple[Change, ...]]
    reasons: tuple[Change, ...]  # that would take another number than today
    moved: tuple[Moved, ...]
    ended: str  # the rule that would take the last, or ""


def difference(trial: Trial) -> Difference:
    """What the trial's tables say otherwise than the run's."""
    before, after = (_accounts(folder, trial.jobs) for folder in (trial.before, trial.after))
    tables = [table for job in trial.jobs for table in GRAPH[job].writes if job == PAIRS.name]
    by_unit: dict[Unit, list[Table]] = {}
    for table in tables:
        if table.kept:
            by_unit.setdefault(table.kept[0], []).append(table)
    return Difference(
        funnels={name: tuple(_steps(before.funnels[name], after.funnels[name])) for name in before.funnels},
        reasons=tuple(
            Change(what=what, before=before.reasons[what], after=after.reasons[what])
            for what in sorted(before.reasons | after.reasons)
            if before.reasons[what] != after.reasons[what]
        ),
        moved=tuple(_moved(trial, unit, tables) for unit, tables in by_unit.items()),
        ended=trial.ended,
    )


def write_page(found: Difference, trial: Trial, config: Config, overrides: Iterable[str], *, path: str) -> None:
    """Writes one HTML page that opens from disk: funnels, reasons, and the examples with their pictures."""
    store = MediaStore.of(trial.before, config.read, config.fetch)
    hidden = unsafe_urls(trial.before) | unsafe_urls(trial.after)
    thumbnails = Thumbnails(store, read_hashes(config.fetch.unsafe_hashes), hidden)
    moved = [
        {
            "unit": one.unit.value,
            "sides": [
                {"says": says, "count": count, "examples": [_drawn(example, thumbnails) for example in examples]}
                for says, count, examples in (("would come", one.come, one.coming), ("would go", one.go, one.going))
            ],
        }
        for one in found.moved
    ]
    page = ENVIRONMENT.get_template("what_if.html.j2").render(
        run=clean(trial.before, 400), overrides=[clean(one, 200) for one in overrides], found=found, moved=moved
    )
    write_atomically(path, page.encode())


@dataclass(frozen=True, slots=True)
class _Accounts:
    funnels: Mapping[str, list[dict[str, Any]]]
    reasons: Counter[str]


def _accounts(folder: str, jobs: Sequence[str]) -> _Accounts:
    losses = losses_of(folder, jobs)
    reasons = Counter({f"{stage} {unit} {reason}": loss.count for (stage, unit, reason), loss in losses.items()})
    return _Accounts(funnel_of(conservation(counters_of(folder, jobs), losses)), reasons)


def _steps(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> Iterator[Change]:
    """A stage that one side leaves out counts nothing there."""
    was, will = ({step["label"]: step["count"] for step in steps} for steps in (before, after))
    for label in was | will:
        yield Change(what=label, before=was.get(label, 0), after=will.get(label, 0))


def _moved(trial: Trial, unit: Unit, tables: Iterable[Table]) -> Moved:
    come, go = [], []
    coming: list[Example] = []
    going: list[Example] = []
    for table in tables:
        was, is_ = (_keys(join(folder, table.name)) for folder in (trial.before, trial.after))
        come, go = [*come, *(is_ - was)], [*go, *(was - is_)]
        coming += _examples(trial.after, trial.before, table, is_ - was, jobs=trial.jobs)
        going += _examples(trial.before, trial.after, table, was - is_, jobs=trial.jobs)
    return Moved(unit=unit, come=len(come), go=len(go), coming=tuple(coming[:EXAMPLES]), going=tuple(going[:EXAMPLES]))


def _keys(folder: str) -> set[str]:
    return {key for batch in read_columns(folder, ("key",)) for key in batch["key"].to_pylist()}


def _examples(where: str, other: str, table: Table, keys: set[str], *, jobs: Iterable[str]) -> list[Example]:
    """Some records of one folder's table that the other lacks, chosen by the hash of their keys."""
    chosen = sorted(keys, key=lambda key: (stable_int("what-if", key), key))[:EXAMPLES]
    records = [one for rows in find_rows(join(where, table.name), "key", chosen) for one in from_table(table.record, rows)]
    whys = _whys(other, records, jobs)
    return [
        Example(
            sample=shown_document(one) if isinstance(one, InterleavedDocument) else shown_pair(one),
            why=whys.get(one.key) or whys.get(getattr(one, "document", ""), "nothing proposes it"),
        )
        for one in sorted(records, key=lambda one: chosen.index(one.key))
    ]


def _whys(folder: str, records: Iterable[Any], jobs: Iterable[str]) -> dict[str, str]:
    """Key of a record, or of a pair's document -> why it is out, by the rejections of a folder."""
    keys = {key for one in records for key in (one.key, getattr(one, "document", "")) if key}
    found = {}
    for job in jobs if keys else ():
        for rows in find_rows(join(folder, rejections_of(job)), "key", keys):
            for gone in from_table(Rejection, rows):
                says = f": {gone.says}" if gone.says else ""
                found[gone.key] = clean(f"{gone.stage} {gone.unit} {gone.reason}{says}", 300)
    return found


def _drawn(example: Example, thumbnails: Thumbnails) -> dict[str, Any]:
    """What the page shows of a record: its pictures, its text, where it is from, and why."""
    sample = dict(example.sample)
    nodes = sample.get("nodes", [sample])
    pictures = [thumbnails.beside(node)["thumbnail"] for node in nodes if "blob" in node][:3]
    text = sample.get("text") or " ".join(node["text"] for node in nodes if node["kind"] == "text")[:400]
    return {
        "pictures": pictures,
        "text": text,
        "title": sample.get("title") or sample.get("dataset", ""),
        "page": sample.get("page_url", sample.get("url", "")),
        "score": sample.get("clip_score"),
        "why": example.why,
    }
