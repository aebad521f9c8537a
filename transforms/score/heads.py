"""Paths of heads and a picture's embedding -> each head's value, and whether one finds the picture unsafe.

A head is a linear layer or a small MLP on the unit embedding of a CLIP, as LAION's safety and aesthetic predictors are: a
safetensors file with `0.weight`, `0.bias`, `1.weight` ... (any names: in their natural order), and in its metadata
`name`, `model` (the scorer's, `ViT-B-32` or `ViT-B-32/openai`), `output` (`sigmoid` or `none`), `activation` between layers
(`none` or `relu`) and `threshold`, beyond which a picture is unsafe; without one it is a measure only.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from lamella.schemas.config import ModelConfig
from lamella.schemas.errors import ConfigError
from lamella.schemas.media import PixelMeasure
from lamella.schemas.printable import printable
from lamella.schemas.rejection import Reason
from lamella.transforms.base.rule import Violation
from lamella.transforms.media.classifier import UNSAFE

DIGITS = 6
_NUMBER = re.compile(r"(\d+)")
_KEY = "score.heads"
_OUTPUTS, _ACTIVATIONS = ("none", "sigmoid"), ("none", "relu")


class Head(NamedTuple):
    name: str
    model: str  # whose embeddings it was trained on
    layers: tuple[tuple[np.ndarray, np.ndarray], ...]  # [out, in] and [out]; the last has one output
    activation: str
    output: str
    threshold: float | None

    @property
    def measure(self) -> str:
        return self.name if self.threshold is None else UNSAFE + self.name

    def value(self, embedding: np.ndarray) -> float:
        """[D], of length 1 -> the head's answer."""
        out = embedding
        for at, (weight, bias) in enumerate(self.layers):
            if at and self.activation == "relu":
                out = np.maximum(out, 0.0)
            out = (weight * out).sum(axis=1) + bias  # not @: its order of summing differs between machines
        answer = float(out[0])
        return round(1 / (1 + np.exp(-answer)) if self.output == "sigmoid" else answer, DIGITS)


def measures_of(embedding: np.ndarray, paths: Sequence[str]) -> tuple[PixelMeasure, ...]:
    """Each head's value for a picture."""
    return tuple(PixelMeasure(name=head.measure, value=head.value(embedding)) for head in map(load_head, paths))


def unsafe(measures: Sequence[PixelMeasure], paths: Sequence[str]) -> Violation | None:
    """The first head whose threshold a picture is beyond."""
    values = {one.name: one.value for one in measures}
    for head in map(load_head, paths):
        value = values.get(head.measure)
        if value is not None and head.threshold is not None and value > head.threshold:
            return Violation(Reason.UNSAFE_IMAGE, head.measure, value, head.threshold)
    return None


def check_heads(paths: Sequence[str], model: ModelConfig) -> None:
    """Raises ConfigError for a head that cannot be read, has another's name, or was trained on another model's embeddings."""
    names = [load_head(path).name for path in paths]
    for path in paths:
        head = load_head(path)
        if head.model not in (model.name, f"{model.name}/{model.weights}"):
            said = f"{model.name}/{model.weights}"
            raise ConfigError(f"{_KEY}: {printable(path)} is of {printable(head.model)}, and score.model is {said}")
        if names.count(head.name) > 1:
            raise ConfigError(f"{_KEY}: two heads are named {printable(head.name)}")


@cache
def load_head(path: str) -> Head:
    """Raises ConfigError."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            said = file.metadata() or {}
            tensors = {name: file.get_tensor(name).astype(np.float64) for name in list(file.keys())}
    except (OSError, SafetensorError, TypeError, ValueError) as error:
        raise ConfigError(f"{_KEY}: {printable(path)}: {printable(str(error).splitlines()[0])}") from None
    if missing := [key for key in ("name", "model") if not said.get(key)]:
        raise ConfigError(f"{_KEY}: {printable(path)}: its metadata lack {' and '.join(missing)}")
    try:
        threshold = float(said["threshold"]) if said.get("threshold") else None
        return Head(
            said["name"],
            said["model"],
            _layers(tensors),
            _one_of(said, "activation", _ACTIVATIONS),
            _one_of(said, "output", _OUTPUTS),
            threshold,
        )
    except ValueError as error:
        raise ConfigError(f"{_KEY}: {printable(path)}: {printable(str(error))}") from None


def _layers(tensors: dict[str, np.ndarray]) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    layers = []
    for name in sorted((name for name in tensors if name.endswith("weight")), key=_natural):
        weight = tensors[name]
        bias = tensors.get(name.removesuffix("weight") + "bias", np.zeros(len(weight)))
        if weight.ndim != 2 or bias.shape != (len(weight),) or (layers and weight.shape[1] != len(layers[-1][1])):
            raise ValueError(f"{name} {weight.shape} does not follow")
        layers.append((weight, bias))
    if not layers or len(layers[-1][1]) != 1:
        raise ValueError("it has no layer of one output at its end")
    return tuple(layers)


def _natural(name: str) -> tuple:
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in _NUMBER.split(name))


def _one_of(said: dict[str, str], key: str, known: tuple[str, ...]) -> str:
    value = said.get(key, "none")
    if value not in known:
        raise ValueError(f"{key}={value} is none of {', '.join(known)}")
    return value
