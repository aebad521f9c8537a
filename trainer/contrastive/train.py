"""CLIP and CoCa training: pair shards and a recipe in, a model of one's own out, and the way back after any stop.

OUTPUT/config.json        the resolved recipe
OUTPUT/tokenizer.json     where the model is ours
OUTPUT/log.jsonl          a line every `log_every` steps
OUTPUT/checkpoints/       the last two
OUTPUT/model.safetensors  fp16, at the end: what `weights.load(name, OUTPUT, role)` opens
"""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from lamella.trainer.contrastive.batches import Batch, Cursor, PairBatches
from lamella.trainer.contrastive.config import RUNTIME_KEYS, ContrastiveConfig, resolve
from lamella.trainer.contrastive.export import export
from lamella.trainer.contrastive.losses import Matching, Words, caption_loss, contrastive_loss, matching_loss, words_loss
from lamella.trainer.contrastive.pairs import find_pairs, read_samples
from lamella.trainer.core import checkpoint as checkpoints
from lamella.trainer.core.config import TrainingError
from lamella.trainer.core.console import say, write_whole
from lamella.trainer.core.stop import EXIT_STOPPED, Stop
from lamella.trainer.loading.shard_reader import Shard, manifest_hash
from lamella.weights import Loaded, load
from lamella.weights.loaded import TOKENIZER_FILE, pick_device
from lamella.weights.loader import untrained
from lamella.weights.own import own_config
from lamella.weights.pixels import normalise
from lamella.weights.tokens import train_tokenizer


