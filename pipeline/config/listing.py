"""A Config -> the same as YAML, one line for each key: its value, the default if that differs, and its source.

`--config` reads the output again.
"""

from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel

from lamella.pipeline.config.nearest_key import part_of
from lamella.schemas.config import Config
from lamella.schemas.sources import sources_of

_COLUMN = 44  # where comments begin, if the value leaves room


def show_config(config: Config) -> Iterator[str]:
    """One line for each key. `*` marks a value that differs from the default, which follows it."""
    yield f"# recipe {config.recipe}; * differs from the default"
    default = Config(recipe=config.recipe)
    for stage in Config.model_fields:
        if stage != "recipe":
            yield f"{stage}:"
            yield from _part(getattr(config, stage), getattr(default, stage), "  ")


def _part(part: BaseModel, default: BaseModel, indent: str) -> Iterator[str]:
    for name, source in _fields(type(part)):
        value, usual = getattr(part, name), getattr(default, name)
        if part_of(type(part), name):
            yield f"{indent}{name}:"
            yield from _part(value, usual, indent + "  ")
            continue
        notes = [f"* default {_yaml(usual)}"] if value != usual else []
        line, note = f"{indent}{name}: {_yaml(value)}", "; ".join(filter(None, [*notes, source]))
        yield f"{line.ljust(_COLUMN)}  # {note}" if note else line


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    sources = sources_of(model)
    return ((name, sources.get(name, "")) for name in model.model_fields)


def _yaml(value: Any) -> str:
    """A value as YAML writes it on one line."""
    plain = list(value) if isinstance(value, tuple) else value
    text = yaml.safe_dump(plain, default_flow_style=True, width=float("inf"), allow_unicode=True)
    return text.removesuffix("...\n").strip()
