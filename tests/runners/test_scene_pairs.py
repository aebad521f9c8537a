"""Pairs of scenes without a run: shards that the trainer finds, every text true, the same bytes again."""

from lamella.reporting.ground_truth.claims import Vocabulary, claims
from lamella.runners import scene_pairs
from lamella.sample.scenes import make_scene
from lamella.trainer.contrastive.pairs import find_pairs, read_samples


def test_shards_are_whole_and_the_same_again(tmp_path, monkeypatch):
    monkeypatch.setattr(scene_pairs, "VALIDATION", 3)
    monkeypatch.setattr(scene_pairs, "PAIRS_PER_SHARD", 8)
    manifests = [scene_pairs.write_scene_pairs(str(tmp_path / name), 12, 1) for name in ("a", "b")]
    assert manifests[0] == manifests[1]
    shards = find_pairs(str(tmp_path / "a"), ("ltip",), "train")
    samples = [sample for shard in shards for sample in read_samples(shard)]
    assert [shard.info.samples for shard in shards] == [8, 4] and all(samples)
    assert len(find_pairs(str(tmp_path / "a"), ("ltip",), "validation")) == 1


def test_every_text_is_true_of_its_scene():
    keys = [f"test/{number}" for number in range(300)]
    facts = {key: make_scene(key).facts() for key in keys}
    words = Vocabulary.of(facts.values())
    sources = set()
    for key in keys:
        pair = scene_pairs.scene_pair(key)
        sources.add(pair.facts["source"])
        still = "moves from" in pair.text or "Here comes" in pair.text or " from " in pair.text  # of a clip, not of the scene
        if pair.facts["source"] != "ground" and not still:
            assert all(claims(pair.text, facts[key], words).values()), pair.text
    assert sources == {"alt", "caption", "ground"}
