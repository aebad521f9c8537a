"""Questions and a model -> how many it answers right, with 0 to 8 examples, by hash or by similarity, seeing and blind.

An example is a picture with its line; the question is a picture with the beginning of one. "0 shots" is the paper's (Alayrac et
al. 2022, A.2.4): two support lines without their pictures stand before the question; they show the form and nothing of the
pictures. "Bare" is the question alone, which does not even show the form.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import sqrt
from pathlib import Path

from torch import Tensor

from lamella.schemas.errors import TrainingError
from lamella.trainer.core.world import ALONE, World
from lamella.trainer.evaluation.gallery import encode_clips, features_of, open_pictures
from lamella.trainer.evaluation.generate import Decoding, generate
from lamella.trainer.evaluation.likelihood import likelihoods
from lamella.trainer.evaluation.prompts import ChatTurn, Prompt
from lamella.trainer.evaluation.questions import Question, attributes_right, is_right, tasks_of
from lamella.trainer.evaluation.rices import RANDOM, SELECTIONS, by_hash, nearest
from lamella.trainer.flamingo.model import Flamingo

SEEN, BLANK = "seen", "blank"  # `images` of a setting
BARE = "bare"
WRITTEN, LIKELIEST = "written", "likeliest"  # the model writes an answer; the likeliest of the choices is taken
_Z = 1.959964  # of a normal distribution's 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a task is asked. With blank images phi is 0 everywhere: what is right then, words alone have told."""

    shots: int
    text_only: int = 0  # lines without pictures, before a question that has no examples
    selection: str = RANDOM
    images: str = SEEN
    way: str = WRITTEN

    @property
    def start(self) -> tuple[int, int]:
        """What stands before the question; sorted, from the least to the most."""
        return self.shots, self.text_only

    @property
    def label(self) -> str:
        return str(self.shots) if self.shots or self.text_only else BARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked, and how."""

    shots: tuple[int, ...] = (0, 1, 2, 4, 8)
    selections: tuple[str, ...] = SELECTIONS
    images: tuple[str, ...] = (SEEN, BLANK)  # blank ones with examples by hash only
    ways: tuple[str, ...] = (WRITTEN, LIKELIEST)
    tasks: tuple[str, ...] = ()  # none: all of the file
    queries: int | None = None  # the first so many of each task; None: all
    text_only: int = 2  # lines without pictures that make 0 shots; 0: bare questions only
    decoding: Decoding = field(default_factory=lambda: Decoding(beams=1, max_tokens=24))
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How often a task was answered right in a setting; `attributes` of captions, one by one."""

    task: str
    setting: Setting
    right: int
    asked: int
    attributes: dict[str, float] = field(default_factory=dict)

    @property
    def accuracy(self) -> float:
        return self.right / self.asked

    @property
    def interval(self) -> tuple[float, float]:
        """Where the accuracy lies with 95 % confidence (Wilson 1927)."""
        n, p = self.asked, self.accuracy
        middle, spread = p + _Z**2 / (2 * n), _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return max(0.0, (middle - spread) / (1 + _Z**2 / n)), min(1.0, (middle + spread) / (1 + _Z**2 / n))


def labels_of(results: Sequence[Result]) -> list[str]:
    """What stood before the questions, from the least to the most."""
    return [label for _, label in sorted({(result.setting.start, result.setting.label) for result in results})]


