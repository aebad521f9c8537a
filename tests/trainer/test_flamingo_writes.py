"""Prompts by hand; what is written with a cache, in a batch and by beams, against the plain way to the same."""

from dataclasses import replace
from itertools import product

import pytest
import torch
from flamingo_world import jpeg, world_vocabulary
from tiny_flamingo import SIDE, pictures, tiny_flamingo

from lamella.schemas.errors import TrainingError
from lamella.trainer.evaluation import generate as module
from lamella.trainer.evaluation.gallery import encode_pictures, features_of, open_pictures
from lamella.trainer.evaluation.generate import AttentionMap, Decoding, generate
from lamella.trainer.evaluation.likelihood import likelihoods
from lamella.trainer.evaluation.prompts import ChatTurn, Prompt, Reading, parse_prompt

GREEDY = Decoding(beams=1, max_tokens=6)
PROMPTS = [
    Prompt((ChatTurn("a red", 0),)),
    Prompt((ChatTurn("blue", 1), ChatTurn("", 2))),
    Prompt((ChatTurn("the square"), ChatTurn("is", 3))),
    Prompt((ChatTurn("a red", 2), ChatTurn("green", 0), ChatTurn("", 1))),
    Prompt((ChatTurn("here"), ChatTurn("there left"))),
    Prompt((ChatTurn("", 3),)),
    Prompt((ChatTurn("a blue", 1),)),
]


@pytest.fixture(scope="module")
def model():
    return tiny_flamingo()


@pytest.fixture(scope="module")
def latents(model):
    return encode_pictures(model, pictures(4))


def ids(text: str) -> list[int]:
    return world_vocabulary().encode([text])[0]


def test_a_prompt_by_hand():
    words = world_vocabulary()
    red, blue = ids("a red")[1], ids("blue")[0]
    read = Prompt((ChatTurn("a red", 7), ChatTurn("", 4), ChatTurn("blue", 7), ChatTurn("is", 9))).read(words)
    image, eoc = words.image, words.eoc
    a, is_ = ids("a")[0], ids("is")[0]
    assert read.text == (words.bos, image, a, red, eoc, image, eoc, image, blue, eoc, image, is_)
    assert read.phi == (0, 1, 1, 1, 1, 2, 0, 3, 3, 3, 4, 4)
    assert read.images == (7, 4, 7, 9) and read.attends_to == 9


def test_text_before_the_first_picture_attends_to_none():
    words = world_vocabulary()
    read = Prompt((ChatTurn("blue"), ChatTurn("", 0))).read(words)
    assert (read.text, read.phi) == ((words.bos, *ids("blue"), words.eoc, words.image), (0, 0, 0, 1))
    assert read.blind() == Reading(read.text, (0, 0, 0, 0), ())


def test_a_prompt_is_read_as_a_document_is_trained_on():
    from flamingo_world import document

    from lamella.trainer.loading.sequences import Cut, document_sequence

    sample = document(3, "itiit")
    turns = (ChatTurn(sample.texts[1], 0), ChatTurn("", 1), ChatTurn(sample.texts[4], 2))
    header = {"texts": list(sample.texts), "image_index": list(sample.image_index), "images": list(sample.image_facts)}
    header |= {"previous": list(sample.previous), "next": list(sample.next)}
    trained = document_sequence(header, world_vocabulary(), Cut(tokens=200, images=5))
    read = Prompt(turns).read(world_vocabulary())
    assert trained.tokens.tolist()[: len(read)] == list(read.text)
    assert trained.phi.tolist()[: len(read)] == list(read.phi)


def test_prompts_as_people_write_them():
    assert parse_prompt("a red", 2) == Prompt((ChatTurn("", 0), ChatTurn("a red", 1)))
    assert parse_prompt("<image> red <image>", 2) == Prompt((ChatTurn("red", 0), ChatTurn("", 1)))
    assert parse_prompt("look: <image>", 1) == Prompt((ChatTurn("look:"), ChatTurn("", 0)))
    assert parse_prompt("words", 0) == Prompt((ChatTurn("words"),))
    with pytest.raises(TrainingError, match=r"prompt: 2 <image> for 1 image$"):
        parse_prompt("<image> and <image>", 1)


def slowly(model, prompt: Prompt, latents, most: int) -> list[int]:
    """Greedy without a cache: the whole text is read anew for each token."""
    reading, written = prompt.read(model.vocabulary), []
    words, phi = list(reading.text), list(reading.phi)
    seen = latents[list(reading.images)] if reading.images else None
    while len(written) < most:
        counts = torch.tensor([len(reading.images)])
        with torch.no_grad():
            logits = model.read(torch.tensor([words]), torch.tensor([phi]), seen, counts)[0, -1]
        logits[[model.vocabulary.bos, model.vocabulary.image, model.vocabulary.pad]] = -torch.inf
        written.append(int(logits.argmax()))
        if written[-1] in (model.vocabulary.eoc, model.vocabulary.eos):
            break
        words.append(written[-1])
        phi.append(len(reading.images))
    return written


