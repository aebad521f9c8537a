"""Questions in, cosine similarities out: each picture and each text of a batch is embedded once (CLIP, Radford et al. 2021)."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from lamella.transforms.media.frames import Unseen, read_view
from lamella.transforms.media.store import MediaStore
from lamella.transforms.score.questions import Answer, Question

if TYPE_CHECKING:
    import torch

    from lamella.weights import Loaded

DIGITS = 6  # scores are stored so; what lies beyond differs between machines


def answer(questions: Sequence[Question], loaded: "Loaded", size: int, store: MediaStore) -> list[Answer]:
    """One answer a question: the best similarity of its texts to its picture.

    Args:
        questions: of one batch of records.
        loaded: a model with `encode_image` and `encode_text`.
        size: pictures, or texts, at once.
        store: where the pictures lie, and how they are read.

    Raises:
        BlobError: a picture's bytes cannot be had.
    """
    pictures = _pictures(questions, loaded, size, store)
    texts = _texts(questions, loaded, size)
    return [_answer(question, pictures, texts) for question in questions]


def _answer(question: Question, pictures: dict, texts: dict) -> Answer:
    picture = pictures[question.view.key]
    if isinstance(picture, Answer):
        return picture
    scores = [float(picture @ texts[text]) for text in question.texts if text]
    return Answer(round(max(scores), DIGITS) if scores else None)


def _pictures(
    questions: Sequence[Question], loaded: "Loaded", size: int, store: MediaStore
) -> "dict[str, torch.Tensor | Answer]":
    """By view key: the picture's embedding [D], or the answer that it cannot be seen."""
    import torch

    views = {question.view.key: question.view for question in questions}
    found: dict = {}
    for keys in _chunks(list(views), size):
        seen, tensors = [], []
        for key in keys:
            try:
                image = read_view(views[key], store, loaded.image_size)
            except Unseen as error:
                found[key] = Answer(None, error.reason, error.detail)
            else:
                seen.append(key)
                tensors.append(loaded.preprocess(image))
        if seen:
            batch = torch.stack(tensors).to(loaded.device)  # [N, 3, H, W]
            found.update(zip(seen, _embedded(loaded.model.encode_image, batch), strict=True))
    return found


def _texts(questions: Sequence[Question], loaded: "Loaded", size: int) -> "dict[str, torch.Tensor]":
    """By text: its embedding [D]. A text longer than the model's context is cut by its tokenizer."""
    distinct = list(dict.fromkeys(text for question in questions for text in question.texts if text))
    found: dict = {}
    for texts in _chunks(distinct, size):
        tokens = loaded.tokenize(texts).to(loaded.device)  # [N, L]
        found.update(zip(texts, _embedded(loaded.model.encode_text, tokens), strict=True))
    return found


def _embedded(encode: Callable, batch: "torch.Tensor") -> "torch.Tensor":
    """[N, ...] -> [N, D], of length 1, in fp32 on the CPU."""
    import torch

    with torch.inference_mode():
        return torch.nn.functional.normalize(encode(batch).float(), dim=-1).cpu()


def _chunks(items: list, size: int) -> Iterable[list]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
