"""The examples of CONTRIBUTING.md, carried out on a copy of the tree: each touches so many files, and its test passes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("schemas", "transforms", "pipeline", "reporting", "runners", "trainer", "weights")
EDIT = re.compile(r"^`([\w/.]+)`, (new|below|above|in place of)(?: `([^`]+)`)?:\n\n((?:(?:    .*)?\n)+)", re.M)


def edits(title):
    """(file, how, anchor, text) of each block below a heading."""
    section = (ROOT / "CONTRIBUTING.md").read_text().split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]
    return [(file, how, anchor, dedent(text).strip("\n")) for file, how, anchor, text in EDIT.findall(section)]


def carry_out(tree, file, how, anchor, text):
    path = tree / file
    if how == "new":
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
        return
    lines = path.read_text().splitlines()
    if how == "in place of":
        (at,) = [at for at, line in enumerate(lines) if anchor in line]
        lines[at] = lines[at].replace(anchor, text)
    else:
        at = next(at for at, line in enumerate(lines) if re.match(rf"\s*{re.escape(anchor)}\b", line))
        opens = lines[at].endswith(("(", "{"))  # of a table: the first row in it
        indent = "    " if opens and how == "below" else re.match(r"\s*", lines[at])[0]
        at += how == "below"
        lines[at:at] = [f"{indent}{line}".rstrip() for line in text.split("\n")] + ["", ""] * (how == "above")
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("title", "files"),
    [
        ("Add a text rule", 3),
        ("Add a dataset of pairs", 3),
        ("Add an image measure", 3),
        ("Add a runner", 3),
        ("Add a word of class names", 2),
    ],
)
def test_an_example_works_as_it_stands(tmp_path, title, files):
    tree = tmp_path / "lamella"
    shutil.copytree(ROOT / "lamella", tree, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    steps = edits(title)
    assert len({file for file, *_ in steps}) == files
    for step in steps:
        carry_out(tree, *step)
    (test,) = [tree / file for file, *_ in steps if file.startswith("tests/")]
    words = ("-m", "pytest", "-q", "-n0", "-c", os.devnull, "--rootdir", tmp_path, "-p", "no:cacheprovider", test)
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[1-9]\d* passed", done.stdout)


def test_without_the_rule_its_test_fails(tmp_path):
    """The example's test tries the rule, and not something that was there before."""
    (text,) = [text for _, how, _, text in edits("Add a text rule") if how == "new"]
    (tmp_path / "test_shouting.py").write_text(text + "\n")
    words = (sys.executable, "-m", "pytest", "-q", "-n0", "-c", os.devnull, "-p", "no:cacheprovider", "test_shouting.py")
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "1 failed" in done.stdout
