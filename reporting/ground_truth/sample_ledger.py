"""The lines of a ledger beside the archives -> what is true of each page and picture, and its expected outcome.

Only the sample's archives have a ledger. `sample/ledger.py` describes its lines; this module has what a reader of runs needs.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import fsspec

from lamella.schemas.errors import DataError

_STORES = ("file", "memory", "s3", "gs", "abfs", "abfss", "hdfs")
NAME = "ledger.jsonl"

Fact = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Lines by kind. An image that several pages show is one line, with the alts and captions of all."""

    pages: tuple[Fact, ...]
    images: dict[str, Fact]  # by URL
    clips: dict[str, Fact]  # by URL
    nodes: tuple[Fact, ...]
    records: tuple[Fact, ...]

    @classmethod
    def of(cls, lines: Iterable[Fact]) -> "Ledger":
        by_kind: dict[str, list[Fact]] = {kind: [] for kind in ("page", "image", "clip", "node", "record")}
        for line in lines:
            by_kind.setdefault(line["kind"], []).append(line)
        images: dict[str, Fact] = {}
        for line in by_kind["image"]:
            seen = images.get(line["url"], {"alts": [], "figcaptions": []})
            images[line["url"]] = line | {name: [*seen[name], *line[name]] for name in ("alts", "figcaptions")}
        return cls(
            pages=tuple(by_kind["page"]),
            images=images,
            clips={line["url"]: line for line in by_kind["clip"]},
            nodes=tuple(by_kind["node"]),
            records=tuple(by_kind["record"]),
        )


def find_ledger(inputs: Iterable[str]) -> Ledger | None:
    """The ledger of the folders in which the archives lie; None where no folder has one. Raises DataError for an old one.

    A folder of files or of an object store: a `run.json` of others must not make a report ask the network for more.
    """
    lines = []
    for folder in sorted({path.rpartition("/")[0] for path in inputs}):
        place = f"{folder}/{NAME}" if folder else NAME
        scheme, mark, _ = place.partition("://")
        if "::" in place or (mark and scheme not in _STORES):
            continue
        try:
            with fsspec.open(place, "rt", encoding="utf-8") as stream:
                lines += [json.loads(line) for line in stream if line.strip()]
        except (FileNotFoundError, NotADirectoryError):
            continue
    if any("fate" in line for line in lines):  # what `outcome` was called before
        raise DataError(f"{NAME}: an earlier version wrote it, with `fate` in place of `outcome`: run `lamella sample` again")
    return Ledger.of(lines) if lines else None
