"""A model for pictures of another size: the size follows from its positions, and what it sees moves with them."""

import pytest
import torch
from safetensors.torch import save_file

from lamella.weights import load
from lamella.weights.loader import untrained
from lamella.weights.own import HERE, own_config
from lamella.weights.picture_size import POSITIONS, resized, trained_size

NAME = "lamella-coca"


def test_weights_for_larger_pictures_say_so_themselves(tmp_path):
    larger = load(NAME, "bundled", "scorer", device="cpu", image_size=144)
    assert larger.image_size == 144 and larger.model.encode_image(torch.zeros(1, 3, 144, 144)).shape == (1, 128)
    save_file({name: tensor.contiguous() for name, tensor in larger.model.state_dict().items()}, tmp_path / "model.safetensors")
    (tmp_path / "tokenizer.json").write_bytes((HERE / "tokenizer.json").read_bytes())
    again = load(NAME, str(tmp_path), "scorer", device="cpu")
    assert again.image_size == 144
    pixels = torch.rand(2, 3, 144, 144)
    assert torch.equal(larger.model.encode_image(pixels), again.model.encode_image(pixels))


def test_positions_are_interpolated_and_the_class_token_has_its_own():
    config = own_config(NAME)
    rows = torch.tensor([[float(number // 6), float(number % 6)] for number in range(36)])  # each says where it lies
    state = {POSITIONS: torch.cat([torch.full((1, 2), 99.0), rows])}
    assert trained_size(config, state) == 96 and resized(config, state, 96) is state
    larger = resized(config, state, 192)[POSITIONS]
    assert larger.shape == (145, 2) and larger[0].tolist() == [99.0, 99.0]
    grid = larger[1:].unflatten(0, (12, 12))
    between = torch.tensor([1.703125, 2.296875, 2.703125, 3.296875])  # cubic, a quarter of the way from one to the next
    assert torch.equal(grid[4:8, 4:8, 0], between[:, None].expand(4, 4))
    assert torch.allclose(grid[..., 0], grid[..., 1].T)
    assert trained_size(config, {POSITIONS: larger}) == 192


def test_sizes_that_a_model_cannot_have_are_refused():
    with pytest.raises(ValueError, match=r"100 px: no multiple of the patches' 16 px"):
        load(NAME, "bundled", "scorer", image_size=100)
    with pytest.raises(ValueError, match=r"^ViT-B-32: sees pictures of its own size"):
        untrained("ViT-B-32", image_size=256)
