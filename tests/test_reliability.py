"""docs/reliability.md compared with the tests that it names: each exists, and no row of the register is missing."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"
ROWS = {"S": 10, "W": 5, "H": 8, "M": 8, "P": 13, "T": 7}
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> dict[str, str]:
    """Id -> the row's text."""
    lines = PAGE.read_text().splitlines()
    return {found[1]: line for line in lines if (found := re.match(r"\| ([A-Z]\d+) \|", line))}


def test_every_row_is_there_once_and_in_order():
    assert list(rows()) == [f"{letter}{number}" for letter, count in ROWS.items() for number in range(1, count + 1)]


def test_every_test_that_is_named_is_there():
    named = _NAMED.findall(PAGE.read_text())
    there = {file: functions_of(ROOT / file) for file in {file for file, _ in named}}
    assert [f"{file}::{name}" for file, name in named if name not in there[file]] == []


def functions_of(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_a_row_has_a_test_or_says_that_it_is_not_done():
    assert [row for row, line in rows().items() if not _NAMED.search(line) and "not done" not in line.lower()] == []
