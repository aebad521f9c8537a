"""A trained learner -> `model.safetensors` in half precision; its metadata say what it was made from and what it scores."""

import json
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from lamella.schemas.errors import TrainingError
from lamella.trainer.contrastive.config import ContrastiveConfig, resolve
from lamella.trainer.contrastive.learner import Learner
from lamella.trainer.contrastive.near_misses import near_misses
from lamella.trainer.contrastive.pairs import Pair, decode_pair, find_pairs, is_wanted, read_samples
from lamella.trainer.core.console import new_file
from lamella.trainer.evaluation.contrastive import calibrated, calibrated_fusion, embed, evaluate_pairs, own_and_next
from lamella.trainer.loading.shard_reader import manifest_hash
from lamella.weights import Loaded
from lamella.weights.loaded import FUSION_BIAS, FUSION_WEIGHT, MATCH_BIAS, MATCH_SCALE, MODEL_FILE

MAX_EVALUATED = 1000  # unseen pairs
MIN_EVALUATED = 2


def export(folder: Path, learner: Learner, loaded: Loaded, config: ContrastiveConfig, *, shards: str) -> dict[str, float]:
    """Writes the model and gives its scores on the validation split; no scores where there is no such split.

    A matcher's verdict is set anew on that split: the loss saw only the hardest wrong pairs, and learned to doubt.
    """
    images, texts = unseen(config, shards, loaded.image_size)
    trained, scores = replace(loaded, model=learner.model.eval()), {}
    if learner.matching:
        trained = replace(trained, match_scale=learner.matching.scale.item(), match_bias=learner.matching.bias.item())
        if len(texts) >= MIN_EVALUATED:
            scale, bias = calibrated(*own_and_next(*embed(trained, images, trained.tokenize(texts))))
            trained = replace(trained, match_scale=scale, match_bias=bias)
    if learner.fusion:
        trained = replace(trained, fusion=learner.fusion.requires_grad_(False))
        if len(texts) >= MIN_EVALUATED:
            right = (images, trained.tokenize(texts))
            trained = replace(trained, fusion=calibrated_fusion(trained, right, _wrong(trained, right, texts, config)))
    if len(texts) >= MIN_EVALUATED:
        scores = evaluate_pairs(trained, images, texts, captions=bool(config.caption_weight))
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in learner.model.state_dict().items()}
    tensors = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    if learner.matching:
        tensors |= {MATCH_SCALE: torch.tensor(trained.match_scale), MATCH_BIAS: torch.tensor(trained.match_bias)}
    if trained.fusion is not None:
        tensors |= {FUSION_WEIGHT: trained.fusion.weight.cpu(), FUSION_BIAS: trained.fusion.bias.cpu()}
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
    with new_file(folder / MODEL_FILE) as temporary:
        save_file(tensors, temporary, metadata=metadata)
    return scores


def unseen(config: ContrastiveConfig, shards: str, size: int) -> tuple[torch.Tensor, list[str]]:
    """Pictures (uint8 [N, S, S, 3]) and texts of the validation split that the recipe reads; none where there is no split."""
    pairs: list[Pair] = []
    try:
        found = find_pairs(shards, config.datasets, "validation")
    except TrainingError:
        found = []
    for shard in found:
        wanted = (sample for sample in read_samples(shard) if is_wanted(sample, config))
        decoded = (decode_pair(sample, size) for sample in wanted)
        pairs += [pair for pair in decoded if pair]
        if len(pairs) >= MAX_EVALUATED:
            break
    pairs = pairs[:MAX_EVALUATED]
    pixels = [pair.pixels for pair in pairs] or [np.zeros((size, size, 3), np.uint8)]
    return torch.from_numpy(np.stack(pixels)), [pair.text for pair in pairs]


def _wrong(
    loaded: Loaded, right: tuple[torch.Tensor, torch.Tensor], texts: list[str], config: ContrastiveConfig
) -> tuple[torch.Tensor, torch.Tensor]:
    """Each picture with the text of another, and with near misses of its own: as hard as what the matcher learned on."""
    images, tokens = right
    pictures, said = [images], [tokens.roll(1, dims=0)]
    near = [(place, wrong) for place, text in enumerate(texts) for wrong in near_misses(text, config.near_misses, "unseen")]
    if near:
        pictures.append(images[[place for place, _ in near]])
        said.append(loaded.tokenize([wrong for _, wrong in near]))
    return torch.cat(pictures), torch.cat(said)


def _command(config: ContrastiveConfig) -> str:
    """The command line that makes the same model, with every key that the recipe leaves to it."""
    plain = resolve(config.recipe, {}).model_dump()
    changed = {key: value for key, value in config.model_dump().items() if plain[key] != value}
    said = [f"{key}={','.join(map(str, value)) if isinstance(value, tuple) else value}" for key, value in changed.items()]
    return shlex.join(["lamella", "train", "contrastive", "--recipe", config.recipe, *said])
