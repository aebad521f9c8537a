"""A folder -> files of a user's and of a run in it, and a run that is begun there."""

import json
from hashlib import sha256
from pathlib import Path

from lamella.pipeline.tables import TableManifest, write_file, write_manifest
from lamella.schemas.media import MediaKind, MediaLink

LINKS = [MediaLink(url=f"https://a.example/{n}.jpg", kind=MediaKind.IMAGE, documents=n) for n in range(9)]
PART = "part-00000-of-00001.parquet"
FACTS = {"recipe": "demo", "config": {}, "inputs": ["/w/a.warc.gz"], "versions": {}, "jobs": {}}


def tree(folder: Path) -> dict[str, str]:
    """Path -> what it is: a checksum, or where a link goes."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink())
        if path.is_symlink()
        else sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in sorted(folder.rglob("*"))
    }


def put(folder: Path, name: str, text: str = "a user's own") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def table(folder: Path, name: str = PART) -> None:
    file = write_file(str(folder), name, MediaLink, LINKS)
    write_manifest(str(folder), TableManifest(table=folder.name, fingerprint="x", files=(file,)))


def a_run(folder: Path, **facts) -> Path:
    put(folder, "run.json", json.dumps(FACTS | facts))
    return folder
