"""Losses and figures with numbers worked by hand."""

import math

import pytest
import torch

from lamella.trainer.contrastive.losses import Matching, Words, caption_loss, contrastive_loss, matching_loss, words_loss
from lamella.trainer.evaluation.contrastive import (
    Separation,
    attribute_accuracy,
    best_separation,
    calibrated,
    recall_at_1,
    separation,
    word_f1,
)


def test_contrast_of_two_pairs():
    cosine = torch.tensor([[1.0, 0.0], [0.5, 1.0]])
    rows = math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1))
    columns = math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-2))
    assert contrastive_loss(cosine, cosine.T, torch.tensor(2.0)).item() == pytest.approx((rows + columns) / 4)


def test_padding_is_no_part_of_a_caption():
    logits = torch.zeros(1, 3, 4)
    logits[0, 2, 3] = 100.0  # on padding
    assert caption_loss(logits, torch.tensor([[1, 2, 0]]), pad=0).item() == pytest.approx(math.log(4))


def test_matching_takes_the_hardest_wrong_ones():
    cosine = torch.tensor([[0.9, 0.8, 0.1], [0.2, 0.7, 0.0], [0.3, 0.4, 0.6]])
    tokens = torch.tensor([[1], [2], [3]])
    logit = lambda value: 2.0 * value - 1.0  # noqa: E731
    right = sum(math.log(1 + math.exp(-logit(value))) for value in (0.9, 0.7, 0.6)) / 3
    wrong = sum(math.log(1 + math.exp(logit(value))) for value in (0.8, 0.2, 0.4, 0.3, 0.8, 0.1)) / 6
    assert matching_loss(cosine, cosine.T, tokens, 0, matching=Matching(2.0, -1.0)).item() == pytest.approx((right + wrong) / 2)


def test_the_same_text_twice_is_no_wrong_pair():
    cosine = torch.tensor([[0.9, 0.9, 0.1], [0.9, 0.9, 0.1], [0.1, 0.1, 0.9]])
    same, different = torch.tensor([[5], [5], [6]]), torch.tensor([[5], [7], [6]])
    matching = Matching(10.0, -5.0)
    losses = [matching_loss(cosine, cosine.T, tokens, 0, matching=matching) for tokens in (same, different)]
    assert losses[0] < losses[1]


def test_words_that_stand_in_the_text_wherever_and_how_often():
    logits = torch.tensor([[2.0, -1.0], [0.0, 3.0]])
    tokens = torch.tensor([[1, 7, 7, 2], [1, 9, 2, 0]])
    first = math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1))  # 7 stands there, 8 does not
    second = math.log(2) + math.log(1 + math.exp(3))  # neither does
    assert words_loss(logits, tokens, torch.tensor([7, 8])).item() == pytest.approx((first + second) / 2)


def test_a_words_head_is_a_logit_for_each_piece():
    assert Words(16, torch.tensor([7, 8, 9]))(torch.zeros(2, 16)).tolist() == [[-4.0] * 3] * 2


def test_half_is_where_calibrated_scores_part():
    scale, bias = calibrated([0.8, 0.9, 0.7] * 10, [0.1, 0.3] * 10)
    assert scale > 0 and scale * 0.7 + bias > 0 > scale * 0.3 + bias
    flipped = calibrated([0.8, 0.2] * 20, [0.2, 0.8] * 20)  # scores that say nothing: one half for any
    assert flipped == pytest.approx((0.0, 0.0), abs=1e-6)


def test_separation_counts_those_caught_and_those_lost():
    assert separation([0.4, 0.6, 0.8], [0.1, 0.2, 0.7], 0.5) == Separation(threshold=0.5, precision=2 / 3, recall=2 / 3)
    assert separation([0.4], [0.3], 0.1) == Separation(threshold=0.1, precision=0.0, recall=0.0)


def test_the_best_threshold_lies_in_the_gap():
    best = best_separation([0.6, 0.8], [0.1, 0.2])
    assert (best.precision, best.recall) == (1.0, 1.0)
    assert best.threshold == pytest.approx(0.4)


def test_recall_at_1_both_ways():
    images = torch.eye(3)
    texts = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.1, 0.0], [0.0, 0.0, 1.0]])
    assert recall_at_1(images, texts) == pytest.approx((1.0, 2 / 3))


def test_attributes_are_whole_words():
    captions = ["A red circle, above it a ring.", "two redder circles"]
    assert attribute_accuracy(captions, [("red", "circle"), ("red", "circles")]) == 0.5
    assert attribute_accuracy(captions, [("a red circle below",), ("two",)]) == 0.5
    assert attribute_accuracy(captions, [("a red circle",), ("two",)]) == 1.0


def test_word_f1():
    assert word_f1("a red circle", "A red, square") == pytest.approx(2 / 3)
    assert word_f1("", "") == 1.0
