"""Flamingo's training: shards and a recipe in, a model out, and the way back after any stop.

OUTPUT/config.json        the resolved recipe
OUTPUT/vocabulary.json    ids of text and of special tokens
OUTPUT/log.jsonl          a line every `log_every` steps; the same in OUTPUT/tensorboard
OUTPUT/checkpoints/       the last few
OUTPUT/model.safetensors  what was trained, fp32, at the end: what `trainer.flamingo.model.load(OUTPUT)` opens

One gradient for each dataset, weighted and added up, then one update (Alayrac et al. 2022, 3.4). What the gradient is does
not depend on how many processes or micro-batches share the work: each loss is divided by the tokens of the whole batch.
"""

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import torch

from lamella.schemas.pair import Dataset
from lamella.trainer.core.checkpoint import Checkpoint, keep_last
from lamella.trainer.core.config import TrainingError
from lamella.trainer.core.console import open_folder, say, write_whole
from lamella.trainer.core.meter import Meter, Update, check_boards
from lamella.trainer.core.optimizer import clip, learning_rate, make_optimizer
from lamella.trainer.core.stop import EXIT_STOPPED, Stop
from lamella.trainer.flamingo import flops
from lamella.trainer.flamingo.config import RUNTIME_KEYS, FlamingoConfig, resolve
from lamella.trainer.flamingo.fsdp_checkpoint import Learned, begun
from lamella.trainer.flamingo.model import CONFIG_FILE, EYE_KEY, MODEL_FILE, Flamingo, build, half_precision
from lamella.trainer.flamingo.parallel import Learner, World, join
from lamella.trainer.language.lm import longest_row, placed
from lamella.trainer.language.tokenizer import VOCABULARY_FILE, save_vocabulary
from lamella.trainer.loading.mixture import Mixture, Step

_PLACES = ("language", "vision_weights")  # keys that may be paths


def train(shards: str, recipe: str, output: str, overrides: dict[str, str]) -> None:
    """Trains `recipe` on a run's `shards` folder, or goes on with the training that lies in `output`.

    Every process that torchrun starts calls it.

    Args:
        shards: folder of the datasets, each with its manifest.
        recipe: a name of `trainer.flamingo.config.RECIPES`.
        output: folder for checkpoints and the model.
        overrides: keys of FlamingoConfig and their values as text.

    Raises:
        TrainingError: one line that names what is wrong with recipe, key, shards, model, or the loss.
        SystemExit: 130 after SIGTERM or SIGINT, with a checkpoint written.
    """
    config = resolve(recipe, overrides)
    config = config.model_copy(update={key: placed(getattr(config, key)) for key in _PLACES})
    folder = open_folder(output)
    check_boards(config)
    if config.threads:
        torch.set_num_threads(config.threads)
    with join(config) as world, Stop() as stop:
        before = begun(folder, world, lambda found: _check_config(found, config, folder))
        if config.parallel == "fsdp" and world.size == 1:
            say("parallel=fsdp: this is one process, and nothing is sharded; torchrun starts several")
        torch.manual_seed(config.seed)
        model = _build(config, world)
        _check_rows(config, model)
        parts = {"rank": world.rank, "world": world.size, "told": world.told}
        with closing(Mixture(shards, config, model.vocabulary, model.image_px, **parts)) as mixture:
            if before and before.state["shards"] != mixture.fingerprint:
                raise TrainingError(f"shards={shards}: {folder} was begun on other shards; choose another output folder")
            training = Training(model, mixture, config, world)
            training.run(folder, before, stop)


