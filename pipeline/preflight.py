"""What a run needs before it begins: globs, models and a folder in; archives and a lock out, or a ConfigError."""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec

from lamella.pipeline.overlay import ConfigError, check_no_credentials
from lamella.schemas.config import BUNDLED, Config
from lamella.transforms.files import is_local

_MAGIC = (b"\x1f\x8b", b"WARC/", b"\x28\xb5\x2f\xfd", b"filedesc:")  # gzip, plain WARC, zstd, ARC


def find_archives(patterns: Sequence[str]) -> tuple[str, ...]:
    """The archives that the globs name, sorted. Raises ConfigError for an empty glob, two files of one name, and no archive."""
    found: set[str] = set()
    for pattern in patterns:
        check_no_credentials("--input", pattern)
        try:
            fs, inner = fsspec.core.url_to_fs(pattern)
            matches = [path for path in fs.glob(inner) if not fs.isdir(path)]
        except (OSError, ValueError, ImportError) as error:
            raise ConfigError(f"--input {pattern}: {error}") from None
        if not matches:
            raise ConfigError(f"--input {pattern}: no file matches")
        found.update(matches if is_local(pattern) else (fs.unstrip_protocol(path) for path in matches))
    archives = tuple(sorted(found))
    names: dict[str, str] = {}
    for path in archives:
        name = path.rsplit("/", 1)[-1]
        if name in names:
            raise ConfigError(
                f"--input: {names[name]} and {path} have one file name; records are known by it, so it must be unique"
            )
        names[name] = path
    with ThreadPoolExecutor(16) as pool:
        sound = list(pool.map(_looks_like_an_archive, archives))
    if not any(sound):
        # Some odd files among many are records to reject; nothing but odd files is a wrong path.
        raise ConfigError(f"--input {archives[0]}: not a web archive (neither gzip, zstd, WARC nor ARC)")
    return archives


def _looks_like_an_archive(path: str) -> bool:
    try:
        with fsspec.open(path, "rb") as stream:
            return stream.read(16).startswith(_MAGIC)
    except OSError as error:
        raise ConfigError(f"--input {path}: {error.strerror or error}") from None


def check_models(config: Config) -> None:
    """Loads every model once that is not bundled: weights that cannot be had should not cost the hours before them."""
    from lamella.transforms.caption.models import load_captioner, load_matcher
    from lamella.weights import WeightsMissing, load

    c, s = config.caption, config.score.model
    loads = [(s, lambda: load(s.name, s.weights, role="scorer", precision=s.precision, device="cpu"))]
    if c.on:
        loads += [(c.captioner, lambda: load_captioner(c.captioner)), (c.matcher, lambda: load_matcher(c.matcher))]
    try:
        for model, once in loads:
            if model.weights != BUNDLED:
                once()
    except WeightsMissing as error:
        raise ConfigError(str(error)) from None


@contextlib.contextmanager
def own_folder(folder: str) -> Iterator[None]:
    """Creates the run's folder and holds its lock. The lock ends with the process, however it ends."""
    check_no_credentials("--output", folder)
    if not is_local(folder):
        yield
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        lock = os.open(Path(folder) / ".lock", os.O_CREAT | os.O_RDWR)
    except OSError as error:
        raise ConfigError(f"--output {folder}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(f"--output {folder}: another run is at work there") from None
        yield
    finally:
        os.close(lock)
