"""The mixture: one global order for any world, workers and micro-batches, and in each batch what the shards hold."""

import io
import json
from collections import Counter

import pytest
import torch

from lamella.schemas.datasets import DATASETS, Dataset
from lamella.schemas.errors import TrainingError
from lamella.trainer.loading.config import DatasetConfig
from lamella.trainer.loading.mixture import Mixture
from tests.trainer.flamingo_world import clip, colour_of, colours, document, world_config, write_world
from tests.trainer.mixture_steps import COUNTS, PX, VOCABULARY, content, everything, keys_by_dataset, taken


@pytest.fixture(scope="module")
def shards(toy, tmp_path_factory) -> str:
    return write_world(toy, tmp_path_factory.mktemp("world"), COUNTS)


@pytest.fixture(scope="module")
def plain(shards) -> list[tuple]:
    return everything(taken(shards, 8))


def test_shapes_and_types(shards):
    (step,) = taken(shards, 1)
    assert list(step.micro[0]) == [Dataset.ALIGN, Dataset.LTIP, Dataset.M3W, Dataset.VTP]
    for dataset, batch in step.micro[0].items():
        part = getattr(world_config(), str(dataset))
        for tensor in (batch.text, batch.phi, batch.document, batch.position):
            assert tensor.shape == (part.batch, part.tokens) and tensor.dtype == torch.int64
        assert batch.loss_mask.shape == (part.batch, part.tokens) and batch.loss_mask.dtype == torch.bool
        assert batch.images.shape == (int(batch.image_counts.sum()), part.frames, PX, PX, 3)
        assert batch.images.dtype == torch.uint8
        assert len(batch.keys) == part.batch
        assert batch.dataset is dataset
    assert step.number == 0 and step.waited_s > 0


def test_the_images_are_those_of_the_window(shards):
    """Each picture has a colour of its own: the k-th image of a row is the one that the document has at that place."""
    seen = 0
    for step in taken(shards, 12):
        batch = step.micro[0][Dataset.M3W]
        first = 0
        for row, key in enumerate(batch.keys):
            sample = document(int(key.split("-")[1]))
            count = int(batch.image_counts[row])
            found = colours(batch.images[first : first + count])
            own = colours_of(sample)
            starts = [n for n in range(len(own) - count + 1) if all(map(close, own[n : n + count], found))]
            assert starts or not count
            first, seen = first + count, seen + count
    assert seen > 60


def colours_of(sample) -> list[tuple[int, int, int]]:
    from PIL import Image

    return [Image.open(io.BytesIO(image)).getpixel((12, 9)) for image in sample.images]


def close(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) <= 2 for a, b in zip(one, other, strict=True))


def test_clips_have_their_frames_in_order(shards):
    (step,) = taken(shards, 1, align=DatasetConfig(), ltip=DatasetConfig(), m3w=DatasetConfig())
    batch = step.micro[0][Dataset.VTP]
    for place, key in enumerate(batch.keys):
        number = int(key.split("-")[1])
        assert all(map(close, colours(batch.images[place, :, None]), [colour_of(number + frame) for frame in range(4)]))


def frames(shards, count: int) -> tuple[list[tuple[int, int, int]], int]:
    """Colours of the first clip's frames, and how many of them are real."""
    part = DatasetConfig(batch=2, tokens=16, frames=count)
    (step,) = taken(shards, 1, align=DatasetConfig(), ltip=DatasetConfig(), m3w=DatasetConfig(), vtp=part)
    batch = step.micro[0][Dataset.VTP]
    return colours(batch.images[0, :, None]), int(batch.frame_counts[0])


def test_fewer_and_more_frames_than_a_clip_has(shards):
    four, real = frames(shards, 4)
    assert real == 4
    assert frames(shards, 2) == ([four[0], four[2]], 2)
    assert frames(shards, 8) == ([*four, *[four[-1]] * 4], 4)


