"""Pairs of scenes that a captioner doubts: what is kept, what they bring as false, and the same bytes again."""

from lamella.runners import hard_pairs
from lamella.sample.scenes import MAX_COUNT, SceneKind, make_scene
from lamella.sample.truths import holds
from lamella.schemas.config import ModelConfig
from lamella.trainer.contrastive.pairs import find_pairs, read_samples
from lamella.transforms.caption.coca import CocaCaptioner

OF = 64


def test_false_texts_are_false_texts_hold_and_hard_scenes_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(hard_pairs, "VALIDATION", 3)
    captioner = CocaCaptioner.load(ModelConfig(batch=32, device="cpu"))
    manifests = [hard_pairs.write_hard_pairs(str(tmp_path / name), captioner, OF, 1) for name in ("a", "b")]
    assert manifests[0] == manifests[1]
    samples = [sample for shard in find_pairs(str(tmp_path / "a"), ("ltip",), "train") for sample in read_samples(shard)]
    assert all(samples)
    hard = [sample for sample in samples if "false" in sample.facts]
    assert hard and len(hard) < len(samples) < OF
    assert {sample.facts["shows"] for sample in hard} == {"scene"}
    for sample in hard:
        scene = make_scene(sample.key)
        many = scene.kind is SceneKind.CHART or scene.count == MAX_COUNT
        assert (many or sample.facts["doubt"] >= hard_pairs.DOUBT) and holds(sample.text, scene) is True
        assert (many or sample.facts["false"]) and not any(holds(text, scene) is not False for text in sample.facts["false"])
    assert "synthetic" in {sample.facts["source"] for sample in hard}
    assert len(find_pairs(str(tmp_path / "a"), ("ltip",), "validation")) == 1
