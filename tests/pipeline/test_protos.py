"""What an engine would be handed of each job: described without running it, small, with no more than one list of archives."""

import gzip
from pathlib import Path

import pytest
from apache_beam.portability.api import beam_runner_api_pb2
from small_run import small_run

from lamella.pipeline.config.resolution import resolve
from lamella.runners.protos import write_protos
from lamella.schemas.errors import ConfigError
from lamella.schemas.keys import stable_key

IMAGE = "registry.example/lamella:1"
ACCELERATOR, PAR_DO = "beam:resources:accelerator:v1", "beam:transform:pardo:v1"
STEPS = {"extract": "ReadPages", "documents": "Deduplicate", "media": "FetchMedia", "pairs": "MinePairs", "shards": "Shards"}
WORDS = ["caption.on=false", "score.documents=false", "score.min_score=null", "fetch.http=true"]  # no model: torch stays away


def archives(folder: Path, number: int) -> tuple[str, ...]:
    folder.mkdir()
    paths = [folder / f"{stable_key(n)}.warc.gz" for n in range(number)]
    for path in paths:
        path.write_bytes(gzip.compress(b"WARC/1.0\r\n\r\n"))
    return tuple(map(str, paths))


def described(run: Path, found: tuple[str, ...], out: Path) -> dict[str, beam_runner_api_pb2.Pipeline]:
    lines = list(write_protos(resolve("demo", WORDS), found, str(run), str(out), flags=[f"--sdk_container_image={IMAGE}"]))
    assert all(line.startswith("proto    ") for line in lines)
    return {path.stem: beam_runner_api_pb2.Pipeline.FromString(path.read_bytes()) for path in out.glob("*.pb")}


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("protos")
    run = folder / "run"
    small_run(run)
    before = {path: path.stat().st_mtime_ns for path in sorted(run.rglob("*"))}
    few = described(run, archives(folder / "few", 1), folder / "out-few")
    found = archives(folder / "many", 41)
    many = described(run, found, folder / "out-many")
    assert {path: path.stat().st_mtime_ns for path in sorted(run.rglob("*"))} == before
    return few, many, len(found[0])


def test_every_job_is_described_with_its_steps_and_the_image_of_its_workers(jobs):
    few = jobs[0]
    assert set(few) == {"extract", "documents", "media", "pairs", "shards"}
    for label, proto in few.items():
        names = " ".join(transform.unique_name for transform in proto.components.transforms.values())
        assert STEPS[label] in names
        assert IMAGE.encode() in b"".join(one.payload for one in proto.components.environments.values())


def test_no_job_carries_a_model_and_none_is_keyed_by_chance(jobs):
    for proto in jobs[0].values():
        assert proto.ByteSize() < 1_500_000  # the smallest bundled model has more
        assert "beam:transform:reshuffle:v1" not in {one.spec.urn for one in proto.components.transforms.values()}


def test_a_job_grows_by_one_list_of_archives(jobs):
    """A corpus of 90,000 archives: their names once, for who reads them; a key of each for who reads what was read."""
    few, many, path = jobs
    growth = {label: (many[label].ByteSize() - few[label].ByteSize()) / 40 for label in few}
    assert growth["extract"] < 1.3 * path
    assert {label: size for label, size in growth.items() if label not in ("extract", "documents") and size > path / 10} == {}


def test_steps_with_models_ask_for_a_gpu_and_no_others(tmp_path):
    small_run(tmp_path / "run")
    gpu = "type:nvidia-l4;count:1;install-nvidia-driver"
    config = resolve("demo", [f"run.accelerator={gpu}", "caption.matcher.device=cpu"])
    list(write_protos(config, (), str(tmp_path / "run"), str(tmp_path / "out"), flags=[]))
    proto = beam_runner_api_pb2.Pipeline.FromString((tmp_path / "out" / "pairs.pb").read_bytes())
    hinted = {
        transform.unique_name
        for transform in proto.components.transforms.values()
        if proto.components.environments[transform.environment_id].resource_hints.get(ACCELERATOR) == gpu.encode()
        and transform.spec.urn == PAR_DO
    }
    assert {name.partition("/")[0] for name in hinted} == {"ScoreRecords", "CaptionPictures"}
    assert all("_Answer" in name for name in hinted)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"^--protos .*file/out: Not a directory"):
        list(write_protos(resolve("demo", WORDS), (), str(tmp_path), str(tmp_path / "file" / "out"), flags=[]))