def test_a_cache_changes_nothing(model, latents):
    expected = [model.vocabulary.decode(slowly(model, prompt, latents, GREEDY.max_tokens)) for prompt in PROMPTS]
    assert generate(model, PROMPTS, latents, GREEDY) == expected
    assert len(set(expected)) > 3


@pytest.mark.parametrize("decoding", [GREEDY, replace(GREEDY, beams=3), replace(GREEDY, beams=4, length_power=0.0)])
def test_a_batch_writes_what_each_prompt_gets_alone(model, latents, decoding):
    alone = [generate(model, [prompt], latents, decoding)[0] for prompt in PROMPTS]
    assert generate(model, PROMPTS, latents, decoding) == alone


def test_pictures_matter_and_blind_ones_do_not(model, latents):
    same = [Prompt((ChatTurn("a", number),)) for number in range(4)]
    assert len(set(generate(model, same, latents, GREEDY))) > 1
    assert len(set(generate(model, same, None, GREEDY))) == 1


def test_beams_find_what_a_search_of_everything_finds(model, latents):
    """Two tokens, as many beams as words: nothing is cut off."""
    decoding = Decoding(beams=model.vocabulary.size, max_tokens=2, length_power=1.0)
    for prompt in PROMPTS[:3]:
        (found,) = module._write(model, [prompt.read(model.vocabulary)], latents, decoding)
        assert found == best_of_all(model, prompt, latents)


def best_of_all(model, prompt: Prompt, latents) -> list[int]:
    words = model.vocabulary
    attention = AttentionMap(model, [prompt.read(words)], latents)
    first = module._log_probabilities(model, attention.logits)[0]
    attention.repeat(words.size)
    with torch.no_grad():
        second = module._log_probabilities(model, attention.read(torch.arange(words.size)[:, None])[:, -1])
    ends = (words.eoc, words.eos)
    scores = {(a, b): (first[a] + second[a, b]).item() / 2 for a, b in product(range(words.size), repeat=2) if a not in ends}
    scores |= {(end,): first[end].item() for end in ends}
    return list(max(scores, key=scores.get))


def test_likelihoods_by_hand(model, latents):
    """Against the plain way: the whole text read at once, the answer's tokens looked up."""
    choices = ("red", "blue", "green circle")
    asked = [[Prompt((ChatTurn("a", 1), ChatTurn(f"is {choice}", at))) for choice in choices] for at in (0, 3)]
    asked.append([Prompt((ChatTurn(f"the {choice}", 2),)) for choice in choices])
    found = likelihoods(model, asked, latents)
    for row, prompts in zip(found, asked, strict=True):
        for score, prompt, choice in zip(row, prompts, choices, strict=True):
            reading, tokens = prompt.read(model.vocabulary), ids(choice)
            with torch.no_grad():
                logits = model.read(
                    torch.tensor([reading.text]),
                    torch.tensor([reading.phi]),
                    latents[list(reading.images)],
                    torch.tensor([len(reading.images)]),
                )[0].log_softmax(-1)
            ways = [logits[len(reading) - len(tokens) - 1 + at, token].item() for at, token in enumerate(tokens)]
            assert score == pytest.approx(sum(ways) / len(ways), abs=1e-4)


def test_likelihoods_want_as_many_choices_everywhere(model, latents):
    with pytest.raises(TrainingError, match="choices"):
        likelihoods(model, [[PROMPTS[0]]], latents)


def test_a_prompt_that_is_too_long_is_named(model, latents):
    prompt = Prompt((ChatTurn("red " * 3000, 0),))
    longest = model.language.config.max_position_embeddings
    with pytest.raises(TrainingError, match=rf"prompt: \d+ tokens and 5 more; the language model knows {longest} positions"):
        generate(model, [prompt], latents, Decoding(max_tokens=5))
    with pytest.raises(TrainingError, match="prompt: "):
        likelihoods(model, [[prompt, Prompt((ChatTurn("blue", 0),))]], latents)


def test_pictures_from_files(tmp_path, model):
    (tmp_path / "a.jpg").write_bytes(jpeg(5))
    (tmp_path / "b.txt").write_text("no picture")
    from PIL import Image

    Image.open(tmp_path / "a.jpg").save(tmp_path / "c.png")
    opened = open_pictures([tmp_path / "a.jpg", tmp_path / "c.png"], SIDE)
    assert opened.shape == (2, SIDE, SIDE, 3)
    assert (opened[0].int() - opened[1].int()).abs().max() <= 2
    assert features_of(model, list(opened[:, None])).norm(dim=-1).tolist() == pytest.approx([1.0, 1.0])
    for name in ("b.txt", "gone.jpg"):
        with pytest.raises(TrainingError, match=f"image=.*{name}"):
            open_pictures([tmp_path / name], SIDE)
