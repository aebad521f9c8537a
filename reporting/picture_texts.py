"""A run's pairs and rejections -> which texts matched each picture, the web's or synthetic ones: counts and examples.

A picture is identified by its media's URL. Pictures are counted; only a hash and four bits are held for each.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lamella.pipeline.columns import field, find_rows, pc, read_columns
from lamella.pipeline.declared import rejections_of
from lamella.pipeline.graph import PAIR_TABLES, PAIRS
from lamella.reporting.samples import clean
from lamella.schemas.arrow import from_table
from lamella.schemas.config import Config
from lamella.schemas.keys import stable_int
from lamella.schemas.media import Media
from lamella.schemas.pair import CaptionSource, is_synthetic
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.files import join
from lamella.transforms.base.reject import is_of_synthetic

_WEB, _SYNTHETIC = 1, 2  # bits: a text of this kind matched
_SAYS = {
    _WEB | _SYNTHETIC: "both match",
    _WEB: "only a web text matches",
    _SYNTHETIC: "only the synthetic text matches",
    0: "nothing matches",
}
_MATCHED = frozenset((Reason.DUPLICATE_PAIR, Reason.OTHER_TEXT_KEPT))  # by the rules behind the matcher's
_UNMATCHED = frozenset((Reason.NO_CAPTION_MATCHES, Reason.CAPTION_TOO_SHORT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text of an example."""

    text: str
    source: str
    match: float | None
    kept: bool
    reason: str = ""  # for which it left


def picture_texts(run: str, config: Config, each: int) -> dict[str, Any] | None:
    """Counts of pictures by what matched, and `each` examples of every sort, chosen by hash; None where nothing was matched."""
    if not config.caption.on:
        return None
    flags = _flags(run, config)
    if not len(flags):
        return None
    counts = Counter(flags["bits"].tolist())
    chosen = {bits: flags["picture"][flags["bits"] == bits][:each] for bits in _SAYS}  # in order of their hashes
    return {
        "of": len(flags),
        "pictures": [{"says": says, "count": counts[bits], "share": counts[bits] / len(flags)} for bits, says in _SAYS.items()],
        "examples": list(_examples(run, config, {int(one): bits for bits, ones in chosen.items() for one in ones})),
    }


def _flags(run: str, config: Config) -> np.ndarray:
    """(picture, bits), one row a picture, in order of the pictures' hashes."""
    kind = np.dtype([("picture", np.uint64), ("bits", np.uint8)])
    parts = [np.array([(stable_int("picture", url), bits) for url, bits in found], kind) for found in _told(run, config)]
    told = np.concatenate(parts) if parts else np.empty(0, kind)
    told.sort(order="picture")
    pictures, starts = np.unique(told["picture"], return_index=True)
    out = np.empty(len(pictures), kind)
    out["picture"] = pictures
    if len(told):
        out["bits"] = np.bitwise_or.reduceat(told["bits"], starts)
    return out


def _told(run: str, config: Config) -> Iterator[list[tuple[str, int]]]:
    """(picture's URL, bits) of every text that was matched, batch by batch."""
    for table in PAIR_TABLES:
        for batch in read_columns(join(run, table.name), ("media.url", "source", "match")):
            batch = batch.filter(pc.is_valid(batch["match"]))
            sources = batch["source"].to_pylist()
            yield [
                (url, _SYNTHETIC if source == CaptionSource.SYNTHETIC else _WEB)
                for url, source in zip(field(batch, "media", "url").to_pylist(), sources, strict=True)
            ]
    for batch in read_columns(join(run, rejections_of(PAIRS.name)), ("stage", "unit", "reason", "url", "detail")):
        yield [
            (row["url"], bits)
            for row in batch.to_pylist()
            if row["unit"] == Unit.PAIR and (bits := _bits(row["stage"], row["reason"], row["detail"], config)) is not None
        ]


def _bits(stage: str, reason: str, detail: str, config: Config) -> int | None:
    """What a rejection says of the text's match; None if the text was never matched."""
    which = _SYNTHETIC if is_of_synthetic(detail) else _WEB
    if stage == Stage.CAPTION:
        return which if reason in _MATCHED else 0 if reason in _UNMATCHED else None
    behind = stage == Stage.SCORE and config.score.when == "after" and reason == Reason.LOW_CLIP_SCORE
    return which if behind else None


def _examples(run: str, config: Config, chosen: dict[int, int]) -> Iterator[dict[str, Any]]:
    """The texts of each chosen picture, those that stayed first, and where its bytes lie."""
    urls = {url for found in _told(run, config) for url, _ in found if stable_int("picture", url) in chosen}
    texts: dict[str, list[Text]] = defaultdict(list)
    for table in PAIR_TABLES:
        for rows in find_rows(join(run, table.name), "media.url", urls) if urls else ():
            for pair in from_table(table.record, rows):
                source = pair.source.value if is_synthetic(pair) else f"web, {pair.source}"
                texts[pair.media.url].append(Text(text=clean(pair.text, 300), source=source, match=pair.match, kept=True))
    for gone in _rejected(run, urls):
        if _bits(gone.stage, gone.reason, gone.detail, config) is not None:
            texts[gone.url].append(_left(gone))
    media = {one.url: one for rows in find_rows(join(run, "media"), "url", urls) for one in from_table(Media, rows)}
    for url in sorted(urls, key=lambda url: (list(_SAYS).index(chosen[stable_int("picture", url)]), url)):
        where = {"blob": asdict(media[url].blob), "kind": media[url].kind.value} if url in media else {}
        yield {
            "url": clean(url, 2000),
            "matched": _SAYS[chosen[stable_int("picture", url)]],
            "texts": [
                asdict(text) for text in sorted(set(texts[url]), key=lambda text: (not text.kept, text.source, text.text))
            ],
        } | where


def _rejected(run: str, urls: set[str]) -> Iterable[Rejection]:
    for rows in find_rows(join(run, rejections_of(PAIRS.name)), "url", urls) if urls else ():
        yield from (gone for gone in from_table(Rejection, rows) if gone.unit is Unit.PAIR)


def _left(gone: Rejection) -> Text:
    return Text(
        text=clean(gone.sample, 300),
        source=CaptionSource.SYNTHETIC.value if is_of_synthetic(gone.detail) else "web",
        match=gone.value if gone.reason is Reason.NO_CAPTION_MATCHES else None,
        kept=False,
        reason=gone.reason.value,
    )