def test_of_a_clip_only_the_frames_that_its_shard_calls_distinct_are_real(toy, tmp_path):
    toy.write(tmp_path / "vtp", Dataset.VTP, {"train": [[clip(number, frames=8, distinct=3).encode() for number in range(4)]]})
    three, real = frames(str(tmp_path), 3)
    assert real == 3 and len(set(three)) == 3
    assert frames(str(tmp_path), 8) == ([*three, *[three[-1]] * 5], 3)
    assert frames(str(tmp_path), 2) == ([three[0], three[1]], 2)


@pytest.mark.parametrize("said", [0, "3", True])
def test_a_clip_that_says_nonsense_of_its_frames_is_damaged(toy, tmp_path, said):
    members = clip(0).encode()
    members["json"] = members["json"].replace(b'"facts":{}', b'"facts":{"distinct_frames":%s}' % json.dumps(said).encode())
    toy.write(tmp_path / "vtp", Dataset.VTP, {"train": [[members]]})
    with pytest.raises(TrainingError, match="distinct_frames"):
        frames(str(tmp_path), 4)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_any_number_of_workers_gives_the_same(shards, plain, workers):
    assert everything(taken(shards, 8, workers=workers)) == plain


@pytest.mark.parametrize("start", range(8))
def test_a_training_goes_on_from_any_step(shards, plain, start):
    assert everything(taken(shards, 8 - start, start=start)) == [entry for entry in plain if entry[0] >= start]


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("world", [1, 2])
def test_a_training_goes_on_with_other_workers_in_another_world(shards, plain, workers, world):
    ranks = [taken(shards, 3, start=5, workers=workers, rank=rank, world=world) for rank in range(world)]
    parts: dict[tuple, list] = {}
    for number, dataset, keys, _, rows in (entry for rank in ranks for entry in everything(rank)):
        known = parts.setdefault((number, dataset), [(), []])
        parts[number, dataset] = [known[0] + keys, known[1] + rows]
    assert parts == {(number, dataset): [keys, rows] for number, dataset, keys, _, rows in plain if number >= 5}


