"""Questions read and scored by table, examples picked, settings asked, and a whole evaluation of a tiny model."""

import json

import pytest
import torch
from flamingo_world import jpeg
from tiny_flamingo import pictures, tiny_flamingo
from training_world import write_training

from lamella.schemas.errors import TrainingError
from lamella.schemas.pair import Dataset
from lamella.trainer.evaluation.evaluate import answer, evaluate
from lamella.trainer.evaluation.fewshot import (
    BLANK,
    LIKELIEST,
    SEEN,
    WRITTEN,
    FewShotEvaluator,
    Options,
    Result,
    Setting,
    first_line,
    labels_of,
)
from lamella.trainer.evaluation.gallery import encode_pictures, features_of, open_pictures
from lamella.trainer.evaluation.generate import Decoding
from lamella.trainer.evaluation.likelihood import likelihoods
from lamella.trainer.evaluation.plots import accuracy_svg
from lamella.trainer.evaluation.prompts import ChatTurn
from lamella.trainer.evaluation.questions import Question, attributes_right, is_right, read_questions
from lamella.trainer.evaluation.rices import RICES, by_hash, nearest
from lamella.trainer.flamingo.train import train

COLOURS = ("red", "blue", "green")
CAPTION = {"colour": ["red"], "shape": ["ring", "rings"], "count": ["three"]}


def a_line(number: int, split: str, task: str = "colour", **more) -> dict:
    answer = COLOURS[number % 3]
    line = {"task": task, "split": split, "image": f"{number}.jpg", "prompt": "the", "answer": answer, "choices": list(COLOURS)}
    return line | more


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("questions")
    for number in range(12):
        (folder / f"{number}.jpg").write_bytes(jpeg(number * 29))
    lines = [a_line(number, "support" if number < 8 else "query") for number in range(12)]
    lines += [
        {"task": "caption", "split": "support", "image": "0.jpg", "answer": "a red square"},
        {"task": "caption", "split": "support", "image": "1.jpg", "answer": "a blue square"},
        {"task": "caption", "split": "query", "image": "2.jpg", "answer": "a green square", "attributes": {"hue": ["green"]}},
    ]
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder / "questions.jsonl"


@pytest.fixture(scope="module")
def model():
    return tiny_flamingo()


def evaluator(model, file, **options) -> FewShotEvaluator:
    return FewShotEvaluator(model, read_questions(file), file.parent, Options(**options))


def question(**values) -> Question:
    return Question(task="t", split="query", image="i", prompt="", **values)


@pytest.mark.parametrize(
    "said, right",
    [
        ("Three red rings.", {"colour": True, "shape": True, "count": True}),
        ("three redder ring", {"colour": False, "shape": True, "count": True}),
        ("one red star, blue earrings", {"colour": True, "shape": False, "count": False}),
        ("", {"colour": False, "shape": False, "count": False}),
    ],
)
def test_attributes_are_whole_words(said, right):
    asked = question(answer="", attributes={name: tuple(ways) for name, ways in CAPTION.items()})
    assert attributes_right(said, asked) == right
    assert is_right(said, asked) == all(right.values())


@pytest.mark.parametrize(
    "said, right", [("Red.", True), ("red", True), (" RED ", True), ("red ring", False), ("scarlet", True), ("", False)]
)
def test_answers_are_met_but_for_case_and_marks(said, right):
    assert is_right(said, question(answer="red", accepted=("Scarlet!",))) is right


@pytest.mark.parametrize(
    "change, says",
    [
        ({"split": "train"}, "line 2: split='train'"),
        ({"answer": 3}, "line 2: answer is no text"),
        ({"choices": ["blue", "green"]}, "none of at least two choices"),
        ({"choices": "red"}, "choices is no list"),
        ({"attributes": {"a": "red"}}, "attributes"),
        ({"image": None}, "image is no text"),
        ({"acceptd": ["red"]}, "no field 'acceptd'"),
        ({"frames": ["0.jpg", "1.jpg"]}, "image and frames"),
        ({"image": "", "frames": ["0.jpg", "../1.jpg"]}, "frames=.* is no path below"),
        ({"image": "", "frames": "0.jpg"}, "frames is no list"),
    ],
)
def test_what_is_no_question_is_named(tmp_path, change, says):
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps(a_line(0, "query")) + "\n" + json.dumps(a_line(3, "query") | change))
    with pytest.raises(TrainingError, match=says):
        read_questions(path)