class Training:
    """A model and its mixture, and the one loop over them."""

    def __init__(self, model: Flamingo, mixture: Mixture, config: FlamingoConfig, world: World):
        self._mixture, self._config, self._world = mixture, config, world
        self._sizes = flops.sizes_of(model)
        self._learner = Learner(model, world, config)
        self._model = model.train()
        self._parameters = model.trained()
        self._optimizer = make_optimizer(self._parameters, model.decays, config)
        self._learned = Learned(parameters=self._parameters, optimizer=self._optimizer, world=world)
        self._bad_in_a_row = 0

    def run(self, folder: Path, before: Checkpoint | None, stop: Stop) -> None:
        """Trains from `before`, or from the start, to the last step, and leaves the model in `folder`."""
        config, world = self._config, self._world
        start = self._begin(folder, before)
        peak = flops.peak_flops(world.device) if half_precision(config, world.device) else None
        with Meter(folder if world.leads else None, config, start, peak and peak * world.size) as meter:
            for step in self._mixture.steps(start) if start < config.steps else ():
                update = self._update(step)
                meter.add(update)
                done, stopped = update.step >= config.steps, world.any(stop.asked)
                if done or stopped or update.step % config.checkpoint_every == 0:
                    self._save(folder, update.step)
                if stopped and not done:
                    self._say(f"stopped at step {update.step}; the same command goes on from there")
                    raise SystemExit(EXIT_STOPPED)
                if done or (config.validate_every and update.step % config.validate_every == 0):
                    began = time.perf_counter()
                    losses = self._validate()
                    meter.validated(update.step, losses, time.perf_counter() - began)
                if done:
                    break
        self._export(folder, max(start, config.steps))

    def _begin(self, folder: Path, before: Checkpoint | None) -> int:
        """Goes back to `before`; the number of updates made."""
        config, start = self._config, before.step if before else 0
        if before:
            self._learned.restore(before)
            going_on = f"going on from step {start} of {config.steps}"
            self._say(going_on if start < config.steps else f"{folder}: trained already, for {start} steps")
        if self._world.leads:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / CONFIG_FILE, json.dumps(config.model_dump(mode="json"), indent=1, sort_keys=True) + "\n")
            save_vocabulary(self._model.vocabulary, folder / VOCABULARY_FILE)
        return start

    def _save(self, folder: Path, step: int) -> None:
        config = self._config
        state = {"config": config.model_dump(mode="json"), "shards": self._mixture.fingerprint}
        self._learned.save(folder, step, state, config.checkpoint_format)
        if self._world.leads:
            keep_last(folder, config.checkpoints_kept)

    def _update(self, step: Step) -> Update:
        """One step: a gradient for every dataset and micro-batch, added up; one update."""
        config, world = self._config, self._world
        batches = [(dataset, batch) for part in step.micro for dataset, batch in part.items()]
        work = sum((flops.work_of(batch) for _, batch in batches), flops.Work())
        counts = self._counts(batches, work)
        losses = torch.zeros(len(self._mixture.datasets), device=world.device)
        self._optimizer.zero_grad(set_to_none=True)
        for index, (dataset, batch) in enumerate(batches):
            last = index + 1 == len(batches)
            with self._learner.syncing(last):
                loss = self._learner.loss(batch) / max(1, counts[dataset])  # the share of this part in the batch's mean
                self._learner.backward(loss * getattr(config, dataset).weight, last)
            losses[self._mixture.datasets.index(dataset)] += loss.detach()
        norm = clip(self._parameters.values(), config.max_gradient_norm)
        *values, length = torch.stack([*world.summed(losses), norm]).tolist()
        rate = learning_rate(step.number, config)
        done = torch.isfinite(torch.tensor([*values, length])).all().item()
        if done:
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self._optimizer.step()
        self._guard(step.number + 1, done)
        return Update(
            step=step.number + 1,
            losses=dict(zip(self._mixture.datasets, values, strict=True)),
            norm=length,
            rate=rate,
            tokens=counts["tokens"],
            images=counts["images"],
            flops=counts["flops"] if self._sizes else None,
            waited_s=step.waited_s,
            damaged=counts["damaged"],
            done=done,
        )

    def _counts(self, batches: list, work: flops.Work) -> dict[Dataset | str, int]:
        """Tokens to be predicted of each dataset, and what else is told of a step, over all processes."""
        counts = dict.fromkeys(self._mixture.datasets, 0)
        for dataset, batch in batches:
            counts[dataset] += int(batch.loss_mask[:, 1:].sum())
        counts |= {"tokens": work.tokens, "images": work.images, "damaged": sum(len(batch.damaged) for _, batch in batches)}
        counts["flops"] = flops.step_flops(self._sizes, work) if self._sizes else 0
        return dict(zip(counts, map(int, self._world.sums(list(counts.values()))), strict=True))

    def _guard(self, step: int, done: bool) -> None:
        """Ends a training that no longer learns, before the checkpoint of a good state is overwritten by age."""
        self._bad_in_a_row = 0 if done else self._bad_in_a_row + 1
        if done:
            return
        config = self._config
        self._say(f"step {step}: the loss is not finite; no update")
        if self._bad_in_a_row >= config.max_bad_steps:
            raise TrainingError(
                f"learning_rate={config.learning_rate}: {self._bad_in_a_row} steps in a row without a finite loss; "
                "the last checkpoint is good"
            )

    @torch.no_grad()
    def _validate(self) -> dict[Dataset, float]:
        """Cross-entropy of a token on unseen samples, by dataset. Processes share the batches, but where all must compute."""
        world, losses = self._world, {}
        self._model.eval()
        for dataset in self._mixture.datasets:
            total, tokens = 0.0, 0
            for index, batch in enumerate(self._mixture.validation(dataset)):
                if index % world.size == world.rank or world.sharded:
                    total += self._learner.loss(batch).item()
                    tokens += int(batch.loss_mask[:, 1:].sum())
            total, tokens = world.sums([total, tokens])
            if tokens:
                losses[dataset] = total / tokens
        self._model.train()
        return losses

    def _export(self, folder: Path, step: int) -> None:
        from safetensors.torch import save_file

        tensors = self._learned.full()
        if not self._world.leads:
            return
        facts: dict[str, Any] = {"step": step, "shards": self._mixture.fingerprint, EYE_KEY: self._model.eye.label}
        facts |= {"language": self._config.language, "recipe": self._config.recipe}
        temporary = folder / f"{MODEL_FILE}.tmp"
        whole = {name: tensor.float().contiguous() for name, tensor in tensors.items()}
        save_file(whole, temporary, {key: str(value) for key, value in facts.items()})
        temporary.replace(folder / MODEL_FILE)

    def _say(self, line: str) -> None:
        if self._world.leads:
            say(line)


