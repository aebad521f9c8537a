"""The package -> every compiled pattern that its modules hold, by introspection, each with the places where it stands."""

import importlib
import re
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("schemas", "transforms", "pipeline", "reporting", "runners", "trainer", "sample", "weights")


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def modules() -> Iterator[ModuleType]:
    """Every module of the package."""
    for path in sources():
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield importlib.import_module(".".join(("lamella", *parts)).removesuffix(".__init__"))


class Found(NamedTuple):
    name: str  # the first by which it was found
    anchored: bool  # only ever matched from where it is told to start: `match` and `fullmatch`


@cache
def patterns() -> dict[re.Pattern, Found]:
    found, seen = {}, set()
    for module in modules():
        text = Path(module.__file__).read_text(encoding="utf-8")
        for name, value in vars(module).items():
            for pattern in _held_by(value, seen):
                anchored = value is pattern and _is_anchored(name, text) and found.get(pattern, Found("", True)).anchored
                found[pattern] = Found(found[pattern].name if pattern in found else f"{module.__name__}.{name}", anchored)
    return found


def _is_anchored(name: str, text: str) -> bool:
    """Whether a module uses the pattern only so; one that is handed on, or is no module's own, may be used in any way."""
    uses = re.findall(rf"(?<![\w.]){name}\b(?! = re)(?:\.(\w+)\()?", text)
    return name.startswith("_") and set(uses) <= {"match", "fullmatch"}


def _held_by(value: object, seen: set[int]) -> Iterator[re.Pattern]:
    """The patterns in a value: in containers, in classes and instances of ours, in what functions close over or default to."""
    if isinstance(value, re.Pattern):
        yield value
        return
    if id(value) in seen or isinstance(value, ModuleType | str | bytes | int | float | None):
        return
    seen.add(id(value))
    for inner in _inside(value):
        yield from _held_by(inner, seen)


def _inside(value: object) -> list:
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, MethodType):
        return [value.__self__, value.__func__]
    if isinstance(value, FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
        return [*cells, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values(), *vars(value).values()]
    if hasattr(value, "__wrapped__"):
        return [value.__wrapped__]
    if isinstance(value, property | staticmethod | classmethod):
        return [getattr(value, name, None) for name in ("fget", "__func__")]
    if isinstance(value, type):
        return list(vars(value).values()) if value.__module__.startswith("lamella") else []
    if type(value).__module__.startswith("lamella"):
        slots = [getattr(value, name, None) for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        return [*slots, *getattr(value, "__dict__", {}).values()]
    return []


def _is_filled(cell) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False
