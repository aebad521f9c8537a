"""Cross-attention that phi directs: every way of computing it against the masked one, and what may depend on what."""

import pytest
import torch

from lamella.schemas.keys import stable_int
from lamella.trainer.flamingo.attention_mask import SEGMENT_MULTIPLE, MaskedCrossAttention, routing_of

WIDTHS, HEADS, HEAD_WIDTH, LATENTS = (24, 20), 2, 8, 5


def world(seed: int, rows: int = 3, tokens: int = 40):
    """Rows with 0 to 4 images, and tokens that name any of them or none, in any order."""
    counts = torch.tensor([stable_int(seed, row, "images") % 5 for row in range(rows)])
    phi = torch.tensor([[stable_int(seed, r, t) % (int(counts[r]) + 1) for t in range(tokens)] for r in range(rows)])
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, tokens, WIDTHS[0], generator=generator, requires_grad=True)
    latents = torch.randn(int(counts.sum()), LATENTS, WIDTHS[1], generator=generator, requires_grad=True)
    return x, latents, phi, counts


def attention(kind: str) -> MaskedCrossAttention:
    torch.manual_seed(0)
    return MaskedCrossAttention(WIDTHS, HEADS, HEAD_WIDTH, kind)


@pytest.mark.parametrize("seed", range(6))
def test_flex_equals_the_masked_reference(seed):
    x, latents, phi, counts = world(seed)
    with torch.no_grad():  # on a CPU it has no backward
        found = [attention(kind)(x, latents, routing_of(phi, counts, len(latents))) for kind in ("dense", "flex")]
    torch.testing.assert_close(*found, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_segments_equal_the_masked_reference_forward_and_backward(seed):
    found, gradients = [], []
    for one in ("dense", "segments"):
        x, latents, phi, counts = world(seed)
        out = attention(one)(x, latents, routing_of(phi, counts, len(latents)))
        out.square().sum().backward()
        found.append(out)
        gradients.append((x.grad, latents.grad))
    torch.testing.assert_close(found[0], found[1], atol=1e-6, rtol=1e-5)
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["segments", "dense", "flex"])
def test_a_token_without_an_image_gets_nothing(kind):
    x, latents, phi, counts = world(1)
    with torch.no_grad():
        out = attention(kind)(x, latents, routing_of(phi, counts, len(latents)))
    assert (phi == 0).any() and (phi > 0).any()
    assert torch.equal(out[phi == 0], torch.zeros_like(out[phi == 0]))
    assert out[phi > 0].abs().sum(-1).min() > 0


def test_a_token_depends_on_its_own_image_and_on_no_other():
    x, latents, phi, counts = world(2)
    layer, way = attention("segments"), routing_of(phi, counts, len(latents))
    before = layer(x, latents, way)
    for image in range(len(latents)):
        changed = latents.detach().clone()
        changed[image] += 1.0
        moved = (layer(x, changed, way) != before).any(-1).flatten()
        assert torch.equal(moved, way.owner == image)


def test_a_batch_without_images_has_a_route():
    way = routing_of(torch.zeros(2, 7, dtype=torch.long), torch.zeros(2, dtype=torch.long), 1)
    assert way.owner.tolist() == [-1] * 14 and not way.attends.any()
    assert way.asking.shape == (1, SEGMENT_MULTIPLE)
    out = attention("segments")(torch.randn(2, 7, WIDTHS[0]), torch.randn(1, LATENTS, WIDTHS[1]), way)
    assert torch.equal(out, torch.zeros_like(out))


def test_the_route_by_hand():
    phi, counts = torch.tensor([[0, 1, 1, 2], [1, 0, 0, 1]]), torch.tensor([2, 1])
    way = routing_of(phi, counts, 3)
    assert way.owner.tolist() == [-1, 0, 0, 1, 2, -1, -1, 2]
    assert [way.asking[image, :tokens].tolist() for image, tokens in enumerate((2, 1, 2))] == [[1, 2], [3], [4, 7]]
    width = way.asking.shape[1]
    assert way.place[way.owner >= 0].tolist() == [0, 1, width, 2 * width, 2 * width + 1]
    assert way.by_row.tolist() == [[0, 1], [2, 2]]


def test_what_fills_a_route_up_is_spread():
    phi, counts = torch.zeros(4, 64, dtype=torch.int64), torch.tensor([2, 2, 2, 2])
    phi[:, 60:62], phi[:, 62:] = 1, 2
    way = routing_of(phi, counts, 8)
    for places in (way.asking, way.place):
        assert places.flatten().bincount().max() <= 3  # gradients for one place wait for one another
