"""A recipe's name, a YAML file and `key=value` words in; one resolved Config out, or a ConfigError that names the key."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from lamella.pipeline.recipes import RECIPES
from lamella.schemas.config import BUNDLED, BUNDLED_NAME, Config, ModelConfig
from lamella.transforms.credentials import without_credentials

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^\s'\"()<>]+")
_USER = re.compile(r"[^/]+//[^/?#@]*:[^/?#@]*@")  # a name alone is none: sftp://me@host, abfs://container@account


class ConfigError(ValueError):
    """Wrong configuration. Its message is one line and names the key."""

    wrong_configuration = True  # the command line's exit code 2


def resolve(recipe: str, words: Iterable[str] = (), overlay: str | None = None) -> Config:
    """The recipe's config with the YAML overlay laid over it, and `key.path=value` words over that."""
    if recipe not in RECIPES:
        raise ConfigError(f"--recipe {recipe}: no such recipe; there are {', '.join(RECIPES)}")
    values = RECIPES[recipe]().model_dump()
    if overlay:
        _merge(values, _read_yaml(overlay), Config, "")
    for word in words:
        path, equals, text = word.partition("=")
        if not equals or not path:
            raise ConfigError(f"{word!r}: not of the form key.path=value")
        _merge(values, _nested(path.split("."), _value(path, text)), Config, "")
    config = validated(Config, values)
    for key, text in _texts(config.model_dump(), ""):
        check_no_credentials(key, text)
    return config


def check_no_credentials(key: str, text: str) -> None:
    """What a command says is written into run.json, the tables and the report. Raises ConfigError, which does not repeat it."""
    for url in _URL.findall(text):
        path, _, query = url.partition("?")
        if _USER.match(url) or without_credentials(path, query) != (path, query):
            raise ConfigError(
                f"{key}: holds a password or a token, which would stand in every table of the run; "
                "give it by the environment or by the file system's own configuration"
            )


def _texts(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """(key, text) of every text in nested values."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{at}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, at)


def validated(model: type[BaseModel], values: Mapping[str, Any]) -> Any:
    """The model, or a ConfigError that names the first wrong key."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        got = "" if isinstance(first["input"], Mapping) else f" (got {first['input']!r})"
        raise ConfigError(f"{key or model.__name__}: {first['msg']}{got}") from None


def _read_yaml(path: str) -> Mapping[str, Any]:
    try:
        loaded = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"--config {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"--config {path}: not YAML: {' '.join(str(error).split())}") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, Mapping):
        raise ConfigError(f"--config {path}: a mapping is needed, not {type(loaded).__name__}")
    return loaded


def _value(path: str, text: str) -> Any:
    """A word's value as YAML reads it, so that `null`, `true`, `[en, de]` and numbers are what they look like."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"{path}: not a value: {text!r}") from None


def _nested(path: list[str], value: Any) -> dict[str, Any]:
    for name in reversed(path):
        value = {name: value}
    return value


def _merge(values: dict[str, Any], over: Mapping[str, Any], model: type[BaseModel], at: str) -> None:
    """Lays `over` onto `values` in place, checking names on the way so that the error can name the nearest one."""
    for name, value in over.items():
        key = f"{at}{name}"
        if name not in model.model_fields:
            near = get_close_matches(str(name), model.model_fields, n=1)
            hint = f"; did you mean {at}{near[0]}?" if near else f"; there are {', '.join(model.model_fields)}"
            raise ConfigError(f"{key}: no such key{hint}")
        inner = model.model_fields[name].annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            if not isinstance(value, Mapping):
                raise ConfigError(f"{key}: holds keys of its own ({', '.join(inner.model_fields)}); set one of them")
            _merge(values[name], value, inner, f"{key}.")
        else:
            values[name] = value
    if model is ModelConfig and over.get("weights") == BUNDLED:
        values["name"] = over.get("name", BUNDLED_NAME)  # `weights=bundled` alone is enough over any recipe
