"""Names in a run's folder -> a refusal, or the removal of those files alone that the run itself wrote.

A file belongs to the run if a manifest of the run names it, or the run's list `.files.json`, which is written before the files.
So a run that was killed knows its own files, and never takes a user's file among them for one. Folders named by a hash (parts
of archives, packs of media) belong to the run by their pattern.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Set
from hashlib import sha256
from pathlib import Path

import fsspec

from lamella.pipeline.integrity import named_files
from lamella.pipeline.run_file import read_facts
from lamella.schemas.errors import ConfigError
from lamella.schemas.printable import printable
from lamella.schemas.shards import MANIFEST
from lamella.transforms.base.files import (
    RUN_FILE,
    is_local,
    is_plain_name,
    is_temporary,
    join,
    list_files,
    local_path,
    read_bytes,
    remove_files,
    write_atomically,
)

LOCK = ".lock"
LEASE = ".lease.json"  # the same, in a store
FILES = ".files.json"  # folder -> names of files that runs have written there, or are about to
REPORTS = ".reports.json"  # name -> checksums of what a report may have written under it


def check_output(folder: str) -> None:
    """Raises ConfigError unless a run may write there: into what is empty or absent, or holds a `run.json` of its own.

    A lock, and temporary files, are what is left where a run was killed before it wrote `run.json`.
    """
    if read_facts(folder) is not None:
        return
    there = list_files(folder)
    own = {LOCK: 0} if is_local(folder) else {LEASE: there.get(LEASE)}
    foreign = sorted(name for name, size in there.items() if not is_temporary(name) and own.get(name) != size)
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise ConfigError(
            f"--output {printable(folder)}: not empty, and not the folder of a run (it holds {printable(foreign[0])}{more}, "
            f"and no {RUN_FILE}); give a new folder"
        )


def check_memory(folder: str | None) -> None:
    """Raises ConfigError where `run.memory` neither is a folder that can be written nor may become one: before hours are spent
    on what it is to keep."""
    if not folder:
        return
    try:
        words = _forbids_memory(folder)
    except (OSError, ValueError, ImportError) as error:  # the last two of fsspec: no scheme that it knows
        words = str(getattr(error, "strerror", None) or error)
    if words:
        raise ConfigError(f"run.memory: {printable(folder)}: {printable(words)}")


def _forbids_memory(folder: str) -> str:
    if (local := local_path(folder)) is None:
        list_files(folder)  # whether the store answers
        return ""
    stands = next(path for path in (Path(local), *Path(local).parents) if path.exists())
    if not stands.is_dir():
        return f"{stands} is not a folder"
    return "" if os.access(stands, os.W_OK | os.X_OK) else f"{stands} cannot be written"


def check_names(run: str, names: Mapping[str, Iterable[str]]) -> None:
    """Raises ConfigError if a file that is not the run's has a name that the run is about to write."""
    listed = _listed(run)
    for folder, wanted in names.items():
        _check_folder(run, folder)
        there = list_files(join(run, folder))
        own = _own(run, folder, listed)
        for name in sorted({*wanted, MANIFEST} & there.keys()):
            if there[name] < 0 or name not in own:
                raise ConfigError(_refusal(run, f"{folder}/{name}"))


def claim(run: str, names: Mapping[str, Iterable[str]], keep: Mapping[str, Set[str]] = {}) -> None:
    """Takes away what the run wrote in these folders, each folder's manifest first, and notes what it will write there.

    What stands in `keep` stays, and stays the run's.

    Raises ConfigError, with nothing touched, as `check_names` does.
    """
    names = {folder: sorted({*wanted, MANIFEST}) for folder, wanted in names.items()}
    check_names(run, names)
    listed = _listed(run)
    own = {folder: _own(run, folder, listed) & list_files(join(run, folder)).keys() for folder in names}
    listed |= {folder: sorted({*names[folder], *own[folder]}) for folder in names}
    write_atomically(join(run, FILES), json.dumps(listed, sort_keys=True, indent=1).encode() + b"\n")
    for folder, found in own.items():
        gone = found - keep.get(folder, set())
        remove_files(join(run, folder), sorted(gone, key=lambda name: (name != MANIFEST, name)))


def withdraw(run: str, folders: Iterable[str]) -> None:
    """Takes away what the run wrote in these folders, and will not write again."""
    claim(run, dict.fromkeys(folders, ()))


def write_own(run: str, files: Mapping[str, bytes]) -> None:
    """Writes files that lie beside the tables, by rename. Raises ConfigError, with none written, where one of these names
    holds what no report of the run wrote: a user's own README.md, or a card that was changed by hand."""
    check_own(run, files)
    known, there = _json(join(run, REPORTS)), list_files(run)
    # Both what stands and what comes are ours, at whatever moment the write is stopped.
    noted = {
        name: sorted({_digest(data), *known.get(name, ())} if name in there else {_digest(data)})
        for name, data in files.items()
    }
    write_atomically(join(run, REPORTS), json.dumps(known | noted, sort_keys=True, indent=1).encode() + b"\n")
    for name, data in files.items():
        write_atomically(join(run, name), data)


def check_own(run: str, names: Iterable[str]) -> None:
    """Raises ConfigError where `write_own` would, so that it is known before the hours in between."""
    known, there = _json(join(run, REPORTS)), list_files(run)
    for name in names:
        if name in there and (there[name] < 0 or _digest(read_bytes(join(run, name))) not in known.get(name, ())):
            raise ConfigError(_refusal(run, name))


def sweep(run: str, folders: Iterable[str]) -> None:
    """Removes temporary files that killed runs left. Call it only while the run's lock is held: a running write has such files
    too."""
    if not is_local(run):
        return
    for folder in ("", *folders):
        inside = join(run, folder) if folder else run
        remove_files(inside, [name for name in list_files(inside) if is_temporary(name)])


def _check_folder(run: str, folder: str) -> None:
    """A file of a user's where a folder of the run's should be."""
    parts = folder.split("/")
    for depth in range(1, len(parts) + 1):
        fs, inner = fsspec.core.url_to_fs(join(run, *parts[:depth]))
        if fs.exists(inner) and not fs.isdir(inner):
            raise ConfigError(_refusal(run, "/".join(parts[:depth])))


def _own(run: str, folder: str, listed: Mapping[str, list[str]]) -> set[str]:
    own = {name for name in listed.get(folder, ()) if is_plain_name(name)}
    with contextlib.suppress(FileNotFoundError, ValueError):  # not finished, or damaged: the list tells what is ours
        own |= {file.name for file in _manifest(join(run, folder))} | {MANIFEST}
    return own


def _manifest(folder: str) -> Iterator:
    return named_files(read_bytes(join(folder, MANIFEST)))


def _listed(run: str) -> dict[str, list[str]]:
    return _json(join(run, FILES))


def _json(path: str) -> dict[str, list[str]]:
    """A list that a run wrote; an empty one if there is none or it cannot be read: then no file counts as the run's."""
    try:
        raw = json.loads(read_bytes(path))
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    sound = isinstance(raw, dict) and all(isinstance(names, list) for names in raw.values())
    return raw if sound else {}


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def _refusal(run: str, name: str) -> str:
    return f"--output {printable(run)}: {printable(name)} is not what a run wrote there, and a run would write it: move it away"
