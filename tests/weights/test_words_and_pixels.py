"""Texts to tokens and back, pictures to squares."""

import numpy as np
import pytest
import torch
from PIL import Image

from lamella.weights.pixels import normalise, square
from lamella.weights.tokens import SPECIAL, Tokenizer, train_tokenizer

TEXTS = ["A large red circle.", "two small blue squares, on a white background", "a red square"] * 3


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    path.write_bytes(train_tokenizer(TEXTS, 320))
    return Tokenizer(path, context=24)


@pytest.mark.parametrize("text", [*TEXTS[:3], "naïve café, 5 € – 紅い円", "tab\tand\nline", "", "<eos> is no token here"])
def test_any_text_comes_back(tokenizer, text):
    ids = tokenizer([text])[0]
    if len(ids[ids != tokenizer.pad]) < tokenizer.context and "<eos>" not in text:
        assert tokenizer.decode(ids.tolist()) == text


def test_rows_are_framed_and_padded(tokenizer):
    rows = tokenizer(["a red square", "", "circle " * 50])
    assert rows.shape == (3, 24) and rows.dtype == torch.int64
    assert rows[1].tolist() == [1, 2] + [0] * 22
    assert rows[2, 0] == 1 and rows[2, -1] == 2 and (rows[2] == 0).sum() == 0


def test_a_word_has_the_same_pieces_wherever_it_stands(tokenizer):
    first, later = tokenizer(["square"])[0], tokenizer(["a red square"])[0]
    pieces = [token for token in first.tolist() if token > 2]
    assert later.tolist()[: len(later[later > 0])][-1 - len(pieces) : -1] == pieces


def test_the_same_texts_give_the_same_bytes():
    assert train_tokenizer(TEXTS, 320) == train_tokenizer(iter(TEXTS), 320)


def test_a_tokenizer_of_others_is_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(train_tokenizer(TEXTS, 320).replace(b"<bos>", b"<s>"))
    with pytest.raises(ValueError, match=", ".join(SPECIAL)):
        Tokenizer(path, 24)


def test_all_of_a_picture_is_seen_on_its_mean_colour():
    picture = Image.new("RGB", (120, 60), (100, 150, 200))
    picture.paste((200, 50, 100), (60, 0, 120, 60))
    pixels = square(picture, 24)
    assert pixels.shape == (24, 24, 3) and pixels.dtype == np.uint8
    assert pixels[0, 0].tolist() == pixels[23, 23].tolist() == [150, 100, 150]
    assert pixels[12, 2].tolist() == [100, 150, 200] and pixels[12, 21].tolist() == [200, 50, 100]


@pytest.mark.parametrize("size", [(16, 16), (1, 500), (500, 1), (3, 2), (4000, 3000)])
def test_any_shape(size):
    assert square(Image.new("RGB", size, "green"), 16).shape == (16, 16, 3)


def test_numbers_around_zero():
    pixels = torch.tensor([[[[0, 128, 255]]]], dtype=torch.uint8)
    out = normalise(pixels, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    assert out.shape == (1, 3, 1, 1)
    assert out.flatten().tolist() == pytest.approx([-2.0, 4 * (128 / 255 - 0.5), 2.0], abs=1e-6)
