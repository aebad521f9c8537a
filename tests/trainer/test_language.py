"""The corpus' own language model: what it reads, what others can open, twice the same, and better than guessing."""

import json

import pytest
import torch

from lamella.schemas.errors import TrainingError
from lamella.schemas.pair import Dataset
from lamella.schemas.phi import phi_of
from lamella.schemas.sample import InterleavedSample
from lamella.trainer.language import pretrain_lm as language
from lamella.trainer.language.pretrain_lm import FACTS, pretrain_lm
from lamella.trainer.loading.tokenizer import load_vocabulary

TINY = {
    **{"vocabulary": "320", "width": "32", "layers": "1", "heads": "2", "inner": "32", "tokens": "24", "batch": "4"},
    **{"steps": "120", "warmup_steps": "4", "processes": "1", "threads": "1", "device": "cpu"},
    **{"datasets": "m3w,align", "learning_rate": "0.01"},
}
SHORT = TINY | {"steps": "12"}


def document(index: int, toy) -> dict[str, bytes]:
    texts = (f"the story of {index} begins", "and goes on", None, "here is a bar", None)
    images = (toy.pair(index).image, toy.pair(index + 1).image)
    previous, following = phi_of(texts)
    return InterleavedSample(
        key=f"{index:032x}",
        url="https://a.example",
        texts=texts,
        image_index=(None, None, 0, None, 1),
        previous=previous,
        next=following,
        images=images,
        image_facts=({}, {}),
    ).encode()


@pytest.fixture(scope="module")
def shards(toy, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("text")
    documents = [document(index, toy) for index in range(30)]
    toy.write(folder / "m3w", Dataset.M3W, {"train": [documents[:12], documents[12:24]], "validation": [documents[24:]]})
    toy.write(folder / "align", Dataset.ALIGN, {"train": [[toy.pair(index).encode() for index in range(16)]]})
    return str(folder)


@pytest.fixture(scope="module")
def trained(shards, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lm")
    pretrain_lm(shards, "demo-lm", str(folder), TINY)
    return folder


@pytest.fixture(scope="module")
def short(shards, tmp_path_factory):
    """A dozen steps without a stop."""
    folder = tmp_path_factory.mktemp("short")
    pretrain_lm(shards, "demo-lm", str(folder), SHORT)
    return folder


def test_transformers_opens_it(trained):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(trained), AutoTokenizer.from_pretrained(trained)
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert len(tokenizer) == model.config.vocab_size == model.model.embed_tokens.weight.shape[0]
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token) == ("<BOS>", "<EOS>", "<PAD>")


def test_special_tokens_are_its_own_and_text_never_is_one(trained):
    vocabulary = load_vocabulary(str(trained), 320)
    assert vocabulary.new == [] and vocabulary.size == 320
    assert len({vocabulary.image, vocabulary.eoc, vocabulary.bos, vocabulary.eos, vocabulary.pad}) == 5
    (ids,) = vocabulary.encode(["look: <image> <EOC>"])
    assert not {vocabulary.image, vocabulary.eoc} & set(ids)
    assert vocabulary.decode(ids) == "look: <image> <EOC>"
    (line_break,) = vocabulary.encode(["\n"])
    assert len(line_break) == 1


def test_it_has_learned_the_form_of_a_document(trained):
    from transformers import AutoModelForCausalLM

    model, vocabulary = AutoModelForCausalLM.from_pretrained(trained), load_vocabulary(str(trained), 320)
    (ids,) = vocabulary.encode(["here is a bar"])
    with torch.no_grad():
        logits = model(torch.tensor([[vocabulary.bos, vocabulary.image, *ids, vocabulary.eoc]])).logits[0]
    assert vocabulary.eoc in logits[-2].topk(2).indices  # a pair's caption goes on after "a bar"
    assert logits[-1].argmax() in (vocabulary.image, vocabulary.eos)


def test_what_it_was_made_from_and_how_good_it_is(trained):
    made = json.loads((trained / FACTS).read_text())
    assert made["config"]["width"] == 32 and "device" not in made["config"]
    assert made["scores"]["documents"] == 24 + 16
    assert 1 < made["scores"]["perplexity"] < 20 < 320


def test_a_finished_one_is_left_as_it_is(trained, shards, capsys):
    before = (trained / "model.safetensors").stat().st_mtime_ns
    pretrain_lm(shards, "demo-lm", str(trained), TINY | {"log_every": "3"})
    assert "already" in capsys.readouterr().err
    assert (trained / "model.safetensors").stat().st_mtime_ns == before
    with pytest.raises(TrainingError, match="steps=121"):
        pretrain_lm(shards, "demo-lm", str(trained), TINY | {"steps": "121"})


def test_twice_the_same_bytes(short, shards, tmp_path):
    pretrain_lm(shards, "demo-lm", str(tmp_path), SHORT)
    for name in ("model.safetensors", "tokenizer.json", FACTS):
        assert (tmp_path / name).read_bytes() == (short / name).read_bytes(), name


def test_two_processes_learn_what_one_learns(short, shards, tmp_path):
    for name in ("once", "again"):
        pretrain_lm(shards, "demo-lm", str(tmp_path / name), SHORT | {"processes": "2", "log_every": "1"})
    once, again = (tmp_path / name for name in ("once", "again"))
    for name in ("model.safetensors", "tokenizer.json", FACTS):
        assert (once / name).read_bytes() == (again / name).read_bytes(), name
    alone, both = (json.loads((folder / FACTS).read_text()) for folder in (short, once))
    assert both["scores"] == pytest.approx(alone["scores"], rel=1e-4) and both["config"] == alone["config"]
    with pytest.raises(TrainingError, match="batch=4: cannot be shared evenly by 3 processes"):
        pretrain_lm(shards, "demo-lm", str(tmp_path / "uneven"), SHORT | {"processes": "3"})


@pytest.mark.parametrize("stop", [4, 7])
def test_it_goes_on_from_its_last_checkpoint_to_the_bit(short, shards, tmp_path, monkeypatch, capsys, stop):
    class Killed(Exception):
        pass

    steps, learning = iter(range(1000)), language._loss

    def loss(model, rows):
        if next(steps) == stop:
            raise Killed
        return learning(model, rows)

    monkeypatch.setattr(language, "_loss", loss)
    with pytest.raises(Killed):
        pretrain_lm(shards, "demo-lm", str(tmp_path), SHORT | {"checkpoint_every": "4"})
    monkeypatch.undo()
    with pytest.raises(TrainingError, match=r"seed=9: .* was begun with 0"):
        pretrain_lm(shards, "demo-lm", str(tmp_path), SHORT | {"seed": "9"})
    pretrain_lm(shards, "demo-lm", str(tmp_path), SHORT)
    assert "going on from step 4 of 12" in capsys.readouterr().err
    assert (tmp_path / "model.safetensors").read_bytes() == (short / "model.safetensors").read_bytes()
    assert not (tmp_path / "checkpoints").exists()


def test_a_shard_that_is_not_the_manifests(shards, tmp_path):
    import shutil

    shutil.copytree(shards, tmp_path / "shards")
    path = tmp_path / "shards" / "align" / "align-train-00000.tar"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TrainingError, match=r"align-train-00000\.tar"):
        pretrain_lm(str(tmp_path / "shards"), "demo-lm", str(tmp_path / "lm"), TINY)


@pytest.mark.parametrize(("key", "value"), [("heads", "3"), ("datasets", "news")])
def test_what_cannot_be_is_named(shards, tmp_path, key, value):
    with pytest.raises(TrainingError, match=key):
        pretrain_lm(shards, "demo-lm", str(tmp_path), TINY | {key: value})
