"""A dry run: which jobs would run and why, and that nothing is changed by asking."""

import json
from pathlib import Path

import pytest
from run_folder import put_table

from lamella.pipeline.config.resolution import resolve
from lamella.pipeline.context import RunContext
from lamella.pipeline.graph import GRAPH, JOBS
from lamella.pipeline.standing import expected_fingerprint
from lamella.pipeline.tables import TableManifest, write_manifest
from lamella.reporting.dry_run import plan
from lamella.schemas.rejection import Rejection
from lamella.weights.reach import Reached


def stand(folder: Path, config) -> None:
    """Tables without rows that say that they were made from this config and no archive."""
    context = RunContext(config=config, archives=(), folder=str(folder), execute=print, say=print)
    for job in JOBS:
        fingerprint = expected_fingerprint(context, job)
        for name in GRAPH[job].folders:
            write_manifest(str(folder / name), TableManifest(table=name, fingerprint=fingerprint, files=()))
    run_file(folder, config)


def run_file(folder: Path, config) -> None:
    facts = {"recipe": config.recipe, "config": config.model_dump(mode="json"), "inputs": [], "versions": {}, "jobs": {}}
    (folder / "run.json").write_text(json.dumps(facts))


def said(folder: Path, config) -> dict[str, str]:
    rows = [line.split(maxsplit=2) for line in plan(config, (), str(folder), {}) if line.startswith("job")]
    return {job: why for _, job, why in rows}


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_stands_is_unchanged_and_nothing_is_written(tmp_path):
    stand(tmp_path, resolve("demo"))
    before = tree(tmp_path)
    assert said(tmp_path, resolve("demo")) == dict.fromkeys(("extract", *JOBS), "unchanged")
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "first", "why"),
    [
        (["filter.min_language_score=0.8"], "documents", "runs: filter.min_language_score was 0.65, is 0.8"),
        (["fetch.max_aspect=2"], "media", "runs: fetch.max_aspect was 3.0, is 2.0"),
        (
            ["caption.min_match=0.6", "score.min_score=0.3"],
            "pairs",
            "runs: score.min_score was 0.38, is 0.3; caption.min_match was",
        ),
        (["shard.samples_per_shard=7"], "shards", "runs: shard.samples_per_shard was 100, is 7"),
    ],
)
def test_a_job_runs_for_the_keys_that_changed_and_what_follows_may(tmp_path, words, first, why):
    stand(tmp_path, resolve("demo"))
    found = said(tmp_path, resolve("demo", words))
    jobs = list(found)
    assert found[first].startswith(why)
    assert all(found[job] == "unchanged" for job in jobs[: jobs.index(first)])
    assert all(found[job].startswith("runs: if ") for job in jobs[jobs.index(first) + 1 :])


def test_what_is_not_there_and_what_was_made_of_other_input(tmp_path):
    assert said(tmp_path / "new", resolve("demo"))["documents"] == "runs: not made yet"
    stand(tmp_path, resolve("demo"))
    (tmp_path / "pairs/videos/_manifest.json").unlink()
    assert said(tmp_path, resolve("demo"))["pairs"] == "runs: pairs/videos is not finished"
    stand(tmp_path, resolve("demo"))
    put_table(tmp_path / "rejections/media", Rejection, [])
    found = said(tmp_path, resolve("demo"))
    assert found["media"] == "runs: its inputs are others than before"


def test_archives_models_and_where_it_writes(tmp_path):
    archives = []
    for number in range(12):
        path = tmp_path / f"{number:02}.warc.gz"
        path.write_bytes(b"x" * 1500)
        archives.append(str(path))
    models = {"score.model": Reached(where="owner/name/file.safetensors", download=True, bytes=605_000_000)}
    lines = list(plan(resolve("m3w"), tuple(archives), str(tmp_path / "out"), models))
    assert "archives 12, 18.0 kB; 0 of them read before" in lines
    assert f"            1.5 kB  {archives[0]}" in lines and "         and 2 more" in lines
    assert "job      extract    runs: 12 of 12 archives are to be read" in lines
    assert "model    score.model: would be downloaded: owner/name/file.safetensors, 605 MB" in lines
    assert f"writes   {tmp_path}/out (new)" in lines
    assert not (tmp_path / "out").exists()
