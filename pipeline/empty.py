"""A finished job -> '' if it left anything, else one line that says which rule took the last record.

Each job is run for something: documents for documents, media for usable media (a document without any is not kept, nor is a
pair), pairs for interleaved documents or pairs, shards for samples.
"""

from collections import Counter

from lamella.pipeline.audit import conservation, counters_of, losses_of, shards_of
from lamella.pipeline.graph import GRAPH, JOBS, in_order
from lamella.pipeline.tables import read_manifest
from lamella.schemas.rejection import Stage, Unit
from lamella.transforms.base.files import join

_REASONS = 3  # said of the last stage


def nothing_left(run: str, job: str, when: str = "before") -> str:
    """'' where the job left something; else one line: the stage that took the last, its reasons, and how many each took.

    `when`: `score.when` of the run, which says in which order pairs met their stages.
    """
    if _rows(run, job):
        return ""
    jobs = JOBS[: JOBS.index(job) + 1]
    begins = f"{job}: no {GRAPH[job].leaves} is left"
    took: dict[tuple[Stage, Unit], Counter[str]] = {}
    for (stage, unit, reason), loss in losses_of(run, jobs).items():
        if unit is not Unit.NODE:
            took.setdefault((stage, unit), Counter())[reason.value] += loss.count
    if not took:
        came = sum(line.came for line in conservation(counters_of(run, jobs), {}) if line.unit is Unit.RECORD)
        return f"{begins}: {f'of {came} records none is a page' if came else 'no record was read'}"
    order = [node.stage for node in in_order(when)]
    # The last stage that took anything is where the flow ended: behind it, nothing came.
    (stage, unit), reasons = max(took.items(), key=lambda item: (order.index(item[0][0]), item[1].total(), item[0][1]))
    named = ", ".join(
        f"{reason} {count}" for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:_REASONS]
    )
    units = unit.value if unit is Unit.MEDIA or reasons.total() == 1 else f"{unit.value}s"
    return f"{begins}: {stage} took the last {reasons.total()} {units}: {named}{', ...' if len(reasons) > _REASONS else ''}"


def _rows(run: str, job: str) -> int:
    if GRAPH[job].datasets:
        return sum(shard.samples for manifest in shards_of(run) for shard in manifest.shards)
    manifests = (read_manifest(join(run, table)) for table in GRAPH[job].made)
    return sum(manifest.rows for manifest in manifests if manifest)
