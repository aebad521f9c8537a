"""The declared graph: nobody lists jobs, stages or tables a second time, and what is declared is what runs."""

import ast
from pathlib import Path

from lamella.pipeline.graph import FUNNELS, GRAPH, JOBS, STAGES, TABLES, givers, in_order, record_of
from lamella.reporting.draw_graph import draw_graph
from lamella.schemas.config import Config
from lamella.schemas.datasets import DATASETS, Dataset
from lamella.schemas.rejection import Stage, Unit

ROOT = Path(__file__).resolve().parents[2]
NAMES = {*JOBS, *TABLES, *(folder for job in GRAPH.values() for folder in job.folders)}


def listed(path: Path) -> list[str]:
    """Literals that hold two or more names of jobs or tables, and comparisons with one of several."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        parts = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else []
        parts = node.keys if isinstance(node, ast.Dict) else parts
        names = {part.value for part in parts if isinstance(part, ast.Constant) and part.value in NAMES}
        if len(names) > 1:
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {sorted(names)}")
    return found


# What they name happens to be called as a table is: files of an archive's part, inputs of a stage, sections of the report.
NOT_TABLES = {
    "pipeline/partitions.py": 2,  # files of a part, and what they are keyed by
    "pipeline/curation.py": 3,  # inputs of FetchMedia and of JoinMedia, users of JoinMedia
    "reporting/report.py": 1,  # keys of the headline
    "reporting/samples.py": 1,  # sections of the samples
}


def test_no_second_list_of_jobs_or_tables():
    others = [path for room in ("pipeline", "reporting", "runners") for path in sorted((ROOT / room).rglob("*.py"))]
    found = {path.relative_to(ROOT).as_posix(): listed(path) for path in others if path.name != "graph.py"}
    assert {name: places for name, places in found.items() if len(places) != NOT_TABLES.get(name, 0)} == {}


def test_every_stage_stands_in_the_graph_once_in_the_order_of_the_verbs():
    nodes = [node.stage for job in GRAPH.values() for node in job.stages]
    assert nodes == list(Stage)
    assert {node.config for node in STAGES.values()} <= set(Config.model_fields)


def test_a_job_reads_what_earlier_jobs_write():
    written: set[str] = set()
    for job in GRAPH.values():
        assert set(job.reads) <= written, job.name
        written |= set(job.folders)
    assert {record_of(name) for job in GRAPH.values() for name in job.reads} <= {t.record for t in TABLES.values()} | {
        record_of("rejections/media")
    }


def test_a_stage_takes_from_an_earlier_one_and_a_missing_stage_is_passed_over():
    order = list(Stage)
    for node in STAGES.values():
        assert all(order.index(before) < order.index(node.stage) for _, before in node.takes)
    assert givers(Unit.PAIR, Stage.CAPTION) == (Stage.CAPTION, Stage.SCORE, Stage.PAIR)
    assert givers(Unit.PAIR, Stage.SCORE, "after") == (Stage.SCORE, Stage.CAPTION, Stage.PAIR)
    assert [node.stage for node in in_order("after")][-4:] == [Stage.PAIR, Stage.CAPTION, Stage.SCORE, Stage.SHARD]
    assert [node.stage for node in in_order("before")] == list(STAGES)
    assert givers(Unit.DOCUMENT, Stage.SCORE) == (Stage.SCORE, Stage.ASSEMBLE)
    assert givers(Unit.MEDIA, Stage.FETCH) == (Stage.FETCH,)


def test_every_dataset_lies_in_a_table_that_keeps_its_unit():
    assert set(DATASETS) == set(Dataset)
    for entry in DATASETS.values():
        assert TABLES[entry.table].kept[0] is entry.unit
    assert FUNNELS == ("documents", "media", "pairs")


def test_the_picture_in_docs_is_what_the_code_draws():
    assert (ROOT / "docs" / "graph.svg").read_text(encoding="utf-8") == draw_graph()
