"""A seed and a finished run -> a copy of the run in which one file is damaged, and what was done to it.

Shards, tables, manifests and `run.json`. Half of the damaged shards and tables are signed anew in their manifest, as whoever
makes a hostile dataset would.
"""

import json
import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from lamella.sample.rng import Rng
from lamella.schemas.shards import MANIFEST
from tests.faults import mutate
from tests.faults.tars import hostile_tar

KINDS = {
    "tar": ("shards/*/*.tar",),
    "table": ("*/part-*.parquet", "pairs/*/*.parquet", "shards/*/*.parquet", "extracted/*/*.parquet", "counters/*/*.parquet"),
    "manifest": (f"*/{MANIFEST}", f"*/*/{MANIFEST}"),
    "run": ("run.json",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRun:
    name: str
    folder: Path
    file: str  # the damaged one, within the folder
    changed: bool  # by chance it may be what it was
    signed: bool  # whether its manifest lists the bytes that it has now


def bad_run(kind: str, seed: int, sound: Path, to: Path) -> BadRun:
    """Copies `sound` by links; the damaged file and its manifest are files of their own."""
    rng = Rng("bad run", kind, seed)
    shutil.copytree(sound, to, copy_function=_link)
    files = sorted(path for pattern in KINDS[kind] for path in to.glob(pattern))
    path = rng.pick(files)
    before = path.read_bytes()
    name, after = _damaged(kind, before, rng)
    _replace(path, after)
    signed = kind in ("tar", "table") and rng.chance(0.5) and _sign(path, after)
    file = str(path.relative_to(to))
    label = f"{file} {name}{' signed' if signed else ''}"
    return BadRun(name=label, folder=to, file=file, changed=after != before, signed=signed)


def _damaged(kind: str, data: bytes, rng: Rng) -> tuple[str, bytes]:
    if kind == "tar" and rng.chance(0.5):
        return hostile_tar(data, rng)
    if kind in ("manifest", "run") and rng.chance(0.6):
        return _other_json(data, rng)
    return mutate.mutated(data, rng)


_VALUES = (
    None, -1, 10**30, 1e308, "", "../../etc/passwd", "/etc/passwd", "\x1b[31m", "a" * 100_000, [], {}, True, [[]] * 50,
    "\ud800", "NaN",
)  # fmt: skip


def _other_json(data: bytes, rng: Rng) -> tuple[str, bytes]:
    """One value of the document becomes another; or it nests deeper than a parser likes."""
    if rng.chance(0.1):
        return "deep", b"[" * 100_000 + b"]" * 100_000
    document = json.loads(data)
    places = list(_places(document))
    holder, key = rng.pick(places)
    if rng.chance(0.25) and isinstance(holder, dict):
        del holder[key]
        return f"without {key}", json.dumps(document).encode()
    holder[key] = rng.pick(_VALUES)
    return f"other {key}", json.dumps(document).encode()


def _places(value: object):
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _replace(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


def _sign(path: Path, data: bytes) -> bool:
    """Whether a manifest lists the file; it then lists its size and checksum as they are."""
    manifest = path.with_name(MANIFEST)
    document = json.loads(manifest.read_bytes())
    found = False
    for entry in document.get("files", document.get("shards", ())):
        if entry["name"] == path.name:
            entry["bytes"], entry["sha256"], found = len(data), sha256(data).hexdigest(), True
        if entry.get("sidecar") == path.name:
            entry["sidecar_bytes"], entry["sidecar_sha256"], found = len(data), sha256(data).hexdigest(), True
    _replace(manifest, json.dumps(document).encode())
    return found
