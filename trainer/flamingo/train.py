"""Flamingo's training: shards and a recipe -> a model, and the way back after any stop.

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
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import torch
from torch import Tensor

from lamella.schemas.datasets import Dataset
from lamella.schemas.errors import TrainingError
from lamella.trainer.core.checkpoint import Checkpoint, keep_last
from lamella.trainer.core.config import check_same_config, check_same_shards
from lamella.trainer.core.console import new_file, open_folder, say, write_whole
from lamella.trainer.core.meter import Meter, Update, check_boards
from lamella.trainer.core.optimizer import BadSteps, Group, clip, make_optimizer, set_rate
from lamella.trainer.core.stop import EXIT_STOPPED, Stop
from lamella.trainer.core.trained import Trained, begun
from lamella.trainer.core.world import World, join
from lamella.trainer.flamingo import flops
from lamella.trainer.flamingo.config import FlamingoConfig, resolve
from lamella.trainer.flamingo.lm import longest_row, placed
from lamella.trainer.flamingo.model import CONFIG_FILE, MODEL_FILE, VISION_KEY, Flamingo, build, old_name
from lamella.trainer.flamingo.parallel import Learner
from lamella.trainer.loading.batch import Batch
from lamella.trainer.loading.mixture import Mixture, Step
from lamella.trainer.loading.tokenizer import VOCABULARY_FILE, save_vocabulary

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
    with join(config.device, sharded=config.parallel == "fsdp", processes=config.processes) as world, Stop() as stop:
        before = begun(folder, world, lambda found: _check_begun(found, config, folder))
        if config.parallel == "fsdp" and world.size == 1:
            say("parallel=fsdp: this is one process, and nothing is sharded; torchrun starts several")
        torch.manual_seed(config.seed)
        model = _build(config, world)
        _check_rows(config, model)
        parts = {"rank": world.rank, "world": world.size, "told": world.told}
        with closing(Mixture(shards, config, model.vocabulary, model.image_px, **parts)) as mixture:
            if before:
                check_same_shards(before.state["shards"], mixture.fingerprint, folder)
            Training(model, mixture, config, world).run(folder, before, stop)


class Training:
    """A model and its mixture, and the one loop over them."""

    def __init__(self, model: Flamingo, mixture: Mixture, config: FlamingoConfig, world: World):
        self._mixture, self._config, self._world = mixture, config, world
        self._sizes, self._schedule = flops.sizes_of(model), config.schedule()
        self._learner = Learner(model, world, config)
        self._model = model.train()
        parameters = model.trained()
        self._optimizer = make_optimizer(parameters, lambda name: _group(name, config), config)
        self._trained = Trained(parameters=parameters, optimizer=self._optimizer, world=world, old_name=old_name)

    def run(self, folder: Path, before: Checkpoint | None, stop: Stop) -> None:
        """Trains from `before`, or from the start, to the last step, and leaves the model in `folder`."""
        config, world, mixture = self._config, self._world, self._mixture
        bad_steps, start = BadSteps(config, loud=world.leads), self._begin(folder, before)
        peak = flops.peak_flops(world.device) if config.half_precision(world.device) else None
        with Meter(folder if world.leads else None, config, start, peak and peak * world.size) as meter:
            for step in mixture.steps(start) if start < config.steps else ():
                update = self.update(step)
                number = update.step
                bad_steps.note(number, update.finite)
                meter.add(update)
                done, stopped = number >= config.steps, world.any(stop.asked)
                if done or stopped or number % config.checkpoint_every == 0:
                    self._save(folder, number)
                if stopped and not done:
                    self._say(f"stopped at step {number}; the same command goes on from there")
                    raise SystemExit(EXIT_STOPPED)
                if done or (config.validate_every and number % config.validate_every == 0):
                    began = time.perf_counter()
                    meter.validated(number, self._validate(), time.perf_counter() - began)
                if done:
                    break
        self._export(folder, max(start, config.steps))

    def update(self, step: Step) -> Update:
        """One update: a gradient for every dataset, summed, and one step; without a finite loss there is none."""
        # 1. The rate.
        rate = self._schedule.rate(step.number)
        set_rate(self._optimizer, rate)

        # 2. A gradient for every dataset and micro-batch, added up.
        batches = [(dataset, batch) for part in step.micro for dataset, batch in part.items()]
        counts, predicted = self._counts(batches)  # over all processes
        losses = self._gradient(batches, predicted)

        # 3. One step, of a gradient no longer than `max_gradient_norm`.
        norm = clip(self._trained.parameters.values(), self._config.max_gradient_norm)
        *values, length = torch.stack([*self._world.summed(losses), norm]).tolist()
        finite = bool(torch.isfinite(torch.tensor([*values, length])).all())
        if finite:
            self._optimizer.step()
        return Update(
            step=step.number + 1,
            losses={str(dataset): value for dataset, value in zip(self._mixture.datasets, values, strict=True)},
            norm=length,
            rate=rate,
            counts={"tokens": counts["tokens"], "images": counts["images"]},
            flops=counts["flops"] if self._sizes else None,
            waited_s=step.waited_s,
            damaged=counts["damaged"],
            finite=finite,
        )

    def _gradient(self, batches: Sequence[tuple[Dataset, Batch]], predicted: dict[Dataset, int]) -> Tensor:
        """Leaves the gradient with the parameters; float32 [datasets], each dataset's loss of a token, this process's share."""
        datasets, learner = self._mixture.datasets, self._learner
        losses = torch.zeros(len(datasets), device=self._world.device)
        self._optimizer.zero_grad(set_to_none=True)
        for index, (dataset, batch) in enumerate(batches):  # text, phi [B, L]; images [M, T, H, W, 3]
            last = index + 1 == len(batches)
            with learner.syncing(last):
                loss = learner.loss(batch) / max(1, predicted[dataset])  # []: this part's share of the mean
                learner.backward(loss * self._config.part(dataset).weight, last)
            losses[datasets.index(dataset)] += loss.detach()
        return losses

    def _begin(self, folder: Path, before: Checkpoint | None) -> int:
        """Goes back to `before`; the number of updates made."""
        config, start = self._config, before.step if before else 0
        if before:
            self._trained.restore(before)
            going_on = f"going on from step {start} of {config.steps}"
            self._say(going_on if start < config.steps else f"{folder}: trained already, for {start} steps")
        if self._world.leads:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / CONFIG_FILE, json.dumps(config.model_dump(mode="json"), indent=1, sort_keys=True) + "\n")
            save_vocabulary(self._model.vocabulary, folder / VOCABULARY_FILE)
        return start

    def _counts(self, batches: Sequence[tuple[Dataset, Batch]]) -> tuple[dict[str, int], dict[Dataset, int]]:
        """What is told of a step, and the tokens that each dataset has to predict; over all processes."""
        work = sum((flops.work_of(batch) for _, batch in batches), flops.Work())
        told = {"tokens": work.tokens, "images": work.images, "damaged": sum(len(batch.damaged) for _, batch in batches)}
        told["flops"] = flops.step_flops(self._sizes, work) if self._sizes else 0
        predicted = dict.fromkeys(self._mixture.datasets, 0)
        for dataset, batch in batches:
            predicted[dataset] += int(batch.loss_mask[:, 1:].sum())
        sums = list(map(int, self._world.sums([*told.values(), *predicted.values()])))
        return dict(zip(told, sums, strict=False)), dict(zip(predicted, sums[len(told) :], strict=True))

    def _save(self, folder: Path, step: int) -> None:
        state = {"config": self._config.model_dump(mode="json"), "shards": self._mixture.fingerprint}
        self._trained.save(folder, step, state, self._config.checkpoint_format)
        if self._world.leads:
            keep_last(folder, self._config.checkpoints_kept)

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
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
                losses[str(dataset)] = total / tokens
        self._model.train()
        return losses

    def _export(self, folder: Path, step: int) -> None:
        from safetensors.torch import save_file

        tensors = self._trained.full()
        if not self._world.leads:
            return
        facts = {"step": step, "shards": self._mixture.fingerprint, VISION_KEY: self._model.vision_encoder.label}
        facts |= {"language": self._config.language, "recipe": self._config.recipe}
        tensors = {name: tensor.float().contiguous() for name, tensor in tensors.items()}
        with new_file(folder / MODEL_FILE) as temporary:
            save_file(tensors, temporary, {key: str(value) for key, value in facts.items()})

    def _say(self, line: str) -> None:
        if self._world.leads:
            say(line)


def _group(name: str, config: FlamingoConfig) -> Group:
    """How a parameter is updated."""
    return Group(weight_decay=config.weight_decay if Flamingo.decays(name) else 0.0)


def _build(config: FlamingoConfig, world: World) -> Flamingo:
    """On the device; to be sharded, when it need not fit on one, on the leading process's CPU, and elsewhere its form alone."""
    if not world.sharded:
        return build(config, world.device)
    precision = "bf16" if config.half_precision(world.device) else "fp32"
    return build(config.model_copy(update={"precision": precision}), torch.device("cpu"), on_meta=not world.leads)


def _check_begun(before: Checkpoint, config: FlamingoConfig, folder: Path) -> None:
    """A training that was begun with another recipe is refused, not mixed in; a model that has moved is the same."""
    then = before.state["config"]
    check_same_config(then | {key: placed(then.get(key, "")) for key in _PLACES}, config, folder)


def _check_rows(config: FlamingoConfig, model: Flamingo) -> None:
    longest = longest_row(model.language)
    for dataset, part in config.mixture().items():
        if longest and part.tokens > longest:
            raise TrainingError(f"{dataset}.tokens={part.tokens}: {config.language} knows {longest} positions")
