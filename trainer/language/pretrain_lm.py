"""The shards' text -> a small language model of the corpus' own: a decoder and its tokenizer in `transformers` format.

OUTPUT/tokenizer.json, tokenizer_config.json   byte-level BPE; Flamingo's special tokens are pieces of it
OUTPUT/config.json, model.safetensors          Llama's architecture: what `AutoModelForCausalLM.from_pretrained` opens
OUTPUT/lamella.json                            what it was made from, and how well it foresees unseen text

It learns documents in the form in which a Flamingo reads them, `<BOS> text <EOC> <image> text <EOC> <EOS>`, so that a
Flamingo on top of it needs no new rows.
"""

import json
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lamella.schemas.errors import TrainingError
from lamella.schemas.keys import stable_key
from lamella.trainer.core.checkpoint import FOLDER as CHECKPOINTS
from lamella.trainer.core.checkpoint import Checkpoint, keep_last
from lamella.trainer.core.config import check_same_config, check_same_shards
from lamella.trainer.core.console import new_file, open_folder, say, write_whole
from lamella.trainer.core.meter import Meter, Update, check_boards
from lamella.trainer.core.optimizer import BadSteps, Group, clip, make_optimizer, set_rate
from lamella.trainer.core.stop import EXIT_STOPPED, Stop
from lamella.trainer.core.trained import Trained, begun
from lamella.trainer.core.world import World, join
from lamella.trainer.language.config import LanguageConfig, resolve
from lamella.trainer.language.corpus import Document, forms_of, read_documents, texts_of
from lamella.trainer.loading.shard_reader import find_shards, manifest_hash
from lamella.trainer.loading.tokenizer import BOS, EOC, EOS, IMAGE, PAD, Vocabulary, load_vocabulary

FACTS = "lamella.json"
_TEXTS_FOR_PIECES = 1_000_000  # more make no better pieces


def pretrain_lm(shards: str, recipe: str, output: str, overrides: dict[str, str]) -> None:
    """Trains `recipe` on the train split of a run's `shards` folder, or goes on with the training in `output`.

    Every process that torchrun starts calls it; they share each batch.

    Args:
        shards: folder of the datasets, each with its manifest.
        recipe: a name of `trainer.language.config.RECIPES`.
        output: folder of the model and its tokenizer.
        overrides: keys of LanguageConfig and their values as text.

    Raises:
        TrainingError: one line that names what is wrong with recipe, key, shards, or the loss.
        BadShard: a shard that is not the one that its manifest lists.
        SystemExit: 130 after SIGTERM or SIGINT, with a checkpoint written.
    """
    config, folder = resolve(recipe, overrides), open_folder(output)
    if config.width % config.heads:
        raise TrainingError(f"heads={config.heads}: does not divide width={config.width}")
    check_boards(config)
    found = find_shards(shards, config.datasets, "train")
    inputs = {
        "config": config.model_dump(mode="json", exclude=set(config.RUNTIME_KEYS)),
        "shards": manifest_hash(found),
    }

    def check(state: dict[str, Any]) -> None:
        check_same_config(state.get("config", {}), config, folder)
        check_same_shards(state.get("shards", ""), inputs["shards"], folder)

    if (folder / FACTS).is_file():
        check(json.loads((folder / FACTS).read_bytes()))
        say(f"{folder}: trained on these shards already")
        return
    if config.threads:
        torch.set_num_threads(config.threads)
    with join(config.device, processes=config.processes) as world:  # a GPU that is missing is said at once
        if config.batch % world.size:
            shares = f"cannot be shared evenly by {world.size} processes; choose a multiple, or processes=1"
            raise TrainingError(f"batch={config.batch}: {shares}")
        before = begun(folder, world, lambda found: check(found.state))
        documents = read_documents(found)
        pieces = world.told(_save_tokenizer(folder, documents, config) if world.leads else None)
        vocabulary = load_vocabulary(str(folder), pieces)
        forms = forms_of(documents, vocabulary)
        torch.manual_seed(config.seed)
        model = _model(config, vocabulary).to(world.device)
        _fit(model, _rows(forms, config), config, _Home(folder=folder, inputs=inputs, before=before, world=world))
        if world.leads:
            scores = _evaluate(model, shards, config, vocabulary)
            _leave(folder, model, inputs | {"scores": scores | _sizes(forms, model)})
            if scores:
                say(f"perplexity on unseen text: {scores['perplexity']:.2f} over {scores['validation_tokens']} tokens")


