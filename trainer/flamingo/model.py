"""Flamingo (Alayrac et al. 2022): images and text with phi -> the next token's logits.

    images -> frozen vision encoder -> resampler -> R latents an image ----+
                                                                            v  each token attends to the image that phi names
    text -> frozen embedding (+ rows of new tokens) -> [ gated block -> frozen block ] x layers -> frozen head -> logits

What learns: the resampler, the gated blocks, the new rows. Gates begin at 0, where the model is its language model.
"""

import inspect
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lamella.schemas.errors import TrainingError
from lamella.trainer.core.checkpoint import FOLDER as CHECKPOINTS
from lamella.trainer.core.config import override
from lamella.trainer.flamingo.attention_mask import routing_of
from lamella.trainer.flamingo.config import FlamingoConfig
from lamella.trainer.flamingo.layers import GatedCrossAttentionBlock, PerceiverResampler
from lamella.trainer.flamingo.lm import CrossAttentionInputs, FlamingoLayer, add_rows, blocks_of, load_language
from lamella.trainer.flamingo.vision_encoder import KeptFeatures, VisionEncoder, load_vision_encoder
from lamella.trainer.loading.batch import Batch
from lamella.trainer.loading.tokenizer import VOCABULARY_FILE, Vocabulary, is_saved

MODEL_FILE, CONFIG_FILE = "model.safetensors", "config.json"  # in a training's folder
VISION_KEY, OLD_VISION_KEY = "vision_encoder", "eye"  # in the model file's metadata: the label of the vision encoder

# Tensors by the names that they had in files of earlier versions, which are still read.
OLD_NAMES = (("cross_attention.", "gates."), ("embedding_rows", "rows_in"), ("head_rows", "rows_out"))


def old_name(name: str) -> str:
    """What earlier versions called a trained tensor."""
    for new, old in OLD_NAMES:
        if name.startswith(new):
            return old + name.removeprefix(new)
    return name