def _build(config: FlamingoConfig, world: World) -> Flamingo:
    """On the device; to be sharded, when it need not fit on one, on the leading process's CPU, and elsewhere its form alone."""
    if not world.sharded:
        return build(config, world.device)
    precision = "bf16" if half_precision(config, world.device) else "fp32"
    return build(config.model_copy(update={"precision": precision}), torch.device("cpu"), hollow=not world.leads)


def _check_config(before: Checkpoint, config: FlamingoConfig, folder: Path) -> None:
    """A training that was begun with another recipe is refused, not mixed in."""
    then = before.state["config"]
    now, then = (
        _flat(known | {key: placed(known.get(key, "")) for key in _PLACES}) for known in (config.model_dump(mode="json"), then)
    )
    for key, value in then.items():
        if key.partition(".")[0] not in RUNTIME_KEYS and now.get(key) != value:
            raise TrainingError(f"{key}={now.get(key)}: {folder} was begun with {value}; choose another output folder")


def _flat(known: dict[str, Any]) -> dict[str, Any]:
    """`m3w.batch` and the like by their own names."""
    parts = {name: value if isinstance(value, dict) else {"": value} for name, value in known.items()}
    return {f"{name}.{key}".rstrip("."): value for name, part in parts.items() for key, value in part.items()}


def _check_rows(config: FlamingoConfig, model: Flamingo) -> None:
    longest = longest_row(model.language)
    for dataset, part in config.mixture().items():
        if longest and part.tokens > longest:
            raise TrainingError(f"{dataset}.tokens={part.tokens}: {config.language} knows {longest} positions")
