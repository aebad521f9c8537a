"""How a training is configured: a recipe's name and `key=value` overrides in, one frozen model with every number out."""

import difflib
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

MIB = 1 << 20


class TrainingError(ValueError):
    """A training that cannot start or go on: one line that names the key, the file or the number."""

    wrong_configuration = True  # the command line's exit code 2


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


C = TypeVar("C", bound=Frozen)


def resolve(model: type[C], recipes: dict[str, dict[str, Any]], recipe: str, overrides: dict[str, str]) -> C:
    """The full config of a recipe with overrides as a command line has them: "none" is None, tuples are comma-separated.

    Raises:
        TrainingError: no such recipe or key, or a value that the key does not take.
    """
    if recipe not in recipes:
        raise TrainingError(f"no recipe {recipe!r}{_nearest(recipe, recipes)}; there are {', '.join(sorted(recipes))}")
    return override(model, {"recipe": recipe} | recipes[recipe], overrides)


def override(model: type[C], values: dict[str, Any], overrides: dict[str, str]) -> C:
    fields = model.model_fields
    for key, text in overrides.items():
        if key not in fields or key == "recipe":
            raise TrainingError(f"no key {key!r}{_nearest(key, fields)}")
        if text.lower() in ("none", "null"):
            values = values | {key: None}
        elif "tuple" in str(fields[key].annotation):
            values = values | {key: tuple(part.strip() for part in text.split(",") if part.strip())}
        else:
            values = values | {key: text}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise TrainingError(f"{key}={first['input']!r}: {first['msg']}") from error


def _nearest(word: str, words: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
