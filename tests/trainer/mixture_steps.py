"""A mixture's steps, taken and laid open: what is in them, whatever the world, the workers and the rows that made them."""

from lamella.schemas.pair import Dataset
from lamella.trainer.loading.mixture import Mixture
from tests.trainer.flamingo_world import world_config, world_vocabulary

VOCABULARY = world_vocabulary()
PX = 16
COUNTS = {Dataset.M3W: [7, 5, 6], Dataset.ALIGN: [9, 4], Dataset.LTIP: [8], Dataset.VTP: [3, 4]}


def taken(shards: str, steps: int, start: int = 0, rank: int = 0, world: int = 1, **changes) -> list:
    with Mixture(shards, world_config(**changes), VOCABULARY, PX, rank=rank, world=world) as mixture:
        stream = mixture.steps(start)
        return [next(stream) for _ in range(steps)]


def content(batch) -> list[tuple]:
    """Of each sequence, whatever row it stands in: its tokens, phi within it, mask and images."""
    found, first = [], 0
    for row in range(len(batch.text)):
        before = 0
        for number in range(1, int(batch.document[row].max()) + 1):
            inside = batch.document[row] == number
            text, phi = batch.text[row][inside].tolist(), batch.phi[row][inside].tolist()
            images = text.count(VOCABULARY.image)
            pixels = batch.images[first : first + images]
            own = tuple(value - before if value else 0 for value in phi)
            found.append((tuple(text), own, tuple(batch.loss_mask[row][inside].tolist()), pixels.numpy().tobytes()))
            assert batch.position[row][inside].tolist() == list(range(len(text)))
            first, before = first + images, before + images
        assert int(batch.image_counts[row]) == before
    assert first == len(batch.images)
    return found


def everything(steps: list) -> list[tuple]:
    return [
        (step.number, dataset, batch.keys, batch.damaged, content(batch))
        for step in steps
        for micro in step.micro
        for dataset, batch in micro.items()
    ]


def keys_by_dataset(steps: list) -> dict[Dataset, list[str]]:
    found: dict[Dataset, list[str]] = {}
    for step in steps:
        for micro in step.micro:
            for dataset, batch in micro.items():
                found.setdefault(dataset, []).extend(batch.keys)
    return found
