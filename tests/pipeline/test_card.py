"""The dataset card: front matter that the hub reads, and numbers that are the report's."""

import re
from pathlib import Path

import pytest
import yaml
from run_folder import picture
from small_run import SITE, small_run

from lamella.reporting.card import card
from lamella.reporting.report import build_report, write_report
from lamella.schemas.sample import PairSample
from lamella.schemas.shards import MANIFEST, write_shard


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> dict:
    return build_report(small_run(tmp_path_factory.mktemp("run") / "small"))


def front_matter(text: str) -> dict:
    return yaml.safe_load(text.split("---\n")[1])


def test_every_set_of_shards_is_a_configuration(report):
    found = front_matter(card(report))
    assert found["language"] == ["en"]
    assert found["size_categories"] == ["n<1K"]
    assert [one["config_name"] for one in found["configs"]] == ["m3w", "align", "ltip", "vtp"]
    assert found["configs"][1]["data_files"] == [{"split": "train", "path": "shards/align/align-train-*.tar"}]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"fetch": {"unsafe_url_words": ("xxx",)}}, "by words in their addresses; no model looked for unsafe content."),
        ({"fetch": {"unsafe_url_words": ()}}, "pictures were not judged; no model looked"),
        ({"fetch": {"unsafe_hashes": "list.txt", "classifiers": ("nsfw.yaml",)}}, "addresses, lists of hashes, 1 model."),
        ({"score": {"heads": ("a.safetensors", "b.safetensors")}}, "addresses, 2 models."),
        ({"fetch": {"honour_opt_outs": False}}, "Opt-outs were not honoured, except the crawling rules of robots.txt."),
    ],
)
def test_what_was_done_for_rights_and_safety_follows_the_settings(report, settings, says):
    config = report["config"] | {stage: report["config"][stage] | changed for stage, changed in settings.items()}
    assert says in card(report | {"config": config})


def test_documents_as_parquet_are_told_of(report):
    assert "shards/m3w-parquet/train-*.parquet" in card(report, parquet=True)
    assert "parquet" not in card(report)


def test_the_hub_s_library_loads_what_the_card_names(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    from datasets import load_dataset

    run = Path(small_run(tmp_path / "run"))
    texts = {dataset: f"a text of {dataset}" for dataset in ("m3w", "align", "ltip", "vtp")}
    for dataset, text in texts.items():
        sample = PairSample(key="k", url=f"{SITE}/a.jpg", text=text, image=picture("a"))
        with (run / "shards" / dataset / f"{dataset}-train-00000.tar").open("wb") as out:
            write_shard(out, 0, [sample.encode()])
    write_report(str(run))
    for dataset, text in texts.items():
        (row,) = load_dataset(str(run), dataset, split="train", streaming=True)
        assert (row["json"]["text"], row["jpg"].size) == (text, (320, 240))


def test_numbers_reasons_and_limits_are_the_report_s(report):
    text = card(report)
    assert "| align | 2 | 1 | 2.0 kB |" in text
    assert "20 records, 10 pages, 8 documents, 6 filtered, 5 unique, 4 assembled; 9 links, 6 usable; 9 proposed" in text
    assert "| filter | document | `too_few_words` | 1 | 12.5% |" in text
    assert "| score | `min_score` | 0.38 |" in text
    assert "1 file left for that reason" in text
    assert "Every number adds up" in text


def test_sums_that_do_not_add_up_are_told(report):
    broken = report | {"conservation": report["conservation"] | {"balanced": False}}
    assert "do not add up" in card(broken)


def test_a_name_stays_text(report):
    evil = 'x"\n---\n<script>|`'
    text = card(report | {"run": report["run"] | {"recipe": evil}})
    assert front_matter(text)["pretty_name"] == f"Lamella {evil}"
    assert "<script>" not in text.split("---\n", 2)[2].replace("\\<script\\>", "")


def test_the_code_in_the_card_is_python(report):
    blocks = re.findall(r"```python\n(.*?)```", card(report), flags=re.S)
    assert len(blocks) == 3
    for block in blocks:
        compile(block, "card", "exec")


def test_the_report_writes_the_card(tmp_path):
    run = small_run(tmp_path / "run")
    parquet = Path(run, "shards/m3w-parquet")
    parquet.mkdir()
    (parquet / MANIFEST).write_bytes(b"{}")
    write_report(run)
    assert "m3w-parquet/train-*.parquet" in Path(run, "README.md").read_text()