def train(shards: str, recipe: str, output: str, overrides: dict[str, str]) -> None:
    """Trains `recipe` on a run's `shards` folder, or goes on with the training that lies in `output`.

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
    config = resolve(recipe, overrides)
    pick_device(config.device)  # a GPU that is missing is said before captions are read for a tokenizer
    found, folder = find_pairs(shards, config.datasets, "train"), Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    before = _before(folder, config, found)
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    loaded = _start(config, found, folder)
    learner = Learner(loaded, config).to(loaded.device)
    optimizer = make_optimizer(learner, config)
    cursor, step = Cursor(), 0
    if before:
        checkpoints.restore(before, learner, optimizer)
        cursor, step = Cursor(**before.state["cursor"]), before.step
        say(f"going on from step {step} of {config.steps}")
    state = {"config": config.model_dump(), "shards": manifest_hash(found)}
    write_whole(folder / "config.json", json.dumps(config.model_dump(), indent=1, sort_keys=True) + "\n")
    with PairBatches(found, config, loaded.image_size, loaded.tokenize, cursor) as batches, Stop() as stop:
        loop = Loop(learner, optimizer, config, _Log(folder / "log.jsonl", config, step))
        for batch in batches if step < config.steps else ():
            step = loop.step(step, batch)
            done = step == config.steps
            if done or stop.asked or step % config.checkpoint_every == 0:
                checkpoints.save(folder, step, learner, optimizer, state | {"cursor": asdict(batch.after)})
                checkpoints.keep_last(folder, config.checkpoints_kept)
            if done:
                break
            if stop.asked:
                say(f"stopped at step {step}; the same command goes on from there")
                raise SystemExit(EXIT_STOPPED)
    scores = export(folder, learner, loaded, config, shards)
    say("on unseen pairs: " + "  ".join(f"{name} {value:.3f}" for name, value in scores.items()))


class Learner(nn.Module):
    """A model and its losses, as one function of a batch, so that one compilation holds them all."""

    def __init__(self, loaded: Loaded, config: ContrastiveConfig):
        super().__init__()
        if config.caption_weight and not hasattr(loaded.model, "text_decoder"):
            raise TrainingError(f"caption_weight={config.caption_weight}: {config.model} has no decoder; set it to 0")
        self.model = loaded.model.requires_grad_(True).train()
        scale, bias = loaded.match_scale, loaded.match_bias
        first = (config.match_scale, config.match_bias) if scale is None or bias is None else (scale, bias)
        self.matching = Matching(*first) if config.match_weight else None
        self.words = _words(loaded, config) if config.words_weight else None
        self._config, self._look, self.pad = config, (loaded.mean, loaded.std), loaded.pad

    def forward(self, images: Tensor, tokens: Tensor) -> dict[str, Tensor]:  # uint8 [B, S, S, 3], int64 [B, L]
        config, pixels, losses = self._config, normalise(images, *self._look), {}
        if self.words:
            losses["words"] = words_loss(self.words(self.model.look(pixels)), tokens, self.words.pieces)
        if not (config.caption_weight or config.contrastive_weight or self.matching):
            return losses
        if config.caption_weight:
            out = self.model(pixels, tokens)
            seen, read = out["image_features"], out["text_features"]
            losses["caption"] = caption_loss(out["logits"].float(), out["labels"], self.pad)
        else:
            seen = self.model.encode_image(pixels, normalize=True)
            read = self.model.encode_text(tokens, normalize=True)
        if config.contrastive_weight or self.matching:
            cosine = seen.float() @ read.float().T
            if config.contrastive_weight:
                losses["contrastive"] = contrastive_loss(cosine, self.model.logit_scale.float().exp())
            if self.matching:
                losses["match"] = matching_loss(cosine, tokens, self.matching)
        return losses


def _words(loaded: Loaded, config: ContrastiveConfig) -> Words:
    """The head for the pieces of `config.words`, or for the whole vocabulary."""
    stem = getattr(getattr(loaded.model, "visual", None), "stem", None)
    if not isinstance(stem, list):
        raise TrainingError(f"words_weight={config.words_weight}: {config.model} has no convolutional stem; set it to 0")
    special = torch.tensor([loaded.bos, loaded.eos, loaded.pad])
    pieces = loaded.tokenize(config.words).unique() if config.words else torch.arange(config.max_vocabulary)
    return Words(stem[-1], pieces[~torch.isin(pieces, special)])


class Loop:
    """One visible step: losses weighted and summed, one gradient, one update; a step without a finite loss is none."""

    def __init__(self, learner: Learner, optimizer: torch.optim.Optimizer, config: ContrastiveConfig, log: Callable):
        self._learner, self._optimizer, self._config, self._log = learner, optimizer, config, log
        self._device = next(learner.parameters()).device
        on_gpu = self._device.type == "cuda"
        self.bf16 = config.precision == "bf16" or (config.precision == "auto" and on_gpu)
        self.compiled = on_gpu if config.compile is None else config.compile
        self._losses = torch.compile(learner) if self.compiled else learner
        self._pad = learner.pad
        self._bad_in_a_row = 0
        if on_gpu:
            torch.backends.cuda.matmul.allow_tf32 = True

    def step(self, step: int, batch: Batch) -> int:
        config, rate = self._config, learning_rate(step, self._config)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["lr_scale"]
        images = batch.images.to(self._device, non_blocking=True)
        tokens = (batch.tokens if self.compiled else _trimmed(batch.tokens, self._pad)).to(self._device, non_blocking=True)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self.bf16):
            losses = self._losses(images, tokens)
        total = sum(getattr(config, f"{name}_weight") * loss for name, loss in losses.items())
        self._optimizer.zero_grad(set_to_none=True)
        total.backward()
        norm = nn.utils.clip_grad_norm_(self._learner.parameters(), config.max_gradient_norm)
        if bool(torch.isfinite(total) & torch.isfinite(norm)):
            self._optimizer.step()
            self._bad_in_a_row = 0
            with torch.no_grad():
                self._learner.model.logit_scale.clamp_(max=math.log(config.max_logit_scale))
        else:
            self._bad_in_a_row += 1
            say(f"step {step + 1}: the loss is not finite; no update")
            if self._bad_in_a_row >= config.max_bad_steps:
                raise TrainingError(
                    f"learning_rate={config.learning_rate}: {self._bad_in_a_row} steps in a row without a finite loss; "
                    "the last checkpoint is good"
                )
        self._log(step + 1, {"loss": total} | losses, batch, rate)
        return step + 1


def learning_rate(step: int, config: ContrastiveConfig) -> float:
    """Linear warm-up, then a cosine down to `final_learning_rate` of the peak."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    along = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    low = config.final_learning_rate
    return config.learning_rate * (low + (1 - low) * (1 + math.cos(math.pi * along)) / 2)


def _trimmed(tokens: Tensor, pad: int) -> Tensor:
    """Without the columns in which every text has ended: half the work on short captions. A compiled model wants one shape."""
    longest = int((tokens != pad).any(dim=0).sum())
    return tokens[:, :longest]


