"""`lamella bootstrap`: one round of a few steps on a run over a few pages, and what ends it before anything is trained."""

import json
import shutil
from pathlib import Path

import pytest

import lamella
from lamella.pipeline.run_file import config_of
from lamella.runners.bootstrap import bootstrap, by_part
from lamella.schemas.errors import ConfigError

FEW = {
    f"{part}.{key}": value for part in ("captioner", "matcher", "probe") for key, value in {"steps": "2", "batch": "8"}.items()
}


@pytest.fixture(scope="module")
def run(sound, tmp_path_factory) -> str:
    """Of the pages that all tests share; what needs no model is made."""
    folder = str(shutil.copytree(sound.folder, tmp_path_factory.mktemp("bootstrap") / "run"))
    # A matcher that took two steps on a few pairs is sure of nothing.
    lamella.run("demo", sound.archives, folder, overrides={"caption.min_match": 0.5}, report=False)
    return folder


def test_a_round_makes_the_run_over_with_models_that_learned_from_it(run, tmp_path):
    said = []
    rounds = bootstrap(run, 1, str(tmp_path), say=said.append, overrides=FEW)
    assert [one.number for one in rounds] == [0, 1]
    assert all(one.pairs > 0 and one.known > 0 and 0 <= one.false <= one.known and one.loss > 0 for one in rounds)
    caption = config_of(run).caption
    assert caption.captioner.weights == str(tmp_path / "round-1/captioner")
    assert caption.matcher.weights == str(tmp_path / "round-1/matcher")
    assert not any("documents: runs" in line for line in said) and any("pairs: runs" in line for line in said)
    assert json.loads((tmp_path / "rounds.json").read_bytes())[1]["loss"] == rounds[1].loss
    model = Path(caption.captioner.weights, "model.safetensors")
    before = model.stat().st_mtime_ns
    assert bootstrap(run, 1, str(tmp_path), say=said.append, overrides=FEW) == rounds and model.stat().st_mtime_ns == before


def test_parts_of_a_round_are_named():
    assert by_part({"matcher.steps": "5"}) == {"captioner": {}, "matcher": {"steps": "5"}, "probe": {}}
    for key in ("steps", "scorer.steps", "matcher."):
        with pytest.raises(ConfigError, match=rf"^{key}: names no part of a round"):
            by_part({key: "5"})


def test_what_is_no_run_is_said(tmp_path):
    with pytest.raises(ConfigError, match="not the folder of a run"):
        bootstrap(str(tmp_path), 1, str(tmp_path / "out"), say=print)
    assert not (tmp_path / "out").exists()
