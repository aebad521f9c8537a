"""A small language model of the corpus' own: the text of the shards in, a decoder and its tokenizer in `transformers` format out.

OUTPUT/tokenizer.json, tokenizer_config.json   byte-level BPE; Flamingo's special tokens are pieces of it
OUTPUT/config.json, model.safetensors          Llama's architecture: what `AutoModelForCausalLM.from_pretrained` opens
OUTPUT/lamella.json                            what it was made from, and how well it foresees unseen text

It learns documents in the form in which a Flamingo reads them, `<BOS> text <EOC> <image> text <EOC> <EOS>`, so that a
Flamingo on top of it needs no new rows.
"""

import hashlib
import io
import json
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import fsspec
import numpy as np
import torch
from torch import Tensor, nn

from schemas.keys import stable_key
from schemas.pair import Dataset
from schemas.sample import BadSample, load_json
from schemas.shards import MANIFEST, read_shard
from trainer.config import TrainingError
from trainer.console import say, write_whole
from trainer.recipes import LanguageConfig, resolve_language
from trainer.shards import Shard, find_shards, manifest_hash
from trainer.tokens import BOS, EOC, EOS, IMAGE, PAD, Vocabulary, load_vocabulary

MADE_FROM = "lamella.json"
_LOUDNESS = frozenset({"device", "threads", "log_every"})  # keys that do not change what is learned
_PIECES_FROM_CHARACTERS = 50_000_000  # more text makes no better pieces of a small vocabulary
Document = tuple[str | None, ...]  # texts in reading order, None where an image stands


def train_language(shards: str, recipe: str, output: str, overrides: dict[str, str]) -> None:
    """Trains `recipe` on the train split of a run's `shards` folder; a finished one that lies in `output` is left as it is.

    Args:
        shards: folder of the datasets, each with its manifest.
        recipe: a name of `trainer.recipes.LANGUAGE_RECIPES`.
        output: folder of the model and its tokenizer.
        overrides: keys of LanguageConfig and their values as text.

    Raises:
        TrainingError: one line that names what is wrong with recipe, key, shards, or the loss.
        BadShard: a shard that is not the one that its manifest lists.
    """
    config, folder = resolve_language(recipe, overrides), Path(output)
    if config.width % config.heads:
        raise TrainingError(f"heads={config.heads}: does not divide width={config.width}")
    found = find_shards(shards, config.datasets, "train")
    made_from = {"config": json.loads(config.model_dump_json(exclude=set(_LOUDNESS))), "shards": manifest_hash(found)}
    if _is_finished(folder, made_from):
        say(f"{folder}: trained on these shards already")
        return
    folder.mkdir(parents=True, exist_ok=True)
    if config.threads:
        torch.set_num_threads(config.threads)
    device = _device(config.device)
    documents = sorted((document for shard in found for document in _read(shard)), key=lambda pair: pair[0])
    _save_tokenizer(folder, [text for _, document in documents for text in document if text], config)
    vocabulary = load_vocabulary(str(folder), 0)
    ids = [_form(document, vocabulary) for _, document in documents]
    keys = [key for key, _ in documents]
    torch.manual_seed(config.seed)
    model = _model(config, vocabulary).to(device)
    _fit(model, _rows(ids, keys, config), config)
    scores = _examine(model, shards, config, vocabulary)
    model.float().save_pretrained(folder)
    scores |= {"documents": len(ids), "tokens": sum(map(len, ids)), "parameters": sum(p.numel() for p in model.parameters())}
    write_whole(folder / MADE_FROM, json.dumps(made_from | {"scores": scores}, indent=1, sort_keys=True) + "\n")
    if "perplexity" in scores:
        say(f"perplexity on unseen text: {scores['perplexity']:.2f} over {scores['validation_tokens']} tokens")


def learning_rate(step: int, config: LanguageConfig) -> float:
    """Linear warm-up, then a cosine down to a tenth of the peak."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    along = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    return config.learning_rate * (0.1 + 0.9 * (1 + math.cos(math.pi * along)) / 2)


def _is_finished(folder: Path, made_from: dict) -> bool:
    try:
        before = json.loads((folder / MADE_FROM).read_bytes())
    except FileNotFoundError:
        return False
    for key, value in before["config"].items():
        if made_from["config"].get(key) != value:
            now = made_from["config"].get(key)
            raise TrainingError(f"{key}={now}: {folder} was trained with {value}; choose another output folder")
    if before["shards"] != made_from["shards"]:
        raise TrainingError(f"shards: {folder} was trained on other shards; choose another output folder")
    return True


def _read(shard: Shard) -> Iterator[tuple[str, Document]]:
    """(key, document) of every sample whose header can be read. Raises TrainingError where the file is not the manifest's."""
    path = f"{shard.folder}/{shard.info.name}"
    with fsspec.open(path, "rb") as file:
        data = file.read()
    if len(data) != shard.info.bytes or hashlib.sha256(data).hexdigest() != shard.info.sha256:
        raise TrainingError(f"shards={path}: not the file whose size and checksum {MANIFEST} lists")
    for _, members in read_shard(io.BytesIO(data)):
        try:
            header = load_json(members)
            document = tuple(header["texts"]) if shard.dataset is Dataset.M3W else (None, header["text"])
            key = f"{shard.dataset}/{header['key']}"
        except (BadSample, KeyError, TypeError):
            continue
        if all(text is None or isinstance(text, str) for text in document):
            yield key, document


