"""A job's hash changes with what the job reads, by content, and with nothing else."""

import os
import shutil
from pathlib import Path

import pytest

from lamella import weights
from lamella.pipeline.config.resolution import resolve
from lamella.pipeline.fingerprints import (
    check_files,
    inspection_identity,
    job_fingerprint,
    model_identity,
    sets_pace,
    stage_settings,
)
from lamella.schemas.errors import ConfigError
from lamella.transforms.filter import wordlists


def of(job: str, *words: str, recipe: str = "demo") -> str:
    return job_fingerprint(resolve(recipe, words), job, ["inputs"])


def test_settings_and_inputs_count():
    assert of("documents") != of("documents", "filter.languages=[de]")
    assert of("media") == of("media", "filter.languages=[de]")
    assert job_fingerprint(resolve("demo"), "shards", ["a"]) != job_fingerprint(resolve("demo"), "shards", ["b"])


@pytest.mark.parametrize(
    "word",
    [
        "run.table_parts=9",
        "run.archives_per_batch=1",
        "run.batch_buckets=3",
        "run.split_bytes=1000",
        "run.contraction_rounds=3",
        "run.accelerator=type:nvidia-l4",
        "run.memory=elsewhere",
        "run.report_samples=1",
        "run.max_rule_ratio=0.1",
        "fetch.connections=2",
        "score.model.threads=2",
    ],
)
def test_what_changes_no_row_is_in_no_hash(word):
    assert all(of(job) == of(job, word) for job in ("documents", "media", "pairs", "shards"))


def test_pace_of_reading_and_batches_of_models():
    assert stage_settings(resolve("demo"), "extract") == stage_settings(
        resolve("demo", ["extract.pages_per_child=7"]), "extract"
    )
    assert sets_pace("extract.pages_per_child") and not sets_pace("extract.timeout_s")
    assert of("pairs") != of("pairs", "score.model.batch=3")  # the shape of a batch is a part of what a score is


def test_a_list_of_forbidden_images_counts_by_what_it_holds(tmp_path):
    one, two = tmp_path / "a.txt", tmp_path / "b.txt"
    one.write_text("00\n")
    two.write_text("00\n")
    words = [f"fetch.unsafe_hashes={path}" for path in (one, two)]
    first = of("media", words[0])
    assert first == of("media", words[1]) != of("media")
    one.write_text("00\n11\n")
    assert first != of("media", words[0])


def test_a_list_that_cannot_be_read_is_told_of_first(tmp_path):
    with pytest.raises(ConfigError, match=r"fetch\.unsafe_hashes: .*gone\.txt: No such file"):
        check_files(resolve("demo", [f"fetch.unsafe_hashes={tmp_path}/gone.txt"]))


def test_word_lists_count(monkeypatch):
    from lamella.pipeline import fingerprints

    before = of("documents")
    monkeypatch.setattr(wordlists, "LOREM_IPSUM", "lorem ipsum dolor")
    fingerprints._word_lists.cache_clear()
    assert of("documents") != before
    monkeypatch.undo()
    fingerprints._word_lists.cache_clear()
    assert of("documents") == before


def test_weights_count_by_content_and_not_by_place(tmp_path):
    source = Path(weights.__file__).parent
    for place in ("here/mine", "there/mine"):
        (tmp_path / place).mkdir(parents=True)
        shutil.copyfile(source / "lamella-coca-scorer.safetensors", tmp_path / place / "model.safetensors")
        shutil.copyfile(source / "tokenizer.json", tmp_path / place / "tokenizer.json")
    words = [f"score.model.weights={tmp_path}/{place}/mine" for place in ("here", "there")]
    assert of("pairs", words[0]) == of("pairs", words[1]) != of("pairs")
    with open(tmp_path / "there/mine/model.safetensors", "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x01")
    os.utime(tmp_path / "there/mine/model.safetensors", ns=(1, 1))
    assert of("pairs", words[0]) != of("pairs", words[1])


def test_models_that_are_off_do_not_count():
    off = "caption.on=false"
    assert of("pairs", off) == of("pairs", off, "caption.captioner.batch=8") != of("pairs")


def test_a_threshold_runs_its_job_and_asks_the_same_of_the_same_model():
    def identity(*words: str) -> str:
        return model_identity("score.model", resolve("demo", words).score.model)

    assert of("pairs") != of("pairs", "score.min_score=0.3")
    assert identity() == identity("score.min_score=0.3", "score.documents=false", "score.model.threads=2")
    others = {identity(f"score.model.{word}") for word in ("precision=bf16", "batch=3", "device=cpu")}
    assert len({identity(), *others}) == 4


MOMENTS = "fetch.unsafe_moments=[0.1]"


def test_inspections_are_asked_anew_only_where_decoding_changes():
    def identity(*words: str) -> str:
        return inspection_identity(resolve("demo", words).fetch)

    thresholds = ("fetch.min_image_side_px=90", "fetch.max_video_s=30", "fetch.max_documents=3", "fetch.min_delay_s=2")
    thresholds += (MOMENTS,)  # nobody looks
    assert identity() == identity(*thresholds)
    assert len({identity(), identity("fetch.max_pixels=1000000"), identity("fetch.max_decode_s=3")}) == 3


def test_inspections_are_asked_anew_where_other_frames_are_seen():
    pytest.importorskip("pdqhash")
    with_list = [inspection_identity(resolve("demo", ["fetch.unsafe_pdq=listed", *more]).fetch) for more in ([], [MOMENTS])]
    assert len(set(with_list)) == 2
