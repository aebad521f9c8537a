"""Sequences: documents worked by hand, and thousands of random ones against a slow reference, easily seen to be right."""

import numpy as np
import pytest

from lamella.schemas.keys import stable_int
from lamella.schemas.phi import phi_of
from lamella.schemas.sample import BadSample
from lamella.trainer.loading.sequences import Chances, Cut, cut_of, document_sequence, pair_sequence, pair_text
from tests.trainer.flamingo_world import world_vocabulary

VOCABULARY = world_vocabulary()
WORD = dict(zip(("a", "red", "blue"), (row[0] for row in VOCABULARY.encode(["a", "red", "blue"])), strict=True))
A, RED, BLUE = WORD["a"], WORD["red"], WORD["blue"]
BREAK = VOCABULARY.encode(["\n"])[0][0]
IMAGE, EOC, BOS, EOS = VOCABULARY.image, VOCABULARY.eoc, VOCABULARY.bos, VOCABULARY.eos


def header(texts: list[str | None]) -> dict:
    previous, following = phi_of(texts)
    numbers = iter(range(len(texts)))
    index = [next(numbers) if text is None else None for text in texts]
    images = [{"offset": 0, "length": 0} for text in texts if text is None]
    return {"texts": texts, "image_index": index, "previous": list(previous), "next": list(following), "images": images}


def columns(sequence) -> tuple[list[int], list[int], list[int], tuple[int, ...]]:
    return sequence.tokens.tolist(), sequence.phi.tolist(), sequence.loss.astype(int).tolist(), sequence.images


# text, image, text, text, image, image, text: an end of chunk before each image, and one that closes no text.
BY_HAND = ["a", None, "red", "blue a", None, None, "blue"]
TOKENS = [BOS, A, EOC, IMAGE, RED, BREAK, BLUE, A, EOC, IMAGE, EOC, IMAGE, BLUE, EOC, EOS]
PREVIOUS = [0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 0, 3, 3, 3, 0]
FOLLOWING = [0, 1, 1, 0, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0]
LOSS = [0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0]


def test_a_document_worked_by_hand():
    cut = Cut(tokens=99, images=5)
    assert columns(document_sequence(header(BY_HAND), VOCABULARY, cut)) == (TOKENS, PREVIOUS, LOSS, (0, 1, 2))
    cut = Cut(tokens=99, images=5, following=True)
    assert columns(document_sequence(header(BY_HAND), VOCABULARY, cut)) == (TOKENS, FOLLOWING, LOSS, (0, 1, 2))


def test_a_window_worked_by_hand():
    """Nine tokens from the fifth: the first image lies before the window, the third is one too many; its end of chunk stays."""
    cut = Cut(tokens=9, images=1, roll=4)
    tokens, phi = [RED, BREAK, BLUE, A, EOC, IMAGE, EOC, BLUE], [0, 0, 0, 0, 0, 1, 0, 0]
    assert columns(document_sequence(header(BY_HAND), VOCABULARY, cut)) == (tokens, phi, [0, 1, 1, 1, 1, 0, 1, 1], (1,))
    cut = Cut(tokens=9, images=1, roll=4, following=True)
    phi = [1, 1, 1, 1, 1, 0, 0, 0]
    assert columns(document_sequence(header(BY_HAND), VOCABULARY, cut)) == (tokens, phi, [0, 1, 1, 1, 1, 0, 1, 1], (1,))


def test_a_leading_image_has_no_end_of_chunk_before_it():
    tokens, phi, loss, images = columns(document_sequence(header([None, "red"]), VOCABULARY, Cut(tokens=9, images=1)))
    assert tokens == [BOS, IMAGE, RED, EOC, EOS]
    assert (phi, loss, images) == ([0, 1, 1, 1, 0], [0, 0, 1, 1, 0], (0,))


def test_a_pair():
    assert columns(pair_sequence("a red", VOCABULARY, 16)) == (
        [BOS, IMAGE, A, RED, EOC, EOS],
        [0, 1, 1, 1, 1, 0],
        [0, 0, 1, 1, 1, 0],
        (0,),
    )


def test_a_long_pair_loses_its_end_and_not_its_image():
    assert columns(pair_sequence("a red blue", VOCABULARY, 4)) == ([BOS, IMAGE, A, RED], [0, 1, 1, 1], [0, 0, 1, 1], (0,))


