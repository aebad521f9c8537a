"""Texts and pictures in turn -> what a model reads: tokens, phi and the pictures that they name.

    <BOS> <image> text <EOC> <image> text <EOC> <image> text ...      the last turn is open: the model goes on writing it

As the documents of a training (`trainer/loading/sequences.py`), with phi by the previous image.
"""

from dataclasses import dataclass

from lamella.schemas.errors import TrainingError
from lamella.trainer.loading.tokenizer import IMAGE, Vocabulary


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """A picture, or none, and the text that follows it; `image` is its number in whatever holds the pictures, from 0."""

    text: str = ""
    image: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A prompt in tokens."""

    text: tuple[int, ...]
    phi: tuple[int, ...]  # counts `images` from 1; 0: attends to none
    images: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.text)

    @property
    def attends_to(self) -> int | None:
        """The picture that whatever is written next attends to."""
        return self.images[-1] if self.images else None

    def blind(self) -> "Reading":
        """The same tokens, which attend to nothing."""
        return Reading(self.text, (0,) * len(self.text), ())


@dataclass(frozen=True, slots=True)
class Prompt:
    """Turns in order; every turn but the last is closed by `<EOC>`."""

    turns: tuple[ChatTurn, ...]

    def read(self, vocabulary: Vocabulary) -> Reading:
        encoded = vocabulary.encode([turn.text for turn in self.turns])
        text, phi, images = [vocabulary.bos], [0], []
        for place, (turn, ids) in enumerate(zip(self.turns, encoded, strict=True)):
            if turn.image is not None:
                images.append(turn.image)
                text.append(vocabulary.image)
                phi.append(len(images))
            text += ids
            phi += [len(images)] * len(ids)
            if place + 1 < len(self.turns):
                text.append(vocabulary.eoc)
                phi.append(len(images) if ids else 0)  # of the text that it closes
        return Reading(tuple(text), tuple(phi), tuple(images))


def parse_prompt(text: str, images: int) -> Prompt:
    """A prompt as a person writes it: `<image>` where each picture stands; without any, all pictures come first.

    Raises:
        TrainingError: markers and pictures differ in number.
    """
    before, *after = text.split(IMAGE)
    if not after:
        turns = [ChatTurn(image=number) for number in range(images)]
        last = turns.pop() if turns else ChatTurn()
        return Prompt((*turns, ChatTurn(text.strip(), last.image)))
    if len(after) != images:
        raise TrainingError(f"prompt: {len(after)} {IMAGE} for {images} image{'s' * (images != 1)}")
    turns = [ChatTurn(part.strip(), number) for number, part in enumerate(after)]
    return Prompt((ChatTurn(before.strip()), *turns) if before.strip() else tuple(turns))
