"""A decoder's family -> a small Flamingo over it, and batches for it."""

import copy

import torch
from tiny_flamingo import Patches
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    OPTConfig,
    Qwen2Config,
)

from lamella.schemas.pair import Dataset
from lamella.trainer.flamingo.config import FlamingoConfig
from lamella.trainer.flamingo.model import Flamingo
from lamella.trainer.flamingo.vision_encoder import VisionEncoder
from lamella.trainer.loading.batch import Batch
from lamella.trainer.loading.tokenizer import Vocabulary

VOCABULARY, WIDTH = 50, 32
SIZES = {"hidden_size": WIDTH, "num_hidden_layers": 3, "num_attention_heads": 2, "vocab_size": VOCABULARY}
FAMILIES = {
    "llama": LlamaConfig(**SIZES, intermediate_size=48, tie_word_embeddings=True),
    "qwen2": Qwen2Config(**SIZES, intermediate_size=48, num_key_value_heads=1),
    "gpt2": GPT2Config(n_embd=WIDTH, n_layer=3, n_head=2, vocab_size=VOCABULARY, resid_pdrop=0.5, embd_pdrop=0.5),
    "opt": OPTConfig(**SIZES, ffn_dim=48, word_embed_proj_dim=WIDTH, max_position_embeddings=64),
    "neox": GPTNeoXConfig(**SIZES, intermediate_size=48, max_position_embeddings=64),
}
CONFIG = FlamingoConfig(
    recipe="test",
    resampler_layers=1,
    latents=4,
    head_width=8,
    resampler_heads=2,
    cross_heads=2,
    cross_every=2,
    time_embeddings=4,
)


def flamingo(family: str, known: dict[str, int] | None = None, blocks: int = 3, **changes) -> tuple[Flamingo, torch.nn.Module]:
    """A Flamingo and its language model as it was before."""
    torch.manual_seed(0)
    form = copy.deepcopy(FAMILIES[family])
    form.num_hidden_layers = blocks
    plain = AutoModelForCausalLM.from_config(form).eval()
    language = AutoModelForCausalLM.from_config(form)
    language.load_state_dict(plain.state_dict())
    encoder = VisionEncoder(Patches(), label="patches", side=16, look=((0.5,) * 3, (0.5,) * 3), own=True)
    vocabulary = Vocabulary(pieces(), VOCABULARY, known or {})
    return Flamingo(encoder, language.requires_grad_(False), vocabulary, CONFIG.model_copy(update=changes)), plain


def pieces() -> Tokenizer:
    """A tokenizer of VOCABULARY words."""
    words = Tokenizer(models.WordLevel({f"w{n}": n for n in range(VOCABULARY)}, unk_token="w0"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return words


def a_batch(frames: int = 1) -> Batch:
    """Two rows of 12 tokens: two images that tokens 2 to 4 and 5 to 8 look at, and one image from token 6 on."""
    generator = torch.Generator().manual_seed(3)
    text = torch.randint(1, VOCABULARY, (2, 12), generator=generator)
    phi = torch.tensor([[0, 0, 1, 1, 1, 2, 2, 2, 2, 0, 0, 0], [0] * 6 + [1] * 6])
    images = torch.randint(0, 256, (3, frames, 16, 16, 3), generator=generator, dtype=torch.uint8)
    return Batch(
        dataset=Dataset.M3W,
        text=text,
        phi=phi,
        loss_mask=torch.ones_like(text, dtype=torch.bool),
        document=torch.ones_like(text),
        position=torch.arange(12).expand(2, 12),
        images=images,
        image_counts=torch.tensor([2, 1]),
        frame_counts=torch.full((3,), frames),
        keys=("a", "b"),
    )


def opened(model: Flamingo) -> Flamingo:
    with torch.no_grad():
        for gate in model.cross_attention:
            gate.attention_gate.fill_(0.7)
            gate.feedforward_gate.fill_(0.5)
    return model
