"""A trained learner in, `model.safetensors` out: half precision, with what it was made from and what it scores written in."""

import json
import os
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from trainer.config import TrainingError
from trainer.contrastive.config import ContrastiveConfig, resolve
from trainer.contrastive.examine import examine
from trainer.contrastive.pairs import decode_pair, find_pairs, is_wanted, read_samples
from trainer.shards import manifest_hash
from weights import Loaded
from weights.loaded import MATCH_BIAS, MATCH_SCALE, MODEL_FILE

MAX_EXAMINED = 1000  # unseen pairs
MIN_EXAMINED = 2


def export(folder: Path, learner: torch.nn.Module, loaded: Loaded, config: ContrastiveConfig, shards: str) -> dict[str, float]:
    """Writes the model and gives its scores on the validation split; no scores where there is no such split."""
    matching = learner.matching
    match = (matching.scale.item(), matching.bias.item()) if matching else (None, None)
    trained = replace(loaded, model=learner.model.eval(), match_scale=match[0], match_bias=match[1])
    scores = _scores(trained, config, shards)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in learner.model.state_dict().items()}
    tensors = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    if matching:
        tensors |= {MATCH_SCALE: matching.scale.detach().cpu().clone(), MATCH_BIAS: matching.bias.detach().cpu().clone()}
    metadata = {
        "format": "pt",
        "model": Path(config.model).stem,
        "recipe": config.recipe,
        "config": config.model_dump_json(),
        "command": _command(config),
        "shards": manifest_hash(find_pairs(shards, config.datasets, "train")),
        "scores": json.dumps(scores, sort_keys=True),
        "preprocess": json.dumps({"size": loaded.image_size, "mean": loaded.mean, "std": loaded.std}),
        "date": datetime.now(UTC).date().isoformat(),
    }
    temporary = folder / f"{MODEL_FILE}.{os.getpid()}.tmp"
    save_file(tensors, temporary, metadata=metadata)
    temporary.replace(folder / MODEL_FILE)
    return scores


def _scores(loaded: Loaded, config: ContrastiveConfig, shards: str) -> dict[str, float]:
    try:
        found = find_pairs(shards, config.datasets, "validation")
    except TrainingError:
        return {}
    pairs = []
    for shard in found:
        wanted = (sample for sample in read_samples(shard) if is_wanted(sample, config))
        decoded = (decode_pair(sample, loaded.image_size) for sample in wanted)
        pairs += [pair for pair in decoded if pair]
        if len(pairs) >= MAX_EXAMINED:
            break
    if len(pairs) < MIN_EXAMINED:
        return {}
    images = torch.from_numpy(np.stack([pixels for pixels, _, _ in pairs[:MAX_EXAMINED]]))
    return examine(loaded, images, [text for _, text, _ in pairs[:MAX_EXAMINED]], captions=bool(config.caption_weight))


def _command(config: ContrastiveConfig) -> str:
    """The command line that makes the same model, with every key that the recipe leaves to it."""
    plain = resolve(config.recipe, {}).model_dump()
    changed = {key: value for key, value in config.model_dump().items() if plain[key] != value}
    said = [f"{key}={','.join(map(str, value)) if isinstance(value, tuple) else value}" for key, value in changed.items()]
    return shlex.join(["lamella", "train", "contrastive", "--recipe", config.recipe, *said])
