"""A run's folder that others made: what it names is not fetched, what it says is not run, and what it holds is not believed."""

import io
import json
import os
import re
import tracemalloc
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from rich.console import Console
from run_folder import Pack, document, image_pair, media, put_table, rejection, write_run
from small_run import SITE
from test_report import Tags

from lamella.pipeline.damage import Damaged
from lamella.pipeline.enclosed import ways_out
from lamella.pipeline.recipes import demo
from lamella.pipeline.run_file import config_of
from lamella.pipeline.tables import FileInfo, TableManifest, read_manifest
from lamella.reporting.inspect import inspect
from lamella.reporting.report import write_report
from lamella.reporting.verify import verify
from lamella.reporting.why import why
from lamella.schemas.document import ImageNode, InterleavedDocument
from lamella.schemas.errors import DataError
from lamella.schemas.media import Alias, ArchiveMedia, Container, Media
from lamella.schemas.opt_out import OptOut
from lamella.schemas.pair import Dataset, ImageTextPair
from lamella.schemas.rejection import Rejection
from lamella.schemas.shards import MANIFEST, ShardInfo, ShardManifest
from lamella.transforms.base.packed import UNPACKED
from tests.schemas.test_shards import HOSTILE

MAX_TAR_MEMORY = 32 << 20  # bytes at once, for tars of a few kilobytes


def tree(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.lstat().st_size for path in folder.rglob("*")}


@pytest.mark.parametrize("container", Container)
def test_tables_of_others_reach_no_file_and_no_address(tmp_path, canary, container):
    folder = tmp_path / "run"
    pack, pairs, found = Pack(folder), [], []
    for number, path in enumerate(
        (canary.url, canary.file, f"file://{canary.file}", "../canary", f"simplecache::{canary.url}", UNPACKED + canary.url)
    ):
        one = media(pack, f"{SITE}/{number}.jpg")
        one = replace(one, blob=replace(one.blob, path=path, length=10, offset=0, container=container))
        found.append(one)
        pairs.append(image_pair(one, f"a picture of number {number}"))
    archived = [ArchiveMedia(url=one.url, blob=one.blob, mime="image/jpeg") for one in found]
    nodes = [ImageNode(url=one.url, position=at, media=one) for at, one in enumerate(found)]
    tables = {
        "media": (Media, found),
        "archive_media": (ArchiveMedia, archived),
        "archive_aliases": (Alias, []),
        "opt_outs": (OptOut, []),
        "pairs/images": (ImageTextPair, pairs),
        "interleaved": (InterleavedDocument, [document(f"{SITE}/page", nodes)]),
        "rejections/media": (
            Rejection,
            [rejection("fetch", "media", "image_too_small", one.url, url=one.url) for one in found],
        ),
    }
    run = write_run(folder, tables)
    write_report(run)
    lines = list(verify(run))
    assert len([line for line in lines if "0123456789" in line]) == 0
    for one in found:
        assert any(one.blob.path in line for line in lines)
    assert Tags.of((folder / "report.html").read_text()).images == []
    assert canary.heard == []


def test_inputs_of_others_are_not_asked_for_a_ledger(tmp_path, canary):
    inputs = [canary.url + "/a.warc.gz", f"simplecache::{canary.url}/a.warc.gz", "odd://a/b.warc.gz", "/dev/null/a.warc.gz"]
    write_report(write_run(tmp_path / "run", {"media": (Media, [])}, inputs=inputs))
    assert canary.heard == []


@pytest.mark.parametrize("where", ["url", "file"])
def test_the_list_of_unsafe_files_that_another_run_names_is_not_opened(tmp_path, canary, where):
    """Without the list nothing is shown, since nobody knows what must not be."""
    folder = tmp_path / "run"
    config = demo().model_dump(mode="json")
    config["fetch"]["unsafe_hashes"] = canary.url if where == "url" else str(tmp_path / "gone.txt")
    pairs = [image_pair(media(Pack(folder), f"{SITE}/ok.jpg"), "a picture")]
    run = write_run(folder, {"pairs/images": (ImageTextPair, pairs)}, config=config)
    write_report(run)
    list(verify(run))
    assert canary.heard == []
    page = (folder / "report.html").read_text()
    assert Tags.of(page).images == []
    assert "--unsafe-hashes FILE" in page


