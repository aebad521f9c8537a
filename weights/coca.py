"""An open_clip config -> a CoCa (Yu et al. 2022) with open_clip's parameter names: the architecture of lamella-coca.

Except for the convolutional stem and the maximum pooling, which open_clip's plain vision tower lacks, the same config and state
dict open in `open_clip.CoCa` and give the same numbers (a test compares them). The code is here because importing open_clip
takes five seconds and brings transformers with it, and each worker of a run would pay that for a model of two million
parameters. Of open_clip's options it has those that lamella-coca uses: pooled vision tokens, a causal text tower pooled at
`<eos>`, a decoder of self- and cross-attention blocks.
"""

from math import log
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_FIXED = {
    "vision_cfg": {"attentional_pool": False, "output_tokens": True},
    "text_cfg": {"embed_cls": False, "pool_type": "eos", "output_tokens": True},
    "multimodal_cfg": {},
}

# Of a text's words, each as it follows from the picture and the words before it: the lowest log-probability, and the largest
# and the mean distance from the likeliest word's. A wrong colour is far behind the right one, a rare turn of phrase is not.
EVIDENCE = ("least_likely", "farthest_behind", "mean_behind")


class CoCa(nn.Module):
    """Image and text encoders side by side, and a decoder that writes captions.

    Args:
        config: `embed_dim`, `vision_cfg`, `text_cfg`, `multimodal_cfg`, as open_clip's model configs have them.

    Raises:
        ValueError: the config asks for an option of open_clip that this class lacks.
    """

    def __init__(self, config: dict[str, Any]):
        super().__init__()
        for part, options in _FIXED.items():
            for option, value in options.items():
                if config[part].get(option) != value:
                    raise ValueError(f"{part}.{option} must be {value!r}: lamella-coca has no other")
        pooling = "max" if config["vision_cfg"].get("stem") else "avg"
        if config["vision_cfg"].get("pool_type") != pooling:
            raise ValueError(f"vision_cfg.pool_type must be {pooling!r} {'with' if pooling == 'max' else 'without'} a stem")
        vision, text, decoder = config["vision_cfg"], config["text_cfg"], config["multimodal_cfg"]
        self.visual = _Vision(vision, config["embed_dim"])
        self.text = _Text(text, config["embed_dim"])
        self.text_decoder = _Decoder(decoder, text["vocab_size"])
        self.logit_scale = nn.Parameter(torch.tensor(log(1 / 0.07)))
        self.pad_id = text.get("pad_id", 0)
        self.context_length = decoder["context_length"]

    def encode_image(self, images: Tensor, normalize: bool = True) -> Tensor:  # [B, 3, H, W] -> [B, D]
        return self._encode_image(images, normalize)[0]

    def encode_text(self, text: Tensor, normalize: bool = True) -> Tensor:  # [B, L] -> [B, D]
        return self._encode_text(text, normalize)[0]

    def look(self, images: Tensor) -> Tensor:  # [B, 3, H, W] -> [B, W]
        """The strongest response to each feature of the stem, anywhere in a picture. Of a model with a stem only."""
        return self.visual.conv1(images).amax(dim=(2, 3))

    @property
    def fused_width(self) -> int:
        """F of `fuse`."""
        return self.text_decoder.ln_final.normalized_shape[0] + len(EVIDENCE)

    def fuse(self, patches: Tensor, text: Tensor) -> Tensor:  # [B, P, W], [B, L] -> [B, F = W + 3]
        """What a matcher judges by: the decoder's view of a text beside a picture's tokens at `<eos>`, which has read it all,
        and what the picture says for each of the text's words before it is read (EVIDENCE).

        Li et al. 2021 (ALBEF) and 2022 (BLIP) have an encoder for the first; a causal one's last token knows as much. The
        second is what a model of two layers cannot gather in one token: which single word of a caption is wrong.
        """
        _, tokens = self._encode_text(text)
        fused = self.text_decoder.read(patches, tokens)  # [B, L, W]
        ends = (text == self.text.eos_id).int().argmax(dim=-1)
        whole = fused[torch.arange(len(text), device=text.device), ends]
        return torch.cat([whole, self._evidence(fused[:, :-1], text[:, 1:]).to(whole.dtype)], dim=1)

    def _evidence(self, fused: Tensor, words: Tensor) -> Tensor:  # [B, L - 1, W], [B, L - 1] -> float32 [B, 3]
        said = (fused @ self.text_decoder.text_projection).float().log_softmax(dim=-1)  # [B, L - 1, V]
        likely = said.gather(2, words[..., None]).squeeze(2)
        behind = likely - said.amax(dim=2)  # 0 where nothing is likelier
        is_word = words != self.pad_id
        likely, behind = likely.masked_fill(~is_word, 0.0), behind.masked_fill(~is_word, 0.0)
        return torch.stack([likely.amin(dim=1), behind.amin(dim=1), behind.sum(dim=1) / is_word.sum(dim=1).clamp(min=1)], dim=1)

    def _encode_image(self, images: Tensor, normalize: bool = True) -> tuple[Tensor, Tensor]:
        pooled, tokens = self.visual(images)
        return (F.normalize(pooled, dim=-1) if normalize else pooled), tokens  # [B, D], [B, P, W]

    def _encode_text(self, text: Tensor, normalize: bool = True) -> tuple[Tensor, Tensor]:
        pooled, tokens = self.text(text)
        return (F.normalize(pooled, dim=-1) if normalize else pooled), tokens  # [B, D], [B, L, W]

    def forward(
        self,
        image: Any,  # Tensor [B, 3, H, W]; None beside `image_latent` and `image_embs`
        text: Tensor | None = None,
        image_latent: Tensor | None = None,
        image_embs: Tensor | None = None,
        output_labels: bool = True,
    ) -> dict[str, Tensor]:
        """Features of both sides and the decoder's logits [B, L - 1, V], or [B, L, V] without labels."""
        if image_latent is None or image_embs is None:
            image_latent, image_embs = self._encode_image(image)
        if text is None:
            return {"image_features": image_latent, "image_embs": image_embs}
        text_latent, tokens = self._encode_text(text)
        if output_labels:
            tokens = tokens[:, :-1]
        out = {
            "image_features": image_latent,
            "text_features": text_latent,
            "logits": self.text_decoder(image_embs, tokens),
            "logit_scale": self.logit_scale.exp(),
        }
        return out | {"labels": text[:, 1:]} if output_labels else out


