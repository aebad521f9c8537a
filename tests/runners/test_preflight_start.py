"""What a run is given and what it needs: said at the start, in one line, before anything is read or written."""

import gzip

import pytest
import yaml
from fsspec.registry import known_implementations

from lamella.pipeline import preflight
from lamella.pipeline.config.listing import show_config
from lamella.pipeline.config.resolution import resolve
from lamella.pipeline.preflight import check_devices, find_archives, missing_part, reach_models, split_arguments
from lamella.pipeline.recipes import RECIPES
from lamella.runners.cluster import cluster_execute
from lamella.schemas.config import FetchConfig, PairConfig
from lamella.schemas.errors import ConfigError
from lamella.schemas.sources import sources_of

WARC = gzip.compress(b"WARC/1.0\r\n\r\n")


@pytest.fixture
def crawl(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crawl" / "inner").mkdir(parents=True)
    for name in ("a.warc.gz", "b.warc.gz", "c.arc", "notes.txt", "inner/d.warc.gz"):
        (tmp_path / "crawl" / name).write_bytes(WARC)
    return tmp_path


def test_a_folder_gives_its_archives(crawl):
    assert [path.rpartition("/")[2] for path in find_archives(["crawl"])] == ["a.warc.gz", "b.warc.gz", "c.arc"]
    assert find_archives(["crawl/"]) == find_archives(["crawl"])


def test_a_folder_without_archives_says_what_to_type(crawl):
    (crawl / "empty").mkdir()
    with pytest.raises(ConfigError) as error:
        find_archives(["empty"])
    text = str(error.value)
    assert text.startswith("--input empty: a folder without files named .warc, .warc.gz") and "'empty/*'" in text


def test_what_a_shell_expands_is_input_too(crawl):
    words = ["crawl/b.warc.gz", "fetch.http=true", "crawl", "s3://bucket/x/*.gz", "gone.warc.gz", "zebra"]
    inputs = ["crawl/b.warc.gz", "crawl", "s3://bucket/x/*.gz", "gone.warc.gz"]
    assert split_arguments(words) == (inputs, ["fetch.http=true", "zebra"])
    with pytest.raises(ConfigError, match=r"--input gone\.warc\.gz: no file matches"):
        find_archives(["crawl/a.warc.gz", "gone.warc.gz"])


@pytest.mark.parametrize(("protocol", "extra"), [("s3", "s3"), ("gs", "gcs"), ("abfs", "azure")])
def test_a_file_system_that_is_not_installed_names_the_extra(monkeypatch, protocol, extra):
    says = known_implementations[protocol]["err"]

    def lacks(path):
        raise ImportError(says)

    monkeypatch.setattr(preflight.fsspec.core, "url_to_fs", lacks)
    with pytest.raises(ConfigError) as error:
        find_archives([f"{protocol}://bucket/*.warc.gz"])
    assert str(error.value) == f"--input {protocol}://bucket/*.warc.gz: {says}: pip install 'lamella[{extra}]'"


def test_a_missing_part_is_told_from_other_errors():
    assert missing_part(ImportError("No module named 'x'")) == ""
    assert missing_part(ValueError("Protocol not known: nofs")).startswith("protocol not known: nofs; there are local paths")
    assert missing_part(ValueError("other")) == ""


def test_a_gpu_that_is_not_there(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        ConfigError, match=r"^caption\.matcher\.device=cuda: no GPU that torch can use; caption\.matcher\.device="
    ):
        check_devices(resolve("demo", ["caption.matcher.device=cuda"]))
    check_devices(resolve("demo", ["caption.matcher.device=cuda", "caption.on=false"]))  # it is not used


def test_models_that_cannot_be_had_name_their_key_and_unused_ones_are_not_asked_for(tmp_path):
    with pytest.raises(
        ConfigError, match=r"^caption\.captioner: coca_ViT-B-32: weights 'no\.safetensors' cannot be had: no file"
    ):
        reach_models(resolve("m3w", ["score.model.weights=bundled", "caption.captioner.weights=no.safetensors"]))
    with pytest.raises(ConfigError, match=r"^caption\.matcher: blip: weights '\./gone' cannot be had: no folder \./gone; give"):
        reach_models(resolve("demo", ["caption.matcher={name: blip, weights: ./gone}"]))
    off = ["score.min_score=null", "score.documents=false", "caption.on=false"]
    assert reach_models(resolve("m3w", off)) == {}
    assert {key: str(one) for key, one in reach_models(resolve("demo")).items()} == {
        "score.model": "bundled",
        "caption.captioner": "bundled",
        "caption.matcher": "bundled",
    }


@pytest.mark.parametrize("name", ["flink"])
def test_a_cluster_without_java_says_so(monkeypatch, tmp_path, name):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=rf"^--runner {name}: no `java` on this machine's PATH.* --job_endpoint=HOST:PORT"):
        cluster_execute(name, [], {}, [])
    assert cluster_execute(name, [], {}, ["--job_endpoint=localhost:8099"])


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_is_shown_is_the_config_and_can_be_laid_over_again(recipe, tmp_path):
    config = resolve(recipe, ["fetch.user_agent=yes: no # 'x'", "filter.languages=no,de"])
    text = "\n".join(show_config(config))
    path = tmp_path / "shown.yaml"
    path.write_text(text)
    assert resolve(recipe, config_files=[str(path)]) == config
    shown = yaml.safe_load(text)
    assert set(shown) == set(type(config).model_fields) - {"recipe"}


def test_each_line_has_its_source_and_what_differs_is_marked():
    lines = {line.split(":")[0].strip(): line for line in show_config(resolve("m3w", ["fetch.max_redirects=9"]))}
    assert lines["max_redirects"].split("  # ")[1] == "* default 5; recipes, Limits"
    assert lines["phash_distance"].split("  # ")[1] == "Hamming, of 64 bits; mmc4"
    assert "*" not in lines["retries"]


def test_sources_are_the_comments_of_the_fields():
    assert sources_of(PairConfig)["min_alt_words"] == "ALIGN"
    assert set(sources_of(FetchConfig)) == set(FetchConfig.model_fields)
