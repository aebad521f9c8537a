"""The house's rules, read from the source: who imports whom, where Beam and torch may stand, and that no number is idle."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("schemas", "transforms", "pipeline", "runners", "trainer", "sample", "weights")

# package -> packages of ours that it may import
MAY_IMPORT = {
    "schemas": {"schemas"},
    "transforms": {"schemas", "transforms", "weights"},
    "pipeline": {"schemas", "transforms", "pipeline", "weights"},
    "runners": {"schemas", "transforms", "pipeline", "runners", "trainer", "sample"},
    "trainer": {"schemas", "trainer", "weights"},
    "sample": {"sample"},
    "weights": {"weights"},
}
TORCH_ALLOWED = ("transforms/score/", "transforms/caption/", "trainer/", "weights/")
BEAM_ALLOWED = ("pipeline/", "runners/")
BEAM_FILES = ("stage.py", "find_links.py", "find_copies.py", "step.py", "handler.py", "batches.py")
FORBIDDEN_FILES = {"utils.py", "common.py", "helpers.py"}


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: a relative import"
            found.update([alias.name for alias in node.names] if node.module == "lamella" else [node.module])
    return {module.removeprefix("lamella.") for module in found}


@pytest.fixture(params=sources(), ids=name)
def source(request) -> Path:
    return request.param


def test_imports_point_one_way(source):
    package = name(source).split("/")[0]
    ours = {module.split(".")[0] for module in imports(source)} & set(PACKAGES)
    assert ours <= MAY_IMPORT[package]


def test_no_stage_imports_another(source):
    parts = name(source).split("/")
    if parts[0] != "transforms" or len(parts) < 3:
        return
    stages = {path.name for path in (ROOT / "transforms").iterdir() if path.is_dir()} - {parts[1]}
    others = {module for module in imports(source) if module.startswith("transforms.") and module.split(".")[1] in stages}
    assert not others


def test_beam_stands_only_where_it_is_wired(source):
    if "apache_beam" not in {module.split(".")[0] for module in imports(source)}:
        return
    assert name(source).startswith(BEAM_ALLOWED) or source.name in BEAM_FILES
    # This import switches Beam's type checks off without a word.
    assert "__future__" not in imports(source)


def test_torch_stands_only_beside_models(source):
    if {"torch", "open_clip", "torchvision"} & {module.split(".")[0] for module in imports(source)}:
        assert name(source).startswith(TORCH_ALLOWED)


def test_every_module_says_what_goes_in_and_what_comes_out(source):
    assert ast.get_docstring(tree(source)), "a module opens with one line"
    assert source.name not in FORBIDDEN_FILES


def test_no_choice_depends_on_luck_and_nothing_is_unpickled(source):
    banned = {"random", "pickle", "shelve", "marshal", "dill"}
    assert not banned & {module.split(".")[0] for module in imports(source)}
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("hash", "eval", "exec"), f"line {node.lineno}"


def test_records_are_frozen():
    for path in (ROOT / "schemas").glob("*.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                for decorator in node.decorator_list:
                    if "dataclass" in ast.unparse(decorator):
                        assert "frozen=True" in ast.unparse(decorator), node.name


# The part of the config -> where its settings are read: a name that another part has too must not answer for it.
READ_IN = {
    "read": (
        "transforms/read/",
        "transforms/codings.py",
        "transforms/warc.py",
        "transforms/blobs.py",
        "transforms/extract/lines.py",
    ),
    "extract": ("transforms/extract/",),
    "filter": ("transforms/filter/",),
    "dedup": ("transforms/dedup/",),
    "fetch": ("transforms/fetch/", "transforms/pixels.py", "transforms/clips.py", "transforms/decoding.py"),
    "assemble": ("transforms/assemble/",),
    "pair": ("transforms/pair/",),
    "score": ("transforms/score/", "transforms/views.py", "weights/", "pipeline/"),
    "caption": ("transforms/caption/", "transforms/views.py", "weights/", "pipeline/"),
    "shard": ("transforms/shard/",),
    "run": ("pipeline/", "runners/"),
    "recipe": ("pipeline/",),
}
STEP = ("transforms/step.py",)  # reads what all stages have


def test_every_limit_is_read_by_a_row_or_where_its_stage_stands():
    """A rule's row names its limit's model and key; any other setting is read as an attribute in its own stage's folder."""
    from pydantic import BaseModel

    from lamella.pipeline.rules import RULEBOOKS
    from lamella.schemas.config import Config, Timed

    by_row = {(book.limits, rule.limit) for book in RULEBOOKS for rule in book}
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
    return frozenset(node.attr for path in paths for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute))


def test_every_rulebook_is_listed():
    """`lamella rules` shows every rule: a rulebook that its list lacks is found in the source."""
    from lamella.pipeline.rules import RULEBOOKS

    made = [
        name(path)
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Rulebook", "_book")
    ]
    helpers = sum(
        isinstance(node, ast.FunctionDef) and node.name == "_book" for path in sources() for node in ast.walk(tree(path))
    )
    assert len(made) - helpers == len(RULEBOOKS) == len({id(book) for book in RULEBOOKS})


def test_every_reason_is_given_somewhere():
    """A reason that nothing gives is a promise that nothing keeps."""
    from lamella.schemas.rejection import Reason

    text = "\n".join(
        path.read_text(encoding="utf-8") for path in sources() if not name(path).startswith(("schemas/", "sample/"))
    )
    assert [reason.name for reason in Reason if f"Reason.{reason.name}" not in text] == []


def test_the_list_of_packages_is_the_tree():
    """A folder that the list lacks works in a checkout and is missing from the wheel."""
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    folders = {
        f"lamella.{path.parent.relative_to(ROOT).as_posix().replace('/', '.')}"
        for path in sources()
        if path.name == "__init__.py"
    }
    assert set(listed) == folders | {"lamella"}