class _Vision(nn.Module):
    """A ViT on flat patches, averaged (open_clip's); or, with `stem`, on convolutional features whose maximum is taken.

    There no layer norm stands before the maximum: it would make the empty ground as loud as the object that lies on it.
    """

    def __init__(self, config: dict[str, Any], embed_dim: int):
        super().__init__()
        width, patch = config["width"], config["patch_size"]
        patches = (config["image_size"] // patch) ** 2
        scale = width**-0.5
        if config.get("stem") and (config["stem"][-1], 2 ** len(config["stem"])) != (width, patch):
            raise ValueError(f"vision_cfg.stem must end at width={width} and halve down to patch_size={patch}")
        self.image_size = (config["image_size"], config["image_size"])
        self.stem = config.get("stem")
        flat = nn.Conv2d(3, width, kernel_size=patch, stride=patch, bias=False)
        self.conv1 = _Stem(self.stem) if self.stem else flat
        self.class_embedding = nn.Parameter(scale * torch.randn(width))
        self.positional_embedding = nn.Parameter(scale * torch.randn(patches + 1, width))
        self.ln_pre = nn.Identity() if self.stem else nn.LayerNorm(width)
        self.transformer = _Transformer(width, config["layers"], width // config["head_width"])
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(scale * torch.randn(width, embed_dim))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        x = self.conv1(images).flatten(2).transpose(1, 2)  # [B, P, W]
        x = torch.cat([self.class_embedding.expand(len(x), 1, -1).to(x.dtype), x], dim=1)
        x = self.transformer(self.ln_pre(x + self.positional_embedding.to(x.dtype)))[:, 1:]
        tokens = self.ln_post(x)
        pooled = self.ln_post(x.amax(dim=1)) if self.stem else tokens.mean(dim=1)
        return pooled @ self.proj, tokens


class _Stem(nn.Sequential):
    """[B, 3, H, W] -> [B, widths[-1], H / 2^n, W / 2^n]: a small residual network (He et al. 2016) before the transformer.

    On flat patches, a transformer of this size learns the colours of the sample's pictures but not the shapes, however
    long it is trained on a CPU; on these features it tells shapes after some hundred steps (early convolutions help
    transformers see better: Xiao et al. 2021).
    """

    def __init__(self, widths: list[int]):
        layers, before = [], 3
        for width in widths:
            halved = nn.Conv2d(before, width, kernel_size=3, stride=2, padding=1, bias=False)
            layers += [halved, nn.BatchNorm2d(width), nn.ReLU(), _Residual(width)]
            before = width
        super().__init__(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.contiguous(memory_format=torch.channels_last))  # a third faster on a CPU


class _Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class _Text(nn.Module):
    def __init__(self, config: dict[str, Any], embed_dim: int):
        super().__init__()
        width = config["width"]
        self.eos_id = config["eos_id"]
        self.token_embedding = nn.Embedding(config["vocab_size"], width)
        self.positional_embedding = nn.Parameter(0.01 * torch.randn(config["context_length"], width))
        self.transformer = _Transformer(width, config["layers"], config["heads"])
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(width**-0.5 * torch.randn(width, embed_dim))
        nn.init.normal_(self.token_embedding.weight, std=0.02)

    def forward(self, text: Tensor) -> tuple[Tensor, Tensor]:
        x = self.token_embedding(text)
        x = x + self.positional_embedding[: text.shape[1]].to(x.dtype)
        tokens = self.ln_final(self.transformer(x, causal=True))
        ends = (text == self.eos_id).int().argmax(dim=-1)
        return tokens[torch.arange(len(text), device=text.device), ends] @ self.text_projection, tokens


class _Transformer(nn.Module):
    def __init__(self, width: int, layers: int, heads: int):
        super().__init__()
        self.resblocks = nn.ModuleList(_Block(width, heads) for _ in range(layers))
        _scale_out(self.resblocks)

    def forward(self, x: Tensor, causal: bool = False) -> Tensor:
        for block in self.resblocks:
            x = block(x, causal=causal)
        return x


class _Decoder(nn.Module):
    def __init__(self, config: dict[str, Any], vocabulary: int):
        super().__init__()
        width, layers, heads = config["width"], config["layers"], config["heads"]
        self.resblocks = nn.ModuleList(_Block(width, heads) for _ in range(layers))
        self.cross_attn = nn.ModuleList(_Block(width, heads, across=True) for _ in range(layers))
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(width**-0.5 * torch.randn(width, vocabulary))
        _scale_out([*self.resblocks, *self.cross_attn])

    def forward(self, image_embs: Tensor, text_embs: Tensor) -> Tensor:  # [B, P, W], [B, L, W] -> [B, L, V]
        return self.read(image_embs, text_embs) @ self.text_projection

    def read(self, image_embs: Tensor, text_embs: Tensor) -> Tensor:  # [B, P, W], [B, L, W] -> [B, L, W]
        """Each token after it has read those before it and looked at the picture."""
        x = text_embs
        for itself, across in zip(self.resblocks, self.cross_attn, strict=True):
            x = across(itself(x, causal=True), seen=image_embs)
        return self.ln_final(x)


class _Block(nn.Module):
    """Pre-norm attention and MLP; with `across`, keys and values come from what is seen."""

    def __init__(self, width: int, heads: int, across: bool = False):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.ln_1_kv: Any = nn.LayerNorm(width) if across else None
        self.attn = _Attention(width, heads)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = _Mlp(width, 4 * width)

    def forward(self, x: Tensor, seen: Tensor | None = None, causal: bool = False) -> Tensor:
        query = self.ln_1(x)
        x = x + self.attn(query, query if seen is None else self.ln_1_kv(seen), causal)
        return x + self.mlp(self.ln_2(x))


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(width**-0.5 * torch.randn(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, query: Tensor, seen: Tensor, causal: bool) -> Tensor:
        if query is seen:
            q, k, v = F.linear(query, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        else:
            width = query.shape[-1]
            q = F.linear(query, self.in_proj_weight[:width], self.in_proj_bias[:width])
            k, v = F.linear(seen, self.in_proj_weight[width:], self.in_proj_bias[width:]).chunk(2, dim=-1)
        q, k, v = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in (q, k, v))  # [B, heads, L, W / heads]
        x = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.out_proj(x.transpose(1, 2).flatten(2))


class _Mlp(nn.Sequential):
    def __init__(self, width: int, inner: int):
        super().__init__()
        self.c_fc = nn.Linear(width, inner)
        self.gelu = nn.GELU()
        self.c_proj = nn.Linear(inner, width)
        nn.init.normal_(self.c_fc.weight, std=(2 * width) ** -0.5)


def _scale_out(blocks) -> None:
    """Weights that write to the residual stream start smaller the deeper the stack is (GPT-2, CLIP)."""
    for block in blocks:
        width = block.attn.out_proj.in_features
        std = width**-0.5 * (2 * len(blocks)) ** -0.5
        nn.init.normal_(block.attn.out_proj.weight, std=std)
        nn.init.normal_(block.mlp.c_proj.weight, std=std)
