"""A tiny random Flamingo with open gates, over a Llama of two blocks: what generation and evaluation are held against."""

import torch
from flamingo_world import world_vocabulary
from transformers import AutoModelForCausalLM, LlamaConfig

from lamella.trainer.flamingo.config import FlamingoConfig
from lamella.trainer.flamingo.model import Flamingo
from lamella.trainer.flamingo.vision_encoder import VisionEncoder

SIDE = 16


class Patches(torch.nn.Module):
    """A vision tower of one layer: patches of 8 px, projected."""

    def __init__(self):
        super().__init__()
        self.project = torch.nn.Conv2d(3, 12, 8, 8)

    def forward(self, pixels):
        tokens = self.project(pixels).flatten(2).transpose(1, 2)
        return tokens.mean(1), tokens


def tiny_flamingo(extra: tuple[str, ...] = ()) -> Flamingo:
    vocabulary = world_vocabulary(extra)
    torch.manual_seed(5)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    language = AutoModelForCausalLM.from_config(LlamaConfig(**sizes, vocab_size=vocabulary.base))
    config = FlamingoConfig(
        recipe="tiny", resampler_layers=1, latents=4, head_width=8, resampler_heads=2, cross_heads=2, time_embeddings=2
    )
    encoder = VisionEncoder(Patches(), label="patches", side=SIDE, look=((0.5,) * 3, (0.5,) * 3), own=True)
    model = Flamingo(encoder, language.requires_grad_(False), vocabulary, config).eval()
    with torch.no_grad():
        for gate in model.cross_attention:
            gate.attention_gate.fill_(2.0)
            gate.feedforward_gate.fill_(1.0)
        for name, parameter in model.named_parameters():  # spread out, so that words differ clearly in their chances
            if parameter.dim() > 1:
                parameter.mul_(1.0 if "language" in name else 16.0)
    return model


def pictures(count: int) -> torch.Tensor:
    """uint8 [count, S, S, 3]: noise around a colour of each one's own."""
    generator = torch.Generator().manual_seed(1)
    colours = torch.randint(0, 226, (count, 1, 1, 3), generator=generator)
    return (colours + torch.randint(0, 30, (count, SIDE, SIDE, 3), generator=generator)).to(torch.uint8)
