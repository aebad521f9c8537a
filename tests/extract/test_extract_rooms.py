"""The rooms of extraction: they import one way, and each number stands where its kind does and is read."""

import ast
import re
from dataclasses import fields
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

ROOM = Path(__file__).resolve().parents[2] / "transforms" / "extract"
NAME = "lamella.transforms.extract"
FILES = sorted(ROOM.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def module(path):
    return ".".join([NAME, *path.relative_to(ROOM).with_suffix("").parts]).removesuffix(".__init__")


def imported(tree):
    """Modules of the room, types' own imports among them."""
    known = {module(path) for path in FILES}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(NAME):
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & known
            yield from inner or {node.module}


def test_no_module_imports_in_a_circle():
    graph = {module(path): set(imported(tree)) for path, tree in TREES.items()}
    assert len(graph[f"{NAME}.parse"]) > 5
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize(("name", "limits"), [("HEURISTICS", HEURISTICS), ("INPUT_LIMITS", INPUT_LIMITS)])
def test_each_limit_is_read(name, limits):
    read = {
        node.attr
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }
    assert {field.name for field in fields(limits)} == read


def test_no_limit_stands_by_itself():
    """A constant that calls itself a minimum or a maximum is a field of one of the two."""
    lone = re.compile(r"^_?(?:MIN|MAX)_\w+(?:, \w+)* = [\d.]", re.M)
    assert [f"{path.name}: {found[0]}" for path in FILES for found in lone.finditer(path.read_text(encoding="utf-8"))] == []