def slow_reference(texts: list[str | None], cut: Cut) -> tuple[list[int], list[int], list[int], tuple[int, ...]]:
    """Token by token: each is (id, image it points to or None, image it is or belongs to, counted)."""
    row = [[BOS, None, None, 0]]
    images = [node for node, text in enumerate(texts) if text is None]  # an image is named by its node

    def target(node: int) -> int | None:
        if cut.following:
            return min((image for image in images if image > node), default=None)
        return max((image for image in images if image < node), default=None)

    for node, text in enumerate(texts):
        before = texts[node - 1] if node else None
        if text is None:
            if node:
                row.append([EOC, target(node - 1) if before is not None else None, node, 1])
            row.append([IMAGE, None if cut.following else node, node, 0])
            continue
        if before is not None:
            row.append([BREAK, target(node), None, 1])
        row += [[token, target(node), None, 1] for token in VOCABULARY.encode([text])[0]]
    row.append([EOC, target(len(texts) - 1) if texts and texts[-1] is not None else None, None, 1])
    row.append([EOS, None, None, 0])
    start = 0 if len(row) <= cut.tokens else cut.roll % (len(row) - cut.tokens + 1)
    row = [list(token) for token in row[start : start + cut.tokens]]
    row[0][3] = 0
    inside = [token[2] for token in row if token[0] == IMAGE]
    kept, dropped = inside[: cut.images], inside[cut.images :]
    row = [token for token in row if not (token[2] in dropped and token[0] == IMAGE)]
    phi = [kept.index(token[1]) + 1 if token[1] in kept else 0 for token in row]
    numbers = tuple(images.index(image) for image in kept)
    return [token[0] for token in row], phi, [token[3] for token in row], numbers


def random_case(number: int) -> tuple[list[str | None], Cut]:
    words = ("a", "red", "blue", "green")

    def roll(*parts: object) -> int:
        return stable_int("case", number, *parts)

    texts: list[str | None] = []
    for node in range(roll("nodes") % 14):
        count = roll("count", node) % 7  # a text may be empty
        text = " ".join(words[roll("word", node, n) % 4] for n in range(count))
        texts.append(None if roll("image", node) % 5 < 2 else text)
    cut = Cut(tokens=1 + roll("tokens") % 40, images=1 + roll("most") % 4, roll=roll("start"), following=roll("next") % 2 == 1)
    return texts, cut


@pytest.mark.parametrize("chunk", range(8))
def test_random_documents_are_as_the_slow_reference_has_them(chunk):
    for number in range(chunk * 500, (chunk + 1) * 500):
        texts, cut = random_case(number)
        assert columns(document_sequence(header(texts), VOCABULARY, cut)) == slow_reference(texts, cut), (texts, cut)


def test_no_token_ever_points_to_an_image_that_is_not_there():
    for number in range(500):
        texts, cut = random_case(number)
        sequence = document_sequence(header(texts), VOCABULARY, cut)
        assert (sequence.tokens == IMAGE).sum() == len(sequence.images) <= cut.images
        assert sequence.phi.max(initial=0) <= len(sequence.images)
        assert len(sequence.tokens) <= cut.tokens
        assert not sequence.loss[np.isin(sequence.tokens, (IMAGE, BOS, EOS))].any()


def test_coins_fall_as_often_as_they_should_and_always_alike():
    chances = Chances(seed=3, next_image=0.25, leading_space=0.5)
    cuts = [cut_of(8, 1, chances, ("m3w", slot)) for slot in range(4000)]
    assert cuts == [cut_of(8, 1, chances, ("m3w", slot)) for slot in range(4000)]
    assert 0.22 < sum(cut.following for cut in cuts) / 4000 < 0.28
    assert 0.46 < sum(pair_text("a", chances, ("align", slot)) == " a" for slot in range(4000)) / 4000 < 0.54
    never, always = (Chances(seed=3, next_image=p, leading_space=p) for p in (0.0, 1.0))
    assert not any(cut_of(8, 1, never, (slot,)).following for slot in range(100))
    assert all(cut_of(8, 1, always, (slot,)).following for slot in range(100))


GOOD = header(["a", None])
BROKEN = {
    "no texts": {name: value for name, value in GOOD.items() if name != "texts"},
    "texts no list": GOOD | {"texts": "a"},
    "lengths differ": GOOD | {"texts": ["a"]},
    "image not counted": GOOD | {"image_index": [None, 1]},
    "image missing": GOOD | {"images": []},
    "both": GOOD | {"image_index": [0, None]},
    "text a number": GOOD | {"texts": [1, None]},
    "phi beyond": GOOD | {"previous": [2, 0]},
    "phi below": GOOD | {"previous": [-1, 0]},
    "phi a word": GOOD | {"previous": ["1", 0]},
    "images a number": GOOD | {"images": 1},
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_header_that_contradicts_itself_is_a_bad_sample(broken):
    with pytest.raises(BadSample):
        document_sequence(broken, VOCABULARY, Cut(tokens=9, images=1))
