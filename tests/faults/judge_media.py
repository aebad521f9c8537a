"""A seed -> what broke the law, in words, when a picture or a clip was judged and then used by shards, report and trainer."""

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from lamella.reporting import report_html
from lamella.schemas.config import FetchConfig, ReadConfig, ShardConfig
from lamella.schemas.errors import BadSample
from lamella.schemas.media import BlobRef, Container, Media, MediaKind
from lamella.schemas.rejection import Reason, Rejection
from lamella.trainer.loading.pictures import draw
from lamella.transforms.fetch.captured import FetchResponse
from lamella.transforms.fetch.inspect import judge_bytes
from lamella.transforms.media.clips import BadVideo
from lamella.transforms.media.pixels import BadImage
from lamella.transforms.media.store import MediaStore
from lamella.transforms.shard.pictures import Pictures
from tests.faults import clips, media, pictures

_SIDE_PX = 96


def judge_picture(seed: int, folder: Path) -> tuple[str, list[str]]:
    name, data, sound = _made(seed, media.picture, pictures)
    return name, _faults(data, sound, MediaKind.IMAGE, folder) + _in_trainer(data)


def judge_clip(seed: int, folder: Path) -> tuple[str, list[str]]:
    name, data, sound = _made(seed, media.clip, clips)
    return name, _faults(data, sound, MediaKind.VIDEO, folder)


def _made(seed: int, mutant: Callable[[int], tuple[str, bytes, bytes]], others: ModuleType) -> tuple[str, bytes, bool]:
    """(name, bytes, whether they are sound after all): of four seeds one means harm, one is damaged in its own format's way."""
    if seed % 4 < 2:
        return (*(others.hostile, others.damaged)[seed % 4](seed), False)
    name, original, data = mutant(seed)
    return name, data, data == original


def _faults(data: bytes, sound: bool, kind: MediaKind, folder: Path) -> list[str]:
    """What goes wrong on the way of some bytes: in inspection, in the shard, in the report."""
    (folder / "media").write_bytes(data)
    blob = BlobRef(path="media", offset=0, length=len(data), container=Container.RAW)
    link = FetchResponse(url="https://bad.example/media", kind=kind, documents=1, blob=blob, source="http")
    found = judge_bytes(link, data, FetchConfig())
    if isinstance(found, Rejection):
        crashed = [found.detail] if found.reason is Reason.CRASHED else []
        return crashed + (["a sound file is rejected"] if sound else [])
    store = MediaStore.of(str(folder), ReadConfig(), FetchConfig())
    return _in_shard(found, store) + _in_report(found, store)


def _in_shard(found: Media, store: MediaStore) -> list[str]:
    encoder = Pictures(ShardConfig(max_side_px=_SIDE_PX), store)
    try:
        if found.kind is MediaKind.VIDEO:
            made = encoder.frames(found, [0.0, found.duration_s / 2])
        else:
            made = [encoder.image(found)]
    except (BadImage, BadVideo):
        return []  # a Rejection in `transforms.shard.samples`
    faults = []
    for one in made:
        with Image.open(BytesIO(one.jpeg)) as image:
            image.load()
            if image.size != (one.width, one.height) or max(image.size) > _SIDE_PX:
                faults.append(f"a picture of {image.size} px in the shard")
    return faults


def _in_report(found: Media, store: MediaStore) -> list[str]:
    """The report says that it cannot show it, or shows it; it never ends for it."""
    thumbnails = report_html.Thumbnails(store, frozenset())
    blob = {"path": found.blob.path, "offset": 0, "length": found.blob.length, "container": str(found.blob.container)}
    shown = thumbnails.beside({"blob": blob, "kind": str(found.kind), "sha256": sha256(b"").hexdigest()})
    return [] if shown["thumbnail"] else ["no thumbnail, and no word of it"]


def _in_trainer(data: bytes) -> list[str]:
    """A foreign shard may hold any bytes as its picture."""
    with suppress(BadSample):
        draw(data, np.zeros((_SIDE_PX, _SIDE_PX, 3), np.uint8))
    return []
