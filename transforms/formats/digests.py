"""A digest as a record's header writes it -> one spelling, `sha1:` and hex digits; "" if it names no payload."""

import base64
import binascii
import hashlib
import re

_DIGEST = re.compile(r"\s*+(sha-?1|sha-?256|sha-?512|md5)[:=]\s*+([A-Za-z0-9+/=_-]{1,200})\s*+", re.IGNORECASE)
_HEX = re.compile(r"[0-9A-Fa-f]++")
_BYTES = {"sha1": 20, "sha256": 32, "sha512": 64, "md5": 16}
# Writers of revisits hash the payload that stands in the revisit itself, and there is none: such a digest says nothing.
_OF_NOTHING = {name: hashlib.new(name, usedforsecurity=False).hexdigest() for name in _BYTES}


def payload_digest(header: str) -> str:
    """`sha1:` and 40 hex digits, for the Base32 of most crawlers, hex digits, or Base64; other algorithms alike."""
    found = _DIGEST.fullmatch(header)
    if not found:
        return ""
    name = found[1].lower().replace("-", "")
    digits = _hex(found[2], _BYTES[name])
    return f"{name}:{digits}" if digits and digits != _OF_NOTHING[name] else ""


def _hex(value: str, size: int) -> str:
    bare = value.rstrip("=")
    if len(bare) == 2 * size:
        return bare.lower() if _HEX.fullmatch(bare) else ""
    decode = base64.b32decode if len(bare) == (8 * size + 4) // 5 else base64.b64decode
    try:
        data = decode(bare.upper() + "=" * (-len(bare) % 8)) if decode is base64.b32decode else decode(bare + "==")
    except (binascii.Error, ValueError):
        return ""
    return data.hex() if len(data) == size else ""
