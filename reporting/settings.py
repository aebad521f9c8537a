"""A Config -> its settings for a reader, by stage, each marked if it differs from its default."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from lamella.reporting.plots import number
from lamella.schemas.config import Config


class Setting(NamedTuple):
    name: str  # dotted, within its stage: model.weights
    value: str
    changed: bool  # it differs from the default


def settings_of(config: Config) -> dict[str, list[Setting]]:
    """Every setting, by stage, in the order of the config."""
    usual = Config(recipe=config.recipe)
    out = {}
    for stage in type(config).model_fields:
        if stage == "recipe":
            continue
        here, there = dict(_flat(getattr(config, stage).model_dump())), dict(_flat(getattr(usual, stage).model_dump()))
        out[stage] = [Setting(name, _shown(value), value != there.get(name)) for name, value in here.items()]
    return out


def _flat(values: dict[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _shown(value: Any) -> str:
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value) or "none"
    return number(value) if isinstance(value, int | float) else str(value)
