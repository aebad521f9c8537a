"""A seed -> what broke the law when a finished run with one damaged file was verified, reported, inspected and trained on.

`verify` names the file, or the file is sound; nothing raises but what a command says in one line.
"""

import io
import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from lamella.pipeline.tables import TableManifest
from lamella.reporting.inspect import inspect
from lamella.reporting.report import write_report
from lamella.reporting.verify import verify
from lamella.schemas.errors import BadSample, BadShard, TrainingError
from lamella.schemas.shards import MANIFEST, ShardManifest
from lamella.trainer.loading.sample_reader import Shards
from lamella.trainer.loading.shard_reader import find_shards
from tests.faults.tables import BadRun, bad_run

SOUND_RUN = "FAULTS_SOUND_RUN"  # the environment's name for the folder of a finished run
_ACTIVE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def judge_run(kind: str) -> Callable[[int, Path], tuple[str, list[str]]]:
    def judge(seed: int, folder: Path) -> tuple[str, list[str]]:
        sound = Path(os.environ[SOUND_RUN])
        bad = bad_run(kind, seed, sound, folder / "run")
        found = list(verify(str(bad.folder)))
        faults = []
        damaged = bad.changed and not bad.signed and not _says_the_same(bad.folder / bad.file, sound / bad.file)
        if damaged and not any(_names(fault, bad.file) for fault in found):
            faults.append(f"verify does not name {bad.file}: {found[:2]}")
        faults += [f"the terminal hears {fault!r}" for fault in found if _ACTIVE.search(fault)]
        faults += _inspected(bad)
        if kind == "tar":
            faults += _trained_on(bad, folder)
        if seed % 5 == 0:
            _reported(bad)
        return bad.name, faults

    return judge


def _says_the_same(path: Path, sound: Path) -> bool:
    """Whether a reader of the manifest would act as on the sound one. `run.json` names no file's bytes."""
    if path.name != MANIFEST:
        return path.name == "run.json"  # it says what was asked for, and no file's bytes
    try:
        return _acted_on(path.read_bytes()) == _acted_on(sound.read_bytes())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _acted_on(data: bytes) -> object:
    """What is read of a manifest; fingerprints, its own and those of shards, which only the next run compares, are not."""
    raw = json.loads(data)
    if "files" in raw:
        return TableManifest.decode(data).files, raw["rows"], raw["hash"]
    shards = ShardManifest.decode(data)
    told = [replace(one, fingerprint="") for one in shards.shards]
    return shards.dataset, [one if one.sidecar else replace(one, sidecar_bytes=0, sidecar_sha256="") for one in told]


def _names(fault: str, file: str) -> bool:
    return fault.startswith((file, file.rpartition("/")[0]))


def _inspected(bad: BadRun) -> list[str]:
    out = io.StringIO()
    try:
        inspect(str(bad.folder / bad.file), 3, Console(file=out, width=200, color_system=None))
        if bad.file.startswith("shards/"):
            inspect(str((bad.folder / bad.file).parent), 3, Console(file=out, width=200, color_system=None))
    except ValueError as error:
        out.write(str(error))
    return [f"the terminal hears {active[0]!r}"] if (active := _ACTIVE.search(out.getvalue().replace("\n", " "))) else []


def _trained_on(bad: BadRun, folder: Path) -> list[str]:
    """Every sample of the dataset by its number, as the loader reads it: whole, or refused."""
    cache = folder / "cache"
    cache.mkdir()
    name = bad.file.split("/")[1]
    read = wrong = 0
    try:
        for split in ("train", "validation"):
            found = find_shards(str(bad.folder / "shards" / name), [name], split)
            reader = Shards(found, most=2, cache=cache)
            for number, shard in enumerate(found):
                try:
                    for index in range(shard.info.samples):
                        reader.sample(number, index).member(0)
                        read += 1
                except (BadShard, BadSample):
                    wrong += 1
            reader.close()
    except TrainingError:
        return []
    return [] if wrong or bad.signed or not bad.changed else [f"{read} samples of a damaged shard were read"]


def _reported(bad: BadRun) -> None:
    """The command says any error in one line; it must not hang, take all memory, or end the process."""
    with suppress(Exception):
        write_report(str(bad.folder))
