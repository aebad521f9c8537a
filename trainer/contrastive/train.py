"""CLIP and CoCa training: pair shards and a recipe -> a model of one's own, and the way back after any stop.

OUTPUT/config.json        the resolved recipe
OUTPUT/tokenizer.json     where the model is ours
OUTPUT/log.jsonl          a line every `log_every` steps
OUTPUT/checkpoints/       the last two
OUTPUT/model.safetensors  fp16, at the end: what `weights.load(name, OUTPUT, role)` opens
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from lamella.schemas.errors import TrainingError
from lamella.trainer.contrastive.batches import Batch, Cursor, PairBatches
from lamella.trainer.contrastive.config import ContrastiveConfig, resolve
from lamella.trainer.contrastive.export import export
from lamella.trainer.contrastive.learner import Inputs, Learner
from lamella.trainer.contrastive.pairs import find_pairs, read_samples
from lamella.trainer.core.checkpoint import Checkpoint, keep_last
from lamella.trainer.core.config import check_same_config, check_same_shards
from lamella.trainer.core.console import open_folder, say, write_whole
from lamella.trainer.core.meter import Meter, Update, check_boards
from lamella.trainer.core.optimizer import BadSteps, clip, make_optimizer, set_rate
from lamella.trainer.core.stop import EXIT_STOPPED, Stop
from lamella.trainer.core.trained import Trained, begun, buffers_of
from lamella.trainer.core.world import World, join
from lamella.trainer.loading.shard_reader import Shard, manifest_hash
from lamella.weights import Loaded, load
from lamella.weights.loaded import TOKENIZER_FILE
from lamella.weights.loader import untrained
from lamella.weights.own import own_config
from lamella.weights.tokens import train_tokenizer


def train(shards: str, recipe: str, output: str, overrides: dict[str, str]) -> None:
    """Trains `recipe` on a run's `shards` folder, or goes on with the training that lies in `output`.

    Every process that torchrun starts calls it; contrast and matching are then over the pairs of all.

    Args:
        shards: folder with `align/`, `ltip/`, each with its manifest; or one of the two.
        recipe: a name of `trainer.contrastive.config.RECIPES`.
        output: folder for checkpoints and the model.
        overrides: keys of ContrastiveConfig and their values as text.

    Raises:
        TrainingError: one line that names what is wrong with recipe, key, shards, or the loss.
        WeightsMissing: `init_from` cannot be had.
        SystemExit: 130 after SIGTERM or SIGINT, with a checkpoint written.
    """
    config, folder = resolve(recipe, overrides), open_folder(output)
    check_boards(config)
    with join(config.device, processes=config.processes) as world, Stop() as stop:
        found = find_pairs(shards, config.datasets, "train")
        fingerprint = manifest_hash(found)

        def check(before: Checkpoint) -> None:
            check_same_config(before.state["config"], config, folder)
            check_same_shards(before.state["shards"], fingerprint, folder)

        before = begun(folder, world, check)
        if config.threads:
            torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        if world.leads:
            write_whole(folder / "config.json", json.dumps(config.model_dump(), indent=1, sort_keys=True) + "\n")
            _write_tokenizer(config, found, folder)
        world.told(None)  # the tokenizer stands
        loaded = _start(config, folder)
        training = Training(loaded, config, world, {"config": config.model_dump(), "shards": fingerprint})
        cursor = training.begin(before)
        parts = {"rank": world.rank, "world": world.size}
        with PairBatches(found, config, loaded.image_size, loaded.tokenize, cursor=cursor, **parts) as batches:
            training.run(folder, batches, stop)
        if world.leads:
            scores = export(folder, training.learner, loaded, config, shards=shards)
            say("on unseen pairs: " + "  ".join(f"{name} {value:.3f}" for name, value in scores.items()))


class Training:
    """A model, its optimiser, and the one loop over batches of pairs.

    Args:
        loaded: the model as it is before the first step.
        config: losses, rate, precision.
        world: the processes that learn together; each holds the whole model.
        state: what a checkpoint says of itself.
    """

    def __init__(self, loaded: Loaded, config: ContrastiveConfig, world: World, state: dict | None = None):
        self._config, self._world, self._state, self._start = config, world, state or {}, 0
        self.learner = Learner(loaded, config, world).to(loaded.device)
        named = self.learner.named_parameters()
        self._parameters = {name: parameter for name, parameter in named if parameter.requires_grad}
        self._optimizer = make_optimizer(self._parameters, self.learner.group_of, config)
        self._trained = Trained(
            parameters=self._parameters, buffers=buffers_of(self.learner), optimizer=self._optimizer, world=world
        )
        self.bf16, self.compiled = config.half_precision(world.device), config.compiled(world.device)
        self._trims = own_config(config.model) is not None and not self.compiled  # open_clip's CLIP takes whole rows only
        self._forward = torch.compile(self.learner) if self.compiled else self.learner
        if world.device.type == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = True

    def begin(self, before: Checkpoint | None) -> Cursor:
        """Goes back to `before`; where this process's next batch begins."""
        if before is None:
            return Cursor()
        self._trained.restore(before)
        self._start = before.step
        if self._world.leads:
            say(f"going on from step {before.step} of {self._config.steps}")
        cursors = before.state.get("cursors") or [before.state["cursor"]]  # earlier versions knew one process
        if len(cursors) != self._world.size:
            raise TrainingError(f"processes={self._world.size}: a training of {len(cursors)} goes on with as many")
        return Cursor(**cursors[self._world.rank])

    def run(self, folder: Path, batches: PairBatches, stop: Stop) -> None:
        """Trains to the last step, with checkpoints on the way."""
        config, world, bad_steps = self._config, self._world, BadSteps(self._config, loud=self._world.leads)
        with Meter(folder if world.leads else None, config, self._start) as meter:
            numbered = enumerate(batches, self._start + 1) if self._start < config.steps else ()
            for number, batch in numbered:
                update = self.update(number, batch)
                bad_steps.note(number, update.finite)
                meter.add(update)
                done, stopped = number == config.steps, world.any(stop.asked)
                if done or stopped or number % config.checkpoint_every == 0:
                    cursors = world.gathered(asdict(batch.after))
                    self._trained.save(folder, number, self._state | {"cursors": cursors})
                    if world.leads:
                        keep_last(folder, config.checkpoints_kept)
                if done:
                    break
                if stopped:
                    if world.leads:
                        say(f"stopped at step {number}; the same command goes on from there")
                    raise SystemExit(EXIT_STOPPED)

    def update(self, number: int, batch: Batch) -> Update:
        """Update `number`, from 1: losses weighted and summed, one gradient, one step; without a finite loss there is none."""
        config, world, device = self._config, self._world, self._world.device

        # 1. The rate.
        rate = config.schedule().rate(number - 1)
        set_rate(self._optimizer, rate)

        # 2. The loss: images uint8 [B, S, S, 3], tokens int64 [B, L], this process's part of the batch.
        images = batch.images.to(device, non_blocking=True)
        tokens = self._trimmed(batch.tokens) if self._trims else batch.tokens
        tokens = tokens.to(device, non_blocking=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=self.bf16):
            found = self._forward(images, tokens)
            near = batch.near.to(device, non_blocking=True)
            losses = self.learner.losses(found, Inputs(images, tokens, near, number - 1))
        total = torch.stack([getattr(config, f"{name}_weight") * loss for name, loss in losses.items()]).sum()

        # 3. The gradient, the mean over all processes.
        self._optimizer.zero_grad(set_to_none=True)
        total.backward()
        for parameter in self._parameters.values() if world.size > 1 else ():
            if parameter.grad is not None:
                world.summed(parameter.grad).div_(world.size)
        norm = clip(self._parameters.values(), config.max_gradient_norm)

        # 4. The step.
        means = world.summed(torch.stack([total.detach(), *(loss.detach() for loss in losses.values())])) / world.size
        *values, length = torch.cat([means, norm[None]]).tolist()
        finite = math.isfinite(values[0]) and math.isfinite(length)
        if finite:
            self._optimizer.step()
            with torch.no_grad():
                self.learner.model.logit_scale.clamp_(max=math.log(config.max_logit_scale))
            self.learner.updated()
        return Update(
            step=number,
            losses=dict(zip(("total", *losses), values, strict=True)),
            norm=length,
            rate=rate,
            counts={"samples": len(batch.images) * world.size},
            waited_s=batch.waited_s,
            damaged=batch.damaged,
            finite=finite,
        )

    def _trimmed(self, tokens: Tensor) -> Tensor:
        """Without the columns in which every text has ended: half the work on short captions."""
        longest = int((tokens != self.learner.pad).any(dim=0).sum())
        return tokens[:, :longest]


