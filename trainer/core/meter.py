"""What an update did -> a line for a reader, the same as JSON, for TensorBoard, and for wandb if it is on.

step 20/300  m3w 3.210  align 2.114  4210 tokens/s  55 images/s  MFU 47.1 %  0.3 % waited for data  2m10s left
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamella.schemas.errors import TrainingError
from lamella.schemas.keys import stable_key
from lamella.trainer.core.config import TrainConfig
from lamella.trainer.core.console import say, write_whole

LOG, BOARD = "log.jsonl", "tensorboard"
Values = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One update, summed over all processes."""

    step: int  # updates made, this one too
    losses: Mapping[str, float]  # by dataset or by kind
    norm: float  # of the gradient, before it was clipped
    rate: float
    counts: Mapping[str, int]  # what passed through, such as tokens and images: told a second
    flops: float | None = None
    waited_s: float = 0.0
    damaged: int = 0  # samples that were replaced or left out
    finite: bool = True  # False: the loss was not, and nothing was updated


class Meter:
    """Adds up updates and reports them every `log_every` steps. Use it as a context.

    Args:
        output: the training's folder; the log's lines beyond step `start` are dropped, as they will be told again. None:
            another process tells.
        config: of the training.
        start: updates made before.
        peak: FLOP/s of all devices together; None: not known, and no MFU is told.
    """

    def __init__(self, output: Path | None, config: TrainConfig, start: int, peak: float | None = None):
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

    def validated(self, step: int, losses: Mapping[str, float], took_s: float) -> None:
        """Losses on unseen samples; what it took to get them is no part of the training's speed."""
        if not self._path:
            return
        shown = "  ".join(f"{name} {loss:.3f}" for name, loss in losses.items())
        say(f"step {step}/{self._config.steps}  on unseen samples: {shown}")
        self._write(step, {"validation": dict(losses)})
        self._began += took_s

    def _tell(self) -> None:
        updates, config, now = self._updates, self._config, time.perf_counter()
        took, last = now - self._began, updates[-1]
        good = [update for update in updates if update.finite]
        losses = {name: _mean([update.losses[name] for update in good]) for name in last.losses}
        speed = {f"{name}_per_s": sum(update.counts[name] for update in updates) / took for name in last.counts}
        shown = [f"{name} {loss:.3f}" for name, loss in losses.items() if loss is not None]
        shown += [f"{speed[f'{name}_per_s']:.0f} {name}/s" for name in last.counts]
        speed["waited"] = sum(update.waited_s for update in updates) / took
        if self._peak and last.flops is not None:
            speed["mfu"] = sum(update.flops or 0.0 for update in updates) / took / self._peak
            shown.append(f"MFU {speed['mfu']:.1%}")
        bad, damaged = len(updates) - len(good), sum(update.damaged for update in updates)
        shown += [f"{speed['waited']:.1%} waited for data", f"{_clock((config.steps - last.step) * took / len(updates))} left"]
        shown += [f"{bad} without a finite loss"] * bool(bad) + [f"{damaged} damaged samples replaced"] * bool(damaged)
        say(f"step {last.step}/{config.steps}  " + "  ".join(shown))
        values = {"loss": losses, "speed": speed, "gradient_norm": _mean([update.norm for update in good])}
        values |= {"learning_rate": last.rate, "bad_steps": bad, "damaged_samples": damaged}
        self._write(last.step, values)
        self._updates, self._began = [], now

    def _write(self, step: int, values: dict[str, Any]) -> None:
        assert self._path
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step} | values) + "\n")
        flat = _flat(values)
        for tell, _ in self._boards:
            tell(step, flat)


def check_boards(config: TrainConfig) -> None:
    """Raises TrainingError, before any work, where a board is wanted whose package is not there."""
    from importlib.util import find_spec

    for wanted, package, off in ((config.tensorboard, "tensorboard", "false"), (config.wandb, "wandb", "null")):
        if wanted and find_spec(package) is None:
            line = f"{package}={wanted}: the package is not installed; pip install {package}, or {package}={off}"
            raise TrainingError(line)


def _boards(output: Path, config: TrainConfig, start: int) -> list[tuple[Callable[[int, Values], None], Callable[[], None]]]:
    """(tell, close) of each board that is wanted."""
    boards: list[tuple[Callable[[int, Values], None], Callable[[], None]]] = []
    if config.tensorboard:
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(output / BOARD, purge_step=start + 1 if start else None)

        def tell(step: int, values: Values) -> None:
            for name, value in values.items():
                writer.add_scalar(name, value, step)

        boards.append((tell, writer.close))
    if config.wandb:
        import wandb  # pyright: ignore[reportMissingImports]

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
