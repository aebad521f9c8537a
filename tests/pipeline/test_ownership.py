"""A user's file is never changed or taken away: what is refused, what is removed, and what is known after a kill."""

import json
from pathlib import Path

import pytest
from owned_folder import PART, a_run, put, table, tree

from lamella.pipeline.config.resolution import resolve
from lamella.pipeline.folder_lock import own_folder
from lamella.pipeline.ownership import (
    check_memory,
    check_names,
    check_output,
    check_own,
    claim,
    write_own,
)
from lamella.pipeline.run import run
from lamella.pipeline.run_file import config_of, read_facts
from lamella.schemas.errors import ConfigError
from lamella.schemas.shards import MANIFEST


class Begun(Exception):
    """The folder was found good, and the first pipeline would be executed."""


def never(label, build):
    raise Begun


def start(folder: Path, recipe: str = "demo", **how):
    with own_folder(str(folder)):
        return run(resolve(recipe), archives(folder, "a"), str(folder), never, say=lambda line: None, processes=None, **how)


def archives(folder: Path, *names: str) -> tuple[str, ...]:
    """Archives beside the run's folder; they are listed by size and never read."""
    web = folder.parent / f"{folder.name}-web"
    web.mkdir(exist_ok=True)
    for name in names:
        (web / f"{name}.warc.gz").write_bytes(b"an archive")
    return tuple(str(web / f"{name}.warc.gz") for name in names)


@pytest.mark.parametrize(
    "files",
    [
        ["documents/a.txt", "media/photo.jpg", "README.md"],
        ["notes.txt"],
        [".hidden"],
        ["run.json"],
        ["report.html"],
        [f"documents/{PART}", f"documents/{MANIFEST}"],
    ],
    ids=lambda files: files[0],
)
def test_a_folder_that_is_not_a_run_s_stays_as_it_is(tmp_path, files):
    for name in files:
        put(tmp_path / "out", name)
    (tmp_path / "out" / "link").symlink_to("nowhere")
    before = tree(tmp_path)
    with pytest.raises(ConfigError, match="out") as error:
        start(tmp_path / "out")
    assert "\n" not in str(error.value)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"name": "another program"}', "is not a run's of lamella"),
        ("[1, 2]", "is not a run's of lamella"),
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_another_program_s_run_file(tmp_path, content, says):
    put(tmp_path, "run.json", content)
    before = tree(tmp_path)
    with pytest.raises(ConfigError, match=says):
        start(tmp_path)
    assert tree(tmp_path) == before


def test_empty_absent_and_barely_begun_folders_are_taken(tmp_path):
    check_output(str(tmp_path / "absent"))
    check_output(str(tmp_path))
    put(tmp_path, ".lock", "")
    put(tmp_path, ".run.json.0123abcd.tmp", "{")
    check_output(str(tmp_path))
    put(tmp_path, ".lock", "a user's lock")
    with pytest.raises(ConfigError, match=r"it holds \.lock, and no run\.json"):
        check_output(str(tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        "documents/part-00000-of-00002.parquet",
        "counters/shards/_manifest.json",
        "media",
        "rejections",
        "README.md",
        "report.json",
    ],
)
def test_a_user_s_file_where_the_run_would_write_is_named_before_anything_is_touched(tmp_path, name):
    a_run(tmp_path)
    put(tmp_path, name)
    (tmp_path / ".lock").touch()
    before = tree(tmp_path)
    with pytest.raises(ConfigError, match=rf"{name} is not what a run wrote there"):
        start(tmp_path)
    assert tree(tmp_path) == before


