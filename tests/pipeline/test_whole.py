"""What is not whole is told of by name: tables, datasets, packs; and a temporary file never outlives a full disk."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_run import small_run

from lamella.pipeline.damage import Damaged
from lamella.pipeline.integrity import fault_of, fault_of_packs, named_files
from lamella.pipeline.tables import read_manifest, read_records
from lamella.schemas.media import Media
from lamella.schemas.shards import MANIFEST
from lamella.transforms.fetch.packs import FOLDER, Answer, list_indexes, read_index, write_index

PART = "part-00001-of-00002.parquet"


@pytest.fixture
def run(tmp_path) -> Path:
    return Path(small_run(tmp_path / "run"))


def test_a_table_that_lost_a_file_or_some_of_its_bytes(run):
    table = run / "documents"
    assert fault_of(str(table), deep=True) == ""
    data = bytearray((table / PART).read_bytes())
    data[len(data) // 2] ^= 1
    (table / PART).write_bytes(data)
    assert fault_of(str(table), deep=False) == ""
    assert fault_of(str(table), deep=True) == f"{PART} has not the SHA-256 of its manifest"
    (table / PART).write_bytes(data[:-1])
    assert fault_of(str(table), deep=False) == f"{PART} has {len(data) - 1} bytes and not {len(data)}"
    (table / PART).unlink()
    assert fault_of(str(table), deep=False) == f"{PART} is missing"
    (table / MANIFEST).write_text("{")
    assert fault_of(str(table), deep=False).startswith(f"{MANIFEST} cannot be read: ")
    (table / MANIFEST).unlink()
    assert fault_of(str(table), deep=True) == ""  # not finished, which is no damage


def test_a_dataset_and_its_sidecar(run):
    folder = run / "shards" / "align"
    (folder / "align-train-00000.tar").write_bytes(bytes(2000))
    assert fault_of(str(folder), deep=False) == ""
    raw = json.loads((folder / MANIFEST).read_bytes())
    raw["shards"][0] |= {"sidecar": "align-train-00000.parquet", "sidecar_bytes": 7, "sidecar_sha256": "00"}
    (folder / MANIFEST).write_text(json.dumps(raw))
    assert fault_of(str(folder), deep=False) == "align-train-00000.parquet is missing"


def test_a_media_table_whose_packs_are_gone_is_not_whole(run):
    (pack,) = (run / "media" / "packs").iterdir()
    data = pack.read_bytes()
    name = f"media/packs/{pack.name}"
    assert fault_of_packs(str(run), deep=False) == ""
    end = max(media.blob.offset + media.blob.length for media in read_records(str(run / "media"), Media))
    pack.write_bytes(data[: end - 1])
    assert fault_of_packs(str(run), deep=False) == f"{name} has {end - 1} bytes and not {end} or more"
    pack.unlink()
    assert fault_of_packs(str(run), deep=False) == f"{name} is missing"


def test_answers_whose_pack_is_gone_are_asked_for_again(tmp_path):
    there = Answer(url="https://a.example/1", policy="p", pack=f"{FOLDER}/a-00.tar", offset=512, length=10)
    gone = Answer(url="https://a.example/2", policy="p", pack=f"{FOLDER}/a-01.tar", offset=512, length=10)
    refused = Answer(url="https://a.example/3", policy="p", reason="http_error")
    write_index(str(tmp_path), "a", [there, gone, refused])
    (tmp_path / FOLDER / "a-00.tar").write_bytes(bytes(522))
    (index,) = list_indexes(str(tmp_path))
    assert list(read_index(index)) == [there, refused]
    (tmp_path / FOLDER / "a-00.tar").write_bytes(bytes(521))
    assert list(read_index(index)) == [refused]


@pytest.mark.parametrize(
    "manifest", [b"[]", b'{"files": [{"name": "../x", "bytes": 1, "sha256": ""}]}', b"[" * 100_000, b"\xff"]
)
def test_what_is_no_manifest_is_a_value_error(manifest):
    with pytest.raises(ValueError):
        list(named_files(manifest))


def test_a_damaged_file_is_named_with_what_to_type(run):
    (run / "media" / PART).write_bytes(b"PAR1 no more")
    with pytest.raises(
        Damaged, match=rf"media/{PART}: cannot be read: .*; `lamella run \.\.\. --deep` makes it again"
    ) as error:
        list(read_records(str(run / "media"), Media))
    assert "\n" not in str(error.value)
    (run / "media" / MANIFEST).write_text("[1]")
    with pytest.raises(Damaged, match=rf"media/{MANIFEST}: cannot be read: TypeError"):
        read_manifest(str(run / "media"))


FULL = """
import resource, signal, sys
from lamella.transforms.base.files import NewFile
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # the file system's "no more", at a size of ours
try:
    with NewFile(sys.argv[1] + "/shard.tar") as out:
        out.write(bytes(900))  # all of it is in the buffer yet
        out.write(bytes(900))
        out.commit()
except OSError as error:
    print(error.strerror)
"""


def test_a_disk_that_fills_when_a_file_is_closed_leaves_nothing(tmp_path):
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "File too large\n"
    assert list(tmp_path.iterdir()) == []
