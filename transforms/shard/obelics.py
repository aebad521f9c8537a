"""An interleaved sample -> a row with the columns of OBELICS and MMC4, without the bytes.

`texts` and `images` are of one length and have exactly one null at each index; `metadata` and `general_metadata` are JSON
with OBELICS' names (Laurencon et al. 2023), and ours beside them. `matched_sim` and `matched_text_index` are MMC4's (Zhu et
al. 2023), one value for each image in order: the higher of its CLIP similarities to the text before and the text after it,
and the index of the nearer of the two. MMC4 matched by assignment over all sentences.
"""

import json
from typing import Any

import pyarrow as pa

from lamella.schemas.sample import InterleavedSample

OBELICS_SCHEMA = pa.schema(
    [
        ("texts", pa.list_(pa.large_string())),
        ("images", pa.list_(pa.large_string())),
        ("metadata", pa.large_string()),
        ("general_metadata", pa.large_string()),
        ("matched_text_index", pa.list_(pa.int64())),
        ("matched_sim", pa.list_(pa.float64())),
    ]
)


def obelics_row(sample: InterleavedSample) -> dict[str, Any]:
    facts = sample.image_facts
    places = [at for at, index in enumerate(sample.image_index) if index is not None]
    return {
        "texts": list(sample.texts),
        "images": [None if index is None else facts[index]["url"] for index in sample.image_index],
        "metadata": _json([None if index is None else _image(sample, facts[index]) for index in sample.image_index]),
        "general_metadata": _json(_document(sample)),
        "matched_text_index": [nearest_text(sample.texts, at) for at in places],
        "matched_sim": [fact["clip_score"] if fact["clip_model"] else None for fact in facts],
    }


def nearest_text(texts: tuple[str | None, ...], at: int) -> int | None:
    """Index of the text nearest to index `at`, the one after it where two are as near; None where there is no text."""
    indices = [index for index, text in enumerate(texts) if text is not None]
    return min(indices, key=lambda index: (abs(index - at), -index), default=None)


def _image(sample: InterleavedSample, fact: dict[str, Any]) -> dict[str, Any]:
    return {
        "document_url": sample.url,
        "src": fact["url"],
        "alt_text": fact["alt"],
        "original_width": fact["original_width"],
        "original_height": fact["original_height"],
        "format": fact["mime"].partition("/")[2],
        "sha256": fact["sha256"],
        "phash": fact["phash"],
        "caption": fact["caption"],
        "clip_score": fact["clip_score"] if fact["clip_model"] else None,
        "clip_model": fact["clip_model"],
    }


def _document(sample: InterleavedSample) -> dict[str, Any]:
    facts = sample.facts
    return {
        "url": sample.url,
        "warc_filename": facts["archive"],
        "warc_record_offset": facts["archive_offset"],
        "warc_record_length": facts["archive_length"],
        "key": sample.key,
        "title": facts["title"],
        "language": facts["language"],
        "language_score": facts["language_score"],
        "crawl_time": facts["crawl_time"],
        "licence": facts["licence"],
        "robots": facts["robots"],
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)
