"""The wheel in an environment of its own: what it brings, and that it works in a folder of somebody else's modules."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lamella.pipeline.graph import DOCUMENTS, MEDIA
from lamella.pipeline.run import contents_hash
from lamella.pipeline.tables import read_manifest
from tests.finished_run import PAGES, SEED

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("lamella", "schemas", "transforms", "pipeline", "reporting", "runners", "trainer", "sample", "weights")
FOREIGN = ("transforms.py", "schemas.py", "reporting.py", "weights/__init__.py", "sample/__init__.py", "pipeline/__init__.py")
BEFORE_MODELS = tuple(table.name for job in (DOCUMENTS, MEDIA) for table in job.writes)


def sources():
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def nodes_of(path, *words):
    """The nodes of a module, where it has all the words: what is looked for by its name stands in the text."""
    text = path.read_text(encoding="utf-8")
    return ast.walk(ast.parse(text)) if all(word in text for word in words) else ()


def test_no_module_patches_the_path():
    offenders = []
    for path in sources():
        for node in (*nodes_of(path, "sys", "path"), *nodes_of(path, "PYTHONPATH")):
            patched = isinstance(node, ast.Attribute) and node.attr == "path" and ast.unparse(node) == "sys.path"
            named = isinstance(node, ast.Constant) and isinstance(node.value, str) and "PYTHONPATH" in node.value
            if patched or named:
                offenders.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert offenders == []


def test_no_child_looks_into_the_working_folder_for_modules():
    """`-m` and `-c` put the working folder first on the path; `-P` does not."""
    offenders, seen = [], 0
    for path in sources():
        for node in nodes_of(path, "sys", "executable"):
            if isinstance(node, ast.List) and node.elts and ast.unparse(node.elts[0]) == "sys.executable":
                seen += 1
                if ast.unparse(node.elts[1]) != "'-P'":
                    offenders.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert offenders == [] and seen >= 2


def command(*words, cwd):
    """Standard output; the wheel's environment alone decides what is imported."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """(environment, names that the wheel added at the top of its site-packages)."""
    base = tmp_path_factory.mktemp("wheel")
    ignore = shutil.ignore_patterns("__pycache__")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, base / "source" / folder, ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, base / "source" / name)
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    command(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", base, base / "source", cwd=base)
    command(sys.executable, "-m", "venv", "--without-pip", base / "venv", cwd=base)
    python = base / "venv/bin/python"
    site = Path(command(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=base).strip())
    # The dependencies are those of the environment that runs the tests; a path in a .pth does not bring its editable installs.
    (site / "dependencies.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")) + "\n")
    before = {path.name for path in site.iterdir()}
    (wheel,) = base.glob("lamella-*.whl")
    command(
        *pip, "--python", python, "install", "--no-deps", "--no-index", "--no-compile", "--ignore-installed", wheel, cwd=base
    )
    return base / "venv", site, {path.name for path in site.iterdir()} - before


@pytest.fixture
def foreign(tmp_path):
    """A folder of somebody else's, whose modules end the process that imports one."""
    for name in FOREIGN:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("import os\nos._exit(77)\n")
    return tmp_path


@pytest.mark.slow
def test_only_lamella_is_new_at_the_top(installed):
    _, site, added = installed
    assert {name for name in added if not name.endswith(".dist-info")} == {"lamella"}
    assert len(added) == 2 and (site / "lamella/py.typed").is_file()


@pytest.mark.slow
def test_the_wheel_carries_every_file_that_the_folders_do(installed):
    _, site, _ = installed
    ours = {path.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()}
    ours = {path for path in ours if "__pycache__" not in path.parts}
    there = {path.relative_to(site / "lamella") for path in (site / "lamella").rglob("*") if path.is_file()}
    there = {path for path in there if "__pycache__" not in path.parts}
    expected = {Path(*path.parts[1:]) if path.parts[0] == "lamella" else path for path in ours}
    assert expected - there == set() == there - expected


@pytest.mark.slow
def test_a_run_beside_somebody_elses_modules(installed, foreign, sound):
    """Two processes find the models, and write the tables of documents and media that one process of the tree itself wrote."""
    lamella = installed[0] / "bin/lamella"
    where = command(installed[0] / "bin/python", "-P", "-c", "import lamella; print(lamella.__file__)", cwd=foreign).strip()
    assert Path(where) == installed[1] / "lamella/__init__.py"
    command(lamella, "sample", "web", "--pages", PAGES, "--seed", SEED, cwd=foreign)
    assert bytes_of(foreign / "web") == bytes_of(sound.web)
    words = ("--input", sound.archives, "--output", "run", "--processes", 2, "--no-report", "caption.on=false")
    command(lamella, "run", "--recipe", "demo", *words, cwd=foreign)
    assert {name: hash_of(foreign / "run" / name) for name in BEFORE_MODELS} == {
        name: hash_of(sound.folder / name) for name in BEFORE_MODELS
    }
    contents = command(lamella, "verify", "run", cwd=foreign).split("contents ")[1].split()[0]
    assert contents == contents_hash(str(foreign / "run"))


def bytes_of(web):
    return {path.name: path.read_bytes() for path in web.glob("*.warc.gz")}


def hash_of(table):
    """Of its rows."""
    return read_manifest(str(table)).hash