def test_files_that_are_none(tmp_path):
    path = tmp_path / "q.jsonl"
    for text, says in (("", "no question"), ("{", "line 1: not JSON"), (json.dumps(a_line(0, "support")), "no query")):
        path.write_text(text)
        with pytest.raises(TrainingError, match=says):
            read_questions(path)
    with pytest.raises(TrainingError, match="No such file"):
        read_questions(tmp_path / "gone.jsonl")


def test_the_same_picture_is_the_nearest(model):
    features = features_of(model, list(pictures(6)[:, None]))
    for number in range(6):
        assert nearest(features[number], features, 3)[-1] == number  # the most similar one stands last
    likeness = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.8, 0.6]])
    assert nearest(likeness[0], likeness, 3) == [1, 2, 0]


def test_examples_by_hash_depend_on_keys_alone():
    support = [f"s{number}" for number in range(50)]
    picked = by_hash(0, "query", support, 8)
    assert len(set(picked)) == 8 and picked[:4] == by_hash(0, "query", support, 4)
    assert [support[at] for at in picked] == [support[::-1][at] for at in by_hash(0, "query", support[::-1], 8)]
    assert picked != by_hash(1, "query", support, 8) and picked != by_hash(0, "other", support, 8)


def test_prompts_of_settings(model, file):
    examined = evaluator(model, file)
    query = examined._queries["colour"][0]
    zero = examined.prompt(query, Setting(shots=0, text_only=2))
    assert [turn.image for turn in zero.turns] == [None, None, examined._places["8.jpg",]]
    assert all(turn.text.startswith("the ") for turn in zero.turns[:2]) and zero.turns[2].text == "the"
    two = examined.prompt(query, Setting(shots=2), "blue")
    assert len(two.turns) == 3 and two.turns[2] == ChatTurn("the blue", examined._places["8.jpg",])
    for turn in two.turns[:2]:
        (image,) = next(frames for frames, at in examined._places.items() if at == turn.image)
        number = int(image[:-4])
        assert turn.text == f"the {COLOURS[number % 3]}"
    assert examined.prompt(query, Setting(shots=0)).turns == (ChatTurn("the", zero.turns[2].image),)


def test_a_question_about_a_clip_is_asked_with_all_its_frames(model, file):
    """Beside one about an image; what the model is given is the clip, resampled as one."""
    lines = [{"task": "what moves", "split": split, "prompt": "the", "answer": "red"} for split in ("support", "query")]
    lines[0] |= {"image": "0.jpg"}
    lines[1] |= {"frames": ["1.jpg", "2.jpg", "3.jpg"]}
    path = file.parent / "clips.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    evaluator = FewShotEvaluator(model, read_questions(path), path.parent, Options(tasks=("what moves",), shots=(1,)))
    turns = evaluator.prompt(evaluator._queries["what moves"][0], Setting(shots=1)).turns
    frames = open_pictures([file.parent / f"{number}.jpg" for number in (1, 2, 3)], model.image_px)
    with torch.no_grad():
        expected = model.encode_images(frames[None])[0]
    torch.testing.assert_close(evaluator._latents[turns[1].image], expected)
    assert [turn.image for turn in turns] == [0, 1]
    assert evaluator.ask("what moves", Setting(shots=1)).asked == 1


def test_settings_of_tasks(model, file):
    examined = evaluator(model, file, shots=(0, 1, 2, 4))
    assert {setting.shots for setting in examined.settings("caption")} == {0, 1, 2}  # it has two examples
    assert {setting.way for setting in examined.settings("caption")} == {WRITTEN}
    found = list(examined.settings("colour"))
    assert len(found) == 2 * (5 + 3 + 5)  # ways x (seen by hash, seen by likeness, blank); 0 shots also bare
    assert all(setting.selection != RICES for setting in found if setting.images == BLANK or not setting.shots)


@pytest.mark.parametrize("images", [SEEN, BLANK])
def test_the_likeliest_choice_is_right_where_it_is_the_answer_and_nowhere_else(model, file, images):
    setting = Setting(shots=2, images=images, way=LIKELIEST)
    examined, latents = evaluator(model, file), None
    queries = [question for question in read_questions(file) if (question.task, question.split) == ("colour", "query")]
    if images == SEEN:
        latents = encode_pictures(model, open_pictures([file.parent / f"{number}.jpg" for number in range(12)], model.image_px))
    asked = [[examined.prompt(query, setting, choice) for choice in COLOURS] for query in queries]
    scores = torch.tensor(likelihoods(model, asked, latents))
    right = sum(COLOURS[best] == query.answer for best, query in zip(scores.argmax(1).tolist(), queries, strict=True))
    result = examined.ask("colour", setting)
    assert (result.right, result.asked) == (right, 4)


