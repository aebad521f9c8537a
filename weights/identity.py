"""A model's name and weights -> the contents that they stand for: a measurement is kept under what measured it.

Contents count and paths do not: weights that moved are the same weights, and a file that was changed in place is another.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from lamella.weights.loaded import BUNDLED
from lamella.weights.own import bundle_hash

_OF_A_MODEL = (".safetensors", ".json", ".txt", ".model")  # files of a folder of weights that are read
_CHUNK = 1 << 20


def weights_identity(weights: str) -> list[str]:
    """Hub tags stand for themselves. A file's or folder's last part is its label in the rows, and stays."""
    path = Path(weights)
    if weights == BUNDLED:
        return [bundle_hash()]
    return [path.name, *_files_of(path)] if path.exists() else [weights]


def name_identity(name: str) -> list[str]:
    """The name itself, for a model of open_clip or of ours; for the path of a model's config, its last part and its content."""
    path = Path(name)
    return [path.name, file_hash(name)] if name.endswith(".json") and path.is_file() else [name]


def file_hash(path: str) -> str:
    """SHA-256 of a file's bytes, on any fsspec path; a local file is read once, for as long as its size and time stay."""
    fs, inner = fsspec.core.url_to_fs(path)
    if not isinstance(fs, LocalFileSystem):
        return sha256(fs.cat_file(inner)).hexdigest()
    status = Path(inner).stat()
    return _local_hash(inner, status.st_size, status.st_mtime_ns)


def _files_of(path: Path) -> list[str]:
    """Hashes of weights: of one file and its tokenizer, or of a folder's files."""
    folder = path if path.is_dir() else path.parent
    files = [file for file in sorted(folder.iterdir()) if file.is_file() and file.suffix in _OF_A_MODEL]
    if not path.is_dir():
        files = [file for file in files if file == path or file.name == "tokenizer.json"]
    return [f"{file.name} {file_hash(str(file))}" for file in files]


@cache
def _local_hash(path: str, size: int, mtime_ns: int) -> str:
    digest = sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
