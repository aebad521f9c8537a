"""What a training says and leaves beside its checkpoints: lines on stderr, and small files that appear whole."""

import os
import sys
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
