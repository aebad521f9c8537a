"""The laws of limits, read from the source: each is read where its stage stands, and each reason is given."""

import ast
from functools import cache
from pathlib import Path

from source_tree import ROOT, name, nodes, sources, tree

# The part of the config -> where its settings are read: a name that another part has too must not answer for it.
READ_IN = {
    "read": (
        "transforms/read/",
        "transforms/formats/content_encoding.py",
        "transforms/formats/warc.py",
        "transforms/base/blobs.py",
        "transforms/extract/lines.py",
    ),
    "extract": ("transforms/extract/",),
    "filter": ("transforms/filter/",),
    "dedup": ("transforms/dedup/",),
    "fetch": (
        "transforms/fetch/",
        "transforms/media/pixels.py",
        "transforms/media/clips.py",
        "transforms/media/decoding.py",
        "transforms/media/inspection.py",
    ),
    "assemble": ("transforms/assemble/",),
    "pair": ("transforms/pair/",),
    "score": ("transforms/score/", "transforms/media/frames.py", "weights/", "pipeline/"),
    "caption": ("transforms/caption/", "transforms/media/frames.py", "weights/", "pipeline/"),
    "shard": ("transforms/shard/",),
    "run": ("pipeline/", "reporting/", "runners/"),
    "recipe": ("pipeline/",),
}
STEP = ("transforms/base/step.py",)  # reads what all stages have


def test_every_limit_is_read_by_a_row_or_where_its_stage_stands():
    """A rule's row names its limit's model and key; any other setting is read as an attribute in its own stage's folder."""
    from pydantic import BaseModel

    from lamella.reporting.rules import RULEBOOKS
    from lamella.schemas.config import Config, Timed

    by_row = {(book.scope.limits, rule.limit) for book in RULEBOOKS for rule in book}
    idle = []

    def look(model: type[BaseModel], part: str) -> None:
        for key, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                look(inner, part or key)
                continue
            read_in = READ_IN[part or key] + STEP * (key in Timed.model_fields)
            if (model, key) not in by_row and key not in attributes_read(read_in):
                idle.append(f"{part}.{key}")

    look(Config, "")
    assert not idle


@cache
def attributes_read(folders: tuple[str, ...]) -> frozenset[str]:
    paths = [path for path in sources() if name(path).startswith(folders)]
    return frozenset(node.attr for path in paths for node in nodes(path) if isinstance(node, ast.Attribute))


def test_every_rulebook_is_listed():
    """`lamella rules` shows every rule: a rulebook that its list lacks is found in the source."""
    from lamella.reporting.rules import RULEBOOKS

    made = [
        name(path)
        for path in sources()
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "book"
    ]
    assert len(made) == len(RULEBOOKS) == len({id(book) for book in RULEBOOKS})


def test_every_reason_is_given_somewhere():
    """A reason that nothing gives is a promise that nothing keeps."""
    from lamella.schemas.rejection import Reason

    text = "\n".join(
        path.read_text(encoding="utf-8") for path in sources() if not name(path).startswith(("schemas/", "sample/"))
    )
    assert [reason.name for reason in Reason if f"Reason.{reason.name}" not in text] == []


CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time", "time"}


def bounds_in_seconds(path: Path) -> list[str]:
    """Comparisons that ask whether the time that went by is less than a number."""
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Lt | ast.LtE) for op in node.ops):
            terms = [node.left, *node.comparators]
            bounds = any(isinstance(term, ast.Constant) and isinstance(term.value, int | float) for term in terms[1:])
            passed = any(
                isinstance(term, ast.BinOp) and isinstance(term.op, ast.Sub) and _reads_a_clock(term) for term in terms
            )
            if bounds and passed:
                found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


def _reads_a_clock(term: ast.AST) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr in CLOCKS for node in ast.walk(term))


def test_no_test_asks_for_less_than_so_many_seconds():
    """Machines are busy. What grows is compared with itself: `tests/growth.py`."""
    slow = {name(path): found for path in sorted((ROOT / "tests").rglob("*.py")) if (found := bounds_in_seconds(path))}
    assert slow == {}
