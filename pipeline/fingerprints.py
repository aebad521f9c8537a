"""What a job reads, in; one hash that changes when any of it does, out: settings, contents of files they name, weights, inputs.

Contents count and paths do not: a list of forbidden images that grew makes its job run again, weights that moved do not.
What changes no row is in no hash: `run.*` but for the batches that models see, and what sets only the pace of a stage.
"""

import re
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import fsspec

from lamella import weights
from lamella.pipeline.graph import GRAPH
from lamella.pipeline.tables import FORMAT
from lamella.schemas.config import BUNDLED, Config, ModelConfig
from lamella.schemas.errors import ConfigError
from lamella.schemas.keys import stable_key
from lamella.schemas.printable import printable
from lamella.transforms.base.files import is_local, read_bytes
from lamella.transforms.filter import wordlists

_PACE = {"extract": {"pages_per_child"}, "fetch": {"connections", "min_delay_s"}}  # neither rows nor bytes depend on them
_OF_A_MODEL = (".safetensors", ".json", ".txt", ".model")  # files of a folder of weights that are read
_CHUNK = 1 << 20


def job_fingerprint(c: Config, job: str, contents: Iterable[str]) -> str:
    """The hash that a job's tables carry.

    Args:
        contents: of its input tables, or of the parts of archives.

    Raises:
        ConfigError: a file that a setting names cannot be read.
    """
    return stable_key(FORMAT, *(stage_settings(c, stage) for stage in GRAPH[job].config_parts), *contents)


def stage_settings(c: Config, stage: str) -> str:
    """A stage's settings as text, with contents for paths, and without those that set its pace alone."""
    part = getattr(c, stage)
    values: dict[str, Any] = part.model_dump(mode="json", exclude=_PACE.get(stage))
    if stage == "filter":
        values["words"] = _word_lists()
    elif stage == "fetch":
        values["unsafe_hashes"] = _content("fetch.unsafe_hashes", c.fetch.unsafe_hashes)
    elif stage == "score":
        values |= {"model": _model(c.score.model), "batch_buckets": c.run.batch_buckets}
    elif stage == "caption":
        if not c.caption.on:
            return "no captions"
        values |= {"captioner": _model(c.caption.captioner), "matcher": _model(c.caption.matcher)}
    return repr(sorted(values.items()))


def sets_pace(key: str) -> bool:
    """Whether a dotted key changes how fast a stage is, and nothing that it gives."""
    stage, _, name = key.partition(".")
    return name in _PACE.get(stage, ())


def check_files(c: Config) -> None:
    """Reads every file that a setting names. Raises ConfigError, before anything else is done, for one that cannot be read."""
    for job in GRAPH.values():
        for stage in job.config_parts:
            stage_settings(c, stage)


def _content(key: str, path: str | None) -> str | None:
    if path is None:
        return None
    try:
        return _file_hash(path)
    except (OSError, ValueError, ImportError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{key}: {printable(path)}: {printable(why)}") from None


def _model(model: ModelConfig) -> list[tuple[str, Any]]:
    """Hub tags stand for themselves. A file's or folder's last part is its label in the rows, and stays."""
    values = model.model_dump()
    if model.weights == BUNDLED:
        values["weights"] = weights.bundle_hash()
    elif Path(model.weights).exists():
        values["weights"] = [Path(model.weights).name, *_files_of(Path(model.weights))]
    if model.name.endswith(".json") and Path(model.name).is_file():
        values["name"] = [Path(model.name).name, _file_hash(model.name)]
    return sorted(values.items())


def _files_of(path: Path) -> list[str]:
    """Hashes of weights: of one file and its tokenizer, or of a folder's files."""
    folder = path if path.is_dir() else path.parent
    files = [file for file in sorted(folder.iterdir()) if file.is_file() and file.suffix in _OF_A_MODEL]
    if not path.is_dir():
        files = [file for file in files if file == path or file.name == "tokenizer.json"]
    return [f"{file.name} {_file_hash(str(file))}" for file in files]


def _file_hash(path: str) -> str:
    """Of a file's bytes; a local file is read once, for as long as its size and time stay."""
    if not is_local(path):
        return sha256(read_bytes(path)).hexdigest()
    inner = fsspec.core.url_to_fs(path)[1]
    status = Path(inner).stat()
    return _local_hash(inner, status.st_size, status.st_mtime_ns)


@cache
def _local_hash(path: str, size: int, mtime_ns: int) -> str:
    digest = sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@cache
def _word_lists() -> str:
    """Of the words themselves: a comment or a line break in their file changes no row."""
    lists = {name: value for name, value in vars(wordlists).items() if name.strip("_").isupper()}
    return stable_key(*(f"{name} {_ordered(value)}" for name, value in sorted(lists.items())))


def _ordered(value: Any) -> str:
    """A set has no order of its own, and Python's changes with its seed."""
    if isinstance(value, set | frozenset):
        return repr(sorted(value))
    if isinstance(value, dict):
        return repr([(key, _ordered(inner)) for key, inner in sorted(value.items())])
    return value.pattern if isinstance(value, re.Pattern) else repr(value)
