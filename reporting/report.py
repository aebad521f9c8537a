"""A run's folder -> `report.json` and `report.html` in it. The same run gives the same bytes.

Everything is derived from the tables and their manifests, never from Beam's own counters, so a run that was killed and
continued reports the same as an undisturbed run.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from lamella.pipeline.audit import (
    Guard,
    Line,
    Link,
    Losses,
    conservation,
    counters_of,
    crashes,
    greedy_rules,
    links,
    losses_of,
    rows_of,
    shards_of,
)
from lamella.pipeline.bundled import warn_of_pages
from lamella.pipeline.columns import counted, read_columns
from lamella.pipeline.enclosed import check_enclosed
from lamella.pipeline.graph import FUNNELS, JOBS, PAIR_TABLES, TABLES, in_order
from lamella.pipeline.ownership import write_own
from lamella.pipeline.run import REPORT_FILES, unfinished_jobs
from lamella.pipeline.run_file import Facts, config_in, facts_of
from lamella.pipeline.tables import read_manifest
from lamella.reporting.card import card_of
from lamella.reporting.distributions import distributions
from lamella.reporting.ground_truth.truth import truth_of
from lamella.reporting.picture_texts import picture_texts
from lamella.reporting.samples import clean, samples_of
from lamella.schemas.keys import stable_key
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.files import join

Report = dict[str, Any]


def write_report(run: str, unsafe_hashes: str | None = None) -> Report:
    """Builds the report of a run's folder and writes `report.json`, `report.html` and the dataset card into it, by rename.

    The report that is returned names the page under "path"; the file does not, so that it tells of the run alone.

    Args:
        run: its folder, which may be another's: no path that its `run.json` names is opened.
        unsafe_hashes: the list of files that are never shown. Where the run had one and none is given, no picture is shown.

    Raises:
        ConfigError: not the folder of a run.
        DataError: something in the folder leads out of it.
    """
    from lamella.reporting.report_html import render  # Jinja and Pillow are for those who write

    report = build_report(run)
    data = json.dumps(report, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    files = (data.encode() + b"\n", render(report, run, unsafe_hashes).encode(), card_of(run, report))
    write_own(run, dict(zip(REPORT_FILES, files, strict=True)))
    return report | {"path": join(run, "report.html")}


def build_report(run: str) -> Report:
    """Everything that can be said of a run, as plain JSON values. Tables that are not there yet are left out.

    Of jobs that are not finished no account is given: their tables are half there, or of an earlier run.
    """
    check_enclosed(run)
    facts = facts_of(run)
    config = config_in(facts, run)
    unfinished = unfinished_jobs(facts)
    jobs = [job for job in JOBS if job not in unfinished]
    lost, rows = losses_of(run, jobs), rows_of(run, jobs)
    lines = conservation(counters_of(run, jobs), lost)
    greedy = greedy_rules(lines, lost, config.run.max_rule_ratio)
    return {
        "run": _run(facts),
        "unfinished": list(unfinished),
        "config": facts["config"],
        "bundled": warn_of_pages(_pages(run), config),
        "headline": _headline(run, facts, lines, rows),
        "funnel": funnel_of(lines, config.score.when),
        "conservation": _conservation(lines, links(lines, rows, config.score.when)),
        "guards": _guards(crashes(lines, lost, config.run.max_crash_ratio), greedy),
        "reasons": _reasons(lines, lost, {(guard.stage, guard.unit, guard.reason) for guard in greedy}),
        "distributions": distributions(run),
        "samples": samples_of(run, config.run.report_samples),
        "texts": picture_texts(run, config, config.run.report_samples),
        "tables": _tables(run),
        "shards": _shards(run),
        "truth": truth_of(run, facts["inputs"], config),
    }


def _run(facts: Facts) -> dict[str, Any]:
    return {
        "recipe": facts["recipe"],
        "hash": stable_key(json.dumps(facts["config"], sort_keys=True)),
        "inputs": [clean(path, 2000) for path in facts["inputs"]],
        "versions": facts["versions"],
        "jobs": facts["jobs"],
    }


def _conservation(lines: Sequence[Line], joints: Sequence[Link]) -> dict[str, Any]:
    return {
        "balanced": all(line.balanced for line in lines) and all(link.holds for link in joints),
        "lines": [asdict(line) | {"balanced": line.balanced, "missing": line.missing} for line in lines],
        "links": [asdict(link) | {"holds": link.holds} for link in joints],
    }


def _guards(crashed: Sequence[Guard], greedy: Sequence[Guard]) -> dict[str, Any]:
    return {
        "passed": all(guard.passed for guard in crashed),
        "crashes": [asdict(guard) | {"ratio": guard.ratio, "passed": guard.passed} for guard in crashed],
        "greedy_rules": [asdict(guard) | {"ratio": guard.ratio} for guard in greedy],
    }


def _headline(run: str, facts: Facts, lines: Iterable[Line], rows: dict[str, int]) -> dict[str, Any]:
    by_place = {(line.stage, line.unit): line for line in lines}

    def kept(stage: Stage, unit: Unit) -> int | None:
        return by_place[stage, unit].kept if (stage, unit) in by_place else None

    records = by_place.get((Stage.READ, Unit.RECORD))
    datasets: Counter[str] = Counter()
    for table in PAIR_TABLES:
        for batch in read_columns(join(run, table.name), ("dataset",)):
            datasets.update(dict(counted(batch["dataset"])))
    shards = [shard for manifest in shards_of(run) for shard in manifest.shards]
    return {
        "archives": len(facts["inputs"]),
        "records": records.came if records else None,
        "pages": kept(Stage.READ, Unit.PAGE),
        "documents": rows.get("interleaved", rows.get("documents")),
        "media": rows.get("media"),
        "pairs": dict(sorted(datasets.items())),
        "shards": len(shards),
        "bytes": sum(shard.bytes for shard in shards),
    }


def _pages(run: str) -> Iterable[str]:
    for batch in read_columns(join(run, "documents"), ("url",)):
        yield from batch["url"].to_pylist()


def funnel_of(lines: Iterable[Line], when: str = "before") -> dict[str, list[dict[str, Any]]]:
    """What the graph's steps count, by funnel. What a stage that did not run would count is left out."""
    by_place = {(line.stage, line.unit): line for line in lines}
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in FUNNELS}
    for node in in_order(when):
        for step in node.funnel:
            if line := by_place.get((node.stage, step.unit)):
                found[step.funnel].append({"label": step.label, "count": getattr(line, step.side)})
    return found


