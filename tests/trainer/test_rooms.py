"""The trainer's rooms: what stands in core is there once and knows no model, and imports between rooms have one direction."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "trainer"

# room -> rooms that it may import
MAY_IMPORT = {
    "core": {"core"},
    "loading": {"core", "loading"},
    "language": {"core", "loading", "language"},
    "flamingo": {"core", "loading", "flamingo"},
    "evaluation": {"core", "loading", "flamingo", "evaluation"},
    "contrastive": {"core", "loading", "evaluation", "contrastive"},
}


def test_imports_between_rooms_have_one_direction():
    offenders = []
    for path in sorted(ROOT.glob("*/*.py")):
        room = path.parent.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            if module and module.startswith("lamella.trainer.") and module.split(".")[2] not in MAY_IMPORT[room]:
                offenders.append(f"{room}/{path.name}: {module}")
    assert offenders == []
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(MAY_IMPORT)


def test_what_every_training_needs_is_written_once():
    """Whoever computes a rate, reads a checkpoint or refuses another recipe does it by core."""
    signs = {"math.cos(": 1, "load_file(": 0, "safe_open(": 3, "was begun with {": 1, "was begun on other": 1, "AdamW(": 1}
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py"))
    assert {sign: text.count(sign) for sign in signs} == signs
