"""A Report -> one self-contained HTML page: no script, no network, every foreign text escaped, at most 8 MB.

Pictures are decoded within bounds and encoded again, so nothing of the foreign file itself reaches the page.
"""

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import jinja2

from lamella.reporting import plots
from lamella.reporting.samples import clean, unsafe_urls
from lamella.reporting.settings import settings_of
from lamella.schemas.config import Config
from lamella.schemas.media import BlobRef, Container, MediaKind
from lamella.schemas.printable import byte_size
from lamella.transforms.base.blobs import BlobError
from lamella.transforms.fetch.hash_list import read_hashes
from lamella.transforms.media.clips import BadVideo
from lamella.transforms.media.pixels import BadImage
from lamella.transforms.media.store import MediaStore

_THUMBNAIL_PX = 160
_THUMBNAIL_QUALITY = 75
_PICTURE_BYTES = 5_000_000  # of all thumbnails, as they stand in the page
_LONG = 320  # characters of a text that stand open
_NO_LIST = "not shown: the run had a list of unsafe files; `lamella report --unsafe-hashes FILE` takes it"

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(report: dict[str, Any], run: str, unsafe_hashes: str | None = None) -> str:
    """The page. `run` is the folder that relative packs are resolved against, `unsafe_hashes` a path of the caller's own."""
    config = Config.model_validate(report["config"])
    store = MediaStore.of(run, config.read, config.fetch)
    unknown = config.fetch.unsafe_hashes is not None and unsafe_hashes is None
    thumbnails = Thumbnails(store, None if unknown else read_hashes(unsafe_hashes), unsafe_urls(run))
    samples = report["samples"]
    return ENVIRONMENT.get_template("report.html.j2").render(
        report=report,
        plots=_plots(report, config),
        documents=[one | {"nodes": [thumbnails.beside(node) for node in one["nodes"]]} for one in samples["documents"]],
        pairs=_grouped([thumbnails.beside(one) for one in samples["pairs"]], ("dataset",)),
        texts=_with_pictures(report.get("texts"), thumbnails),
        rejected=_grouped([thumbnails.beside(one) for one in samples["rejected"]], ("stage", "unit", "reason")),
        reasons=_grouped(report["reasons"], ("stage",)),
        left={(row["stage"], row["unit"], row["reason"]): row["count"] for row in report["reasons"]},
        settings=settings_of(config),
        number=plots.number,
        size=byte_size,
        share=_share,
        long=_LONG,
        text=clean,
    )


def _with_pictures(texts: dict[str, Any] | None, thumbnails: "Thumbnails") -> dict[str, Any] | None:
    """Web against synthetic: the examples by what matched, with their pictures."""
    if texts is None:
        return None
    return texts | {"examples": _grouped([thumbnails.beside(one) for one in texts["examples"]], ("matched",))}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thumbnail:
    """A data URI, or "" and the words to show instead."""

    uri: str = ""
    says: str = ""


