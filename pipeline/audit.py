"""Counters and rejections -> one line for each stage and unit, and whether every sum adds up.

The law: in + made = kept + rejected. Nodes that leave with a rejected document are rejected too. Beside the law there are links
(what one stage kept is what the next one took, and what a table holds) and guards (crashes, and rules that take too much).
"""

import collections
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from lamella.pipeline.columns import read_columns
from lamella.pipeline.damage import Damaged
from lamella.pipeline.declared import SHARDS_FOLDER, counters_of_job, rejections_of
from lamella.pipeline.graph import GRAPH, JOBS, STAGES, TABLES, givers, handed_by, keepers
from lamella.pipeline.tables import read_manifest, read_records
from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.datasets import DATASETS
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.schemas.shards import MANIFEST, ShardManifest
from lamella.transforms.base.files import join, read_bytes


class Loss(NamedTuple):
    """What left a stage for one reason, and the nodes that went with it."""

    count: int
    nodes: int


Losses = Mapping[tuple[Stage, Unit, Reason], Loss]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One stage and unit. `with_documents` counts nodes that left with rejected documents; `rejected` leaves them out."""

    stage: Stage
    unit: Unit
    entered: int = 0
    made: int = 0
    kept: int = 0
    rejected: int = 0
    with_documents: int = 0

    @property
    def came(self) -> int:
        return self.entered + self.made

    @property
    def missing(self) -> int:
        """What came and neither stayed nor left; below 0, more went than came."""
        return self.came - self.kept - self.rejected - self.with_documents

    @property
    def balanced(self) -> bool:
        return self.missing == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two counts, taken in two places, that must be one."""

    what: str
    left: int
    right: int

    @property
    def holds(self) -> bool:
        return self.left == self.right


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A reason's share of what came to its stage, against a limit."""

    stage: Stage
    unit: Unit
    reason: Reason
    count: int
    of: int
    limit: float

    @property
    def ratio(self) -> float:
        return self.count / self.of if self.of else 1.0

    @property
    def passed(self) -> bool:
        return self.ratio <= self.limit


def conservation(counters: Iterable[Counter], losses: Losses) -> list[Line]:
    """One line for each stage and unit that was counted or lost anything, in the order of the stages."""
    counts, rejected, nodes = collections.Counter(), collections.Counter(), collections.Counter()
    for counter in counters:
        counts[counter.stage, counter.unit, counter.kind] += counter.count
    for (stage, unit, _), loss in losses.items():
        rejected[stage, unit] += loss.count
        nodes[stage] += loss.nodes
    seen = {(stage, unit) for stage, unit, _ in counts} | set(rejected) | {(stage, Unit.NODE) for stage in +nodes}
    return [
        Line(
            stage=stage,
            unit=unit,
            entered=counts[stage, unit, CounterKind.IN],
            made=counts[stage, unit, CounterKind.MADE],
            kept=counts[stage, unit, CounterKind.KEPT],
            rejected=rejected[stage, unit],
            with_documents=nodes[stage] if unit is Unit.NODE else 0,
        )
        for stage in Stage
        for unit in Unit
        if (stage, unit) in seen
    ]


def losses(rejections: Iterable[Rejection]) -> Losses:
    """Rejections, counted by stage, unit and reason."""
    counts, nodes = collections.Counter(), collections.Counter()
    for rejection in rejections:
        key = (rejection.stage, rejection.unit, rejection.reason)
        counts[key] += 1
        nodes[key] += rejection.nodes
    return {key: Loss(counts[key], nodes[key]) for key in counts}


def links(lines: Iterable[Line], rows: Mapping[str, int], when: str = "before") -> list[Link]:
    """Neighbours that must agree, and tables that must hold what their last stage kept.

    Args:
        lines: of `conservation`.
        rows: rows by table, as `rows_of` gives them; a table that is not there is not checked.
        when: `score.when` of the run, which says in which order pairs meet their stages.
    """
    by_place = {(line.stage, line.unit): line for line in lines}
    out = []
    for node in STAGES.values():
        for unit, declared in node.takes:
            before = handed_by(unit, node.stage, when) or declared
            for counted in (unit, Unit.NODE) if unit is Unit.DOCUMENT and node.counts_nodes else (unit,):
                taker = by_place.get((node.stage, counted))
                giver = _first(by_place, givers(unit, before, when), counted)
                if taker and giver:
                    what = f"{_plural(counted)} that {giver.stage} kept = {_plural(counted)} that {node.stage} took"
                    out.append(Link(what=what, left=giver.kept, right=taker.entered))
    for table, (unit, stage) in {table.ledger_name: table.kept for table in TABLES.values() if table.kept}.items():
        giver = _first(by_place, keepers(unit, stage, when), unit)
        if giver and table in rows:
            out.append(
                Link(what=f"{_plural(unit)} that {giver.stage} kept = rows of {table}/", left=giver.kept, right=rows[table])
            )
    if SHARDS_FOLDER in rows:
        kept = sum(line.kept for line in by_place.values() if line.stage is Stage.SHARD and line.unit is not Unit.NODE)
        out.append(
            Link(what="samples that shard kept = samples in the shards' manifests", left=kept, right=rows[SHARDS_FOLDER])
        )
    return out


