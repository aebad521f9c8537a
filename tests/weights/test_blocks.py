"""Towers for embeddings alone: open_clip's numbers, the same in any place and company, and other towers left as they are."""

import copy
from typing import Any

import pytest
import torch

from lamella.weights.blocks import Block, PackedLinear, for_embeddings
from lamella.weights.texts import encode_text

VISION = {"layers": 2, "width": 64, "head_width": 32, "patch_size": 16, "image_size": 48}
TEXT = {"context_length": 16, "vocab_size": 50, "width": 64, "heads": 2, "layers": 2}
EOS = 49  # the highest number, as CLIP's own vocabulary has it


def clip(vision=(), text=(), **given):
    import open_clip

    torch.manual_seed(0)
    towers: Any = VISION | dict(vision), TEXT | dict(text)
    model = open_clip.CLIP(32, *towers, **given).eval().requires_grad_(False)
    for parameter in model.parameters():  # what is drawn has biases of 0 and scales of 1
        parameter += 0.05 * torch.randn(parameter.shape)
    return model


def tokens(count=6):
    """Texts of 1 to 12 words, then `<eos>`, then padding."""
    rows = torch.zeros(count, 16, dtype=torch.long)
    for row in range(count):
        words = 1 + 5 * row % 12
        rows[row, :words] = torch.randint(1, EOS, (words,), generator=torch.Generator().manual_seed(row))
        rows[row, words] = EOS
    return rows


def pixels(count=6):
    return torch.randn(count, 3, 48, 48, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"quick_gelu": True},
        {"vision": {"ls_init_value": 0.5}, "text": {"ls_init_value": 0.5}},
        {"text": {"pool_type": "eos", "eos_id": EOS, "proj_bias": True}},
        {"vision": {"pool_type": "avg"}},
        {"vision": {"attentional_pool": True}},
        {"vision": {"block_type": "custom"}, "text": {"block_type": "custom"}},
        {"vision": {"patch_dropout": 0.5, "final_ln_after_pool": True}},
    ],
)
def test_the_embeddings_are_open_clips(given):
    model = clip(**given)
    with torch.inference_mode():
        seen, said = model.encode_image(pixels()), model.encode_text(tokens())
        ours = for_embeddings(model)
        assert torch.allclose(ours.encode_image(pixels()), seen, atol=1e-5)
        assert torch.allclose(encode_text(ours, tokens()), said, atol=1e-5)


def test_plain_towers_are_replaced_and_others_are_not():
    replaced = for_embeddings(clip())
    assert all(isinstance(block, Block) for tower in (replaced, replaced.visual) for block in tower.transformer.resblocks)
    averaged = for_embeddings(clip({"pool_type": "avg"}))
    assert not any(isinstance(block, Block) for block in averaged.visual.transformer.resblocks)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_row_is_the_same_to_the_bit_in_any_place_and_company(dtype):
    ours = for_embeddings(clip().to(dtype))
    with torch.inference_mode():
        for encode, rows in (
            (ours.encode_image, pixels(32).to(dtype)),
            (lambda rows: encode_text(ours, rows), tokens(32)),
        ):
            alone = encode(rows[5:6].expand(32, *rows.shape[1:]))
            for place in (0, 13, 31):
                among = rows.clone()
                among[place] = rows[5]
                assert torch.equal(encode(among)[place], alone[0])


def test_in_bf16_matrices_are_packed_where_onednn_is_there():
    model = clip().bfloat16()
    kept = copy.deepcopy(model)
    ours = for_embeddings(model)
    packed = any(isinstance(module, PackedLinear) for module in ours.modules())
    assert packed == torch.backends.mkldnn.is_available()
    with torch.inference_mode():
        seen, before = (torch.nn.functional.normalize(one.encode_image(pixels().bfloat16()).float()) for one in (ours, kept))
    assert (seen - before).abs().max() < 0.01