def test_an_answer_ends_with_its_line():
    assert [first_line(text) for text in (" red\n The plates", "\nred.", "", "red")] == ["red", "red.", "", "red"]


def test_wilson_interval():
    low, high = Result(task="t", setting=Setting(shots=0), right=8, asked=10).interval
    assert (low, high) == (pytest.approx(0.4902, abs=1e-3), pytest.approx(0.9433, abs=1e-3))
    assert Result(task="t", setting=Setting(shots=0), right=0, asked=10).interval[0] == 0.0


def test_what_stands_before_a_question_goes_from_the_least_to_the_most():
    starts = [{"shots": 2}, {"shots": 0, "text_only": 2}, {"shots": 0}, {"shots": 1}]
    results = [Result(task="t", setting=Setting(**start), right=1, asked=2) for start in starts]
    assert labels_of(results) == ["bare", "0", "1", "2"]


def test_a_task_with_too_few_examples_says_so(model, file):
    with pytest.raises(TrainingError, match="shots=500: task colour has 8 examples"):
        evaluator(model, file, tasks=("colour",), shots=(500,))
    caption = evaluator(model, file, tasks=("caption",), shots=(0, 1, 4), text_only=3)
    assert caption.left_out("caption") == ["0 shots", "4 shots"]
    assert {setting.label for setting in caption.settings("caption")} == {"bare", "1"}


def test_unknown_tasks_are_named(model, file):
    with pytest.raises(TrainingError, match="tasks=colur: there are colour, caption"):
        evaluator(model, file, tasks=("colur",))


def test_an_evaluation_of_what_a_training_left(file, tmp_path, toy):
    shards, overrides = write_training(toy, tmp_path)
    train(shards, "demo", str(tmp_path / "model"), overrides | {"steps": "2"})
    options = Options(shots=(0, 2), decoding=Decoding(max_tokens=4))
    found = evaluate(tmp_path / "model", shards=shards, questions=str(file), options=options)
    assert set(found["validation"]) == set(map(str, Dataset))
    assert all(row["loss"] > 0 and row["samples"] > 0 for row in found["validation"].values())
    assert found["training"]["next_image"] == 0.0 and found["training"]["weights"]["vtp"] == 0.03
    assert json.loads((tmp_path / "model/evaluation.json").read_text()) == json.loads(json.dumps(found))
    assert {(row["task"], row["label"]) for row in found["questions"]} == {
        (task, label) for task in ("colour", "caption") for label in ("bare", "0", "2")
    }
    assert "<svg" in (tmp_path / "model/evaluation.svg").read_text()
    both = {"output": str(tmp_path / "both"), "processes": 2}
    shared = evaluate(tmp_path / "model", shards=shards, questions=str(file), options=options, **both)
    assert shared["questions"] == found["questions"]
    for dataset, row in found["validation"].items():
        assert shared["validation"][dataset] == pytest.approx(row), dataset
    with pytest.raises(TrainingError, match="nothing to measure"):
        evaluate(tmp_path / "model")
    with pytest.raises(TrainingError, match="no finished training"):
        evaluate(tmp_path / "typo", questions=str(file))
    assert not (tmp_path / "typo").exists()


def test_what_does_not_fit_is_left_out_and_the_rest_stands(file, model, capsys):
    model.language.config.max_position_embeddings, longest = 12, model.language.config.max_position_embeddings
    try:
        with pytest.raises(TrainingError, match="no prompt has a place"):
            answer(model, file, Options(tasks=("colour",), shots=(4,), decoding=Decoding(max_tokens=2)))
        results = answer(model, file, Options(tasks=("colour",), shots=(0, 4), decoding=Decoding(max_tokens=2)))
    finally:
        model.language.config.max_position_embeddings = longest
    assert {result.setting.label for result in results} == {"bare", "0"}
    assert "colour, written, rices: not with 4; prompt: " in capsys.readouterr().err


def test_a_plot_is_sound_xml():
    from xml.etree import ElementTree

    results = [
        Result(task="a < b", setting=Setting(shots=shots, images=images), right=shots, asked=8)
        for shots in (0, 2, 8)
        for images in ("seen", BLANK)
    ]
    tree = ElementTree.fromstring(accuracy_svg(results, "title & more"))
    lines = tree.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2 and len(lines[0].get("points").split()) == 3
