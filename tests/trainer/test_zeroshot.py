"""Classification by prompts: against the plain way to the same, with a model that can see, and of clips."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw

from lamella.schemas.errors import TrainingError
from lamella.trainer.evaluation.contrastive import embed
from lamella.trainer.evaluation.evaluate import evaluate
from lamella.trainer.evaluation.gallery import open_pictures
from lamella.trainer.evaluation.questions import read_questions
from lamella.trainer.evaluation.zeroshot import class_vectors, zero_shot
from lamella.weights import load
from tests.model_world import write_models

COLOURS = {"red": (220, 40, 40), "blue": (40, 60, 220), "green": (40, 160, 60)}
CHOICES = [f"{colour}." for colour in COLOURS]


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    """A circle of each colour, and two seconds of one that is red, and then red still."""
    folder = tmp_path_factory.mktemp("circles")
    for name, colour in COLOURS.items():
        picture = Image.new("RGB", (96, 96), "white")
        ImageDraw.Draw(picture).ellipse((24, 24, 72, 72), fill=colour)
        picture.save(folder / f"{name}.png")
    line = {"split": "query", "choices": CHOICES}
    lines = [line | {"task": "colour", "image": f"{name}.png", "answer": f"{name}."} for name in COLOURS]
    lines.append(line | {"task": "clip", "frames": ["red.png", "red.png"], "answer": "red."})
    lines.append({"task": "open", "split": "query", "image": "red.png", "answer": "a red circle"})
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder / "questions.jsonl"


def test_a_model_that_sees_tells_colours_apart(file):
    loaded = load("lamella-coca", "bundled", "scorer", device="cpu")
    results = {result.task: result for result in zero_shot(loaded, read_questions(file), file.parent, ("A {} circle",))}
    assert {task: (result.right, result.asked) for task, result in results.items()} == {"colour": (3, 3), "clip": (1, 1)}


def test_a_class_is_the_mean_of_its_prompts(tmp_path, file):
    folder = write_models(tmp_path)
    loaded = load(f"{folder}/tiny.json", folder, "scorer", device="cpu")
    found = class_vectors(loaded, ["red.", "blue."], ("a {} square", "{} stones"))
    pictures = open_pictures([file.parent / "red.png"], loaded.image_size)
    prompts = ["a red square", "red stones", "a blue square", "blue stones"]
    _, texts = embed(loaded, pictures, loaded.tokenize(prompts))
    expected = torch.stack([texts[:2].mean(0), texts[2:].mean(0)])
    torch.testing.assert_close(found, expected / expected.norm(dim=1, keepdim=True))


def test_an_evaluation_of_what_a_contrastive_training_left(tmp_path, file, capsys):
    folder = Path(write_models(tmp_path))
    (folder / "config.json").write_text(json.dumps({"model": f"{folder}/tiny.json", "contrastive_weight": 1.0}))
    with pytest.raises(TrainingError, match="not finished"):
        evaluate(folder, questions=str(file))
    (folder / "scorer.safetensors").rename(folder / "model.safetensors")
    found = evaluate(folder, questions=str(file), templates=("a {} square",))
    assert json.loads((folder / "evaluation.json").read_text()) == found
    assert [(row["task"], row["way"], row["asked"]) for row in found["questions"]] == [
        ("colour", "clip prompts", 3),
        ("clip", "clip prompts", 1),
    ]
    assert "clip prompts" in capsys.readouterr().err
    for wrong, says in (({"templates": ("a square",)}, "template='a square'"), ({"questions": None}, "give --questions")):
        with pytest.raises(TrainingError, match=says):
            evaluate(folder, **({"questions": str(file), "shards": "x"} | wrong))
