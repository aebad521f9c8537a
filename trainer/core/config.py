"""How a training is configured: a recipe's name and `key=value` overrides in, one frozen model with every number out."""

import difflib
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from lamella.schemas.bounds import Frozen, explain
from lamella.schemas.errors import TrainingError

MIB = 1 << 20
Decay = Annotated[float, Field(ge=0.0, lt=1.0)]  # of a running mean; Adam's betas


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
    """`values` with overrides laid over them; `m3w.batch=8` reaches into a part."""
    for key, text in overrides.items():
        part, dot, rest = key.partition(".")
        field = _field(model, part, key)
        if dot:
            inner = field.annotation
            if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
                raise TrainingError(f"no key {key!r}: {part} has no parts")
            _field(inner, rest, key)
            values = values | {part: {**_plain(values.get(part, field.default)), rest: _parsed(inner.model_fields[rest], text)}}
        else:
            values = values | {key: _parsed(field, text)}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise TrainingError(explain(error)) from None


def _field(model: type[BaseModel], name: str, key: str):
    if name not in model.model_fields or key == "recipe":
        raise TrainingError(f"no key {key!r}{_nearest(name, model.model_fields)}")
    return model.model_fields[name]


def _plain(part: Any) -> dict[str, Any]:
    return part.model_dump() if isinstance(part, BaseModel) else dict(part)


def _parsed(field: Any, text: str) -> Any:
    if text.lower() in ("none", "null"):
        return None
    if "tuple" in str(field.annotation):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


def _nearest(word: str, words: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
