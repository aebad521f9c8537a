"""Nucleus sampling by hashed draws, beam search, and captions that a limit cuts: neighbours change nothing."""

import pytest
import torch

from lamella.schemas.config import CaptionConfig
from lamella.schemas.keys import stable_fraction
from lamella.transforms.caption import generate
from lamella.transforms.caption.beam import beam
from lamella.transforms.caption.generate import Decoder, Specials, nucleus, sample
from lamella.transforms.caption.phrases import as_sentence, whole_phrases, without_stop
from lamella.transforms.caption.search import write_captions

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
    assert {token for row in rows for token in row.tokens} == {3, 4}
    assert {len(row.tokens) for row in rows} == {2, 3, 4}


def test_a_caption_ends_at_eos():
    assert sample(table([0.0, 0.0, 50.0, 0.0]), ["k"], config()) == [([], True)]
    assert sample(table([0.0, 0.0, 50.0, 0.0]), ["k"], config(min_tokens=3)) == [([3, 3, 3], True)]


def test_a_caption_that_is_just_as_long_as_it_may_be_is_not_cut():
    ends = {"min_tokens": 3, "max_tokens": 3}
    assert sample(table([0.0, 0.0, 50.0, 0.0]), ["k"], config(**ends)) == [([3, 3, 3], True)]
    assert sample(table([0.0, 0.0, -50.0, 0.0]), ["k"], config(**ends)) == [([3, 3, 3], False)]


def test_the_context_bounds_a_caption():
    decoder = table([0.0, 0.0, -50.0, 0.0])._replace(context=4)
    assert sample(decoder, ["k"], config()) == [([3, 3, 3], False)]
    assert beam(decoder, 1, config(search="beam", beams=1)) == [([3, 3, 3], False)]


def test_what_was_said_becomes_less_likely():
    greedy = config(top_p=1e-9, max_tokens=3, repetition_penalty=2.0)
    assert sample(table([0.0, 0.0, -9.0, 4.0, 3.0, 1.0]), ["k"], greedy)[0].tokens == [3, 4, 3]
    assert sample(table([0.0, 0.0, -99.0, -4.0, -6.0, -11.0]), ["k"], greedy)[0].tokens == [3, 4, 3]


def test_the_dice_are_hashes_of_key_and_step():
    even = torch.zeros(1, 7, dtype=torch.double)
    even[:, :3] = -torch.inf
    drawn = [int(nucleus(even, 1.0, torch.tensor([stable_fraction("k", step)], dtype=torch.double))) for step in range(6)]
    assert sample(table([0.0, 0.0, -99.0, 0.0, 0.0, 0.0, 0.0]), ["k"], config(min_tokens=6))[0].tokens == drawn


def test_neighbours_change_nothing():
    decoder = table([0.0, 0.0, 0.0, 1.0, 0.5, 0.2])
    together = sample(decoder, ["a", "b", "c"], config())
    assert together == [sample(decoder, [key], config())[0] for key in "abc"]
    assert together != [together[0]] * 3


# After "3" comes "4" or "5" (0.6, 0.4); "4" goes on in many ways, each of them rare, and "5" ends. A step looks at 3 alone.
GARDEN = {1: {3: 1.0}, 3: {4: 0.6, 5: 0.4}, 4: {6: 0.34, 7: 0.33, 8: 0.33}, 5: {2: 1.0}, 6: {2: 1.0}, 7: {2: 1.0}, 8: {2: 1.0}}


def garden(rows=()):
    """A decoder whose next token hangs on the last one; a row of `rows` begins with another token than 3."""

    def next_logits(tokens):
        out = torch.full((len(tokens), 9), -60.0, dtype=torch.double)
        out[:, SPECIALS.eos] = -90.0
        for row, said in enumerate(tokens.tolist()):
            known = GARDEN[said[-1]] if len(said) > 1 or row not in rows else {8: 1.0}
            for token, probability in known.items():
                out[row, token] = torch.tensor(probability).log()
        return out

    return Decoder(next_logits, SPECIALS, context=20)


def test_a_beam_finds_what_step_by_step_is_missed():
    assert sample(garden(), ["k"], config(top_p=1e-9)) == [([3, 4, 6], True)]
    assert beam(garden(), 1, config(search="beam", beams=1)) == [([3, 4, 6], True)]
    assert beam(garden(), 1, config(search="beam", beams=2)) == [([3, 5], True)]


def test_a_beam_does_not_hang_on_neighbours():
    wide = config(search="beam", beams=3)
    assert beam(garden(rows={1}), 3, wide) == [([3, 5], True), ([8], True), ([3, 5], True)]


def test_a_beam_keeps_the_limits_of_length():
    assert beam(garden(), 1, config(search="beam", beams=2, min_tokens=3))[0].tokens == [3, 4, 6]
    assert beam(garden(), 1, config(search="beam", beams=2, max_tokens=1)) == [([3], False)]


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("a man rides a horse along the beach with a sm", "a man rides a horse along the beach"),
        ("a red circle to the left of a blue", "a red circle"),
        ("a large, brown dog running in", "a large, brown dog running"),
        ("a dog, a cat, and a", "a dog, a cat"),
        ("the old house behind and to a", "the old house"),
        ("Two rings on white. Three st", "Two rings on white."),
        ("Two rings. They lie on snow.", "Two rings. They lie on snow."),
        ('She asks "Who is it?" He', 'She asks "Who is it?"'),
        ("狐がいる。雪の上に", "狐がいる。"),
        ("a jar of honey and a jar of", "a jar of honey"),
        ("three stars, two of", ""),
        ("a red circ", ""),
        ("", ""),
    ],
)
def test_a_cut_caption_is_cut_back_to_whole_phrases(cut, whole):
    assert whole_phrases(cut) == whole


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("a red square on snow", "a red square on snow."),
        ("a red square on snow,", "a red square on snow."),
        ("Who is it?", "Who is it?"),
        ('a sign that says "stop!"', 'a sign that says "stop!"'),
        ('a sign that says "stop"', 'a sign that says "stop".'),
        ("two rings (one red)", "two rings (one red)."),
        ("two rings…", "two rings…"),
        ("雪の上に狐がいる", "雪の上に狐がいる。"),
        ("एक लाल वर्ग", "एक लाल वर्ग।"),
        ("красный квадрат 5", "красный квадрат 5."),
        ("", ""),
        (" ,", ""),
    ],
)
def test_a_text_that_stays_is_a_sentence(words, sentence):
    assert as_sentence(words) == sentence
    assert as_sentence(without_stop(sentence)) == sentence


def test_a_matcher_sees_words_without_a_full_stop():
    assert without_stop("Two rings. They lie on snow.") == "Two rings. They lie on snow"
    assert without_stop("狐がいる。") == "狐がいる"
    assert without_stop("Is it a fox?") == "Is it a fox?"


def test_only_what_a_limit_cut_is_cut_back():
    words = ["", "", "", "a", "red", "ring", "on"]

    def follow(tokens):
        out = torch.full((len(tokens), 7), -60.0)
        out[:, SPECIALS.eos] = -90.0
        out[:, min(tokens.shape[1] + 2, 7) if tokens.shape[1] < 5 else 2] = 0.0
        return out

    decoder = Decoder(follow, SPECIALS, context=20)

    def decode(tokens):
        return " ".join(words[token] for token in tokens)

    for search in ("nucleus", "beam"):
        assert write_captions(decoder, ["k"], config(search=search, max_tokens=4), decode) == ["a red ring on"]
        assert write_captions(decoder, ["k"], config(search=search, max_tokens=3), decode) == [""]
