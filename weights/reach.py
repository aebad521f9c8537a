"""A model's name and weights -> what is here and what would be downloaded, within seconds, or one line that says why not.

Nothing is loaded and nothing is downloaded: the head of a file here is read, or the hub is asked once whether it has the file.
"""

import json
import os
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lamella.schemas.errors import ConfigError, WeightsMissing
from lamella.schemas.printable import byte_size
from lamella.weights.loaded import BUNDLED, CHECKPOINTS, MODEL_FILE
from lamella.weights.vetting import HUB, LOCAL

HUB_SECONDS = 5.0  # for an answer, name look-up and redirects included
_HEAD_BYTES = 100_000_000  # of a safetensors header; safetensors' own limit


class Unreachable(ConfigError):
    """What a model needs is neither here nor available. One line: what would be downloaded, and why it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where a model's weights will come from."""

    where: str  # a file, a repository's file, or `bundled`
    download: bool = False
    bytes: int | None = None  # of what would be downloaded, where it is known

    def __str__(self) -> str:
        if not self.download:
            return self.where
        return f"would be downloaded: {self.where}{f', {byte_size(self.bytes)}' if self.bytes else ''}"


def reach(name: str, weights: str, role: str = "scorer") -> Reached:
    """Where `weights.load(name, weights, role)` will find its weights.

    Raises:
        WeightsMissing: no such file, no safetensors, no such model or tag, or a hub that does not give it or does not answer.
    """
    from lamella.weights.own import own_config

    if weights == BUNDLED:
        return Reached(where=BUNDLED)
    path = Path(weights)
    if path.is_dir():
        path = next((path / file for file in (f"{role}.safetensors", MODEL_FILE) if (path / file).is_file()), path / MODEL_FILE)
    if own_config(name) is not None or path.exists() or path.is_dir() or _is_path(weights):
        check_safetensors(name, weights, path)
        return Reached(where=str(path))
    return _reach_open_clip(name, weights)


def reach_transformers(name: str) -> Reached:
    """Where `from_pretrained(name)` will find a model of `transformers`: in a folder, or by its name on the hub.

    Raises:
        Unreachable: no such folder, or a hub that does not give it or does not answer.
    """
    if Path(name).is_dir():
        return Reached(where=name)
    if _is_path(name):
        raise Unreachable(f"no folder {name}")
    for file in ("model.safetensors", "model.safetensors.index.json"):
        if _cached(name, file):
            return Reached(where=f"{name}, on this machine")
    return _ask_hub(name, ("model.safetensors", "model.safetensors.index.json"), None)


def check_safetensors(name: str, weights: str, path: Path) -> None:
    """Raises WeightsMissing where the file cannot be read, or its head is not that of safetensors of this length."""
    if path.suffix != ".safetensors" and path.is_file():
        raise WeightsMissing(name, weights, "only .safetensors files are read, since a pickle can run code")
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            length = int.from_bytes(stream.read(8), "little")
            head = json.loads(stream.read(length)) if 2 <= length <= min(_HEAD_BYTES, size - 8) else None
    except FileNotFoundError:
        raise WeightsMissing(name, weights, f"no file {path}") from None
    except OSError as error:
        raise WeightsMissing(name, weights, f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        head = None
    if not isinstance(head, dict) or _end(head) != size - 8 - length:
        raise WeightsMissing(name, weights, f"{path} is no whole safetensors file")


def _end(head: dict[str, Any]) -> int | None:
    """Bytes of all tensors, as the head says; None where it is no head."""
    try:
        return max((tensor["data_offsets"][1] for key, tensor in head.items() if key != "__metadata__"), default=0)
    except (TypeError, KeyError, IndexError):
        return None


def _is_path(weights: str) -> bool:
    return weights.endswith((".safetensors", ".pt", ".bin")) or weights.startswith(("/", ".", "~"))


def _reach_open_clip(name: str, weights: str) -> Reached:
    import open_clip

    if name.startswith(LOCAL):
        folder = Path(name.removeprefix(LOCAL))
        path = next((folder / file for file in CHECKPOINTS if (folder / file).is_file()), None)
        if path is None:
            raise WeightsMissing(name, weights, f"none of {', '.join(CHECKPOINTS)} in {folder}; a pickle is never opened")
        check_safetensors(name, weights, path)
        return Reached(where=str(path))
    if name.startswith(HUB):
        return _reach_repository(name, weights, name.removeprefix(HUB), CHECKPOINTS, expected=None)
    if name not in open_clip.list_models():
        raise WeightsMissing(name, weights, "open_clip has no model of that name")
    found = open_clip.get_pretrained_cfg(name, weights)
    if not found:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(name)) or "none"
        raise WeightsMissing(name, weights, f"no file, and no tag of this model; it has {tags}")
    repository, _, file = found.get("hf_hub", "").rpartition("/")
    if not repository:
        raise WeightsMissing(name, weights, "open_clip has this tag as a pickle alone, and a pickle is never opened")
    files = (f"{Path(file).stem}.safetensors",) if file else CHECKPOINTS
    return _reach_repository(name, weights, repository, files, expected=_expected_bytes(name))


