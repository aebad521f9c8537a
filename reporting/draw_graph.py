"""The declared graph -> its picture as SVG: `python -m lamella.reporting.draw_graph > docs/graph.svg`.

Each job is a box with its resource, its stages and the tables that it reads; below it is what it writes, with types and units.
"""

import sys
from collections.abc import Iterator
from html import escape

from lamella.pipeline.declared import SHARDS_FOLDER, Job, StageNode, Table, counters_of_job, rejections_of
from lamella.pipeline.graph import GRAPH
from lamella.schemas.datasets import DATASETS, PARQUET

_WIDTH, _GAP, _LEFT, _TOP = 248, 24, 130, 70  # px: a job's box, between boxes, before the first, above them
_STAGE, _LINE = 42, 17  # px: a stage's two lines, a line of small text
_LINK, _QUIET = "#e0664c", "#9ca3af"
_STYLE = (
    ".t{font-weight:600;font-size:17px}.s{fill:#6b7280;font-size:12px}.v{font-weight:600}"
    ".m{font-family:ui-monospace,monospace;font-size:12px}"
)
_ARROW = (
    '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    f'<path d="M0 0 8 4 0 8z" fill="{_LINK}"/></marker></defs>'
)


def draw_graph() -> str:
    """The picture, as the text of an SVG file."""
    jobs = list(GRAPH.values())
    box = 44 + _STAGE * max(len(job.stages) for job in jobs) + 14 + _LINE * max(len(job.reads) for job in jobs)
    under = _TOP + box + 44
    bottom = under + 2 * _LINE * max(len(list(_written(job))) for job in jobs)
    width, height = _LEFT + len(jobs) * (_WIDTH + _GAP) + 90, bottom + 74
    middle = _TOP + box / 2
    parts = [
        f'<rect width="{width}" height="{height:.0f}" rx="14" fill="#fff8f5"/>',
        _ARROW,
        _text(30, 36, "The graph", "t"),
        _text(140, 36, "jobs between tables; each writes what it rejected, and why, beside what it kept", "s"),
        *(_text(56, middle + at, word, kind, anchor="middle") for at, word, kind in ((-8, "web", "t"), (12, "archives", "t"))),
    ]
    for number, job in enumerate(jobs):
        left = _LEFT + number * (_WIDTH + _GAP)
        parts += [_arrow(left - _GAP + 3, left - 3, middle), *_job(job, left, box), *_tables(job, left, under)]
    end = _LEFT + len(jobs) * (_WIDTH + _GAP) - _GAP
    parts += [_arrow(end + 3, end + _GAP, middle), _text(end + _GAP + 6, middle + 5, "trainer", "t")]
    beside = (
        f"{rejections_of('JOB')}/   {counters_of_job('JOB')}/   run.json   report.html   report.json   README.md (dataset card)"
    )
    parts += [
        f'<path d="M{_LEFT} {bottom + 8} H{end}" stroke="{_QUIET}" stroke-width="1.5" stroke-dasharray="4 4"/>',
        _text(_LEFT, bottom + 30, beside, "m"),
        _text(_LEFT, bottom + 52, "in every stage and unit: in + made = kept + rejected", "s"),
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" font-family="system-ui, sans-serif"'
    return "\n".join([f'{head} font-size="14">', f"<style>{_STYLE}</style>", *parts, "</svg>", ""])


def _job(job: Job, left: int, height: int) -> Iterator[str]:
    yield (
        f'<rect x="{left}" y="{_TOP}" width="{_WIDTH}" height="{height}" rx="10" fill="#fff" stroke="{_LINK}" '
        'stroke-width="1.5"/>'
    )
    yield _text(left + 14, _TOP + 28, job.name, "t")
    yield _text(left + _WIDTH - 14, _TOP + 28, job.resource, "s", anchor="end")
    for number, node in enumerate(job.stages):
        yield from _stage(node, left + 14, _TOP + 56 + number * _STAGE)
    for number, name in enumerate(reversed(job.reads)):
        yield _text(left + 14, _TOP + height - 12 - number * _LINE, f"reads {name}/", "m")


def _stage(node: StageNode, left: int, top: int) -> Iterator[str]:
    taken = ", ".join(f"{unit.value}s" for unit, _ in node.takes)  # who hands them on stands above, or in the box before
    yield _text(left, top, node.stage.value, "v")
    yield _text(left + _WIDTH - 28, top, taken, "s", anchor="end")
    yield _text(left, top + 16, node.does, "s")


def _tables(job: Job, left: int, top: int) -> Iterator[str]:
    centre = left + _WIDTH / 2
    yield f'<path d="M{centre:.0f} {top - 44} V{top - 18}" stroke="{_QUIET}" stroke-width="1.5"/>'
    for number, (name, holds) in enumerate(_written(job)):
        yield _text(left + 14, top + number * 2 * _LINE, name, "m")
        yield _text(left + 28, top + number * 2 * _LINE + 15, holds, "s")


def _written(job: Job) -> Iterator[tuple[str, str]]:
    """(folder, what it holds) of everything that a job writes, except rejections and counters."""
    yield from ((f"{folder.name}/", folder.holds) for folder in job.beside)
    yield from ((f"{table.name}/", _rows(table)) for table in job.writes)
    for dataset in job.datasets:
        entry = DATASETS[dataset]
        also = f" and {dataset}{PARQUET}/" if entry.parquet else ""
        yield f"{SHARDS_FOLDER}/{dataset}/{also}", f"{entry.sample.__name__}, a {entry.unit.value}"


def _rows(table: Table) -> str:
    return f"{table.record.__name__}, {f'a {table.kept[0].value}' if table.kept else 'beside the ledger'}"


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" class="{kind}">{escape(text)}</text>'


def _arrow(left: float, right: float, y: float) -> str:
    return f'<path d="M{left:g} {y:g} H{right:g}" stroke="{_LINK}" stroke-width="2" marker-end="url(#a)"/>'


if __name__ == "__main__":
    sys.stdout.write(draw_graph())
