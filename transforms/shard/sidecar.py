"""A pair's sample -> a row without its bytes, with the column names of img2dataset and LAION."""

from typing import Any

import pyarrow as pa

from lamella.schemas.sample import ClipSample, PairSample

SIDECAR_SCHEMA = pa.schema(
    [
        ("uid", pa.large_string()),  # the pair's key: 32 hex digits, as DataComp has them
        ("key", pa.large_string()),  # the sample's basename in the tar
        ("url", pa.large_string()),
        ("caption", pa.large_string()),
        ("width", pa.int64()),  # px, as stored
        ("height", pa.int64()),
        ("original_width", pa.int64()),
        ("original_height", pa.int64()),
        ("sha256", pa.large_string()),  # of the original file
        ("phash", pa.large_string()),
        ("similarity", pa.float64()),  # CLIP; null where it was not measured
        ("punsafe", pa.float64()),  # the highest of classifiers and heads; null where none was asked
        ("status", pa.large_string()),
        ("error_message", pa.large_string()),
    ]
)


def sidecar_row(sample: PairSample | ClipSample, key: str) -> dict[str, Any]:
    """The row beside the sample that is stored in the tar under `key`."""
    facts = sample.facts
    return {
        "uid": sample.key,
        "key": key,
        "url": sample.url,
        "caption": sample.text,
        "width": facts["width"],
        "height": facts["height"],
        "original_width": facts["original_width"],
        "original_height": facts["original_height"],
        "sha256": facts["sha256"],
        "phash": facts["phash"],
        "similarity": facts["clip_score"] if facts["clip_model"] else None,
        "punsafe": facts.get("punsafe"),
        "status": "success",
        "error_message": None,
    }