def _reach_repository(name: str, weights: str, repository: str, files: tuple[str, ...], *, expected: int | None) -> Reached:
    for file in files:
        if path := _cached(repository, file):
            return Reached(where=path)
    try:
        return _ask_hub(repository, files, expected)
    except Unreachable as error:
        raise WeightsMissing(name, weights, str(error)) from None


def _cached(repository: str, file: str) -> str | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repository, file)
    return found if isinstance(found, str) else None


def _ask_hub(repository: str, files: tuple[str, ...], expected: int | None) -> Reached:
    from huggingface_hub import constants

    host = constants.ENDPOINT.partition("://")[2]
    what = f"{repository}/{files[0]}{f', about {byte_size(expected)}' if expected else ''}"
    if constants.HF_HUB_OFFLINE:
        raise Unreachable(f"HF_HUB_OFFLINE is set, and this machine does not have {what}")
    said: dict[str, Any] = {}
    urls = [f"{constants.ENDPOINT}/{quote(repository)}/resolve/main/{quote(file)}" for file in files]
    # A thread, since a look-up of a name knows no limit of time.
    asking = threading.Thread(target=_head, args=(urls, said), daemon=True)
    asking.start()
    asking.join(HUB_SECONDS)
    if "url" in said:
        file = files[urls.index(said["url"])]
        return Reached(where=f"{repository}/{file}", download=True, bytes=said["bytes"] or expected)
    why = said.get("why", f"{host} does not answer in {HUB_SECONDS:.0f} s")
    raise Unreachable(f"this machine does not have it, and {why}; it would download {what}")


def _head(urls: list[str], said: dict[str, Any]) -> None:
    """Asks for each file in turn; notes the first that is there and its size, or why none is."""
    for url in urls:
        request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": "lamella"})
        try:
            with urllib.request.urlopen(request, timeout=HUB_SECONDS) as reply:
                size = reply.headers.get("X-Linked-Size") or reply.headers.get("Content-Length") or ""
                said.update(url=url, bytes=int(size) if size.isdecimal() else None)
                return
        except urllib.error.HTTPError as error:
            why = {401: "no such model, or it asks for a login", 403: "it asks for a login", 404: "no such file"}
            if error.code != 404 or "why" not in said:  # a refusal says more than that another name is not there
                said["why"] = f"the hub says {error.code} ({why.get(error.code, error.reason)})"
        except (OSError, ValueError) as error:
            said["why"] = f"the hub cannot be reached ({getattr(error, 'reason', error)})"
            return


def _expected_bytes(name: str) -> int | None:
    """Bytes of fp32 weights, from the model's shapes alone; None if those are on the hub, too."""
    import open_clip
    import torch

    towers = (open_clip.get_model_config(name) or {}).values()
    if any(isinstance(tower, dict) and ("hf_model_name" in tower or "timm_model_name" in tower) for tower in towers):
        return None
    with torch.device("meta"):
        model = open_clip.create_model(name, load_weights=False, device="meta")
    return sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
