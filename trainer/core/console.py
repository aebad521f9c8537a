"""What a training says and leaves beside its checkpoints: lines on stderr, and small files that appear whole."""

import os
import sys
import tempfile
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


def write_whole(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def say(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)
