"""The laws of the code, read from the source: who imports whom, where Beam and torch stand, that every number is read."""

import ast
from collections.abc import Callable
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from source_tree import PACKAGES, ROOT, name, nodes, sources, tree

# package -> packages of ours that it may import
MAY_IMPORT = {
    "schemas": {"schemas"},
    "transforms": {"schemas", "transforms", "weights"},
    "pipeline": {"schemas", "transforms", "pipeline", "weights"},
    "reporting": {"schemas", "transforms", "pipeline", "reporting", "weights"},
    "runners": {"schemas", "transforms", "pipeline", "reporting", "runners", "trainer", "sample"},
    "trainer": {"schemas", "trainer", "weights"},
    "sample": {"sample"},
    "weights": {"schemas", "weights"},
}
TORCH_ALLOWED = ("transforms/score/", "transforms/caption/", "trainer/", "weights/")
BEAM_ALLOWED = ("pipeline/", "runners/")
BEAM_FILES = (
    "stage.py",
    "ask_the_web.py",
    "find_links.py",
    "find_components.py",
    "find_copies.py",
    "look_in_archives.py",
    "hear_sites.py",
    "step.py",
    "spread.py",
    "join.py",
    "remembered.py",
    "join_media.py",
)
SHARED_ROOMS = {"base", "formats", "media"}  # what every stage stands on
FORBIDDEN_FILES = {"utils.py", "common.py", "helpers.py"}


@cache
def imports(path: Path) -> frozenset[str]:
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: a relative import"
            found.update([alias.name for alias in node.names] if node.module == "lamella" else [node.module])
    return frozenset(module.removeprefix("lamella.") for module in found)


def offenders(*, allowed: Callable[[Path], bool] = lambda path: False, breaks: Callable[[Path], object]) -> list[str]:
    """The sources that break a law, each with what breaks it."""
    return [f"{name(path)}: {found}" for path in sources() if not allowed(path) and (found := breaks(path))]


def test_imports_point_one_way():
    def strangers(path: Path) -> set[str]:
        ours = {module.split(".")[0] for module in imports(path)} & set(PACKAGES)
        return ours - MAY_IMPORT[name(path).split("/")[0]]

    assert offenders(breaks=strangers) == []


def test_no_import_leads_back():
    """An import within a function, or for types alone, counts too: what needs it is then read in a circle."""
    paths = {name(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in sources()}
    sorter = TopologicalSorter({module: submodules(path) & paths.keys() - {module} for module, path in paths.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


def submodules(path: Path) -> set[str]:
    """What a source imports, and the names that it imports from it, which may be modules themselves."""
    froms = [node for node in nodes(path) if isinstance(node, ast.ImportFrom) and node.module]
    named = {f"{node.module}.{alias.name}".removeprefix("lamella.") for node in froms for alias in node.names}
    return {*imports(path), *named}


def test_no_stage_imports_another():
    rooms = {path.name for path in (ROOT / "transforms").iterdir() if path.is_dir()}

    def stages(path: Path) -> set[str]:
        parts = name(path).split("/")
        if parts[0] != "transforms" or len(parts) < 3:
            return set()
        others = rooms - SHARED_ROOMS - {parts[1]}
        return {module for module in imports(path) if module.startswith("transforms.") and module.split(".")[1] in others}

    assert offenders(breaks=stages) == []


def test_beam_stands_only_where_it_is_wired():
    def beam(path: Path) -> bool:
        return "apache_beam" in {module.split(".")[0] for module in imports(path)}

    def is_wiring(path: Path) -> bool:
        return name(path).startswith(BEAM_ALLOWED) or path.name in BEAM_FILES

    assert offenders(allowed=is_wiring, breaks=beam) == []
    # This import switches Beam's type checks off without a word.
    assert offenders(breaks=lambda path: beam(path) and "__future__" in imports(path)) == []


def test_torch_stands_only_beside_models():
    models = {"torch", "open_clip", "torchvision"}
    assert (
        offenders(
            allowed=lambda path: name(path).startswith(TORCH_ALLOWED),
            breaks=lambda path: models & {module.split(".")[0] for module in imports(path)},
        )
        == []
    )


def test_every_module_says_what_goes_in_and_what_comes_out():
    assert offenders(breaks=lambda path: not ast.get_docstring(tree(path))) == []
    assert offenders(breaks=lambda path: path.name in FORBIDDEN_FILES) == []


def test_no_choice_depends_on_luck_and_nothing_is_unpickled():
    banned = {"random", "pickle", "shelve", "marshal", "dill"}
    assert offenders(breaks=lambda path: banned & {module.split(".")[0] for module in imports(path)}) == []

    def calls(path: Path) -> list[int]:
        called = (node for node in nodes(path) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
        return [node.lineno for node in called if node.func.id in ("hash", "eval", "exec")]

    assert offenders(breaks=calls) == []


# What may be drawn by chance: names of temporary files, which nothing that is kept depends on.
CHANCE_ALLOWED = ("transforms/base/files.py", "pipeline/folder_lock.py", "trainer/loading/mixture.py")


def drawn_by_chance(path: Path) -> list[str]:
    """Calls that draw without a seed, and Beam's own keys by chance: Reshuffle, and Create where it is not told otherwise."""
    found = []
    for node in nodes(path):
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).split(".")[-1] in ("Reshuffle", "ReshufflePerKey"):
            found.append(f"{node.lineno}: {ast.unparse(node)}")
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        name_of, given = called.split(".")[-1], {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if (
            name_of in ("urandom", "uuid1", "uuid4", "getrandom")
            or called.startswith("secrets.")
            or (name_of == "default_rng" and not node.args and not given)
            or (called.startswith(("np.random.", "numpy.random.")) and name_of != "default_rng")
            or (called == "beam.Create" and given.get("reshuffle") != "False")
        ):
            found.append(f"{node.lineno}: {called}")
    return found


def test_nothing_is_drawn_without_a_seed_and_no_record_is_keyed_by_chance():
    """Where a lost worker's output is computed again, a record that goes elsewhere than before is lost: see `Spread`."""
    assert offenders(allowed=lambda path: name(path) in CHANCE_ALLOWED, breaks=drawn_by_chance) == []


# Who gives arguments by place: typer reads a command's signature, torch calls `forward`, and open_clip's is CoCa's own.
MAY_TAKE_MANY = ("runners/commands/", "weights/coca.py", "transforms/extract/")


def test_no_function_takes_more_than_four_by_place():
    """What a call with five bare values means, nobody sees: a value object is missing, or their names."""

    def many(path: Path) -> list[str]:
        functions = (node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
        taken = {
            node.name: [arg.arg for arg in (*node.args.posonlyargs, *node.args.args) if arg.arg not in ("self", "cls")]
            for node in functions
        }
        return [name for name, args in taken.items() if len(args) > 4]

    assert offenders(allowed=lambda path: name(path).startswith(MAY_TAKE_MANY), breaks=many) == []


def test_records_are_frozen():
    for path in (ROOT / "schemas").glob("*.py"):
        for node in nodes(path):
            if isinstance(node, ast.ClassDef):
                for decorator in node.decorator_list:
                    if "dataclass" in ast.unparse(decorator):
                        assert "frozen=True" in ast.unparse(decorator), node.name


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
