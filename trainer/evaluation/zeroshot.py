"""A CLIP or CoCa and questions with choices -> how many it answers right: classification by prompts, without training.

Each choice is written into every template; the mean of these texts' vectors stands for the class, and a picture belongs to the
class that is nearest (Radford et al. 2021, 3.1.4). Of a clip, the mean of its frames' vectors is taken.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from lamella.schemas.errors import TrainingError, WeightsMissing
from lamella.trainer.evaluation.contrastive import embed_images, embed_texts
from lamella.trainer.evaluation.fewshot import Result, Setting
from lamella.trainer.evaluation.gallery import open_pictures
from lamella.trainer.evaluation.questions import Question, tasks_of
from lamella.weights import Loaded, load
from lamella.weights.loaded import MODEL_FILE

TEMPLATES = ("{}", "a picture of {}", "a photo of {}")
PROMPTS = "clip prompts"  # the way of a setting
_CONFIG_FILE = "config.json"


def is_contrastive(folder: Path) -> bool:
    """Whether a training of CLIP or CoCa left the folder."""
    try:
        config = json.loads((folder / _CONFIG_FILE).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and "contrastive_weight" in config


def load_contrastive(folder: Path, device: str = "auto") -> Loaded:
    """The model that a contrastive training left in `folder`. Raises TrainingError where it has not finished."""
    config = json.loads((folder / _CONFIG_FILE).read_bytes())
    if not (folder / MODEL_FILE).is_file():
        raise TrainingError(f"{folder}: a training that has not finished; the command that began it goes on with it")
    try:
        return load(config["model"], str(folder), "scorer", device=device)
    except (WeightsMissing, KeyError) as error:
        raise TrainingError(f"{folder}: {error}") from error


def zero_shot(
    loaded: Loaded, questions: Sequence[Question], folder: Path, templates: Sequence[str] = TEMPLATES
) -> list[Result]:
    """How many queries of each task that has choices are put into their class.

    Args:
        loaded: the model.
        questions: of a file.
        folder: that their pictures are relative to.
        templates: texts with one `{}` each, where the choice is written.

    Raises:
        TrainingError: a template without `{}`, no task with choices, or a picture that cannot be opened.
    """
    for template in templates:
        if template.count("{}") != 1:
            raise TrainingError(f"template={template!r}: one {{}} is needed, where the class is written")
    results = []
    for task in tasks_of(questions):
        queries = [question for question in questions if (question.task, question.split) == (task, "query")]
        if not queries[0].choices:
            continue
        names = list(dict.fromkeys(choice for query in queries for choice in query.choices))
        number = {name: place for place, name in enumerate(names)}
        cosine = _vectors(loaded, queries, folder) @ class_vectors(loaded, names, templates).T  # [Q, C]
        right = 0
        for row, query in zip(cosine, queries, strict=True):
            own = torch.tensor([number[choice] for choice in query.choices])
            right += query.choices[int(row[own].argmax())] == query.answer
        results.append(Result(task=task, setting=Setting(shots=0, way=PROMPTS), right=right, asked=len(queries)))
    if not results:
        raise TrainingError("questions: no task has choices, and there is nothing to classify")
    return results


def class_vectors(loaded: Loaded, names: Sequence[str], templates: Sequence[str]) -> Tensor:
    """Float32 [C, D] of length 1 on the CPU: of each class the mean over its prompts."""
    prompts = [template.format(name.strip(" .")) for name in names for template in templates]
    vectors = embed_texts(loaded, loaded.tokenize(prompts)).cpu()  # [C * templates, D]
    return F.normalize(vectors.unflatten(0, (len(names), len(templates))).mean(1), dim=-1)


def _vectors(loaded: Loaded, queries: Sequence[Question], folder: Path) -> Tensor:
    """Float32 [Q, D] of length 1 on the CPU."""
    means = []
    for query in queries:
        frames = open_pictures([folder / frame for frame in query.pictures], loaded.image_size)  # [T, S, S, 3]
        means.append(embed_images(loaded, frames).mean(0).cpu())
    return F.normalize(torch.stack(means), dim=-1)
