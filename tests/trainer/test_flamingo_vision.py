"""What a Flamingo sees: towers, resampler, clips and their frames, features that are kept."""

import json

import pytest
import torch
from small_flamingo import a_batch, flamingo

from lamella.trainer.flamingo.model import Flamingo
from lamella.trainer.flamingo.vision_encoder import KeptFeatures, VisionEncoder, load_vision_encoder


def test_times_are_interpolated_for_longer_clips():
    model, _ = flamingo("llama")
    trained = model.resampler.times
    assert torch.equal(model.resampler._times(3), trained[:3])
    longer = model.resampler._times(7)
    torch.testing.assert_close(longer[::2], trained)
    torch.testing.assert_close(longer[1], (trained[0] + trained[1]) / 2)
    assert model.encode_images(a_batch(frames=7).images).shape == (3, 4, 12)


def test_what_repeats_a_clips_last_frame_is_not_attended_to():
    model, clips = flamingo("llama")[0], a_batch(frames=4).images
    short = clips.clone()
    short[:, 2:] = short[:, 1:2]
    counts = torch.tensor([2, 2, 2])
    with torch.no_grad():
        two = model.encode_images(clips[:, :2])
        torch.testing.assert_close(model.encode_images(short, counts), two)
        torch.testing.assert_close(model.encode_images(clips, counts), two)  # whatever stands there
        assert not torch.allclose(model.encode_images(short), two)


def test_a_resampler_may_have_another_width_than_the_features():
    model, _ = flamingo("llama", resampler_width=20)
    assert model.resampler.project.weight.shape == (20, 12)
    assert model.encode_images(a_batch().images).shape == (3, 4, 20)
    model.loss(a_batch()).backward()
    assert model.cross_attention[0].attention.to_kv.weight.shape[1] == 20
    assert "resampler.project.weight" in model.trained() and not Flamingo.decays("resampler.project.weight")


def test_the_bundled_encoder_gives_a_grid_of_features_and_keeps_still():
    encoder = load_vision_encoder("lamella-coca", "bundled", None, torch.device("cpu")).train()
    assert not encoder.tower.training and not any(parameter.requires_grad for parameter in encoder.parameters())
    out = encoder(torch.zeros(2, encoder.side, encoder.side, 3, dtype=torch.uint8))
    assert out.shape[0] == 2 and out.shape[2] == encoder.width and out.shape[1] > 16


def test_features_are_kept_by_picture_and_do_not_follow_from_the_company():
    seen = []

    class Tower(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(1))

        def forward(self, pixels):  # [N, 3, S, S] -> pooled, tokens
            seen.append(len(pixels))
            tokens = (self.scale * pixels).flatten(2).amax(2)[:, None]
            return tokens[:, 0], tokens

    encoder = VisionEncoder(Tower(), label="most", side=8, look=((0.5,) * 3, (0.5,) * 3), own=True)
    images = torch.arange(20, dtype=torch.uint8)[:, None, None, None].expand(20, 8, 8, 3)
    whole, kept = encoder(images), KeptFeatures(encoder, mib=1)
    seen.clear()
    assert torch.equal(kept(images[[3, 3, 5]]), whole[[3, 3, 5]]) and len(seen) == 1
    assert torch.equal(kept(images), whole) and torch.equal(kept(images[[5, 0]]), whole[[5, 0]])
    assert len(seen) == 3 and len(set(seen)) == 1  # 18 new ones in two batches of the one size, and then none
    none = KeptFeatures(encoder, mib=0)  # no room: right, and seen each time
    assert torch.equal(none(images[:2]), whole[:2]) and torch.equal(none(images[:2]), whole[:2]) and len(seen) == 5


TEXT_CFG = {"context_length": 8, "vocab_size": 49408, "width": 16, "heads": 1, "layers": 1}
TOWERS = {
    "tiny-vit": {"image_size": 64, "patch_size": 32, "width": 64, "layers": 1},
    "tiny-resnet": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8},
}


@pytest.mark.parametrize(("name", "side", "patches"), [("tiny-vit", 160, 25), ("tiny-resnet", None, 4)])
def test_towers_of_open_clip_see_too(name, side, patches, tmp_path, monkeypatch):
    """Its vision transformer, at another size than its own, and its ResNet; both small."""
    import open_clip

    from lamella.trainer.flamingo import vision_encoder as vision
    from lamella.weights.loader import untrained

    (tmp_path / f"{name}.json").write_text(json.dumps({"embed_dim": 16, "vision_cfg": TOWERS[name], "text_cfg": TEXT_CFG}))
    open_clip.add_model_config(tmp_path)
    monkeypatch.setattr(vision, "load", lambda name, weights, role, device: untrained(name, device=device))
    encoder = load_vision_encoder(name, "untrained", side, torch.device("cpu"))
    assert encoder(torch.zeros(1, encoder.side, encoder.side, 3, dtype=torch.uint8)).shape == (1, patches, encoder.width)
