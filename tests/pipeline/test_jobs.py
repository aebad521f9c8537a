"""A real run: a user's files in it stay, what is lost is made again and no more, and a run that keeps nothing ends."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.pipeline import PipelineVisitor
from apache_beam.transforms.util import ReshufflePerKey

from lamella.pipeline.config.resolution import resolve
from lamella.pipeline.folder_lock import own_folder
from lamella.pipeline.preflight import find_archives
from lamella.pipeline.run import contents_hash, run
from lamella.pipeline.tables import read_records
from lamella.reporting.report import write_report
from lamella.reporting.verify import verify
from lamella.runners.commands.replay import replay
from lamella.runners.local import local_execute
from lamella.sample.web import write_sample
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.errors import ConfigError
from lamella.schemas.media import Media
from lamella.schemas.opt_out import OptOut
from lamella.schemas.rejection import Reason, Rejection
from tests.finished_run import CHEAP

pytestmark = pytest.mark.slow
UNCHANGED = [f"{job}: unchanged" for job in ("documents", "media", "pairs", "shards")]


def go(folder: Path, *words: str, **how) -> tuple[list[str], str]:
    """What a run says, and how it ended."""
    said = []
    archives = find_archives([str((folder.parent / "web").resolve() / "*.warc.gz")])
    with own_folder(str(folder)):
        config = resolve("demo", [*CHEAP, *words])
        ended = run(config, archives, str(folder), without_reshuffle(local_execute(1)), say=said.append, processes=None, **how)
    return said, ended


def without_reshuffle(execute):
    """The same `execute`, for graphs in which nothing is keyed by chance: not by a transform of Beam's own either."""

    class Visitor(PipelineVisitor):
        def enter_composite_transform(self, node):
            assert not isinstance(node.transform, beam.Reshuffle | ReshufflePerKey), node.full_label

    return lambda label, build: execute(label, lambda pipeline: [build(pipeline), pipeline.visit(Visitor())])