def _write_tokenizer(config: ContrastiveConfig, shards: Sequence[Shard], folder: Path) -> None:
    """The tokenizer of a model of ours that starts from scratch, beside the checkpoints; one that stands there stays."""
    tokenizer = folder / TOKENIZER_FILE
    if own_config(config.model) is None or config.init_from is not None or tokenizer.exists():
        return
    if config.tokenizer == "train":
        texts = (sample.text for shard in shards for sample in read_samples(shard) if sample)
        write_whole(tokenizer, train_tokenizer(texts, config.max_vocabulary).decode())
    elif Path(config.tokenizer).is_file():
        write_whole(tokenizer, Path(config.tokenizer).read_text(encoding="utf-8"))
    else:
        raise TrainingError(f"tokenizer={config.tokenizer}: no such file")


def _start(config: ContrastiveConfig, folder: Path) -> Loaded:
    """The model as it is before the first step, with its tokenizer beside the checkpoints where it is ours."""
    own, tokenizer = own_config(config.model) is not None, folder / TOKENIZER_FILE
    role = config.init_role or ("matcher" if config.match_weight or config.itm_weight else "scorer")
    try:
        if config.init_from is None:
            return untrained(config.model, tokenizer if own else None, device=config.device, image_size=config.image_size)
        loaded = load(config.model, config.init_from, role, device=config.device, image_size=config.image_size)
    except ValueError as error:
        raise TrainingError(f"model={config.model}: {error}") from error
    if own and loaded.tokenizer_file:
        write_whole(tokenizer, loaded.tokenizer_file.read_text(encoding="utf-8"))
        loaded = replace(loaded, tokenizer_file=tokenizer)
    return loaded