@pytest.mark.parametrize(("world", "micro"), [(1, 2), (2, 1), (2, 2), (3, 1), (3, 2)])
def test_any_world_and_micro_batches_give_the_same_global_batches(shards, world, micro):
    sizes = {name: DatasetConfig(batch=12, tokens=16) for name in ("m3w", "align", "ltip", "vtp")}
    alone = taken(shards, 3, **sizes)
    ranks = [taken(shards, 3, rank=rank, world=world, micro_batches=micro, **sizes) for rank in range(world)]
    for number, step in enumerate(alone):
        for dataset, batch in step.micro[0].items():
            parts = [part[dataset] for rank in ranks for part in rank[number].micro]
            assert [len(part.keys) for part in parts] == [12 // (world * micro)] * (world * micro)
            assert tuple(key for part in parts for key in part.keys) == batch.keys
            assert [one for part in parts for one in content(part)] == content(batch)


@pytest.mark.parametrize("count", range(1, 10))
def test_every_sample_comes_once_an_epoch_in_any_world(toy, tmp_path, count):
    """Fewer shards than processes included; one dataset, batches that run over the end of an epoch."""
    folder = write_world(toy, tmp_path, {Dataset.ALIGN: [2 + n % 2 for n in range(count)]}, validation=1)
    none = DatasetConfig()
    total = sum(2 + n % 2 for n in range(count))
    for world in (1, 2, 3, 7, 8):
        part = DatasetConfig(batch=world, tokens=8)
        changes = {"m3w": none, "ltip": none, "vtp": none, "align": part}
        steps = -(-2 * total // world)
        ranks = [taken(folder, steps, rank=rank, world=world, **changes) for rank in range(world)]
        keys = [ranks[rank][step].micro[0][Dataset.ALIGN].keys[0] for step in range(steps) for rank in range(world)]
        for epoch in range(2):
            assert Counter(keys[epoch * total : (epoch + 1) * total]) == Counter(f"pair-{n}" for n in range(total))


def test_packed_rows_hold_what_unpacked_rows_hold(shards, plain):
    packed = taken(shards, 8, pack_tokens=48)
    found = everything(packed)
    for (*one, mine), (*other, theirs) in zip(found, plain, strict=True):
        assert one == other
        assert sorted(mine) == sorted(theirs)
    assert all(len(batch.text) < len(batch.keys) for step in packed for batch in step.micro[0].values())


def test_the_papers_layout(shards):
    for batch in taken(shards, 1)[0].micro[0].values():
        images, there = batch.padded_images()
        assert there.sum(1).tolist() == batch.image_counts.tolist()
        assert torch.equal(images[there], batch.images)
        assert not images[~there].any()


def test_another_seed_another_order(shards):
    keys = [keys_by_dataset(taken(shards, 8, seed=seed))[Dataset.M3W] for seed in (0, 1)]
    assert keys[0] != keys[1] and len(set(keys[0])) == 18


def test_a_sample_is_cut_anew_in_each_epoch(shards):
    rows: dict[str, set] = {}
    for step in taken(shards, 18):  # four epochs of 18 documents
        batch = step.micro[0][Dataset.M3W]
        for key, row in zip(batch.keys, batch.text.tolist(), strict=True):
            rows.setdefault(key, set()).add(tuple(row))
    assert max(map(len, rows.values())) > 1


def test_samples_and_fingerprint(toy, shards, tmp_path):
    with Mixture(shards, world_config(), VOCABULARY, PX) as one, Mixture(shards, world_config(), VOCABULARY, PX) as same:
        assert one.samples == {dataset: sum(counts) for dataset, counts in COUNTS.items()}
        assert one.datasets == tuple(sorted(COUNTS))
        assert one.fingerprint == same.fingerprint
    other = write_world(toy, tmp_path, COUNTS | {Dataset.LTIP: [7]})
    with Mixture(other, world_config(), VOCABULARY, PX) as another:
        assert another.fingerprint != one.fingerprint


def test_validation_is_finite_in_order_and_alike(shards):
    with Mixture(shards, world_config(validation_samples=5, micro_batches=2), VOCABULARY, PX) as mixture:
        batches = list(mixture.validation(Dataset.M3W))
        assert [len(batch.keys) for batch in batches] == [2, 2, 1]
        assert [key for batch in batches for key in batch.keys] == [f"document-{n}" for n in range(18, 23)]
        again = [content(batch) for batch in mixture.validation(Dataset.M3W)]
        assert again == [content(batch) for batch in batches]
    with Mixture(shards, world_config(validation_samples=3), VOCABULARY, PX) as mixture:
        assert [len(batch.keys) for batch in mixture.validation(Dataset.VTP)] == [2, 1]


REFUSED = {
    "m3w.batch=4: cannot be shared evenly by 3 x 1": ({"world": 3}, {}),
    "m3w.batch=4: cannot be shared evenly by 2 x 3": ({"world": 2}, {"micro_batches": 3, "align": 6, "ltip": 6, "vtp": 6}),
    "pack_tokens=20: shorter than m3w.tokens=24": ({}, {"pack_tokens": 20}),
    "all 0": ({}, {"m3w": 0, "align": 0, "ltip": 0, "vtp": 0}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_trained_is_refused_by_its_key(shards, message):
    where, changes = REFUSED[message]
    changes = {key: DatasetConfig(batch=value) if key in COUNTS else value for key, value in changes.items()}
    if where.get("world") == 3:
        changes |= {key: DatasetConfig(batch=6) for key in ("align", "ltip", "vtp")}
    with pytest.raises(TrainingError, match=message):
        Mixture(shards, world_config(**changes), VOCABULARY, PX, **where)


def test_a_dataset_without_samples_is_refused(toy, tmp_path):
    folder = write_world(toy, tmp_path, {dataset: ([4] if dataset is not Dataset.VTP else []) for dataset in COUNTS})
    with pytest.raises(TrainingError, match=r"no train sample of vtp; vtp.batch=0 leaves it out"):
        Mixture(folder, world_config(), VOCABULARY, PX)


def test_every_dataset_has_its_type():
    assert set(DATASETS) == set(COUNTS)