@pytest.fixture(scope="module")
def whole(sound, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("jobs")
    (folder / "web").symlink_to(sound.web)
    shutil.copytree(sound.folder, folder / "run")
    write_report(str(folder / "run"))
    return folder / "run"


def first(folder: Path, pattern: str) -> Path:
    return min(folder.glob(pattern))


def test_what_stands_is_not_done_again_and_what_is_lost_is(whole):
    contents = contents_hash(str(whole))
    assert go(whole) == (UNCHANGED, "")
    assert go(whole, "run.table_parts=3", "extract.pages_per_child=7") == (UNCHANGED, "")

    part = first(whole, "documents/*.parquet")
    part.unlink()
    said, _ = go(whole, "run.contraction_rounds=2")  # no row depends on it
    assert said == [f"documents: made again, {part.name} is missing", "documents: runs", *UNCHANGED[1:]]

    tar = first(whole, "shards/*/*.tar")
    data = tar.read_bytes()
    tar.write_bytes(data[:-512])
    said, _ = go(whole)
    told = f"shards/{tar.parent.name}: made again, {tar.name} has {len(data) - 512} bytes and not {len(data)}"
    assert said == [*UNCHANGED[:3], told, "shards: runs"]

    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    tar.write_bytes(flipped)
    assert go(whole) == (UNCHANGED, "")
    said, _ = go(whole, deep=True)
    assert said[3:] == [f"shards/{tar.parent.name}: made again, {tar.name} has not the SHA-256 of its manifest", "shards: runs"]

    (whole / "media" / "_manifest.json").write_text("{")
    said, _ = go(whole, "run.contraction_rounds=2")
    assert said[1].startswith("media: made again, _manifest.json cannot be read: ")
    assert said[3:] == ["media: inspections: 0 of 20 measured", *UNCHANGED[2:]]

    extracted = first(whole, "extracted/*/media.parquet")
    extracted.unlink()
    said, _ = go(whole)
    assert said[0].startswith(f"extracted/{extracted.parent.name} of ") and said[0].endswith("media.parquet is missing")
    assert said[2:] == UNCHANGED
    assert contents_hash(str(whole)) == contents
    assert list(verify(str(whole))) == []


def test_a_user_s_files_among_the_run_s_are_never_touched(whole):
    names = [
        "documents/a.txt",
        "media/photo.jpg",
        "shards/m3w/m3w-train-00077.tar",
        "documents/part-00000-of-00003.parquet",
        "x.md",
    ]
    for name in names:
        (whole / name).write_text(f"a user's {name}")
    before = {name: sha256((whole / name).read_bytes()).hexdigest() for name in names}
    said, _ = go(whole, "filter.min_language_score=0.66", "shard.samples_per_shard=3")
    assert {"documents: runs", "shards: runs"} <= set(said)
    with pytest.raises(ConfigError, match=r"documents/part-00000-of-00003\.parquet is not what a run wrote there"):
        go(whole, "run.table_parts=3")
    go(whole)
    assert {name: sha256((whole / name).read_bytes()).hexdigest() for name in names} == before
    for name in names:
        (whole / name).unlink()


def test_a_list_of_forbidden_images_that_grew_makes_the_media_again(whole, tmp_path):
    listed = tmp_path / "forbidden.txt"
    listed.write_text("0" * 64 + "\n")
    words = [f"fetch.unsafe_hashes={listed}"]
    go(whole, *words)
    assert go(whole, *words) == (UNCHANGED, "")
    media = next(iter(read_records(str(whole / "media"), Media)))
    listed.write_text(listed.read_text() + media.sha256 + "\n")
    said, _ = go(whole, *words)
    assert said[:2] == ["documents: unchanged", "media: runs"]
    rejected = {r.url for r in read_records(str(whole / "rejections/media"), Rejection) if r.reason is Reason.UNSAFE_IMAGE}
    assert media.url in rejected


def test_a_run_that_keeps_nothing_ends_and_says_which_rule_took_the_last(tmp_path):
    write_sample(tmp_path / "web", pages=8, seed=3)
    folder = tmp_path / "run"
    words = ["filter.languages=[xx]", "pair.languages=[xx]"]
    said, ended = go(folder, *words)
    assert said[-1] == "documents: runs"
    assert ended.startswith("documents: no document or candidate is left: propose took the last ")
    assert "wrong_language" in ended and go(folder, *words) == (["documents: unchanged"], ended)
    assert write_report(str(folder))["unfinished"] == ["media", "pairs", "shards"]
    said, ended = go(folder, "fetch.min_image_side_px=7000", "fetch.max_video_s=2.1")
    assert said[-2:] == ["media: runs", "media: inspections: 20 of 20 measured"]
    assert ended.startswith("media: no picture or clip is left: fetch took the last ") and "image_too_small" in ended
    facts = json.loads((folder / "run.json").read_text())
    assert {job: told["done"] for job, told in facts["jobs"].items()} == {"extract": True, "documents": True, "media": True}
    assert not (folder / "pairs").exists()


def test_a_replay_takes_out_what_is_listed_and_all_sums_hold(whole, tmp_path, capsys):
    """A page, an address and a file."""
    shown = {
        one.url: [image.media for image in one.images] for one in read_records(str(whole / "interleaved"), InterleavedDocument)
    }
    page, *others = sorted(shown)
    address, file = shown[others[0]][0].url, shown[others[-1]][-1]
    (tmp_path / "list.txt").write_text(f"{page}  the author, 2026-05-01\n{address}\n{file.sha256}\n")
    before = {path: (path.read_bytes(), path.stat().st_ino) for path in sorted(whole.glob("shards/*/*.tar"))}
    replay(str(whole), tmp_path / "list.txt", processes=1, report=False)
    same = [path for path, (data, _) in before.items() if path.exists() and path.read_bytes() == data]
    assert same and all(path.stat().st_ino == before[path][1] for path in same)  # nobody wrote them again
    left = {one.url: one for one in read_records(str(whole / "media"), Media)}
    assert not {address, file.url} & set(left)
    assert {one.url for one in read_records(str(whole / "interleaved"), InterleavedDocument)} <= set(others)
    texts = b"".join(path.read_bytes() for path in sorted(whole.glob("shards/*/*.tar")))
    assert page.encode() not in texts and file.url.encode() not in texts
    rows = [row for row in read_records(str(whole / "opt_outs"), OptOut) if row.signal == "listed"]
    assert {(row.url, row.removed) for row in rows} >= {(page, "document"), (address, "media"), (file.url, "media")}
    assert next(row.words for row in rows if row.url == page) == f"{page} (the author, 2026-05-01)"
    write_report(str(whole))
    assert list(verify(str(whole))) == []
    assert capsys.readouterr().out.splitlines()[-1].endswith("shards have other bytes than before")
