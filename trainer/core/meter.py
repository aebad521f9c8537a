"""What an update did in, what a reader wants to know out: a line, the same as JSON, TensorBoard, and wandb where it is wanted.

step 20/300  m3w 3.210  align 2.114  4210 tokens/s  55 images/s  MFU 47.1 %  0.3 % waited for data  2m10s left
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamella.schemas.keys import stable_key
from lamella.schemas.pair import Dataset
from lamella.trainer.core.config import TrainingError
from lamella.trainer.core.console import say, write_whole
from lamella.trainer.flamingo.config import FlamingoConfig

LOG, BOARD = "log.jsonl", "tensorboard"
Values = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One update, summed over all processes."""

    step: int  # updates made, this one too
    losses: dict[Dataset, float]  # per token
    norm: float  # of the gradient, before it was clipped
    rate: float
    tokens: int  # of text; no padding
    images: int
    flops: float | None
    waited_s: float
    damaged: int  # samples that were replaced
    done: bool  # False: the loss was not finite, and nothing was updated


class Meter:
    """Adds updates up and tells of them every `log_every` steps. Use it as a context.

    Args:
        output: the training's folder; the log's lines beyond step `start` are dropped, as they will be told again. None:
            another process tells.
        config: of the training.
        start: updates made before.
        peak: FLOP/s of all devices together; None: not known, and no MFU is told.
    """

    def __init__(self, output: Path | None, config: FlamingoConfig, start: int, peak: float | None):
        self._path, self._config, self._peak = output and output / LOG, config, peak
        if self._path:
            lines = self._path.read_text().splitlines() if self._path.exists() else []
            write_whole(self._path, "".join(f"{line}\n" for line in lines if _step_of(line) <= start))
        self._boards = _boards(output, config, start) if output else []
        self._updates: list[Update] = []
        self._began = time.perf_counter()

    def __enter__(self) -> "Meter":
        return self

    def __exit__(self, *_) -> None:
        for _, close in self._boards:
            close()

    def add(self, update: Update) -> None:
        if self._path:
            self._updates.append(update)
            if update.step % self._config.log_every == 0 or update.step == self._config.steps:
                self._tell()

    def validated(self, step: int, losses: dict[Dataset, float], took_s: float) -> None:
        """What it took is no part of the training's speed."""
        if not self._path:
            return
        shown = "  ".join(f"{dataset} {loss:.3f}" for dataset, loss in losses.items())
        say(f"step {step}/{self._config.steps}  on unseen samples: {shown}")
        self._write(step, {"validation": {str(dataset): loss for dataset, loss in losses.items()}})
        self._began += took_s

    def _tell(self) -> None:
        updates, config, now = self._updates, self._config, time.perf_counter()
        took, last = now - self._began, updates[-1]
        good = [update for update in updates if update.done]
        losses = {dataset: _mean([update.losses[dataset] for update in good]) for dataset in last.losses}
        speed = {
            "tokens_per_s": sum(update.tokens for update in updates) / took,
            "images_per_s": sum(update.images for update in updates) / took,
            "waited": sum(update.waited_s for update in updates) / took,
        }
        if self._peak and last.flops is not None:
            speed["mfu"] = sum(update.flops for update in updates) / took / self._peak
        bad, damaged = sum(not update.done for update in updates), sum(update.damaged for update in updates)
        shown = [f"{dataset} {loss:.3f}" for dataset, loss in losses.items() if loss is not None]
        shown += [f"{speed['tokens_per_s']:.0f} tokens/s", f"{speed['images_per_s']:.0f} images/s"]
        shown += [f"MFU {speed['mfu']:.1%}"] if "mfu" in speed else []
        shown += [f"{speed['waited']:.1%} waited for data", f"{_clock((config.steps - last.step) * took / len(updates))} left"]
        shown += [f"{bad} without a finite loss"] * bool(bad) + [f"{damaged} damaged samples replaced"] * bool(damaged)
        say(f"step {last.step}/{config.steps}  " + "  ".join(shown))
        values = {"loss": {str(dataset): loss for dataset, loss in losses.items()}, "speed": speed}
        values |= {
            "gradient_norm": _mean([update.norm for update in good]),
            "learning_rate": last.rate,
            "bad_steps": bad,
            "damaged_samples": damaged,
        }
        self._write(last.step, values)
        self._updates, self._began = [], now

    def _write(self, step: int, values: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step} | values) + "\n")
        flat = _flat(values)
        for tell, _ in self._boards:
            tell(step, flat)


def check_boards(config: FlamingoConfig) -> None:
    """Raises TrainingError, before any work, where a board is wanted whose package is not there."""
    from importlib.util import find_spec

    for wanted, package, off in ((config.tensorboard, "tensorboard", "false"), (config.wandb, "wandb", "none")):
        if wanted and find_spec(package) is None:
            line = f"{package}={wanted}: the package is not installed; pip install {package}, or {package}={off}"
            raise TrainingError(line)


def _boards(output: Path, config: FlamingoConfig, start: int) -> list[tuple[Callable[[int, Values], None], Callable[[], None]]]:
    """(tell, close) of each board that is wanted."""
    boards = []
    if config.tensorboard:
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(output / BOARD, purge_step=start + 1 if start else None)

        def tell(step: int, values: Values) -> None:
            for name, value in values.items():
                writer.add_scalar(name, value, step)

        boards.append((tell, writer.close))
    if config.wandb:
        import wandb

        name = stable_key(str(output.resolve()))[:16]
        run = wandb.init(project=config.wandb, id=name, dir=output, config=config.model_dump(), resume="allow")
        boards.append((lambda step, values: run.log(values, step=step), run.finish))
    return boards


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _flat(values: dict[str, Any]) -> Values:
    flat = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= {f"{name}/{inner}": float(number) for inner, number in value.items() if number is not None}
        elif value is not None:
            flat[name] = float(value)
    return flat


def _clock(seconds: float) -> str:
    """Minutes and seconds, or hours and minutes."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"


def _step_of(line: str) -> float:
    """Of a line of the log; one that a kill cut off is behind all others."""
    try:
        return json.loads(line)["step"]
    except (ValueError, KeyError, TypeError):
        return math.inf
