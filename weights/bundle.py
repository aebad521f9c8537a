"""A folder with three trained models -> the bundled files and their manifest: `python -m lamella.weights.bundle FOLDER`.

FOLDER holds `scorer/`, `captioner/` and `matcher/`, each the output of `lamella train contrastive`.
"""

import json
import shutil
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from lamella.weights.loaded import MODEL_FILE, TOKENIZER_FILE
from lamella.weights.loader import ROLES
from lamella.weights.own import HERE, MANIFEST

NAME = "lamella-coca"


def bundle(folder: Path, target: Path = HERE) -> None:
    """Copies the models and their tokenizer into `target` and lists their checksums there.

    Raises:
        ValueError: a model is missing, is another architecture's, or was trained with another tokenizer.
    """
    tokenizers = {role: (folder / role / TOKENIZER_FILE).read_bytes() for role in ROLES}
    if len(set(tokenizers.values())) > 1:
        raise ValueError(f"{folder}: the three models were trained with different tokenizers")
    config = f"{NAME}.json"
    models: dict[str, Any] = {
        "config": {"file": config, "sha256": sha256((HERE / config).read_bytes()).hexdigest()},
        "tokenizer": {"file": TOKENIZER_FILE, "sha256": sha256(tokenizers[ROLES[0]]).hexdigest()},
    }
    for role in ROLES:
        source, file = folder / role / MODEL_FILE, f"{NAME}-{role}.safetensors"
        made = _metadata(source)
        if made.get("model") != NAME:
            raise ValueError(f"{source}: made for {made.get('model')!r}, not for {NAME!r}")
        shutil.copyfile(source, target / file)
        data = source.read_bytes()
        models[role] = {
            "file": file,
            "sha256": sha256(data).hexdigest(),
            "bytes": len(data),
            "recipe": made["recipe"],
            "command": made["command"],
            "shards": made["shards"],
            "date": made["date"],
            "scores": json.loads(made["scores"]),
        }
    (target / TOKENIZER_FILE).write_bytes(tokenizers[ROLES[0]])
    text = json.dumps({"models": {NAME: models}}, indent=1, sort_keys=True)
    (target / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _metadata(path: Path) -> dict[str, str]:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        return file.metadata() or {}


if __name__ == "__main__":
    bundle(Path(sys.argv[1]))
