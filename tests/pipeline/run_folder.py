"""Run folders for tests: records -> the tables and manifests of a run on disk."""

import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from lamella.pipeline.graph import JOBS
from lamella.pipeline.recipes import demo
from lamella.pipeline.tables import TableManifest, write_file, write_manifest
from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.document import InterleavedDocument, TextQuality, with_phi
from lamella.schemas.keys import stable_int, stable_key
from lamella.schemas.media import BlobRef, Container, Media, MediaKind
from lamella.schemas.page import Provenance
from lamella.schemas.pair import CaptionSource, Dataset, ImageTextPair
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.schemas.shards import MANIFEST, ShardInfo, ShardManifest

PACK = "media/packs/pack-00000.bin"


def write_run(folder: Path, tables: Mapping[str, tuple[type, Iterable[Any]]], **facts: Any) -> str:
    """Writes `run.json` and the tables, two files each; returns the run's path."""
    for name, (record_type, records) in tables.items():
        put_table(folder / name, record_type, list(records))
    run = {
        "recipe": "demo",
        "config": demo().model_dump(mode="json"),
        "inputs": ["/data/web-00000.warc.gz", "/data/web-00001.warc.gz"],
        "versions": {"lamella": "0.1.0", "pillow": "12.3.0"},
        "jobs": {job: {"seconds": 12.5, "done": True} for job in JOBS},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(run | facts))
    return str(folder)


def put_table(folder: Path, record_type: type, records: list[Any], parts: int = 2) -> None:
    files = []
    for part in range(parts):
        name = f"part-{part:05d}-of-{parts:05d}.parquet"
        files.append(write_file(str(folder), name, record_type, records[part::parts]))
    write_manifest(str(folder), TableManifest(table=folder.name, fingerprint="test", files=tuple(files)))


def put_shards(folder: Path, dataset: Dataset, samples: int) -> None:
    shard = ShardInfo(name=f"{dataset}-train-00000.tar", split="train", samples=samples, bytes=1000 * samples, sha256="0" * 64)
    target = folder / "shards" / dataset
    target.mkdir(parents=True)
    (target / MANIFEST).write_bytes(ShardManifest(dataset=dataset, shards=(shard,)).encode())


class Pack:
    """Pictures in one file, as fetch packs them."""

    def __init__(self, folder: Path):
        self._path, self._at = folder / PACK, 0
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_bytes(b"")

    def add(self, data: bytes) -> BlobRef:
        with self._path.open("ab") as out:
            out.write(data)
        ref = BlobRef(path=PACK, offset=self._at, length=len(data), container=Container.RAW)
        self._at += len(data)
        return ref


def picture(seed: str, width: int = 320, height: int = 240) -> bytes:
    """A JPEG of some coloured shapes."""
    image = Image.new("RGB", (width, height), _colour(seed, "ground"))
    draw = ImageDraw.Draw(image)
    for at in range(3):
        x, y = stable_int(seed, at, "x") % width, stable_int(seed, at, "y") % height
        radius = min(width, height) // (at + 4)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(seed, at))
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


def _colour(*parts: object) -> tuple[int, int, int]:
    return tuple(stable_int(*parts, channel) % 256 for channel in range(3))


def media(pack: Pack, url: str, width: int = 320, height: int = 240, **more: Any) -> Media:
    data = more.pop("data", None) or picture(url, width, height)
    facts = {"kind": MediaKind.IMAGE, "sha256": stable_key(url), "mime": "image/jpeg", "source": "archive"} | more
    return Media(url=url, blob=pack.add(data), bytes=len(data), width=width, height=height, **facts)


def quality(words: int) -> TextQuality:
    return TextQuality(**dict.fromkeys(TextQuality.__dataclass_fields__, 0.1) | {"words": words, "stop_word_kinds": 4})


def document(url: str, nodes: Iterable[Any], *, words: int = 80, **more: Any) -> InterleavedDocument:
    return InterleavedDocument(
        key=stable_key(url),
        url=url,
        nodes=with_phi(tuple(nodes)),
        provenance=Provenance(archive="/data/web-00000.warc.gz", offset=stable_int(url) % 100_000, length=900),
        quality=quality(words),
        **{"language": "en", "language_score": 0.97, "title": url.rsplit("/", 1)[-1]} | more,
    )


def image_pair(media: Media, text: str, **more: Any) -> ImageTextPair:
    return ImageTextPair(
        **{
            "key": stable_key(media.url, text),
            "dataset": Dataset.ALIGN,
            "document": stable_key("page"),
            "page_url": "https://example.org/page",
            "media": media,
            "text": text,
            "source": CaptionSource.ALT,
            "clip_score": 0.31,
        }
        | more
    )


def synthetic_pair(media: Media, text: str, match: float, **more: Any) -> ImageTextPair:
    made = {"source": CaptionSource.SYNTHETIC, "captioner": "coca", "clip_score": None}
    return image_pair(media, text, match=match, matcher="matcher", **made, **more)


def counters(rows: Iterable[tuple[str, str, int, int, int]]) -> list[Counter]:
    """(stage, unit, in, made, kept) -> counters."""
    return [
        Counter(stage=Stage(stage), unit=Unit(unit), kind=kind, count=count)
        for stage, unit, *counts in rows
        for kind, count in zip((CounterKind.IN, CounterKind.MADE, CounterKind.KEPT), counts, strict=True)
        if count
    ]


def rejection(stage: str, unit: str, reason: str, key: str, **more: Any) -> Rejection:
    return Rejection(stage=Stage(stage), unit=Unit(unit), reason=Reason(reason), key=key, **more)