@pytest.mark.parametrize("name", ["run.json", "media", "media/_manifest.json", "media/part-00000-of-00002.parquet", "pipe"])
def test_links_that_lead_out_of_a_run_are_not_followed(tmp_path, name):
    """A sound table of somebody else, where the run's own should be: its rows are in no report."""
    folder = write_run(tmp_path / "run", {"media": (Media, [])})
    secret = replace(media(Pack(tmp_path / "other"), f"{SITE}/secret.jpg"), url=f"{SITE}/secret.jpg")
    write_run(tmp_path / "other", {"media": (Media, [secret])})
    path = Path(folder, name)
    if name == "pipe":
        os.mkfifo(path)
        says = "pipe is not a file"
    else:
        path.rename(tmp_path / "moved")
        path.symlink_to(tmp_path / "other" / name)
        says = f"{name} is a link that leads out of the run's folder"
    for read in (write_report, config_of, lambda run: why(run, f"{SITE}/secret.jpg"), lambda run: inspect(run, 5, Console())):
        with pytest.raises((DataError, ValueError), match=re.escape(says)):
            read(folder)
    assert list(verify(folder)) == [says.replace(" is ", ": ", 1)]
    assert not Path(folder, "report.html").exists()


def test_links_within_a_run_are_followed(tmp_path):
    folder = write_run(tmp_path / "run", {"media": (Media, [])})
    Path(folder, "media").rename(Path(folder, "elsewhere"))
    Path(folder, "media").symlink_to("elsewhere")
    assert list(ways_out(folder)) == []
    assert write_report(folder)["tables"]


NAMES = ["../a.parquet", "/etc/hostname", "a/b.parquet", ".a.parquet", "..", "", "a\0b", "a\nb", "\\..\\a", "~", "a:b"]
NAMES += ["é.parquet", "a" * 300, 7, None]


SUMS = ["../../../x", "0" * 63, "G" * 64, "0" * 63 + "/", "", None, 7]


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_names_files_beside_itself(tmp_path, name):
    sound = {"name": "a.parquet", "rows": 0, "bytes": 1, "sha256": "0" * 64}
    table = {"table": "t", "made_from": "", "files": [sound | {"name": name}]}
    shard = {"name": name, "split": "train", "samples": 1, "bytes": 1, "sha256": "0" * 64}
    sidecar = {"name": "a.tar", "sidecar": name or ".x"}
    for decode, raw in (
        (TableManifest.decode, table),
        (ShardManifest.decode, {"dataset": "align", "made_from": "", "shards": [shard]}),
        (
            ShardManifest.decode,
            {"dataset": "align", "made_from": "", "shards": [shard | sidecar]},
        ),
    ):
        with pytest.raises((ValueError, TypeError)):
            decode(json.dumps(raw).encode())


@pytest.mark.parametrize("checksum", SUMS)
def test_a_checksum_is_a_checksum(checksum):
    shard = {"name": "a.tar", "split": "train", "samples": 1, "bytes": 1, "sha256": checksum}
    with pytest.raises((ValueError, TypeError)):
        ShardManifest.decode(json.dumps({"dataset": "align", "made_from": "", "shards": [shard]}).encode())
    with pytest.raises((ValueError, TypeError)):
        TableManifest(table="t", fingerprint="", files=(FileInfo(name="a", rows=1, bytes=1, sha256=checksum),)).decode(
            json.dumps(
                {"table": "t", "made_from": "", "files": [{"name": "a", "rows": 1, "bytes": 1, "sha256": checksum}]}
            ).encode()
        )


def test_a_manifest_that_leads_out_is_a_fault_of_verify(tmp_path):
    run = write_run(tmp_path / "run", {"media": (Media, [])})
    put_table(tmp_path / "run" / "media", Media, [])
    manifest = json.loads((tmp_path / "run" / "media" / MANIFEST).read_bytes())
    manifest["files"][0]["name"] = "../../canary"
    (tmp_path / "run" / "media" / MANIFEST).write_text(json.dumps(manifest))
    assert any(line.startswith(f"media/{MANIFEST}: ") and "'../../canary'" in line for line in verify(run))
    with pytest.raises(Damaged):
        read_manifest(str(tmp_path / "run" / "media"))
    (tmp_path / "run" / "media" / MANIFEST).write_text("[" * 100_000)
    assert any(line.startswith(f"media/{MANIFEST}: ") for line in verify(run))


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_tar_is_looked_at_and_nothing_leaves_it(tmp_path, data):
    """T1: traversal, links, devices, sparse maps, pax: `inspect` and `verify` write nothing, in bounded memory."""
    run = tmp_path / "run"
    folder = run / "shards" / "align"
    folder.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"inputs": []}))
    (folder / "align-train-00000.tar").write_bytes(data)
    info = ShardInfo(name="align-train-00000.tar", split="train", samples=1, bytes=len(data), sha256=sha256(data).hexdigest())
    (folder / MANIFEST).write_bytes(ShardManifest(dataset=Dataset.ALIGN, shards=(info,)).encode())
    before = tree(tmp_path)
    tracemalloc.start()
    lines = list(verify(str(run)))
    try:
        inspect(str(folder / "align-train-00000.tar"), 5, Console(file=io.StringIO()))
    except ValueError as error:
        assert "\n" not in str(error)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert any(line.startswith("shards/align/align-train-00000.tar: ") for line in lines)
    assert tree(tmp_path) == before and peak < MAX_TAR_MEMORY
