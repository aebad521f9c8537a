"""A recipe's name, YAML files and `key=value` overrides -> one resolved Config, or a ConfigError that names the key."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from lamella.pipeline.config.nearest_key import hint, holds, part_of, renamed
from lamella.pipeline.config.yaml_text import MAX_CHARACTERS, YamlError, read_yaml
from lamella.pipeline.recipes import RECIPES
from lamella.schemas.bounds import explain
from lamella.schemas.config import BUNDLED, BUNDLED_NAME, Config, ModelConfig
from lamella.schemas.errors import ConfigError
from lamella.transforms.formats.credentials import without_credentials

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{0,20}://[^\s'\"()<>]+")
_USER = re.compile(r"[^/]++//[^/?#@:]*+:[^/?#@]*+@")  # a name alone is none: sftp://me@host, abfs://container@account


def resolve(recipe: str, overrides: Iterable[str] = (), config_files: Iterable[str] = ()) -> Config:
    """The recipe's config with YAML files laid over it, later over earlier ones, and `key.path=value` overrides over all."""
    if recipe not in RECIPES:
        raise ConfigError(f"--recipe {recipe}: no such recipe; there are {', '.join(RECIPES)}")
    values = RECIPES[recipe]().model_dump()
    for file in config_files:
        _merge(values, _read_file(file), Config, "")
    return with_overrides(validated(Config, values), overrides)


def with_overrides(config: Config, overrides: Iterable[str] | Mapping[str, Any]) -> Config:
    """The config with `key.path=value` overrides, or values by their key, laid over it."""
    values = config.model_dump()
    if isinstance(overrides, Mapping):
        for path, value in overrides.items():
            _merge(values, _nested(path.split("."), value), Config, "")
    else:
        for word in overrides:
            path, equals, text = word.partition("=")
            if not equals or not path:
                raise ConfigError(f"{word!r}: not of the form key.path=value")
            keys = path.split(".")
            _merge(values, _nested(keys, _value(keys, text)), Config, "")
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
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise ConfigError(explain(error) + renamed(key)) from None


def _read_file(path: str) -> Mapping[str, Any]:
    try:
        with Path(path).open(encoding="utf-8") as stream:
            loaded = read_yaml(stream.read(MAX_CHARACTERS + 1))
    except OSError as error:
        raise ConfigError(f"--config {path}: {error.strerror}") from None
    except (YamlError, UnicodeDecodeError) as error:
        raise ConfigError(f"--config {path}: not YAML that can be read: {error}") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, Mapping):
        raise ConfigError(f"--config {path}: a mapping is needed, not {type(loaded).__name__}")
    return loaded


def _value(keys: list[str], text: str) -> Any:
    """A word's value as YAML reads it, so that `null`, `true`, `[en, de]` and numbers are what they look like.

    Where the key takes a text, `no`, `1.0` and `2026-01-01` are texts, which YAML would make something else of.
    """
    try:
        value = read_yaml(text)
    except YamlError as error:
        raise ConfigError(f"{'.'.join(keys)}: not a value: {text[:60]!r}: {error}") from None
    model, name = _holder(keys)
    texts = model is not None and (holds(model, name, str) or holds(model, name, tuple))
    return text if texts and not isinstance(value, str | list | None) else value


def _holder(keys: list[str]) -> tuple[type[BaseModel] | None, str]:
    """The part of the config that has the last key; None where there is no such key."""
    model: type[BaseModel] | None = Config
    for name in keys[:-1]:
        model = part_of(model, name) if model and name in model.model_fields else None
    return (model if model and keys[-1] in model.model_fields else None), keys[-1]


def _nested(path: list[str], value: Any) -> dict[str, Any]:
    for name in reversed(path):
        value = {name: value}
    return value


def _merge(values: dict[str, Any], over: Mapping[str, Any], model: type[BaseModel], at: str) -> None:
    """Lays `over` onto `values` in place, checking names on the way so that the error can name the nearest one."""
    for name, value in over.items():
        key = f"{at}{name}"
        if name not in model.model_fields:
            raise ConfigError(f"{key}: no such key{hint(Config, model, at, str(name))}")
        inner = part_of(model, name)
        if inner is None:
            values[name] = _items(value) if holds(model, name, tuple) and isinstance(value, str) else value
        elif isinstance(value, Mapping):
            _merge(values[name], value, inner, f"{key}.")
        else:
            raise ConfigError(f"{key}: holds keys of its own ({', '.join(inner.model_fields)}); set one of them")
    if model is ModelConfig and over.get("weights") == BUNDLED:
        values["name"] = over.get("name", BUNDLED_NAME)  # `weights=bundled` alone is enough over any recipe


def _items(text: str) -> list[str]:
    """A list as people type it: en,de."""
    return [item.strip() for item in text.split(",") if item.strip()]
