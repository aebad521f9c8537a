"""Others read what we write: webdataset, datasets and plain tarfile give back the values that went in."""

import json
import re
import tarfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from store_world import store_at

from lamella.schemas.config import ShardConfig
from lamella.schemas.pair import Dataset
from lamella.transforms.shard.write import ShardWork, write_one

CONFIG = ShardConfig(max_side_px=64)
COLOURS = ((200, 30, 30), (30, 200, 30), (30, 30, 200))


@pytest.fixture
def shards(world):
    """The path of one shard of each dataset."""
    records = {
        # Document 0 of each has what others lack: a caption model, a score, a video.
        Dataset.M3W: [world.document(number) for number in range(9)],
        Dataset.ALIGN: [world.synthetic(number) if number % 2 else world.pair(number) for number in range(9)],
        Dataset.LTIP: [world.pair(number, Dataset.LTIP) for number in range(9)],
        Dataset.VTP: [world.film(number) for number in range(3)],
    }
    paths = {}
    for dataset, given in records.items():
        folder = world.root / "shards" / dataset
        work = ShardWork(dataset=dataset, config=CONFIG, store=store_at(str(world.root)), folder=str(folder))
        paths[dataset] = folder / write_one(work, "train", 0, given).shard.name
    return paths


@pytest.fixture
def datasets(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    return pytest.importorskip("datasets")


def near(image: Image.Image, colour) -> bool:
    pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    return bool(np.abs(pixels.astype(int) - colour).max() < 12)


def colours_of(header) -> list:
    return [COLOURS[int(image["url"].rpartition("/")[2])] for image in header["images"]]


def check(dataset, header, images):
    """What any reader must see: `images` are the decoded image members in order."""
    if dataset is Dataset.M3W:
        assert [text is None for text in header["texts"]] == [index is not None for index in header["image_index"]]
        assert header["previous"] == [0, 0, 1, 0, 2]
        assert header["texts"][4] == "End \u2028 ünï"
        assert near(images[0], colours_of(header)[0])
        assert images[0].size == (64, 32)
    elif dataset is Dataset.VTP:
        assert header["text"].startswith("film ")
        assert [round(float(np.asarray(image).mean()), -1) for image in images] == [40, 60, 80, 80, 80, 80, 80, 80]
    else:
        assert header["text"].partition(" ")[0] in ("picture", "synthetic")
        assert near(images[0], COLOURS[int(header["url"].rpartition("/")[2])])


@pytest.mark.parametrize("dataset", list(Dataset))
def test_webdataset_reads(shards, dataset):
    wds = pytest.importorskip("webdataset")
    samples = list(wds.WebDataset(str(shards[dataset]), shardshuffle=False, empty_check=False).decode("pil"))
    assert len(samples) == (3 if dataset is Dataset.VTP else 9)
    for sample in samples:
        check(dataset, sample["json"], [sample[name] for name in sorted(sample) if name.endswith("jpg")])


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("dataset", list(Dataset))
def test_datasets_reads(shards, datasets, tmp_path, dataset, streaming):
    rows = datasets.load_dataset(
        "webdataset",
        data_files={"train": [str(shards[dataset])]},
        split="train",
        streaming=streaming,
        cache_dir=str(tmp_path / "cache"),
    )
    rows = list(rows)
    assert len(rows) == (3 if dataset is Dataset.VTP else 9)
    for row in rows:
        check(dataset, row["json"], [row[name] for name in sorted(row) if name.endswith("jpg")])


def test_datasets_reads_the_parquet_files(shards, datasets, tmp_path):
    def load(path):
        return list(datasets.load_dataset("parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")))

    documents = load(shards[Dataset.M3W].parent.with_name("m3w-parquet") / "train-00000.parquet")
    assert len(documents) == 9
    for row in documents:
        assert [text is None for text in row["texts"]] == [url is not None for url in row["images"]]
        metadata = json.loads(row["metadata"])
        assert [entry and entry["src"] for entry in metadata] == row["images"]
        assert json.loads(row["general_metadata"])["warc_filename"] == "a.warc.gz"
    sidecar = load(shards[Dataset.ALIGN].with_suffix(".parquet"))
    assert {row["similarity"] for row in sidecar} == {0.25, None}  # a synthetic text has none
    assert {row["punsafe"] for row in sidecar} == {None}


def test_every_picture_of_a_document_by_its_byte_range(shards):
    """The snippet of docs/formats.md: nothing but the standard library and Pillow."""
    with tarfile.open(shards[Dataset.M3W]) as tar:
        for member in tar:
            if member.name.endswith(".json"):
                header = json.load(tar.extractfile(member))
            else:
                jpegs = tar.extractfile(member).read()
                ranges = [(image["offset"], image["offset"] + image["length"]) for image in header["images"]]
                pictures = [Image.open(BytesIO(jpegs[start:end])) for start, end in ranges]
                assert all(near(*both) for both in zip(pictures, colours_of(header), strict=True))
                assert len(pictures) == 2


def test_the_snippets_of_the_docs_run(shards, world, datasets, monkeypatch, capsys):
    pytest.importorskip("webdataset")
    docs = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", docs, flags=re.S)
    assert len(snippets) == 3
    monkeypatch.chdir(world.root.parent)
    for snippet in snippets:
        found = {}
        exec(snippet, found)
        assert [image.size for image in found["images"]] == [(64, 32), (64, 32)]
        assert found["document"]["previous"] == [0, 0, 1, 0, 2]
    assert capsys.readouterr().out.count("<image>") == 18
