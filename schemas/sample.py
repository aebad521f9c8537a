"""A typed sample -> the members of a tar, and back: the format of shards, sample by sample.

A sample is the files that share a basename, as webdataset has it. Every sample of a dataset has the same members, so
that `datasets` reads it too:

    m3w           KEY.json  KEY.jpg      the document's JPEGs back to back in one member, as MPO files do; the json
                                         names each one's byte range, so that a loader decodes only those it samples
    align, ltip   KEY.json  KEY.jpg
    vtp           KEY.json  KEY.0.jpg ... KEY.7.jpg      the clip's frames
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from lamella.schemas.errors import BadSample

Members = dict[str, bytes]  # extension -> bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class InterleavedSample:
    """A document ready for training: text and images in reading order, and phi for each text.

    `texts[i]` is None where an image stands; `image_index[i]` then says which one, from 0, and is None elsewhere.
    `previous[i]` and `next[i]` are phi of text i: the index from 1 of the image it may attend to, 0 for none, and 0
    where an image stands.
    """

    key: str
    url: str
    texts: tuple[str | None, ...]
    image_index: tuple[int | None, ...]
    previous: tuple[int, ...]
    next: tuple[int, ...]
    images: tuple[bytes, ...]  # JPEG files
    image_facts: tuple[dict[str, Any], ...]  # per image: url, sha256, width, height, alt, caption, clip_score ...
    facts: dict[str, Any] = field(default_factory=dict)  # of the document: language, archive, offset ...

    def encode(self) -> Members:
        facts, at = [], 0
        for image, fact in zip(self.images, self.image_facts, strict=True):
            facts.append(fact | {"offset": at, "length": len(image)})
            at += len(image)
        header = {
            "key": self.key,
            "url": self.url,
            "texts": self.texts,
            "image_index": self.image_index,
            "previous": self.previous,
            "next": self.next,
            "images": facts,
            "facts": self.facts,
        }
        return {"json": dump_json(header), "jpg": b"".join(self.images)}

    @classmethod
    def decode(cls, members: Members) -> "InterleavedSample":
        header, blob = load_json(members), _member(members, "jpg")
        with _complaints():
            facts = header["images"]
            at = 0
            for fact in facts:
                if fact["offset"] != at or fact["length"] < 0:
                    raise BadSample("the images do not lie back to back")
                at += fact["length"]
            if at != len(blob):
                raise BadSample("the images' lengths do not add up to the member's")
            return cls(
                key=header["key"],
                url=header["url"],
                texts=tuple(header["texts"]),
                image_index=tuple(header["image_index"]),
                previous=tuple(header["previous"]),
                next=tuple(header["next"]),
                images=tuple(blob[fact["offset"] : fact["offset"] + fact["length"]] for fact in facts),
                image_facts=tuple(
                    {name: value for name, value in fact.items() if name not in ("offset", "length")} for fact in facts
                ),
                facts=header["facts"],
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSample:
    """One image and the text to train on; what else is known of the pair stays in `facts`."""

    key: str
    url: str  # of the image
    text: str
    image: bytes  # JPEG file
    facts: dict[str, Any] = field(default_factory=dict)

    def encode(self) -> Members:
        header = {name: value for name, value in asdict(self).items() if name != "image"}
        return {"json": dump_json(header), "jpg": self.image}

    @classmethod
    def decode(cls, members: Members) -> "PairSample":
        with _complaints():
            return cls(**load_json(members), image=_member(members, "jpg"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSample:
    """A clip's frames, one a second, and its text."""

    key: str
    url: str  # of the video
    text: str
    frames: tuple[bytes, ...]  # JPEG files, in time order
    facts: dict[str, Any] = field(default_factory=dict)

    def encode(self) -> Members:
        header = {name: value for name, value in asdict(self).items() if name != "frames"}
        frames = {f"{index}.jpg": frame for index, frame in enumerate(self.frames)}
        return {"json": dump_json(header | {"frames": len(self.frames)})} | frames

    @classmethod
    def decode(cls, members: Members) -> "ClipSample":
        header = load_json(members)
        with _complaints():
            frames = tuple(_member(members, f"{index}.jpg") for index in range(header.pop("frames")))
            return cls(**header, frames=frames)


Sample = InterleavedSample | PairSample | ClipSample


def dump_json(value: Any) -> bytes:
    """JSON whose bytes depend on the value alone."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def load_json(members: Members) -> dict[str, Any]:
    try:
        return json.loads(_member(members, "json"))
    except (ValueError, RecursionError) as error:
        raise BadSample(f"json: {error}") from error


@contextmanager
def _complaints() -> Iterator[None]:
    """A header that lacks a field, or has one of another type, is a bad sample and not a crash."""
    try:
        yield
    except (KeyError, TypeError, AttributeError) as error:
        raise BadSample(f"json: {type(error).__name__}: {error}") from error


def _member(members: Members, name: str) -> bytes:
    try:
        return members[name]
    except KeyError:
        raise BadSample(f"no member {name}") from None


def decode_sample(members: Members) -> Sample:
    """A sample whose dataset is not known: its header tells it by its fields. Raises BadSample."""
    header = load_json(members)
    for field_name, sample_type in (("texts", InterleavedSample), ("frames", ClipSample)):
        if isinstance(header, dict) and field_name in header:
            return sample_type.decode(members)
    return PairSample.decode(members)
