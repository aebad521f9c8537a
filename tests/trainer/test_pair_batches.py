"""Shards to batches: the order, the way back, and what is done about damage."""

import io
import itertools
from pathlib import Path

import pytest
import torch
from PIL import Image

from lamella.schemas.errors import TrainingError
from lamella.schemas.pair import Dataset
from lamella.schemas.sample import ClipSample, PairSample
from lamella.schemas.shards import MANIFEST, BadShard
from lamella.trainer.contrastive.batches import Batch, Cursor, PairBatches
from lamella.trainer.contrastive.config import ContrastiveConfig
from lamella.trainer.contrastive.pairs import find_pairs, read_samples
from lamella.trainer.loading.shard_reader import manifest_hash


def tokenize(texts):
    return torch.tensor([[int(text.split()[-1])] for text in texts])


def batches_of(folder: str, count: int, cursor: Cursor | None = None, **changes) -> list[Batch]:
    config = ContrastiveConfig(recipe="test", **({"batch": 8, "shards_in_memory": 2} | changes))
    shards = find_pairs(folder, config.datasets, "train")
    with PairBatches(shards, config, 16, tokenize, cursor=cursor) as batches:
        return list(itertools.islice(batches, count))


def keys_of(batches: list[Batch]) -> list[str]:
    return [key for batch in batches for key in batch.keys]


def test_an_epoch_has_every_sample_at_most_once_and_full_batches(toy_shards):
    batches = batches_of(toy_shards, 6)
    assert [batch.after.epoch for batch in batches] == [0] * 6
    assert [batch.after.position for batch in batches] == [8, 16, 24, 32, 40, 48]
    assert len(set(keys_of(batches))) == 48
    assert all(batch.images.shape == (8, 16, 16, 3) and batch.images.dtype == torch.uint8 for batch in batches)


def test_tokens_and_pixels_are_the_same_samples(toy_shards):
    for batch in batches_of(toy_shards, 3):
        assert [f"{int(token):032x}" for token in batch.tokens[:, 0]] == list(batch.keys)


def test_each_epoch_has_its_own_order_and_each_seed(toy_shards):
    first, second = keys_of(batches_of(toy_shards, 12))[:48], keys_of(batches_of(toy_shards, 12))[48:]
    assert first != second and sorted(first) == sorted(second)
    assert keys_of(batches_of(toy_shards, 6, seed=1)) != first
    assert keys_of(batches_of(toy_shards, 6)) == first


def test_what_fills_no_batch_is_left_out_and_comes_in_another_epoch(toy_shards):
    batches = batches_of(toy_shards, 8, batch=11)
    assert [(batch.after.epoch, batch.after.position) for batch in batches[3:6]] == [(0, 44), (1, 11), (1, 22)]


@pytest.mark.parametrize("behind", [1, 3, 5, 6, 7, 9])
@pytest.mark.parametrize("changes", [{}, {"cache_bytes": 0}, {"shards_in_memory": 1}, {"decoders": 5}])
def test_going_on_from_a_cursor_skips_nothing_and_repeats_nothing(toy_shards, behind, changes):
    whole = batches_of(toy_shards, 14, **changes)
    rest = batches_of(toy_shards, 14 - behind, cursor=whole[behind - 1].after, **changes)
    assert keys_of(rest) == keys_of(whole[behind:])
    assert all(torch.equal(a.images, b.images) for a, b in zip(rest, whole[behind:], strict=True))


def test_a_shift_moves_pictures_by_hash_and_keeps_their_size(toy_shards):
    plain, moved = batches_of(toy_shards, 2), batches_of(toy_shards, 2, max_shift=3)
    again = batches_of(toy_shards, 1, cursor=moved[0].after, max_shift=3)
    assert keys_of(plain) == keys_of(moved)
    assert moved[0].images.shape == plain[0].images.shape
    assert not torch.equal(moved[0].images, plain[0].images)
    assert torch.equal(again[0].images, moved[1].images)


def test_captions_of_other_sources_are_left_out(toy_shards):
    batches = batches_of(toy_shards, 4, sources=("figcaption",))
    assert all(int(key, 16) % 3 == 0 for key in keys_of(batches))
    assert len(set(keys_of(batches[:2]))) == 16 and batches[2].after.epoch == 1
    assert sum(batch.damaged for batch in batches) == 0
    again = batches_of(toy_shards, 3, cursor=batches[0].after, sources=("figcaption",))
    assert keys_of(again) == keys_of(batches[1:])
    with pytest.raises(TrainingError, match="leaves too few samples"):
        batches_of(toy_shards, 1, sources=("title",))