def _form(document: Document, vocabulary: Vocabulary) -> np.ndarray:
    """Token ids of a document, as a Flamingo reads it: int32 [tokens]."""
    texts = [text if at == 0 or document[at - 1] is None else f"\n{text}" for at, text in enumerate(document) if text is not None]
    encoded = iter(vocabulary.encode(texts))
    ids = [vocabulary.bos]
    for at, text in enumerate(document):
        if text is not None:
            ids += next(encoded)
        else:
            ids += [vocabulary.eoc, vocabulary.image] if at else [vocabulary.image]
    return np.array([*ids, vocabulary.eoc, vocabulary.eos], dtype=np.int32)


def _rows(documents: Sequence[np.ndarray], keys: Sequence[str], config: LanguageConfig) -> Iterator[Tensor]:
    """Endless batches, int64 [B, L + 1]: every epoch is all documents, in an order of its own, end to end."""
    size = config.batch * config.tokens
    stream, epoch = np.empty(0, np.int32), 0
    while True:
        while len(stream) <= size:
            order = sorted(range(len(keys)), key=lambda at: stable_key(config.seed, epoch, keys[at]))
            stream = np.concatenate([stream, *(documents[at] for at in order)])
            epoch += 1
        starts = np.arange(config.batch)[:, None] * config.tokens
        yield torch.from_numpy(stream[starts + np.arange(config.tokens + 1)].astype(np.int64))
        stream = stream[size:]


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
            pad_token_id=vocabulary.pad,
            bos_token_id=vocabulary.bos,
            eos_token_id=vocabulary.eos,
        )
    )


def _fit(model: nn.Module, batches: Iterator[Tensor], config: LanguageConfig) -> None:
    matrices = [p for name, p in model.named_parameters() if p.ndim > 1 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim < 2 or "embed" in name]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.95))
    model.train()
    began = time.perf_counter()
    for step in range(config.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, config)
        loss = _loss(model, next(batches)).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.max_gradient_norm)
        if not torch.isfinite(loss):
            raise TrainingError(f"learning_rate={config.learning_rate}: the loss of step {step + 1} is not finite")
        optimizer.step()
        if (step + 1) % config.log_every == 0 or step + 1 == config.steps:
            speed = (step + 1) * config.batch * config.tokens / (time.perf_counter() - began)
            say(f"step {step + 1}/{config.steps}  loss {loss.item():.3f}  {speed:.0f} tokens/s")


def _loss(model: nn.Module, rows: Tensor) -> Tensor:
    """Cross-entropy of every token after the first: float32 [B * L]."""
    rows = rows.to(model.device, non_blocking=True)
    with torch.autocast(rows.device.type, torch.bfloat16, enabled=rows.device.type == "cuda"):
        logits = model(input_ids=rows[:, :-1], use_cache=False).logits  # [B, L, V]
    return nn.functional.cross_entropy(logits.flatten(0, 1).float(), rows[:, 1:].flatten(), reduction="none")


@torch.no_grad()
def _examine(model: nn.Module, shards: str, config: LanguageConfig, vocabulary: Vocabulary) -> dict[str, float]:
    """Perplexity of a token of the validation split; nothing where there is no such split."""
    try:
        found = find_shards(shards, config.datasets, "validation")
    except TrainingError:
        return {}
    documents = sorted((document for shard in found for document in _read(shard)), key=lambda pair: pair[0])
    stream = np.concatenate([_form(document, vocabulary) for _, document in documents])
    rows = (len(stream) - 1) // config.tokens
    if not rows:
        return {}
    starts = np.arange(rows)[:, None] * config.tokens
    grid = torch.from_numpy(stream[starts + np.arange(config.tokens + 1)].astype(np.int64))
    model.eval()
    losses = torch.cat([_loss(model, part).cpu() for part in grid.split(config.batch)])
    return {"perplexity": losses.double().mean().exp().item(), "validation_tokens": len(losses)}


def _save_tokenizer(folder: Path, texts: Sequence[str], config: LanguageConfig) -> None:
    """A byte-level BPE: any text has tokens, and a word has the same ones wherever it stands. Same texts, same bytes."""
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
    enough, characters = [], 0
    for text in texts:
        characters += len(text)
        if characters > _PIECES_FROM_CHARACTERS:
            break
        enough.append(text)
    pieces.train_from_iterator(enough, trainer)
    names = {"pad_token": PAD, "bos_token": BOS, "eos_token": EOS, "additional_special_tokens": [EOC, IMAGE]}
    PreTrainedTokenizerFast(tokenizer_object=pieces, model_max_length=config.max_positions, **names).save_pretrained(folder)


def _device(name: str) -> torch.device:
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
