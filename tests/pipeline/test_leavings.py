"""What killed runs leave is known and taken away, and nothing else of the folder."""

import pytest
from owned_folder import PART, a_run, put, table, tree

from lamella.pipeline.config.resolution import resolve
from lamella.pipeline.jobs import table_names
from lamella.pipeline.ownership import (
    FILES,
    claim,
    sweep,
    withdraw,
)
from lamella.schemas.errors import ConfigError
from lamella.schemas.shards import MANIFEST


def test_only_what_a_manifest_names_is_taken_away(tmp_path):
    table(tmp_path / "links")
    packs = put(tmp_path, "links/packs/fetched.tar", "dear")
    own = put(tmp_path, "links/part-00000-of-00001.csv")
    claim(str(tmp_path), {"links": ["part-00000-of-00002.parquet", "part-00001-of-00002.parquet"]})
    withdraw(str(tmp_path), ["links"])  # and again: nothing of ours is there
    assert sorted(path.name for path in (tmp_path / "links").iterdir()) == ["packs", "part-00000-of-00001.csv"]
    assert (packs.read_text(), own.read_text()) == ("dear", "a user's own")


def test_a_killed_run_knows_its_leavings_and_a_user_s_file_among_them(tmp_path):
    claim(str(tmp_path), {"links": [PART, "part-00001-of-00002.parquet"]})
    put(tmp_path, f"links/{PART}", "half of a table")  # killed here: no manifest
    put(tmp_path, "links/part-00000-of-00003.parquet")
    claim(str(tmp_path), {"links": [PART]})
    assert [path.name for path in (tmp_path / "links").iterdir()] == ["part-00000-of-00003.parquet"]
    with pytest.raises(ConfigError, match="links/part-00000-of-00003"):
        claim(str(tmp_path), {"links": ["part-00000-of-00003.parquet"]})


@pytest.mark.parametrize("manifest", ["{", '{"files": [{"name": "../run.json", "rows": 1, "bytes": 1, "sha256": ""}]}'])
def test_a_damaged_manifest_takes_nothing_but_what_the_run_listed(tmp_path, manifest):
    a_run(tmp_path)
    claim(str(tmp_path), {"links": [PART]})
    table(tmp_path / "links")
    put(tmp_path, "links/other.parquet")
    put(tmp_path, f"links/{MANIFEST}", manifest)
    claim(str(tmp_path), {"links": [PART]})
    assert [path.name for path in (tmp_path / "links").iterdir()] == ["other.parquet"]
    assert (tmp_path / "run.json").exists()


def test_a_damaged_list_means_that_nothing_is_known(tmp_path):
    table(tmp_path / "links")
    put(tmp_path, FILES, "[" * 100_000)
    claim(str(tmp_path), {"links": [PART]})  # the manifest still tells
    put(tmp_path, f"links/{PART}")
    put(tmp_path, FILES, "no JSON")
    with pytest.raises(ConfigError, match=PART):
        claim(str(tmp_path), {"links": [PART]})


def test_temporary_files_of_killed_runs_go_and_others_stay(tmp_path):
    for name in (
        ".run.json.0123abcd.tmp",
        "media/packs/.a.tar.89abcdef.tmp",
        "media/packs/a.tmp",
        ".notes.tmp",
        "x.0123abcd.tmp",
    ):
        put(tmp_path, name)
    sweep(str(tmp_path), ["media/packs", "documents"])
    assert sorted(name for name, is_a in tree(tmp_path).items() if is_a != "folder") == [
        ".notes.tmp",
        "media/packs/a.tmp",
        "x.0123abcd.tmp",
    ]


def test_every_table_s_names_are_known_beforehand():
    names = table_names(resolve("demo", ["run.table_parts=2"]))
    assert names["pairs/images"] == ["part-00000-of-00002.parquet", "part-00001-of-00002.parquet"]
    assert names["counters/media"] == [PART]
    assert {"documents", "duplicates", "archive_media", "media", "interleaved", "rejections/shards"} <= names.keys()