class Thumbnails:
    """Thumbnails within one budget of bytes: once it is spent, words stand instead.

    Args:
        store: where media lie.
        unsafe: SHA-256 and MD5 of files that are not even decoded; None: there is a list that was not given, and nothing is
            shown.
        hidden: URLs of pictures that some stage found unsafe, wherever else they stand.
    """

    def __init__(self, store: MediaStore, unsafe: frozenset[str] | None, hidden: frozenset[str] = frozenset()):
        self._store, self._unsafe, self._hidden, self._left = store, unsafe, hidden, _PICTURE_BYTES

    def beside(self, sample: dict[str, Any]) -> dict[str, Any]:
        """The sample with its thumbnail under `thumbnail`; None where it names no bytes."""
        if "blob" not in sample:
            return sample | {"thumbnail": None}
        if self._unsafe is None:
            return sample | {"thumbnail": _Thumbnail(says=_NO_LIST)}
        if sample.get("url") in self._hidden:
            return sample | {"thumbnail": _Thumbnail(says="not shown")}
        thumbnail = self._of(sample) if self._left > 0 else _Thumbnail(says="not shown: enough pictures on this page")
        self._left -= len(thumbnail.uri)
        return sample | {"thumbnail": thumbnail}

    def _of(self, sample: dict[str, Any]) -> _Thumbnail:
        """Whatever is wrong with one picture, the page is made and says so."""
        try:
            return self._drawn(sample)
        except BlobError as error:
            return _Thumbnail(says=f"unreadable: {clean(str(error), 120)}")
        except (BadImage, BadVideo) as error:
            return _Thumbnail(says=f"unreadable: {error.reason}, {clean(error.detail, 100)}")
        except Exception as error:  # an odd record of a foreign run: no picture is worth the report
            return _Thumbnail(says=f"unreadable: {clean(f'{type(error).__name__}: {error}', 120)}")

    def _drawn(self, sample: dict[str, Any]) -> _Thumbnail:
        blob = BlobRef(**sample["blob"] | {"container": Container(sample["blob"]["container"])})
        data = self._store.bytes(blob)
        if (self._unsafe or frozenset()) & {sha256(data).hexdigest(), md5(data, usedforsecurity=False).hexdigest()}:
            return _Thumbnail(says="not shown")
        if sample["kind"] == MediaKind.VIDEO:
            middle = (sample.get("start_s", 0.0) + (sample.get("end_s") or sample.get("duration_s", 0.0))) / 2
            picture = self._store.frames(data, (middle,), _THUMBNAIL_PX)[0]
        else:
            picture = self._store.image(data, _THUMBNAIL_PX)
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=_THUMBNAIL_QUALITY)
        return _Thumbnail(uri="data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode())


def _plots(report: dict[str, Any], config: Config) -> dict[str, Any]:
    """Every plot by name; None where there is nothing to draw."""
    shown = report["distributions"]
    matches = shown["matches"]
    node_limit, match_limit = config.score.min_node_score, config.caption.min_match if config.caption.on else None
    funnels = {
        # Records are left out: those that are no pages are pictures, requests and the like, and did not leave.
        name: _funnel(name, [step for step in steps if step["label"] != "records"])
        for name, steps in report["funnel"].items()
    }
    return {
        "funnels": funnels,
        "clip": _histogram("CLIP scores of pairs", "cosine similarity", shown["clip_scores"], config.score.min_score),
        "node_clip": _histogram("CLIP scores in documents", "cosine similarity", shown["node_clip_scores"], node_limit),
        "web_matches": _histogram(
            "Matcher, web texts", "probability of a match", _only(matches, "web", "web, rejected"), match_limit
        ),
        "synthetic_matches": _histogram(
            "Matcher, synthetic texts",
            "probability of a match",
            _only(matches, "synthetic", "synthetic, rejected"),
            match_limit,
        ),
        "words": _histogram("Words per document", "words", shown["words_per_document"], config.filter.document.min_words),
        "images": _histogram("Images per document", "images", shown["images_per_document"], config.assemble.max_images),
        "caption_words": _histogram("Words per caption", "words", shown["caption_words"], None),
        "languages": _languages(shown["languages"]),
        "sources": _bars("Texts that train", shown["sources"]),
        "sizes": _sizes(shown["image_sizes"], config) if shown["image_sizes"]["total"] else None,
        "jobs": _bars("Seconds by job", {name: job["seconds"] for name, job in report["run"]["jobs"].items()}, "s"),
    }


def _only(shown: dict[str, Any], *series: str) -> dict[str, Any]:
    return shown | {"series": {name: counts for name, counts in shown["series"].items() if name in series}}


def _funnel(name: str, steps: Sequence[dict[str, Any]]) -> plots.Markup | None:
    return plots.funnel(f"Funnel of {name}", [_step(steps, at) for at in range(len(steps))]) if steps else None


def _step(steps: Sequence[dict[str, Any]], at: int) -> plots.Bar:
    count, before = steps[at]["count"], steps[at - 1]["count"] if at else 0
    note = f"({count / before:.0%})" if before >= count and before else ""
    return plots.Bar(label=steps[at]["label"], value=count, note=note)


_TONES = {"rejected": "lost", "web, rejected": "lost", "synthetic, rejected": "lost", "web": "second", "synthetic": "kept"}
_TONES |= {"align": "kept", "ltip": "second", "vtp": "third"}


def _histogram(title: str, x_label: str, shown: dict[str, Any], limit: float | None) -> plots.Markup | None:
    """Trimmed to where there is something, the limit included; logarithmic where the bins are."""
    series, edges = shown["series"], shown["edges"]
    filled = [at for counts in series.values() for at, count in enumerate(counts) if count]
    if not filled:
        return None
    first, last = min(filled), max(filled)
    log = edges[0] > 0 and edges[-1] / edges[-2] > 1.1
    if limit is not None and edges[0] <= limit <= edges[-1]:
        first = min(first, max(at for at, edge in enumerate(edges) if edge <= limit))
        last = max(last, min(at for at, edge in enumerate(edges) if edge >= limit))
    margin = 1 if len(edges) > 40 else 0
    first, last = max(0, first - margin), min(len(edges) - 2, last + margin)
    return plots.histogram(
        plots.Histogram(
            title=title,
            x_label=x_label,
            edges=edges[first : last + 2],
            series=[
                plots.Series(name=name, counts=counts[first : last + 1], tone=_TONES.get(name, "kept"))
                for name, counts in series.items()
            ],
            limit=limit,
            limit_label=f"limit {plots.number(limit)}" if limit is not None else "",
            log=log,
        )
    )


def _languages(shown: dict[str, dict[str, int]], most: int = 12) -> plots.Markup | None:
    rows = [
        plots.Bar(label=clean(language, 20), value=count, note=note, tone=tone)
        for name, note, tone in (("kept", "", "kept"), ("rejected", "left", "lost"))
        for language, count in list(shown[name].items())[:most]
    ]
    return plots.bars("Languages of documents", rows) if rows else None


def _bars(title: str, counts: dict[str, float], note: str = "", most: int = 14) -> plots.Markup | None:
    """The first rows; what is beyond them is added up in one."""
    rows = [plots.Bar(label=clean(str(name), 60), value=count, note=note) for name, count in list(counts.items())[:most]]
    rest = sum(list(counts.values())[most:])
    if rest:
        rows.append(plots.Bar(label="all others", value=rest, note=note, tone="plain"))
    return plots.bars(title, rows) if rows else None


def _sizes(shown: dict[str, Any], config: Config) -> plots.Markup:
    edges, counts = shown["edges"], shown["counts"]
    filled = [at for x, row in enumerate(counts) for y, count in enumerate(row) if count for at in (x, y)]
    least = max(at for at, edge in enumerate(edges) if edge <= max(config.fetch.min_image_side_px, edges[0]))
    first, last = max(0, min(*filled, least) - 2), min(len(edges) - 2, max(filled) + 3)
    return plots.heat(
        plots.Heat(
            title="Sizes of usable images",
            x_label="width, px",
            y_label="height, px",
            edges=edges[first : last + 2],
            counts=[row[first : last + 1] for row in counts[first : last + 1]],
            least=config.fetch.min_image_side_px,
            aspect=config.fetch.max_aspect,
        )
    )


def _grouped(rows: Iterable[dict[str, Any]], by: Sequence[str]) -> dict[tuple[str, ...] | str, list[dict[str, Any]]]:
    groups: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        key = tuple(row[name] for name in by) if len(by) > 1 else row[by[0]]
        groups.setdefault(key, []).append(row)
    return groups


def _share(part: float | None) -> str:
    if part is None:
        return "–"
    return f"{part:.1%}" if part >= 0.0005 or part == 0 else "<0.1%"
