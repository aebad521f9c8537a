"""A file -> questions and their right answers; texts that a model wrote -> which of them are right.

The format is described in docs/formats.md, "Questions": captions, questions and answers, and classes in one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lamella.schemas.errors import TrainingError

SPLITS = ("support", "query")
_STRINGS, _LISTS = ("task", "split", "image", "prompt", "answer"), ("frames", "accepted", "choices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One line of the file: about an image, or about a clip of `frames` in time order. Paths are relative to the file."""

    task: str
    split: str
    image: str = ""
    frames: tuple[str, ...] = ()
    prompt: str
    answer: str
    accepted: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The image alone, or the clip's frames."""
        return self.frames or (self.image,)

    def line(self, answer: str | None = None) -> str:
        """The prompt with an answer, the right one unless another is given."""
        return f"{self.prompt} {self.answer if answer is None else answer}".strip()


def read_questions(path: Path) -> list[Question]:
    """Raises TrainingError, which names the line, for what is no question."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise TrainingError(f"questions={path}: {getattr(error, 'strerror', None) or error}") from error
    questions = [_question(line, f"questions={path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    for task in tasks_of(questions):
        of_task = [question for question in questions if question.task == task]
        if not any(question.split == "query" for question in of_task):
            raise TrainingError(f"questions={path}: task {task} has no query")
        if len({len(question.choices) for question in of_task}) > 1:
            raise TrainingError(f"questions={path}: task {task} has questions of different numbers of choices")
    if not questions:
        raise TrainingError(f"questions={path}: no question in it")
    return questions


def tasks_of(questions: Sequence[Question]) -> list[str]:
    """In the order of the file."""
    return list(dict.fromkeys(question.task for question in questions))


def attributes_right(said: str, question: Question) -> dict[str, bool]:
    """Which of a caption's attributes `said` names."""
    words = f" {plain(said)} "
    return {name: any(f" {plain(phrase)} " in words for phrase in ways) for name, ways in question.attributes.items()}


def is_right(said: str, question: Question) -> bool:
    """Whether all attributes are named; without attributes, whether the text is an accepted answer but for case and
    punctuation."""
    if question.attributes:
        return all(attributes_right(said, question).values())
    return plain(said) in {plain(answer) for answer in (question.answer, *question.accepted)}


def plain(text: str) -> str:
    """Words in small letters, one space apart; nothing else."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def _question(line: str, where: str) -> Question:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise TrainingError(f"{where}: not JSON") from error
    if not isinstance(row, dict):
        raise TrainingError(f"{where}: not an object")
    if unknown := [name for name in row if name not in (*_STRINGS, *_LISTS, "attributes")]:
        raise TrainingError(f"{where}: no field {unknown[0]!r}")
    default = {"prompt": "", "image": "" if row.get("frames") else None}
    values: dict[str, Any] = {name: row.get(name, default.get(name)) for name in _STRINGS}
    values |= {name: row.get(name, []) for name in _LISTS}
    attributes = row.get("attributes", {})
    for name in _STRINGS:
        if not isinstance(values[name], str):
            raise TrainingError(f"{where}: {name} is no text")
    for name in _LISTS:
        if not _is_texts(values[name]):
            raise TrainingError(f"{where}: {name} is no list of texts")
        values[name] = tuple(values[name])
    if not isinstance(attributes, dict) or not all(map(_is_texts, attributes.values())):
        raise TrainingError(f"{where}: attributes is no object of lists of texts")
    if values["frames"] and values["image"]:
        raise TrainingError(f"{where}: image and frames; a question is about one or the other")
    for path in values["frames"] or (values["image"],):
        if not _is_beside(path):
            name = "frames" if values["frames"] else "image"
            raise TrainingError(f"{where}: {name}={path[:80]!r} is no path below the file's folder")
    if values["split"] not in SPLITS:
        raise TrainingError(f"{where}: split={values['split']!r}; there are {', '.join(SPLITS)}")
    if values["choices"] and (len(values["choices"]) < 2 or values["answer"] not in values["choices"]):
        raise TrainingError(f"{where}: the answer is none of at least two choices")
    return Question(**values, attributes={name: tuple(ways) for name, ways in attributes.items()})


def _is_beside(path: str) -> bool:
    """Whether a relative path stays below the folder that it is relative to."""
    return not path.startswith(("/", "\\", "~")) and "\0" not in path and ".." not in path.replace("\\", "/").split("/")


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)
