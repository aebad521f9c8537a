"""The examples of CONTRIBUTING.md, carried out on a copy of the tree: each touches so many files, and its test passes."""

import os
import re
import shutil
from pathlib import Path
from textwrap import dedent

import pytest

from tests.fork_server import fork_server

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("schemas", "transforms", "pipeline", "reporting", "runners", "trainer", "weights")
EDIT = re.compile(r"^`([\w/.]+)`, (new|below|above|in place of)(?: `([^`]+)`)?:\n\n((?:(?:    .*)?\n)+)", re.M)


# What the examples' modules are made of, and nothing of ours: that each takes from its own copy.
OTHERS = ("pytest", "apache_beam", "pyarrow.parquet", "pydantic", "PIL.Image", "torch", "tokenizers", "typer")


@pytest.fixture(scope="module")
def run_pytest(tmp_path_factory):
    """(exit code, what it printed and said) of pytest in a folder, in a process of its own whose imports are made."""
    with fork_server(tmp_path_factory.mktemp("examples"), OTHERS) as server:

        def run(folder, *words):
            words = ["-q", "-n0", "-c", os.devnull, "-p", "no:cacheprovider", *words]
            path = {"PYTHONPATH": str(folder)}  # for the processes that it starts itself
            child = server.run("tests.run_pytest", [str(folder), [str(word) for word in words]], path)
            code, said = child.end(600)
            return code, child.printed.read_text() + said

        yield run


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
def test_an_example_works_as_it_stands(run_pytest, tmp_path, title, files):
    tree = tmp_path / "lamella"
    shutil.copytree(ROOT / "lamella", tree)
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("*.safetensors"))
    steps = edits(title)
    assert len({file for file, *_ in steps}) == files
    for step in steps:
        carry_out(tree, *step)
    (test,) = [tree / file for file, *_ in steps if file.startswith("tests/")]
    code, printed = run_pytest(tmp_path, "--rootdir", tmp_path, test)
    assert code == 0, printed
    assert re.search(r"[1-9]\d* passed", printed)


def test_without_the_rule_its_test_fails(run_pytest, tmp_path):
    """The example's test tries the rule, and not something that was there before."""
    (text,) = [text for _, how, _, text in edits("Add a text rule") if how == "new"]
    (tmp_path / "test_shouting.py").write_text(text + "\n")
    code, printed = run_pytest(tmp_path, "test_shouting.py")
    assert code == 1 and "1 failed" in printed