def test_one_dataset_folder_is_enough(toy_shards):
    shards = find_pairs(f"{toy_shards}/ltip", ("ltip",), "train")
    assert [(shard.dataset, shard.info.samples) for shard in shards] == [(Dataset.LTIP, 12)]


def test_of_a_clip_the_middle_frame_stands_for_it(tmp_path, toy):
    frames = []
    for grey in (10, 60, 200, 250):
        out = io.BytesIO()
        Image.new("L", (16, 16), grey).convert("RGB").save(out, "JPEG")
        frames.append(out.getvalue())
    clip = ClipSample(key="k", url="u", text="a bar rises", frames=tuple(frames))
    toy.write(tmp_path / "vtp", Dataset.VTP, {"train": [[clip.encode()]]})
    (sample,) = read_samples(find_pairs(str(tmp_path), ("vtp",), "train")[0])
    assert sample == PairSample(key="k", url="u", text="a bar rises", image=frames[2])


def test_missing_manifest_names_the_file(tmp_path, toy_shards):
    with pytest.raises(TrainingError, match=r"align/_manifest\.json; has the run finished"):
        find_pairs(str(tmp_path), ("align",), "train")
    with pytest.raises(TrainingError, match="no validation sample of ltip"):
        find_pairs(toy_shards, ("ltip",), "validation")
    with pytest.raises(TrainingError, match="datasets=m3w"):
        find_pairs(toy_shards, ("m3w", "align"), "train")


def test_a_manifest_that_is_none(tmp_path):
    (tmp_path / MANIFEST).write_text("[1]")
    with pytest.raises(TrainingError, match="not a manifest"):
        find_pairs(str(tmp_path), ("align",), "train")


def test_a_shard_that_is_not_the_manifests_is_refused(tmp_path, toy):
    toy.write(tmp_path / "align", Dataset.ALIGN, {"train": [[toy.pair(i).encode() for i in range(8)]]})
    shard = find_pairs(str(tmp_path), ("align",), "train")[0]
    path = Path(shard.folder) / shard.info.name
    data = bytearray(path.read_bytes())
    data[2000] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadShard, match="checksum"):
        read_samples(shard)
    with pytest.raises(BadShard, match="checksum"):  # from the thread that reads, to the one that trains
        batches_of(str(tmp_path), 1, datasets=("align",))


def test_damaged_samples_are_skipped_and_counted(tmp_path, toy):
    pairs = [toy.pair(i).encode() for i in range(20)]
    pairs[3] = pairs[3] | {"jpg": pairs[3]["jpg"][:300]}
    pairs[7] = {"json": b"{", "jpg": pairs[7]["jpg"]}
    toy.write(tmp_path / "align", Dataset.ALIGN, {"train": [pairs]})
    batches = batches_of(str(tmp_path), 2, datasets=("align",), batch=9)
    keys = keys_of(batches)
    assert sum(batch.damaged for batch in batches) == 2 and batches[-1].after == Cursor(epoch=0, position=20)
    assert sorted(keys) == sorted(toy.pair(i).key for i in range(20) if i not in (3, 7))


def test_too_many_damaged_samples_end_the_training(tmp_path, toy):
    pairs = [toy.pair(i).encode() for i in range(120)]
    for i in range(0, 120, 30):
        pairs[i] = pairs[i] | {"jpg": b"no picture"}
    toy.write(tmp_path / "align", Dataset.ALIGN, {"train": [pairs]})
    with pytest.raises(TrainingError, match="max_bad_samples"):
        batches_of(str(tmp_path), 14, datasets=("align",))


def test_a_batch_larger_than_the_data_is_refused(toy_shards):
    with pytest.raises(TrainingError, match="batch=64: more than the 48 samples"):
        batches_of(toy_shards, 1, batch=64)


def test_the_hash_names_what_was_trained_on(toy_shards):
    both = find_pairs(toy_shards, ("align", "ltip"), "train")
    assert manifest_hash(both) == manifest_hash(both[::-1])
    assert manifest_hash(both) != manifest_hash(both[:-1])
