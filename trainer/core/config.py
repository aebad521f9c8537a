"""A recipe's name and `key=value` overrides -> one frozen model with every number of a training."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import torch
from pydantic import (
    BaseModel,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo

from lamella.schemas.bounds import Frozen, explain
from lamella.schemas.errors import TrainingError

MIB = 1 << 20
Decay = Annotated[float, Field(ge=0.0, lt=1.0)]  # of a running mean; Adam's betas
NOTHING = ("null", "none", "~")  # ways to write None


class TrainConfig(Frozen):
    """What every training has. A subclass gives its own defaults, and the keys of its model and its data."""

    # What may differ between a training and its resumption: it changes how fast, how long and how loud, not what is learned.
    RUNTIME_KEYS: ClassVar[frozenset[str]] = frozenset(
        {
            *("device", "compile", "processes", "threads", "checkpoint_every", "checkpoints_kept"),
            *("log_every", "max_bad_steps", "tensorboard", "wandb"),
        }
    )

    recipe: str
    seed: NonNegativeInt = 0
    steps: PositiveInt = 10_000

    learning_rate: PositiveFloat = 1e-3  # at the peak
    warmup_steps: NonNegativeInt = 200  # linear
    betas: tuple[Decay, Decay] = (0.9, 0.999)
    epsilon: PositiveFloat = 1e-8
    weight_decay: NonNegativeFloat = 0.1
    max_gradient_norm: PositiveFloat = 1.0

    precision: Literal["auto", "fp32", "bf16"] = "auto"  # bf16 on a GPU; trained weights and optimiser stay in fp32
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compile: bool | None = None  # None: on a GPU
    processes: PositiveInt = 1  # on the CPU, one thread each, where torchrun starts none
    threads: PositiveInt | None = None  # of the CPU's arithmetic, in one process

    checkpoint_every: PositiveInt = 1000  # steps
    checkpoints_kept: PositiveInt = 2
    log_every: PositiveInt = 50  # steps
    max_bad_steps: PositiveInt = 20  # in a row whose loss is not finite: then it is no accident
    tensorboard: bool = False
    wandb: str | None = None  # a project's name

    @model_validator(mode="after")
    def _one_thread_a_process(self):
        if self.processes > 1 and self.threads not in (None, 1):
            raise ValueError(f"threads={self.threads}: processes={self.processes} have one thread each; set processes=1")
        return self

    def half_precision(self, device: torch.device) -> bool:
        """Whether all is computed, and frozen weights are held, in bf16."""
        return self.precision == "bf16" or (self.precision == "auto" and device.type == "cuda")

    def compiled(self, device: torch.device) -> bool:
        """Whether the model is compiled."""
        return device.type == "cuda" if self.compile is None else self.compile


F = TypeVar("F", bound=Frozen)


def resolve(model: type[F], recipes: Mapping[str, dict[str, Any]], recipe: str, overrides: Mapping[str, str]) -> F:
    """The full config of a recipe with overrides as a command line has them.

    `null` (or `none`) is None; a list is `a,b` or `[a, b]`.

    Raises:
        TrainingError: no such recipe or key, or a value that the key does not take.
    """
    if recipe not in recipes:
        raise TrainingError(f"no recipe {recipe!r}{_nearest(recipe, recipes)}; there are {', '.join(sorted(recipes))}")
    return override(model, {"recipe": recipe} | recipes[recipe], overrides)


def override(model: type[F], values: dict[str, Any], overrides: Mapping[str, str]) -> F:
    """`values` with overrides laid over them; `m3w.batch=8` reaches into a part. Raises TrainingError."""
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


def check_same_config(begun: Mapping[str, Any], config: TrainConfig, folder: Path) -> None:
    """Refuses to go on in `folder` with a training that was begun by another recipe: it would be mixed in.

    Args:
        begun: the config that the training was begun with, as JSON has it.
        config: the one that it would go on with.
        folder: of the training.

    Raises:
        TrainingError: a key differs that is none of the config's RUNTIME_KEYS.
    """
    now = _flat(config.model_dump(mode="json"))
    for key, value in _flat(begun).items():
        if key.partition(".")[0] not in config.RUNTIME_KEYS and now.get(key) != value:
            raise TrainingError(f"{key}={now.get(key)}: {folder} was begun with {value}; choose another output folder")


def check_same_shards(begun: str, fingerprint: str, folder: Path) -> None:
    """Refuses to go on with other shards than those that the training was begun on. Raises TrainingError."""
    if begun != fingerprint:
        raise TrainingError(f"shards: {folder} was begun on other shards; choose another output folder")


def _flat(known: Mapping[str, Any]) -> dict[str, Any]:
    """`m3w.batch` and the like by their own names."""
    parts = {name: value if isinstance(value, dict) else {"": value} for name, value in known.items()}
    return {f"{name}.{key}".rstrip("."): value for name, part in parts.items() for key, value in part.items()}


def _field(model: type[BaseModel], name: str, key: str) -> FieldInfo:
    if name not in model.model_fields or key == "recipe":
        raise TrainingError(f"no key {key!r}{_nearest(name, model.model_fields)}")
    return model.model_fields[name]


def _plain(part: Any) -> dict[str, Any]:
    return part.model_dump() if isinstance(part, BaseModel) else dict(part)


def _parsed(field: FieldInfo, text: str) -> Any:
    if text.lower() in NOTHING:
        return None
    if "tuple" in str(field.annotation):
        listed = text.removeprefix("[").removesuffix("]") if text.startswith("[") else text
        return tuple(part.strip() for part in listed.split(",") if part.strip())
    return text


def _nearest(word: str, words: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
