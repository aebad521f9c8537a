"""The examination: what it says is so of the pictures it shows, every answer equally often, and no page shows them."""

import json
from collections import Counter, defaultdict

import pytest
from PIL import Image

from lamella.sample.exam import QUESTIONS, said_of, write_exam
from lamella.sample.pages import draft
from lamella.sample.questions import HELD_OUT, WORDINGS
from lamella.sample.scenes import Scene, SceneKind, Thing

QUERIES = 24
RING, STAR = Thing(shape="ring", colour="red", size="large"), Thing(shape="star", colour="blue", size="small")


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exam")
    summary = write_exam(folder, 1, QUERIES)
    return folder, summary, [json.loads(line) for line in (folder / QUESTIONS).read_text().splitlines()]


def test_the_summary_counts(exam):
    folder, summary, lines = exam
    assert summary.questions == len(lines) == 2 * QUERIES * len(summary.tasks)
    assert summary.images == len(list((folder / "img").iterdir())) == 4 * QUERIES
    assert Counter(line["split"] for line in lines) == {"support": len(lines) // 2, "query": len(lines) // 2}
    for line in lines[:: len(summary.tasks)]:
        with Image.open(folder / line["image"]) as picture:
            assert picture.format == "JPEG"


def test_the_same_seed_the_same_bytes(exam, tmp_path):
    folder, _, _ = exam
    write_exam(tmp_path, 1, QUERIES)
    for path in folder.rglob("*.*"):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_tasks_agree_on_their_picture(exam):
    """The caption, which names everything, holds the answer to every other question about the same picture."""
    about = defaultdict(dict)
    for line in exam[2]:
        about[line["image"]][line["task"]] = line
    for tasks in about.values():
        caption = tasks.get("caption") or tasks["caption-pair"]
        for name in ("colour", "shape", "size", "background", "relation"):
            assert name not in tasks or tasks[name]["answer"] in caption["answer"].lower()
        for name in ("colour", "shape", "count"):
            if name in tasks:
                assert tasks[f"{name}-unsaid"]["answer"] == tasks[name]["answer"].capitalize() + "."
                assert tasks[f"{name}-reworded"]["answer"] == tasks[name]["answer"]
        if "count" in tasks:
            assert (tasks["count"]["answer"] == "one") == caption["answer"].startswith("A ")


def test_every_answer_as_often(exam):
    for task in ("colour", "shape", "count", "size", "background", "relation", "shape-unsaid"):
        for split in ("support", "query"):
            lines = [line for line in exam[2] if (line["task"], line["split"]) == (task, split)]
            said = Counter(line["answer"] for line in lines)
            assert set(said.values()) == {QUERIES // len(said)} and set(said) == set(lines[0]["choices"])


def test_words_of_pages_and_words_of_none(exam):
    prompts = {line["task"]: line["prompt"] for line in exam[2]}
    assert prompts["colour"] in {wording.before for wording in WORDINGS["colour"]}
    assert prompts["colour-unsaid"] == "" and prompts["colour-reworded"] == HELD_OUT["colour"].before


def test_no_page_shows_them():
    keys = {shown.picture.scene.key for index in range(50) for shown in draft(0, index).shown}
    assert not any(key.startswith("exam/") for key in keys)


@pytest.mark.parametrize(
    "things, count, relation, attribute, phrases",
    [
        ((RING,), 1, "", "count", ["a small", "a little", "a large", "a big", "one"]),
        ((RING,), 3, "", "count", ["three"]),
        ((RING,), 3, "", "shape", ["ring", "rings"]),
        ((RING,), 3, "", "size", ["large", "big"]),
        ((RING,), 3, "", "background", ["dotted background", "background with dots"]),
        ((RING, STAR), 2, "left of", "first", ["red ring"]),
    ],
)
def test_what_a_caption_has_to_say(things, count, relation, attribute, phrases):
    kind = SceneKind.PAIR if relation else SceneKind.SINGLE if count == 1 else SceneKind.GROUP
    scene = Scene(key="x", kind=kind, things=things, count=count, background="dotted", relation=relation)
    assert said_of(scene)[attribute] == phrases


def test_a_relation_may_be_said_from_either_side():
    pair = Scene(key="x", kind=SceneKind.PAIR, things=(RING, STAR), count=2, background="grey", relation="left of")
    assert said_of(pair)["relation"] == [
        "red ring to the left of a small blue star",
        "red ring to the left of a little blue star",
        "blue star to the right of a large red ring",
        "blue star to the right of a big red ring",
    ]