class Flamingo(nn.Module):
    """A frozen vision encoder and a frozen language model, and what is trained between them.

    Args:
        vision_encoder: pixels to features.
        language: a causal decoder of `transformers`; its blocks and embeddings are wrapped in place.
        vocabulary: over its tokenizer.
        config: sizes.
    """

    def __init__(self, vision_encoder: VisionEncoder, language: Any, vocabulary: Vocabulary, config: FlamingoConfig):
        super().__init__()
        self.vision_encoder, self.language, self.vocabulary = vision_encoder, language, vocabulary
        self.image_px, self.config = vision_encoder.side, config
        self._kept = KeptFeatures(vision_encoder, config.features_kept_mib) if config.features_kept_mib else None
        language.eval()  # frozen: no dropout
        seen_width = config.resampler_width or vision_encoder.width
        self.resampler = PerceiverResampler(
            vision_encoder.width,
            width=seen_width,
            latents=config.latents,
            layers=config.resampler_layers,
            heads=config.resampler_heads,
            head_width=config.head_width,
            feedforward=config.feedforward,
            times=config.time_embeddings,
        )
        blocks = blocks_of(language)
        crossed = range(0, len(blocks), config.cross_every)
        width = language.get_input_embeddings().weight.shape[1]
        self.cross_attention = nn.ModuleList(
            GatedCrossAttentionBlock(
                (width, seen_width),
                heads=config.cross_heads,
                head_width=config.head_width,
                feedforward=config.feedforward,
                attention=config.attention,
            )
            for _ in crossed
        )
        self._inputs = CrossAttentionInputs()
        for gated, index in zip(self.gated_blocks(), crossed, strict=True):
            blocks[index] = FlamingoLayer(gated, blocks[index], self._inputs)
        self.embedding_rows, self.head_rows = _new_rows(language, len(vocabulary.new))
        if self.embedding_rows is not None:
            add_rows(language, (self.embedding_rows, self.embedding_rows if self.head_rows is None else self.head_rows))
        self._positions = "position_ids" in inspect.signature(language.forward).parameters

    def train(self, mode: bool = True) -> "Flamingo":
        super().train(mode)
        self.language.eval()  # frozen: no dropout
        return self

    def trained(self) -> dict[str, nn.Parameter]:
        """Everything that learns, by name; all others are frozen."""
        return {name: parameter for name, parameter in self.named_parameters() if parameter.requires_grad}

    @staticmethod
    def decays(name: str) -> bool:
        """Whether weight decay applies: to the gated blocks' matrices (A.2.2), not to the resampler, gains, gates and rows."""
        return name.startswith("cross_attention.") and name.endswith("weight") and ".norm." not in name

    def blocks(self) -> list[nn.Module]:
        """The language model's blocks, gated blocks with them: the units of sharding and of compilation."""
        return list(blocks_of(self.language))

    def gated_blocks(self) -> list[GatedCrossAttentionBlock]:
        """What is trained between the language model's blocks."""
        return [block for block in self.cross_attention if isinstance(block, GatedCrossAttentionBlock)]

    def recompute(self, on: bool) -> None:
        """Activation checkpointing: blocks keep their inputs only, and run again on the way back."""
        for block in self.blocks():
            if isinstance(block, FlamingoLayer):
                block.recompute = on

    def encode_images(self, images: Tensor, frame_counts: Tensor | None = None) -> Tensor:
        """Latents [M, R, D] of images or clips, uint8 [M, T, H, W, 3], and their real frames [M]; None: all are real."""
        with torch.no_grad():
            features = (self._kept or self.vision_encoder)(images.flatten(0, 1)).unflatten(0, images.shape[:2])  # [M, T, P, D]
        return self.resampler(features.to(self.resampler.norm.weight.dtype), frame_counts)

    def forward(self, batch: Batch, latents: Tensor | None = None) -> Tensor:
        """Logits [B, L, V]; `latents` where the images have been seen already."""
        if latents is None and len(batch.images):
            latents = self.encode_images(batch.images, batch.frame_counts)
        elif latents is None and self.training:
            # A batch without an image gets a blank one, to which no token attends: every process runs the same layers.
            latents = self.encode_images(batch.images.new_zeros(1, *batch.images.shape[1:]))
        # Plain rows get no mask and no positions, though their ends are padding: causal attention is quickest unmasked, and
        # what stands before an end never sees it.
        extra = {}
        if batch.packed:
            extra["attention_mask"] = _inside_documents(batch.document, next(self.language.parameters()).dtype)
            extra |= {"position_ids": batch.position} if self._positions else {}
        return self._logits((batch.text, batch.phi, batch.image_counts), latents, extra | {"use_cache": False})

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy, summed over the tokens of `loss_mask`."""
        labels = torch.where(batch.loss_mask, batch.text, -100)
        labels = F.pad(labels[:, 1:], (0, 1), value=-100).flatten()  # moved instead of the logits, which would be copied
        return F.cross_entropy(self(batch).flatten(0, 1).float(), labels, ignore_index=-100, reduction="sum")

    def read(self, text: Tensor, phi: Tensor, latents: Tensor | None, image_counts: Tensor, *, cache=None) -> Tensor:
        """Logits [B, l, V] of l more tokens, [B, l] like their phi, after those in `cache`, a DynamicCache, which grows."""
        return self._logits((text, phi, image_counts), latents, {"use_cache": cache is not None, "past_key_values": cache})

    def _logits(self, rows: tuple[Tensor, Tensor, Tensor], latents: Tensor | None, extra: dict) -> Tensor:
        text, phi, image_counts = rows
        self._inputs.latents = latents
        self._inputs.routing = None if latents is None else routing_of(phi, image_counts, len(latents))
        return self.language(inputs_embeds=self.language.get_input_embeddings()(text), **extra).logits


def build(config: FlamingoConfig, device: torch.device, on_meta: bool = False) -> Flamingo:
    """The frozen models of `config`, and trained weights drawn from torch's random state.

    Args:
        config: the models and their sizes.
        device: where they go.
        on_meta: all but the vision encoder is form alone, on the meta device, for a process that gets its weights from another.

    Raises:
        TrainingError: one of the frozen models cannot be had; the line names its key.
    """
    frozen = torch.bfloat16 if config.half_precision(device) else torch.float32
    language, vocabulary = load_language(config.language, frozen, on_meta)
    encoder = load_vision_encoder(config.vision, config.vision_weights, config.image_px, torch.device("cpu"))
    encoder.tower.to(frozen)
    if on_meta:
        with torch.device("meta"):
            return Flamingo(encoder, language, vocabulary, config)
    return Flamingo(encoder, language, vocabulary, config).to(device)


def load(folder: Path, device: str = "auto", language: str | None = None) -> Flamingo:
    """The Flamingo that a training left in `folder`, in evaluation mode.

    Args:
        folder: with `config.json` and `model.safetensors`.
        device: "auto", "cpu", "cuda".
        language: where the frozen language model lies now, if no longer where it lay then.

    Raises:
        TrainingError: a file is missing or is not what it should be; the vision encoder is not the one it was trained with.
    """
    from safetensors import SafetensorError, safe_open

    from lamella.weights.loaded import pick_device

    try:
        config = _config_of(folder, language)
        with safe_open(folder / MODEL_FILE, framework="pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            facts = file.metadata() or {}
    except (OSError, ValueError, SafetensorError) as error:
        if isinstance(error, TrainingError):
            raise
        raise TrainingError(f"{folder}: {_why_unfinished(folder)} ({' '.join(str(error).split())[:160]})") from error
    try:
        model = build(config, pick_device(device))
    except TrainingError as error:
        moved = "" if language or not str(error).startswith("language=") else "; --language says where it is now"
        raise TrainingError(f"{error}{moved}") from error
    mine = model.vision_encoder.label
    theirs = facts.get(VISION_KEY, facts.get(OLD_VISION_KEY, mine))
    if theirs != mine:
        raise TrainingError(f"vision={config.vision}: {mine} is not the vision encoder of this training, {theirs}")
    if (folder / VOCABULARY_FILE).is_file() and not is_saved(model.vocabulary, folder / VOCABULARY_FILE):
        raise TrainingError(f"language={config.language}: its tokenizer is not the one of this training")
    restore(model, state)
    return model.eval()


def _config_of(folder: Path, language: str | None) -> FlamingoConfig:
    saved = json.loads((folder / CONFIG_FILE).read_bytes())
    if not isinstance(saved, dict) or not FlamingoConfig.model_fields.keys() >= saved.keys() or "language" not in saved:
        kind = "a language model of transformers" if "architectures" in saved else "something else"
        raise TrainingError(f"{folder}: no Flamingo, but {kind}")
    return override(FlamingoConfig, saved | ({"language": language} if language else {}), {})


def _why_unfinished(folder: Path) -> str:
    if folder.parent.name == CHECKPOINTS:
        return f"a checkpoint on the way; give the training's folder, {folder.parent.parent}, once it has finished"
    if (folder / CHECKPOINTS).is_dir():
        return "a training that has not finished; the command that began it goes on with it"
    return "no finished training"


def restore(model: Flamingo, state: dict[str, Tensor]) -> None:
    """Puts trained tensors in their places, all of them and no others; by the names of earlier versions too."""
    trained = model.trained()
    new_name = {old_name(name): name for name in trained}
    state = {new_name.get(name, name): tensor for name, tensor in state.items()}
    if trained.keys() != state.keys():
        odd = sorted(trained.keys() ^ state.keys())
        raise TrainingError(
            f"{MODEL_FILE}: {len(odd)} tensors too many or too few, {odd[0]} among them: another recipe's model"
        )
    with torch.no_grad():
        for name, parameter in trained.items():
            if parameter.shape != state[name].shape:
                raise TrainingError(f"{MODEL_FILE}: {name} is {tuple(state[name].shape)}, not {tuple(parameter.shape)}")
            parameter.copy_(state[name])


def _new_rows(language: Any, count: int) -> tuple[nn.Parameter | None, nn.Parameter | None]:
    """Rows of new tokens for the embedding and the head, drawn around the mean row: likely from the start. Tied heads share."""
    if not count:
        return None, None
    made = []
    tied = language.get_output_embeddings().weight is language.get_input_embeddings().weight
    for module in (language.get_input_embeddings(), language.get_output_embeddings())[: 1 if tied else 2]:
        table = module.weight.detach().float()
        mean, spread = table.mean(dim=0), table.std(dim=0)
        made.append(nn.Parameter(mean + 0.1 * spread * torch.randn(count, table.shape[1])))
    return made[0], (None if tied else made[1])


def _inside_documents(document: Tensor, dtype: torch.dtype) -> Tensor:
    """An additive mask [B, 1, L, L]: a token sees those before it in its own document."""
    length = document.shape[1]
    before = torch.ones(length, length, dtype=torch.bool, device=document.device).tril()
    seen = (document[:, :, None] == document[:, None, :]) & before
    return torch.zeros(seen.shape, dtype=dtype, device=document.device).masked_fill(~seen, torch.finfo(dtype).min)[:, None]
