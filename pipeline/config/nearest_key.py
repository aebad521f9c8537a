"""A wrong key -> what to say of it: its new name, or the nearest keys."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel

_MOST = 3  # keys that are proposed
RENAMED = {  # what a key was called before -> what it is called now
    "extract.max_furniture_prose": "extract.max_boilerplate_prose",
    "extract.max_edge_items": "extract.max_edge_elements",
    "extract.max_last_boxes": "extract.max_last_blocks",
    "extract.min_block_words": "extract.min_element_words",
    "run.archives_per_wave": "run.archives_per_batch",
    "run.wave_bytes": "run.bytes_per_batch",
}


def part_of(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The model of a field that holds keys of its own; None of a field that holds a value."""
    kind = model.model_fields[name].annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def holds(model: type[BaseModel], name: str, kind: type) -> bool:
    """Whether a field's value is a `kind`, with or without None beside it."""
    annotation = model.model_fields[name].annotation
    return any((getattr(one, "__origin__", None) or one) is kind for one in (annotation, *get_args(annotation)))


def dotted_keys(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Every key that holds a value."""
    for name in model.model_fields:
        inner = part_of(model, name)
        if inner:
            yield from dotted_keys(inner, f"{before}{name}.")
        else:
            yield before + name


def renamed(key: str) -> str:
    """`; it is ... now` for a dotted key that has another name today, else ''."""
    return f"; it is {RENAMED[key]} now" if key in RENAMED else ""


def hint(root: type[BaseModel], model: type[BaseModel], at: str, name: str) -> str:
    """`; it is ... now` for a key that has another name today; else `; did you mean ...?`.

    Meant is a key that is spelled nearly so beside it, else one of that name elsewhere, else one nearly so.

    Args:
        root: the whole config.
        model: the part that lacks the key.
        at: the part's dotted key with its dot, "" for the whole.
        name: the key that the part lacks.
    """
    if at + name in RENAMED:
        return renamed(at + name)
    by_name: dict[str, list[str]] = {}
    for key in dotted_keys(root):
        by_name.setdefault(key.rsplit(".", 1)[-1], []).append(key)
    beside = get_close_matches(name, model.model_fields, n=1)
    elsewhere = get_close_matches(name, by_name, n=1, cutoff=0.75)  # stricter: a stranger must look more like it
    if elsewhere and get_close_matches(name, [*beside, *elsewhere], n=1) == elsewhere and elsewhere != beside:
        return f"; did you mean {' or '.join(by_name[elsewhere[0]][:_MOST])}?"
    if beside:
        return f"; did you mean {at}{beside[0]}?"
    return f"; there are {', '.join(model.model_fields)}"