def _sizes(forms: dict[str, np.ndarray], model: nn.Module) -> dict[str, int]:
    """Of what it was trained on, and of itself."""
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return {"documents": len(forms), "tokens": sum(map(len, forms.values())), "parameters": parameters}


def _leave(folder: Path, model: nn.Module, facts: dict[str, Any]) -> None:
    """The finished model and what is known of it; the facts stand last, and tell that it is finished."""
    _save(model, folder)
    write_whole(folder / FACTS, json.dumps(facts, indent=1, sort_keys=True) + "\n")
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """A training's folder, its config and shards, and where it stood."""

    folder: Path
    inputs: dict[str, Any]
    before: Checkpoint | None
    world: World


def _fit(model: nn.Module, batches: Iterator[Tensor], config: LanguageConfig, home: _Home) -> None:
    """Trains to the last step, from where it stood, with checkpoints on the way."""
    parameters, world = dict(model.named_parameters()), home.world
    trained = Trained(parameters=parameters, optimizer=_optimizer(parameters, config), world=world)
    start = home.before.step if home.before else 0
    if home.before:
        trained.restore(home.before)
        _say(world, f"going on from step {start} of {config.steps}")
    bad_steps = BadSteps(config, loud=world.leads)
    model.train()
    with Stop() as stop, Meter(home.folder if world.leads else None, config, start) as meter:
        began = time.perf_counter()
        for step, rows in enumerate(islice(batches, start, config.steps), start):  # rows: [B, L + 1]
            waited, number = time.perf_counter() - began, step + 1
            update = replace(_update(model, rows, number, config=config, trained=trained), waited_s=waited)
            bad_steps.note(number, update.finite)
            meter.add(update)
            stopped = world.any(stop.asked)
            if stopped or number % config.checkpoint_every == 0:
                trained.save(home.folder, number, home.inputs)
                if world.leads:
                    keep_last(home.folder, config.checkpoints_kept)
            if stopped:
                _say(world, f"stopped at step {number}; the same command goes on from there")
                raise SystemExit(EXIT_STOPPED)
            began = time.perf_counter()


def _optimizer(parameters: dict[str, nn.Parameter], config: LanguageConfig) -> torch.optim.Optimizer:
    plain, decayed = Group(), Group(weight_decay=config.weight_decay)
    return make_optimizer(parameters, lambda name: plain if parameters[name].ndim < 2 or "embed" in name else decayed, config)


def _update(model: nn.Module, rows: Tensor, number: int, *, config: LanguageConfig, trained: Trained) -> Update:
    """Update `number`, from 1, on rows int64 [B, L + 1]; without a finite loss there is no step."""
    parameters, optimizer, world = trained.parameters, trained.optimizer, trained.world

    # 1. The rate.
    rate = config.schedule().rate(number - 1)
    set_rate(optimizer, rate)

    # 2. The gradient: each process's of its rows, and their sum.
    loss = _loss(model, rows.chunk(world.size)[world.rank]).mean() / world.size  # [B / size * L] -> []
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    world.sum_gradients(parameters.values())

    # 3. The step.
    norm = clip(parameters.values(), config.max_gradient_norm)
    value, length = torch.stack([world.summed(loss.detach()), norm]).tolist()
    finite = math.isfinite(value) and math.isfinite(length)
    if finite:
        optimizer.step()
    counts = {"tokens": config.batch * config.tokens}
    return Update(step=number, losses={"loss": value}, norm=length, rate=rate, counts=counts, finite=finite)