class FewShotEvaluator:
    """A model, and a file's questions whose pictures it has seen once.

    Args:
        model: in evaluation mode.
        questions: as `lamella.trainer.evaluation.questions.read_questions` gives them.
        folder: that their images are relative to.
        options: what is asked.
        world: whose processes share the work; each gets all results.

    Raises:
        TrainingError: no such task, a task with too few examples for anything asked, or a picture that cannot be opened.
    """

    def __init__(self, model: Flamingo, questions: Sequence[Question], folder: Path, options: Options, *, world: World = ALONE):
        self._world, there = world, tasks_of(questions)
        if unknown := [task for task in options.tasks if task not in there]:
            raise TrainingError(f"tasks={unknown[0]}: there are {', '.join(there)}")
        self.model, self.options, self.tasks = model, options, options.tasks or tuple(there)
        self._support = {task: [q for q in questions if (q.task, q.split) == (task, "support")] for task in self.tasks}
        self._queries = {
            task: [q for q in questions if (q.task, q.split) == (task, "query")][: options.queries] for task in self.tasks
        }
        for task in self.tasks:
            if not list(self._starts(self.examples(task))):
                raise TrainingError(f"shots={options.shots[0]}: task {task} has {self.examples(task)} examples")
        asked = [q for questions in (*self._support.values(), *self._queries.values()) for q in questions]
        self._places = dict(zip(dict.fromkeys(q.pictures for q in asked), count(), strict=False))
        clips = [open_pictures([folder / frame for frame in frames], model.image_px) for frames in self._places]
        self._latents: Tensor = encode_clips(model, clips)
        self._features: Tensor = features_of(model, clips)

    def examples(self, task: str) -> int:
        """How many may be shown: a question's own picture is none of its examples."""
        shown = Counter(example.pictures for example in self._support[task])
        return shown.total() - max(shown[query.pictures] for query in self._queries[task])

    def left_out(self, task: str) -> list[str]:
        """What of the options the task has too few examples for."""
        starts = {*self._starts(self.examples(task))}
        wanted = [(0, self.options.text_only) if not shots else (shots, 0) for shots in self.options.shots]
        return [f"{shots} shots" for shots, lines in wanted if (shots, lines) not in starts]

    def settings(self, task: str) -> Iterator[Setting]:
        """Those of the options that the task allows: no more shots than it has examples, likelihood only of choices."""
        options = self.options
        ways = [way for way in options.ways if way != LIKELIEST or self._queries[task][0].choices]
        for way in ways:
            for shots, text_only in self._starts(self.examples(task)):
                if SEEN in options.images:
                    for selection in options.selections if shots else options.selections[:1]:
                        yield Setting(shots=shots, text_only=text_only, selection=selection, way=way)
                if BLANK in options.images:
                    yield Setting(shots=shots, text_only=text_only, images=BLANK, way=way)

    def ask(self, task: str, setting: Setting) -> Result:
        """Asks all questions of a task."""
        queries = self._queries[task]
        said = self._likeliest(task, setting) if setting.way == LIKELIEST else self._written(task, setting)
        named: dict[str, list[bool]] = {}
        for text, query in zip(said, queries, strict=True):
            for name, right in attributes_right(text, query).items():
                named.setdefault(name, []).append(right)
        return Result(
            task=task,
            setting=setting,
            right=sum(is_right(text, query) for text, query in zip(said, queries, strict=True)),
            asked=len(queries),
            attributes={name: sum(rights) / len(rights) for name, rights in named.items()},
        )

    def prompt(self, query: Question, setting: Setting, answer: str | None = None) -> Prompt:
        """The question behind its examples; with an answer, that answer written out."""
        support = self._support[query.task]
        if setting.shots:
            turns = [ChatTurn(support[at].line(), self._places[support[at].pictures]) for at in self._shots(query, setting)]
        else:
            other = [example for example in support if example.pictures != query.pictures]
            lines = by_hash(self.options.seed, _key(query), list(map(_key, other)), setting.text_only)
            turns = [ChatTurn(other[at].line()) for at in lines]
        text = query.prompt if answer is None else query.line(answer)
        return Prompt((*turns, ChatTurn(text, self._places[query.pictures])))

    def _starts(self, examples: int) -> Iterator[tuple[int, int]]:
        """Examples, and lines without pictures, that may stand before a question of a task that has so many examples."""
        for shots in self.options.shots:
            if not shots:
                yield 0, 0
            if not shots and 0 < self.options.text_only <= examples:
                yield 0, self.options.text_only
            if 0 < shots <= examples:
                yield shots, 0

    def _shots(self, query: Question, setting: Setting) -> list[int]:
        support = self._support[query.task]
        other = [at for at, example in enumerate(support) if example.pictures != query.pictures]
        if setting.selection == RANDOM:
            picked = by_hash(self.options.seed, _key(query), [_key(support[at]) for at in other], setting.shots)
        else:
            of = self._features[[self._places[support[at].pictures] for at in other]]
            picked = nearest(self._features[self._places[query.pictures]], of, setting.shots)
        return [other[at] for at in picked]

    def _written(self, task: str, setting: Setting) -> list[str]:
        prompts = [self.prompt(query, setting) for query in self._queries[task]]
        written = generate(self.model, prompts, self._seen_latents(setting), self.options.decoding, world=self._world)
        return [first_line(text) for text in written]

    def _likeliest(self, task: str, setting: Setting) -> list[str]:
        queries = self._queries[task]
        asked = [[self.prompt(query, setting, choice) for choice in query.choices] for query in queries]
        scores = likelihoods(self.model, asked, self._seen_latents(setting), world=self._world)
        return [query.choices[max(range(len(row)), key=row.__getitem__)] for query, row in zip(queries, scores, strict=True)]

    def _seen_latents(self, setting: Setting) -> Tensor | None:
        return None if setting.images == BLANK else self._latents


def first_line(text: str) -> str:
    """The answer in what a model wrote: a line break parts texts, so what stands behind it is the page's next one."""
    return text.strip().partition("\n")[0].strip()


def _key(question: Question) -> str:
    return f"{question.task}/{','.join(question.pictures)}/{question.prompt}"
