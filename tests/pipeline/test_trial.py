"""A trial of a run in a store: what a trial of the same run on a disk says, and nothing in the store changes."""

import fsspec
import pytest

from lamella.pipeline.config.resolution import with_overrides
from lamella.pipeline.graph import PAIRS
from lamella.pipeline.run import contents_hash
from lamella.pipeline.run_file import config_of
from lamella.pipeline.tables import read_manifest
from lamella.pipeline.trial import _bring, try_out
from lamella.reporting.what_if import difference, write_page
from lamella.runners.local import local_execute

STORE = "memory://trial/run"


@pytest.fixture
def store():
    """A file system that is no local one."""
    fs = fsspec.filesystem("memory")
    yield fs
    fs.rm("/trial", recursive=True)


def test_only_plain_names_are_brought(store, tmp_path):
    for name in ("pairs/images/_manifest.json", "pairs/images/part-0.parquet", "pairs/images/../../../outside", "pairs2/other"):
        store.pipe_file(f"/trial/run/{name}", name.encode())
    (tmp_path / "folder").mkdir()
    _bring(STORE, str(tmp_path / "folder"), "pairs/images")
    _bring(STORE, str(tmp_path / "folder"), "missing")
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"folder/pairs/images/_manifest.json", "folder/pairs/images/part-0.parquet"}


def test_a_trial_of_a_run_in_a_store_says_what_one_on_a_disk_says(sound, store, tmp_path):
    store.put(str(sound.folder), "/trial/run", recursive=True)
    before, config = contents_hash(STORE), with_overrides(config_of(STORE), ["filter.node.min_words=30"])
    found = {}
    for name, run in (("disk", str(sound.folder)), ("store", STORE)):
        (tmp_path / name).mkdir()
        trial = try_out(run, config, str(tmp_path / name), local_execute(1), say=print)
        made = {table.name: read_manifest(str(tmp_path / name / table.name)).hash for table in PAIRS.writes}
        found[name] = (difference(trial), made)
        write_page(found[name][0], trial, config, (), path=str(tmp_path / f"{name}.html"))
        assert run in (tmp_path / f"{name}.html").read_text()
    assert found["store"] == found["disk"] and found["disk"][0].reasons
    assert contents_hash(STORE) == before