def _say(world: World, line: str) -> None:
    if world.leads:
        say(line)


def _loss(model: Any, rows: Tensor) -> Tensor:
    """Cross-entropy of every token after the first: float32 [B * L]."""
    rows = rows.to(model.device, non_blocking=True)
    with torch.autocast(rows.device.type, torch.bfloat16, enabled=rows.device.type == "cuda"):
        logits = model(input_ids=rows[:, :-1], use_cache=False).logits  # [B, L, V]
    return nn.functional.cross_entropy(logits.flatten(0, 1).float(), rows[:, 1:].flatten(), reduction="none")


def _rows(forms: dict[str, np.ndarray], config: LanguageConfig) -> Iterator[Tensor]:
    """Endless batches, int64 [B, L + 1]: every epoch is all documents, in an order of its own, end to end."""
    size = config.batch * config.tokens
    stream, epoch = np.empty(0, np.int32), 0
    while True:
        while len(stream) <= size:
            order = sorted(forms, key=lambda name: stable_key(config.seed, epoch, name))
            stream = np.concatenate([stream, *(forms[name] for name in order)])
            epoch += 1
        yield _grid(stream, config.batch, config.tokens)
        stream = stream[size:]


def _grid(stream: np.ndarray, rows: int, tokens: int) -> Tensor:
    """int64 [rows, tokens + 1]: a row's last token is the next one's first."""
    starts = np.arange(rows)[:, None] * tokens
    return torch.from_numpy(stream[starts + np.arange(tokens + 1)].astype(np.int64))


def _model(config: LanguageConfig, vocabulary: Vocabulary) -> nn.Module:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary.size,
            hidden_size=config.width,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.heads,
            intermediate_size=config.inner,
            max_position_embeddings=config.max_positions,
            tie_word_embeddings=True,
            architectures=["LlamaForCausalLM"],
            pad_token_id=vocabulary.pad,
            bos_token_id=vocabulary.bos,
            eos_token_id=vocabulary.eos,
        )
    )


@torch.no_grad()
def _evaluate(model: nn.Module, shards: str, config: LanguageConfig, vocabulary: Vocabulary) -> dict[str, float]:
    """Perplexity of a token of the validation split; nothing where there is no such split."""
    try:
        found = find_shards(shards, config.datasets, "validation")
    except TrainingError:
        return {}
    stream = np.concatenate(list(forms_of(read_documents(found), vocabulary).values()))
    rows = (len(stream) - 1) // config.tokens
    if not rows:
        return {}
    grid = _grid(stream, rows, config.tokens)
    model.eval()
    losses = torch.cat([_loss(model, part).cpu() for part in grid.split(config.batch)])
    return {"perplexity": losses.double().mean().exp().item(), "validation_tokens": len(losses)}


def _save_tokenizer(folder: Path, documents: Sequence[Document], config: LanguageConfig) -> int:
    """Writes a byte-level BPE, in which a word has the same pieces wherever it stands; returns how many there are."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    pieces = Tokenizer(models.BPE())
    pieces.normalizer = normalizers.NFC()
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    pieces.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=config.vocabulary,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in (PAD, BOS, EOS, EOC, IMAGE)],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
        min_frequency=2,
    )
    pieces.train_from_iterator(islice(texts_of(documents), _TEXTS_FOR_PIECES), trainer)
    names = {"pad_token": PAD, "bos_token": BOS, "eos_token": EOS, "additional_special_tokens": [EOC, IMAGE]}
    PreTrainedTokenizerFast(tokenizer_object=pieces, model_max_length=config.max_positions, **names).save_pretrained(folder)
    return pieces.get_vocab_size()


def _save(model: Any, folder: Path) -> None:
    """As `save_pretrained`, without its progress bar; the output's rows are the embedding's and are not written twice."""
    from safetensors.torch import save_file

    tensors = {name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items() if name != "lm_head.weight"}
    with new_file(folder / "model.safetensors") as temporary:
        save_file(tensors, temporary, {"format": "pt"})
    model.config.save_pretrained(folder)