def make_optimizer(learner: Learner, config: ContrastiveConfig) -> torch.optim.AdamW:
    """AdamW; gains, biases, embeddings and temperatures do not decay, and a verdict's two numbers may move fast."""
    decayed, plain, verdict = [], [], []
    for name, parameter in learner.named_parameters():
        if name.startswith("matching."):
            verdict.append(parameter)
        else:
            (plain if parameter.ndim < 2 or "embedding" in name else decayed).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay, "lr_scale": 1.0},
        {"params": plain, "weight_decay": 0.0, "lr_scale": 1.0},
        {"params": verdict, "weight_decay": 0.0, "lr_scale": config.match_rate_scale},
    ]
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=config.betas, eps=config.epsilon)


def _start(config: ContrastiveConfig, shards: Sequence[Shard], folder: Path) -> Loaded:
    """The model as it is before the first step, with its tokenizer beside the checkpoints where it is ours."""
    own, tokenizer = own_config(config.model) is not None, folder / TOKENIZER_FILE
    role = "matcher" if config.match_weight else "scorer"
    if config.init_from is not None:
        loaded = load(config.model, config.init_from, role, device=config.device)
        if own and loaded.tokenizer_file:
            write_whole(tokenizer, loaded.tokenizer_file.read_text(encoding="utf-8"))
            loaded = replace(loaded, tokenizer_file=tokenizer)
        return loaded
    if own and not tokenizer.exists():
        if config.tokenizer == "train":
            texts = (sample.text for shard in shards for sample in read_samples(shard) if sample)
            write_whole(tokenizer, train_tokenizer(texts, config.max_vocabulary).decode())
        elif Path(config.tokenizer).is_file():
            write_whole(tokenizer, Path(config.tokenizer).read_text(encoding="utf-8"))
        else:
            raise TrainingError(f"tokenizer={config.tokenizer}: no such file")
    try:
        return untrained(config.model, tokenizer if own else None, device=config.device)
    except ValueError as error:
        raise TrainingError(f"model={config.model}: {error}") from error


def _before(folder: Path, config: ContrastiveConfig, shards: Sequence[Shard]) -> checkpoints.Checkpoint | None:
    """The checkpoint to go on from. One that was made by another recipe or on other shards is refused, not mixed in."""
    before = checkpoints.latest(folder)
    if before is None:
        return None
    now = json.loads(json.dumps(config.model_dump()))
    for key, value in before.state["config"].items():
        if key not in RUNTIME_KEYS and now.get(key) != value:
            raise TrainingError(f"{key}={now.get(key)}: {folder} was begun with {value}; choose another output folder")
    if before.state["shards"] != manifest_hash(shards):
        raise TrainingError(f"shards: {folder} was begun on other shards; choose another output folder")
    return before


class _Log:
    """A line to read every `log_every` steps, and the same as JSON."""

    def __init__(self, path: Path, config: ContrastiveConfig, step: int):
        self._path, self._config = path, config
        kept = [line for line in path.read_text().splitlines() if _step_of(line) <= step] if path.exists() else []
        write_whole(path, "".join(f"{line}\n" for line in kept))
        self._began, self._samples, self._waited = time.perf_counter(), 0, 0.0

    def __call__(self, step: int, losses: dict[str, Tensor], batch: Batch, rate: float) -> None:
        self._samples += len(batch.images)
        self._waited += batch.waited_s
        if step % self._config.log_every and step != self._config.steps:
            return
        values = {name: loss.item() for name, loss in losses.items()}
        took = time.perf_counter() - self._began
        line = {"step": step, "samples_per_s": round(self._samples / took, 1), "waited": round(self._waited / took, 4)}
        if batch.bad:
            line["bad_samples"] = batch.bad
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values | line | {"learning_rate": rate}) + "\n")
        shown = "  ".join(f"{name} {value:.3f}" for name, value in values.items())
        speed = f"{line['samples_per_s']:.0f} samples/s, {line['waited']:.0%} waited for data"
        say(f"step {step}/{self._config.steps}  {shown}  {speed}" + (f", {batch.bad} bad samples" if batch.bad else ""))
        self._began, self._samples, self._waited = time.perf_counter(), 0, 0.0


def _step_of(line: str) -> float:
    """Of a line of the log; one that a kill cut off is behind all others."""
    try:
        return json.loads(line)["step"]
    except ValueError:
        return math.inf
