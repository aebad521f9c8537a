"""A picture with a C2PA manifest -> what it says of training and mining: entries of its active manifest, by name.

`c2pa-python` (extra `c2pa`) reads it; we have no parser of our own. Nothing is fetched: a manifest stored elsewhere says
nothing. No signature is checked: a statement that a picture must not be used is believed. It is called in a process that can be
killed.
"""

import json
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from typing import Any

# CAWG's assertion (Training and Data Mining 1.1), and C2PA's own that came before it (C2PA 1.4).
_LABELS = ("cawg.training-mining", "c2pa.training-mining")
_MARKS = (b"jumb", b"c2pa")  # in every file that carries a manifest
_SIGNATURES = ((b"\xff\xd8", "image/jpeg"), (b"\x89PNG", "image/png"), (b"GIF8", "image/gif"))
_OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": False, "verify_after_reading": False}
}
_MAX_ENTRIES, _MAX_CHARACTERS = 32, 100


@cache
def reads_credentials() -> bool:
    """Whether the extra is installed."""
    return find_spec("c2pa") is not None


def may_have_credentials(data: bytes) -> bool:
    """Whether the file has the marks that every file with credentials has."""
    return all(mark in data for mark in _MARKS)


def training_entries(data: bytes) -> dict[str, str]:
    """Such as {"cawg.ai_training": "notAllowed"}; {} for a manifest that says nothing, or cannot be read."""
    import c2pa  # late: 50 MB

    mime = next((mime for mark, mime in _SIGNATURES if data.startswith(mark)), "")
    mime = mime or ("image/webp" if data[8:12] == b"WEBP" else "image/avif")
    try:
        settings = c2pa.Settings.from_dict(_OFFLINE)
        with c2pa.Context(settings=settings) as context, c2pa.Reader(mime, BytesIO(data), context=context) as reader:
            said = json.loads(reader.json())
        manifest = said["manifests"][said["active_manifest"]]
        found = [_entries(one["data"]) for one in manifest["assertions"] if one["label"].startswith(_LABELS)]
    except (c2pa.C2paError, ValueError, KeyError, TypeError, AttributeError):  # foreign JSON may be of any shape
        return {}
    return {name: use for entries in found for name, use in entries.items()}


def _entries(said: dict[str, Any]) -> dict[str, str]:
    entries = list(said["entries"].items())[:_MAX_ENTRIES]
    return {str(name)[:_MAX_CHARACTERS]: str(entry["use"])[:_MAX_CHARACTERS] for name, entry in entries}
