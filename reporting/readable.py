"""Documents, pairs, samples and rows -> lines for a terminal, without a control character.

Text of the web is foreign: it must not move the cursor, set a title or turn the reading direction of the text beside it.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode
from lamella.schemas.pair import Pair, VideoTextPair
from lamella.schemas.printable import printable
from lamella.schemas.sample import ClipSample, InterleavedSample, PairSample

_SHOWN = 400  # characters of one text


class Line(NamedTuple):
    text: str
    style: str = ""  # of rich


def clean(text: object, limit: int = _SHOWN) -> str:
    """Any text as one line of at most `limit` characters that is safe to print."""
    cut = str(text)[: 4 * limit]  # a text of megabytes is not walked for its first line
    plain = printable(" ".join(cut.split()))
    return plain if len(plain) <= limit and len(str(text)) <= 4 * limit else plain[:limit] + "…"


def document_lines(document: InterleavedDocument) -> Iterator[Line]:
    """The document in reading order; before each text its phi, previous and next image."""
    language = f"{document.language} {document.language_score:.2f}" if document.language else ""
    yield _title(document.url, document.title, language, document.key)
    image = 0
    for node in document.nodes:
        if isinstance(node, TextNode):
            yield _text(node.text, node.previous_image, node.next_image)
        elif isinstance(node, ImageNode):
            image += 1
            size = (node.media.width, node.media.height) if node.media else (node.width, node.height)
            yield _image(image, node.alt or node.caption, size, node.clip_score)
        else:
            size = (node.media.width, node.media.height) if node.media else (node.width, node.height)
            yield Line(
                _mark("video", node.caption, _size(size), *([f"{node.media.duration_s:.1f} s"] if node.media else [])),
                "magenta",
            )


def pair_lines(pair: Pair) -> Iterator[Line]:
    yield _title(pair.media.url, f"{pair.dataset} from {pair.source}", "", pair.key)
    yield Line(f"  {clean(pair.text)}")
    clip = f"{pair.start_s:.1f} to {pair.end_s:.1f} s" if isinstance(pair, VideoTextPair) else ""
    yield Line(
        _mark("video" if clip else "image", "", _size((pair.media.width, pair.media.height)), clip, _score(pair.clip_score)),
        "cyan",
    )
    if pair.matcher:
        yield Line(
            f"  match {pair.match or 0.0:.2f}{f', text of {clean(pair.captioner, 100)}' if pair.captioner else ''}", "dim"
        )


def sample_lines(key: str, sample: InterleavedSample | PairSample | ClipSample) -> Iterator[Line]:
    """A shard's sample; `key` is the basename of its members."""
    yield _title(sample.url, "", "", f"{key} {sample.key}")
    match sample:
        case InterleavedSample():
            places = zip(sample.texts, sample.image_index, sample.previous, sample.next, strict=False)
            for text, index, previous, following in places:
                if text is not None:
                    yield _text(text, previous, following)
                elif index is not None and index < len(sample.images):
                    fact = sample.image_facts[index]
                    size = f"{_size((fact.get('width'), fact.get('height')))} | {len(sample.images[index])} bytes"
                    yield _image(index + 1, fact.get("alt") or fact.get("caption"), size, _measured(fact))
        case ClipSample():
            yield Line(f"  {clean(sample.text)}")
            yield Line(
                _mark(
                    "clip",
                    "",
                    f"{len(sample.frames)} frames, {sum(map(len, sample.frames))} bytes",
                    _score(_measured(sample.facts)),
                ),
                "cyan",
            )
        case PairSample():
            size = _size((sample.facts.get("width"), sample.facts.get("height")))
            yield Line(f"  {clean(sample.text)}")
            yield Line(_mark("image", "", f"{size} | {len(sample.image)} bytes", _score(_measured(sample.facts))), "cyan")


def interleaved_row_lines(texts: Sequence[str | None], images: Sequence[str | None]) -> Iterator[Line]:
    """A row of OBELICS' columns."""
    image = 0
    for text, url in zip(texts, images, strict=False):
        if text is not None:
            yield Line(f"  {clean(text)}")
        elif url is not None:
            image += 1
            yield _image(image, url, "", None)


def row_lines(row: dict[str, Any]) -> Iterator[Line]:
    """A row of any table: one line for each column that holds something."""
    held = {clean(name, 40): value for name, value in row.items() if value is not None and value != "" and value != []}
    width = max(map(len, held), default=0)
    for name, value in held.items():
        if isinstance(value, bytes):
            value = value[: 4 * _SHOWN].decode("utf-8", "replace")
        shown = value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False, default=str)
        yield Line(f"  {name:<{width}}  {clean(shown)}")


def _title(url: str, title: str, note: str, key: str) -> Line:
    parts = (clean(url, 200), clean(title, 100), clean(note), clean(key, 100))
    return Line(" | ".join(part for part in parts if part), "bold")


def _text(text: str, previous: int, following: int) -> Line:
    return Line(f"  ({previous}, {following}) {clean(text)}")


def _image(number: int, alt: Any, size: Any, score: float | None) -> Line:
    return Line(_mark(f"image {number}", alt, size if isinstance(size, str) else _size(size), _score(score)), "cyan")


def _mark(what: str, *facts: Any) -> str:
    """`[image 1: a cat | 640x480 | clip 0.31]`; what is empty is left out."""
    said = " | ".join(clean(fact, 120) for fact in facts if fact)
    return f"  [{what}: {said}]" if said else f"  [{what}]"


def _size(size: Iterable[Any]) -> str:
    width, height = size
    return f"{width}x{height}" if width and height else ""


def _score(score: float | None) -> str:
    return "" if score is None else f"clip {score:.2f}"


def _measured(facts: dict[str, Any]) -> float | None:
    score = facts.get("clip_score")
    return score if facts.get("clip_model") and isinstance(score, float) else None