def test_a_link_at_a_name_of_ours_is_not_written_through(tmp_path):
    precious = put(tmp_path, "precious")
    a_run(tmp_path / "out")
    (tmp_path / "out" / "media").mkdir()
    (tmp_path / "out" / "media" / PART).symlink_to(precious)
    with pytest.raises(ConfigError, match=f"media/{PART} is not what a run wrote there"):
        check_names(str(tmp_path / "out"), {"media": [PART]})
    table(tmp_path / "out" / "documents")
    (tmp_path / "out" / "documents" / PART).unlink()
    (tmp_path / "out" / "documents" / PART).symlink_to(precious)  # a name of ours: the link goes, what it names stays
    claim(str(tmp_path / "out"), {"documents": [PART]})
    assert precious.read_text() == "a user's own"
    assert not (tmp_path / "out" / "documents" / PART).is_symlink()


def test_another_recipe_is_named_and_replace_is_the_way_on(tmp_path):
    a_run(tmp_path)
    with pytest.raises(ConfigError, match=r"holds a run of the recipe demo, and this is m3w: .* --replace"):
        start(tmp_path, "m3w")
    said = []
    with pytest.raises(Begun):
        run(resolve("m3w"), archives(tmp_path, "a"), str(tmp_path), never, say=said.append, processes=None, replace=True)
    assert said[0] == "recipe: m3w replaces demo"
    assert read_facts(str(tmp_path))["recipe"] == "m3w"


def test_other_inputs_are_told_of(tmp_path):
    a_run(tmp_path)
    said = []
    with pytest.raises(Begun):
        run(resolve("demo"), archives(tmp_path, "b", "c"), str(tmp_path), never, say=said.append, processes=None)
    assert said[0] == "inputs: 2 new, 1 of the last run left out (such as b.warc.gz)"


def test_reports_are_written_over_reports_alone(tmp_path):
    write_own(str(tmp_path), {"README.md": b"first", "report.json": b"1"})
    write_own(str(tmp_path), {"README.md": b"second", "report.json": b"2"})
    assert (tmp_path / "README.md").read_text() == "second"
    put(tmp_path, "README.md", "second, and a word of the user's")
    for check in (
        lambda: check_own(str(tmp_path), ["README.md"]),
        lambda: write_own(str(tmp_path), {"report.json": b"3", "README.md": b"third"}),
    ):
        with pytest.raises(ConfigError, match=r"README\.md is not what a run wrote there"):
            check()
    assert (tmp_path / "report.json").read_text() == "2"
    (tmp_path / "README.md").unlink()
    write_own(str(tmp_path), {"README.md": b"third"})
    assert (tmp_path / "README.md").read_text() == "third"


def test_a_report_that_was_stopped_midway_is_known_too(tmp_path, monkeypatch):
    from lamella.pipeline import ownership

    write_own(str(tmp_path), {"README.md": b"first", "report.json": b"1"})
    real = ownership.write_atomically

    def full(path, data):
        if path.endswith("report.json"):
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(ownership, "write_atomically", full)
    with pytest.raises(OSError, match="No space"):
        write_own(str(tmp_path), {"README.md": b"second", "report.json": b"2"})
    monkeypatch.undo()
    write_own(str(tmp_path), {"README.md": b"third", "report.json": b"3"})
    assert (tmp_path / "report.json").read_text() == "3"


def test_a_memory_that_cannot_be_kept_is_refused_by_its_key(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"")
    for wrong in (str(file), str(file / "below"), "nothing://x", "ftp://127.0.0.1:1/x"):
        with pytest.raises(ConfigError, match=r"^run\.memory: .*" + wrong.rpartition("/")[2]):
            check_memory(wrong)
    for right in (None, "", str(tmp_path), str(tmp_path / "new" / "one"), "memory://shared"):
        check_memory(right)
    assert list(tmp_path.iterdir()) == [file]


def test_a_run_of_another_version_is_one_line_that_names_the_file_and_the_key(tmp_path):
    facts = {"recipe": "demo", "config": {"recipe": "demo", "run": {"wave_bytes": 5}}, "inputs": [], "versions": {}, "jobs": {}}
    put(tmp_path, "run.json", json.dumps(facts))
    with pytest.raises(ConfigError, match=r"run\.json: run\.wave_bytes: no such key \(got 5\); it is run\.bytes_per_batch now"):
        config_of(str(tmp_path))
