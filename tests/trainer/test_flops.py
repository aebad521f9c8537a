"""Operations of a step against numbers worked by hand, and devices that are not known."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from training_world import write_language

from lamella.schemas.pair import Dataset
from lamella.trainer.flamingo.config import resolve
from lamella.trainer.flamingo.flops import Sizes, Work, known_peak, peak_flops, sizes_of, step_flops, work_of
from lamella.trainer.flamingo.lm import load_language
from lamella.trainer.flamingo.model import Flamingo, build
from lamella.trainer.flamingo.vision_encoder import VisionEncoder
from lamella.trainer.loading.batch import Batch
from lamella.weights.coca import CoCa

NOTHING = Sizes(**{field.name: 0 for field in dataclasses.fields(Sizes)})


def sizes(**changes) -> Sizes:
    return dataclasses.replace(NOTHING, **changes)


@pytest.mark.parametrize(
    ("some", "work", "flops"),
    [
        (sizes(language=100), Work(tokens=7), 4 * 100 * 7),  # frozen: 2 forward, 2 back
        (sizes(gate_text=10), Work(tokens=7), 6 * 10 * 7),  # trained
        (sizes(gate_latents=10, latents=4), Work(images=3), 6 * 10 * 12),
        (sizes(resampler_latents=10, latents=4), Work(images=3), 6 * 10 * 12),
        (sizes(resampler_features=10, patches=5), Work(frames=6), 6 * 10 * 30),
        (sizes(vision=10, patches=5), Work(frames=6), 2 * 10 * 30),
        # Queries with keys, then weights with values: 2 * 2 * width a pair forward, twice that back.
        (sizes(language_layers=2, language_width=8), Work(pairs=10), 2 * 12 * 8 * 10),
        (sizes(gates=2, gate_width=8, latents=4), Work(looking=5), 2 * 12 * 8 * 4 * 5),
        # 3 images of 2 frames of 5 patches: each of 4 latents asks 10 features and 4 latents.
        (sizes(resampler_layers=1, resampler_width=8, latents=4, patches=5), Work(images=3, frames=6), 12 * 8 * 4 * 3 * 14),
        # Forward only: each of a frame's 5 patches asks all 5.
        (sizes(vision_layers=2, vision_width=8, patches=5), Work(frames=6), 2 * 4 * 8 * 25 * 6),
    ],
)
def test_by_hand(some, work, flops):
    assert step_flops(some, work) == flops


def test_padding_counts_nothing():
    document = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 2, 2, 2]])
    batch = Batch(
        dataset=Dataset.M3W,
        text=torch.ones(2, 5, dtype=torch.long),
        phi=torch.tensor([[0, 1, 1, 0, 0], [0, 0, 0, 1, 2]]),
        loss_mask=document > 0,
        document=document,
        position=torch.tensor([[0, 1, 2, 0, 0], [0, 1, 0, 1, 2]]),
        images=torch.zeros(3, 2, 4, 4, 3, dtype=torch.uint8),
        image_counts=torch.tensor([1, 2]),
        frame_counts=torch.tensor([2, 1, 2]),
        keys=("a", "b", "c"),
    )
    assert work_of(batch) == Work(tokens=8, pairs=(1 + 2 + 3) + (1 + 2) + (1 + 2 + 3), looking=4, images=3, frames=5)


def test_work_adds_up():
    assert Work(tokens=1, images=2) + Work(tokens=3, frames=1) == Work(tokens=4, images=2, frames=1)


def test_sizes_of_a_model(toy_model, tmp_path):
    tower = CoCa(json.loads(Path(toy_model).read_text())).visual  # one layer of 32, patches of 8 px
    encoder = VisionEncoder(tower, label="toy", side=16, look=((0.5,) * 3, (0.5,) * 3), own=True)
    language, vocabulary = load_language(write_language(tmp_path), torch.float32)
    overrides = {"latents": "4", "resampler_layers": "3", "head_width": "8", "resampler_heads": "2", "cross_heads": "2"}
    overrides |= {"feedforward": "4"}
    model = Flamingo(encoder, language, vocabulary, resolve("demo", overrides))
    feed_forward = 2 * 32 + 2 * 32 * 128
    assert sizes_of(model) == Sizes(
        language=2 * (4 * 32 * 32 + 3 * 32 * 48 + 2 * 32) + vocabulary.base * 32,
        language_layers=2,
        language_width=32,
        gates=2,
        gate_width=16,
        gate_text=2 * (2 * 32 + 2 * 32 * 16 + 1 + feed_forward + 1),
        gate_latents=2 * 32 * 32,
        resampler_layers=3,
        resampler_width=16,
        resampler_latents=3 * (2 * 2 * 32 + 4 * 32 * 16 + feed_forward),
        resampler_features=3 * 32 * 32,
        latents=4,
        patches=4,
        vision=12 * 32 * 32 + 13 * 32 + 3 * 8 * 8 * 32,
        vision_layers=1,
        vision_width=32,
    )


def test_a_model_whose_work_is_not_known_has_no_sizes(tmp_path):
    model = build(resolve("demo", {"language": write_language(tmp_path)}), torch.device("cpu"))
    assert not isinstance(model.vision_encoder.tower.conv1, torch.nn.Conv2d)  # the bundled encoder begins with a stem
    assert sizes_of(model) is None


def test_peaks():
    assert known_peak("NVIDIA H100 80GB HBM3") == 989e12
    assert known_peak("NVIDIA H100 PCIe") == 756e12
    assert known_peak("NVIDIA A100-SXM4-80GB") == 312e12
    assert known_peak("NVIDIA GeForce GTX 1080") is None
    assert peak_flops(torch.device("cpu")) is None