def _reasons(lines: Iterable[Line], lost: Losses, flagged: set[tuple[Stage, Unit, Reason]]) -> list[dict[str, Any]]:
    """The most frequent first, within stages and units in their order."""
    came = {(line.stage, line.unit): line.came for line in lines}
    stages, units = list(Stage), list(Unit)
    order = sorted(lost, key=lambda key: (stages.index(key[0]), units.index(key[1]), -lost[key].count, key[2]))
    return [
        {
            "stage": stage,
            "unit": unit,
            "reason": reason,
            "count": lost[stage, unit, reason].count,
            "nodes": lost[stage, unit, reason].nodes,
            "share": lost[stage, unit, reason].count / came[stage, unit] if came[stage, unit] else None,
            "flagged": (stage, unit, reason) in flagged,
        }
        for stage, unit, reason in order
    ]


def _tables(run: str) -> list[dict[str, Any]]:
    found = [(name, manifest) for name in TABLES if (manifest := read_manifest(join(run, name)))]
    return [
        {
            "table": name,
            "rows": manifest.rows,
            "files": len(manifest.files),
            "bytes": sum(file.bytes for file in manifest.files),
            "hash": manifest.hash,
        }
        for name, manifest in found
    ]


def _shards(run: str) -> list[dict[str, Any]]:
    return [
        {
            "dataset": manifest.dataset.value,
            "shards": len(manifest.shards),
            "samples": sum(shard.samples for shard in manifest.shards),
            "bytes": sum(shard.bytes for shard in manifest.shards),
            "by_split": _by_split(manifest.shards),
            "faces": _faces(manifest.shards),
        }
        for manifest in shards_of(run)
    ]


def _faces(shards: Iterable[Any]) -> int | None:
    """That were blurred; None where none were looked for."""
    told = [shard.faces for shard in shards if shard.faces is not None]
    return sum(told) if told else None


def _by_split(shards: Iterable[Any]) -> dict[str, int]:
    samples: Counter[str] = Counter()
    for shard in shards:
        samples[shard.split] += shard.samples
    return dict(sorted(samples.items()))