def crashes(lines: Iterable[Line], losses: Losses, limit: float) -> list[Guard]:
    """Every stage and unit in which something crashed; one that has not `passed` should fail the run."""
    return [guard for guard in _shares(lines, losses, limit) if guard.reason is Reason.CRASHED]


def greedy_rules(lines: Iterable[Line], losses: Losses, limit: float) -> list[Guard]:
    """Reasons that took a larger share of what came to their stage than `limit`: usually a bug, in the rule or in the crawl."""
    return [guard for guard in _shares(lines, losses, limit) if guard.reason is not Reason.CRASHED and not guard.passed]


def _shares(lines: Iterable[Line], losses: Losses, limit: float) -> list[Guard]:
    came = {(line.stage, line.unit): line.came for line in lines}
    order = {name: at for names in (Stage, Unit, Reason) for at, name in enumerate(names)}
    return [
        Guard(stage=stage, unit=unit, reason=reason, count=loss.count, of=came.get((stage, unit), 0), limit=limit)
        for (stage, unit, reason), loss in sorted(losses.items(), key=lambda item: [order[name] for name in item[0]])
    ]


def conservation_of(run: str) -> list[Line]:
    """The lines of a run's folder, from its tables of counters and rejections."""
    return conservation(counters_of(run), losses_of(run))


def counters_of(run: str, jobs: Sequence[str] = JOBS) -> Iterable[Counter]:
    for job in jobs:
        yield from read_records(join(run, counters_of_job(job)), Counter)


def losses_of(run: str, jobs: Sequence[str] = JOBS) -> Losses:
    """Counted by Arrow, file by file: a run may have more rejections than memory."""
    counts, nodes = collections.Counter(), collections.Counter()
    for job in jobs:
        for batch in read_columns(join(run, rejections_of(job)), ("stage", "unit", "reason", "nodes")):
            groups = pa.Table.from_batches([batch]).group_by(["stage", "unit", "reason"])
            for row in groups.aggregate([("nodes", "count"), ("nodes", "sum")]).to_pylist():
                key = (Stage(row["stage"]), Unit(row["unit"]), Reason(row["reason"]))
                counts[key] += row["nodes_count"]
                nodes[key] += row["nodes_sum"]
    return {key: Loss(counts[key], nodes[key]) for key in counts}


def rows_of(run: str, jobs: Sequence[str] = JOBS) -> dict[str, int]:
    """Rows of the finished tables of these jobs, by their name in the ledger, and samples of all shards as `shards`."""
    rows: collections.Counter[str] = collections.Counter()
    for table in (table for job in jobs for table in GRAPH[job].writes):
        if manifest := read_manifest(join(run, table.name)):
            rows[table.ledger_name] += manifest.rows
    if any(GRAPH[job].datasets for job in jobs) and (shards := shards_of(run)):
        rows[SHARDS_FOLDER] = sum(shard.samples for manifest in shards for shard in manifest.shards)
    return dict(rows)


def shards_of(run: str) -> list[ShardManifest]:
    """The manifests of the datasets that are finished, in the order of the datasets."""
    out = []
    for dataset in DATASETS:
        path = join(run, SHARDS_FOLDER, dataset.value, MANIFEST)
        try:
            out.append(ShardManifest.decode(read_bytes(path)))
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Damaged(path, error) from error
    return out


def _first(by_place: Mapping[tuple[Stage, Unit], Line], stages: tuple[Stage, ...], unit: Unit) -> Line | None:
    return next((by_place[stage, unit] for stage in stages if (stage, unit) in by_place), None)


def _plural(unit: Unit) -> str:
    return unit.value if unit is Unit.MEDIA else f"{unit.value}s"
