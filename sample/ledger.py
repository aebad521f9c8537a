"""Pages, images, clips, nodes and records -> what is true of them and their outcome, one JSON line for each, and back.

Lines, by their `kind`:
    page    url, host, genre, language, outcome, twin, images, clips, asks, lines [{image, text}]; the last two of catalogues
    image   url, caption, facts, outcome, alts [{page, alt, wrong, outcome}], figcaptions [{page, text, outcome}],
            descriptions among them
    clip    url, caption, facts, duration_s, outcome, page, track, track_outcome
    node    page, outcome, text (its first words)
    record  url, archive, offset, outcome; offset -1 is the whole file

An image that several pages show has a line for each; `read_ledger` joins them. An empty outcome is a good end.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from lamella.sample.captions import caption
from lamella.sample.clips import clip_caption
from lamella.sample.image_bank import Film, Shown
from lamella.sample.pages import Draft
from lamella.sample.warc import RecordRef

NAME = "ledger.jsonl"


class LedgerWriter:
    """Writes lines in the order of the calls."""

    def __init__(self, out: TextIO):
        self._out = out
        self.lines = 0

    def page(self, page: Draft) -> None:
        """The page's line, and one for each of its pictures, clips and marked paragraphs."""
        images = sorted({shown.picture.url for shown in page.shown})
        self._line(
            kind="page",
            url=page.url,
            host=page.host,
            genre=page.genre,
            language=page.language,
            outcome=page.outcome or None,
            twin=page.twin,
            images=images,
            clips=[film.url for film in page.films],
            **_convention(page),
        )
        for url in images:
            self._image(url, [shown for shown in page.shown if shown.picture.url == url], page.url)
        for film in page.films:
            self._clip(film, page.url)
        for outcome, text in page.node_outcomes:
            self._line(kind="node", page=page.url, outcome=outcome, text=text)

    def record(self, url: str, ref: RecordRef, outcome: str) -> None:
        self._line(kind="record", url=url, archive=ref.archive, offset=ref.offset, outcome=outcome)

    def edge_case_archive(self, name: str) -> None:
        self._line(kind="record", url="", archive=name, offset=-1, outcome="not_an_archive")

    def _image(self, url: str, shows: list[Shown], page: str) -> None:
        picture = shows[0].picture
        self._line(
            kind="image",
            url=url,
            caption=caption(picture.scene),
            facts=picture.scene.facts(),
            outcome=picture.outcome or None,
            alts=[
                {"page": page, "alt": shown.alt, "wrong": shown.alt_wrong, "outcome": shown.alt_outcome or None}
                for shown in shows
                if shown.alt
            ],
            figcaptions=[
                {"page": page, "text": text, "outcome": shown.caption_outcome or None}
                for shown in shows
                if (text := shown.figcaption or shown.description)
            ],
        )

    def _clip(self, film: Film, page: str) -> None:
        self._line(
            kind="clip",
            url=film.url,
            caption=clip_caption(film.clip),
            facts=film.clip.facts(),
            duration_s=film.clip.duration_s,
            outcome=film.outcome or None,
            page=page,
            track=film.track,
            track_outcome=film.track_outcome or None,
        )

    def _line(self, **values: object) -> None:
        self._out.write(json.dumps(values, sort_keys=True, ensure_ascii=False) + "\n")
        self.lines += 1


def _convention(page: Draft) -> dict[str, object]:
    """What a catalogue's lines say of its pictures, all of it true."""
    return {"asks": page.asks, "lines": [{"image": image, "text": text} for image, text in page.lines]} if page.asks else {}


@dataclass(frozen=True, slots=True)
class Ledger:
    """The whole ledger in memory, by URL: for tests and reports, not for large webs."""

    pages: dict[str, dict] = field(default_factory=dict)
    images: dict[str, dict] = field(default_factory=dict)
    clips: dict[str, dict] = field(default_factory=dict)
    nodes: list[dict] = field(default_factory=list)
    records: list[dict] = field(default_factory=list)

    def outcomes(self) -> set[str]:
        """Every reason that something in this web earns."""
        found = {line["outcome"] for group in (self.pages, self.images, self.clips) for line in group.values()}
        found |= {line["outcome"] for line in (*self.nodes, *self.records)}
        found |= {clip["track_outcome"] for clip in self.clips.values()}
        found |= {said["outcome"] for image in self.images.values() for said in (*image["alts"], *image["figcaptions"])}
        return {outcome for outcome in found if outcome}


def read_ledger(path: str | Path) -> Ledger:
    """The ledger of a file, lines of one image joined."""
    ledger = Ledger()
    for line in lines(path):
        kind = line.pop("kind")
        if kind == "image" and (seen := ledger.images.get(line["url"])):
            seen["alts"] += line["alts"]
            seen["figcaptions"] += line["figcaptions"]
        elif kind in ("page", "image", "clip"):
            {"page": ledger.pages, "image": ledger.images, "clip": ledger.clips}[kind][line["url"]] = line
        else:
            (ledger.nodes if kind == "node" else ledger.records).append(line)
    return ledger


def lines(path: str | Path) -> Iterator[dict]:
    with open(path, encoding="utf-8") as file:
        yield from map(json.loads, _filled(file))


def _filled(file: Iterable[str]) -> Iterator[str]:
    return (line for line in file if line.strip())
