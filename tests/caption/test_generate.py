"""Nucleus sampling by hashed dice: which tokens can be drawn, and that neighbours change nothing."""

import pytest
import torch

from lamella.schemas.config import CaptionConfig
from lamella.schemas.keys import stable_fraction
from lamella.transforms.caption import generate
from lamella.transforms.caption.generate import Decoder, Specials, finished, nucleus, sample

SPECIALS = Specials(bos=1, eos=2, pad=0)


def logits(*probabilities):
    return torch.tensor([probabilities], dtype=torch.double).log()


@pytest.mark.parametrize(
    ("probabilities", "top_p", "die", "token"),
    [
        # by likelihood: token 1 to 0.5, token 3 to 0.8, token 0 to 0.95, token 2 to 1
        ((0.15, 0.5, 0.05, 0.3), 0.9, 0.0, 1),
        ((0.15, 0.5, 0.05, 0.3), 0.9, 0.52, 1),  # the nucleus holds 0.95: 0.5 of it is the first 0.526
        ((0.15, 0.5, 0.05, 0.3), 0.9, 0.53, 3),
        ((0.15, 0.5, 0.05, 0.3), 0.9, 0.84, 3),
        ((0.15, 0.5, 0.05, 0.3), 0.9, 0.85, 0),
        ((0.15, 0.5, 0.05, 0.3), 0.9, 0.999999, 0),
        ((0.15, 0.5, 0.05, 0.3), 1.0, 0.999999, 2),
        ((0.15, 0.5, 0.05, 0.3), 0.01, 0.999999, 1),
        ((0.25, 0.25, 0.25, 0.25), 0.5, 0.49, 0),  # equals stand in the order of their ids
        ((0.25, 0.25, 0.25, 0.25), 0.5, 0.51, 1),
        ((0.0, 0.0, 1.0, 0.0), 0.9, 0.999999, 2),
    ],
)
def test_nucleus(probabilities, top_p, die, token):
    assert nucleus(logits(*probabilities), top_p, torch.tensor([die], dtype=torch.double)).tolist() == [token]


def test_a_wide_nucleus_is_the_same_sorted_at_once(monkeypatch):
    flat = torch.randn(5, 300, dtype=torch.double, generator=torch.Generator().manual_seed(3))
    rng = torch.tensor([0.0, 0.3, 0.6, 0.9, 0.99], dtype=torch.double)
    whole = nucleus(flat, 0.9, rng).tolist()
    monkeypatch.setattr(generate, "_LIKELIEST", 4)
    assert nucleus(flat, 0.9, rng).tolist() == whole


def table(weights):
    """A decoder that has one row of logits, whatever was said."""
    row = torch.tensor(weights)
    return Decoder(lambda tokens: row.expand(len(tokens), -1).clone(), SPECIALS, context=20)


def config(**fields):
    return CaptionConfig(**({"top_p": 1.0, "min_tokens": 0, "max_tokens": 6, "repetition_penalty": 1.0} | fields))


def test_bos_and_pad_are_never_drawn_and_length_is_bounded():
    rows = sample(table([9.0, 9.0, 0.0, 0.0, 0.0]), [f"key {i}" for i in range(50)], config(min_tokens=2, max_tokens=4))
    assert {token for row in rows for token in row} == {3, 4}
    assert {len(row) for row in rows} == {2, 3, 4}


def test_a_caption_ends_at_eos():
    assert sample(table([0.0, 0.0, 50.0, 0.0]), ["k"], config()) == [[]]
    assert sample(table([0.0, 0.0, 50.0, 0.0]), ["k"], config(min_tokens=3)) == [[3, 3, 3]]


def test_the_context_bounds_a_caption():
    decoder = table([0.0, 0.0, -50.0, 0.0])._replace(context=4)
    assert sample(decoder, ["k"], config()) == [[3, 3, 3]]


@pytest.mark.parametrize(
    ("text", "tokens", "left"),
    [
        ("a red fox in the snow", 5, "a red fox in the snow"),  # it came to its end, without a mark
        ("a red fox in the snow beside a", 6, ""),
        ("Two rings. They lie on a", 6, "Two rings."),
        ("Two rings. They lie on snow.", 6, "Two rings. They lie on snow."),
        ('She asks "Who is it?" He', 6, 'She asks "Who is it?"'),
        ("狐がいる。雪の上に", 6, "狐がいる。"),
    ],
)
def test_a_caption_that_was_cut_ends_with_a_sentence(text, tokens, left):
    decoder = table([0.0] * 4)
    assert finished(text, [3] * tokens, decoder, config(max_tokens=6)) == left
    assert finished(text, [3] * tokens, decoder._replace(context=7), config(max_tokens=30)) == left


def test_what_was_said_becomes_less_likely():
    greedy = config(top_p=1e-9, max_tokens=3, repetition_penalty=2.0)
    assert sample(table([0.0, 0.0, -9.0, 4.0, 3.0, 1.0]), ["k"], greedy) == [[3, 4, 3]]
    assert sample(table([0.0, 0.0, -99.0, -4.0, -6.0, -11.0]), ["k"], greedy) == [[3, 4, 3]]


def test_the_dice_are_hashes_of_key_and_step():
    even = torch.zeros(1, 7, dtype=torch.double)
    even[:, :3] = -torch.inf
    drawn = [int(nucleus(even, 1.0, torch.tensor([stable_fraction("k", step)], dtype=torch.double))) for step in range(6)]
    assert sample(table([0.0, 0.0, -99.0, 0.0, 0.0, 0.0, 0.0]), ["k"], config(min_tokens=6)) == [drawn]


def test_neighbours_change_nothing():
    decoder = table([0.0, 0.0, 0.0, 1.0, 0.5, 0.2])
    together = sample(decoder, ["a", "b", "c"], config())
    assert together == [sample(decoder, [key], config())[0] for key in "abc"]
    assert together != [together[0]] * 3
