"""A seed in; a picture or a clip judged, then used as shards, report and trainer use it; what broke the law out, in words."""

from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from lamella.reporting import report_html
from lamella.schemas.config import FetchConfig, ShardConfig
from lamella.schemas.media import BlobRef, Container, Media, MediaKind
from lamella.schemas.rejection import Rejection
from lamella.schemas.sample import BadSample
from lamella.trainer.loading.pictures import draw
from lamella.transforms.fetch.captured import CapturedLink
from lamella.transforms.fetch.inspect import judge_bytes
from lamella.transforms.media.clips import BadVideo
from lamella.transforms.media.pixels import BadImage
from lamella.transforms.shard.pictures import Pictures
from tests.faults import media as damaged

_SIDE_PX = 96


def judge_picture(seed: int, folder: Path) -> tuple[str, list[str]]:
    name, original, data = damaged.picture(seed)
    return name, _faults(data, data == original, MediaKind.IMAGE, folder) + _in_trainer(data)


def judge_clip(seed: int, folder: Path) -> tuple[str, list[str]]:
    name, original, data = damaged.clip(seed)
    return name, _faults(data, data == original, MediaKind.VIDEO, folder)


def _faults(data: bytes, sound: bool, kind: MediaKind, folder: Path) -> list[str]:
    """What goes wrong on the way of some bytes: in inspection, in the shard, in the report."""
    (folder / "media").write_bytes(data)
    blob = BlobRef(path="media", offset=0, length=len(data), container=Container.RAW)
    link = CapturedLink(url="https://bad.example/media", kind=kind, documents=1, blob=blob, source="http")
    found = judge_bytes(link, data, FetchConfig())
    if isinstance(found, Rejection):
        return ["a sound file is rejected"] if sound else []
    return _in_shard(found, folder) + _in_report(found, folder)


def _in_shard(media: Media, folder: Path) -> list[str]:
    pictures = Pictures(ShardConfig(max_side_px=_SIDE_PX), str(folder))
    try:
        if media.kind is MediaKind.VIDEO:
            made = pictures.frames(media, [0.0, media.duration_s / 2])
        else:
            made = [pictures.image(media)]
    except (BadImage, BadVideo):
        return []  # a Rejection in `transforms.shard.samples`
    faults = []
    for one in made:
        with Image.open(BytesIO(one.jpeg)) as image:
            image.load()
            if image.size != (one.width, one.height) or max(image.size) > _SIDE_PX:
                faults.append(f"a picture of {image.size} px in the shard")
    return faults


def _in_report(media: Media, folder: Path) -> list[str]:
    """The report says that it cannot show it, or shows it; it never ends for it."""
    thumbnails = report_html._Thumbnails(str(folder), frozenset())
    blob = {"path": media.blob.path, "offset": 0, "length": media.blob.length, "container": str(media.blob.container)}
    shown = thumbnails.beside({"blob": blob, "kind": str(media.kind), "sha256": sha256(b"").hexdigest()})
    return [] if shown["thumbnail"] else ["no thumbnail, and no word of it"]


def _in_trainer(data: bytes) -> list[str]:
    """A foreign shard may hold any bytes as its picture."""
    with suppress(BadSample):
        draw(data, np.zeros((_SIDE_PX, _SIDE_PX, 3), np.uint8))
    return []
