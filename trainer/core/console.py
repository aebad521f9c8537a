"""What a training says and writes beside its checkpoints: lines on stderr, and files that appear whole."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lamella.schemas.errors import TrainingError
from lamella.schemas.printable import printable


def open_folder(output: str | Path) -> Path:
    """The folder, made if need be, before anything slow is done for it. Raises TrainingError where it cannot be written."""
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise TrainingError(f"output={output}: cannot be written ({error.strerror})") from error


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Where to write what appears at `path` once the block ends; where it raises, nothing appears."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    with new_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def say(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)
