"""The bytes of a picture -> what its own metadata says against training, or "": PLUS Data Mining in XMP, and C2PA's manifest.

PLUS: `plus:DataMining`, which IPTC adopted (Photo Metadata Standard 2023.1), with a value of PLUS' vocabulary, as an attribute
or an element. Unspecified or allowed is no opt-out; a value that forbids all but search engines forbids us. C2PA: CAWG's
assertion on training and data mining; what is allowed only under conditions (`constrained`) is not allowed.
"""

import re

from lamella.schemas.config import FetchConfig
from lamella.schemas.errors import ConfigError
from lamella.transforms.media.content_credentials import may_have_credentials, reads_credentials
from lamella.transforms.media.decode_limits import DecodeLimits
from lamella.transforms.media.decoding import credentials_of
from lamella.transforms.media.packed_xmp import packed_xmp

# An attribute, or what an element holds, in any of RDF's forms.
_NAMED = re.compile(rb"plus:DataMining(?=[\s=>/])(.{0,300})", re.DOTALL)
_VALUE = re.compile(rb"DMI-[A-Z-]{3,60}", re.IGNORECASE)
_PREFIX = re.compile(rb"xmlns:([A-Za-z_][\w.-]{0,40})=[\"']http://ns\.useplus\.org/ldf/xmp/1\.0/[\"']")
_NAMESPACE = b"http://ns.useplus.org/ldf/xmp/1.0/"
_MAX_PACKET_BYTES = 1 << 18  # looked at, on either side of the namespace's name: packets are of some kB
_OUR_USES = ("ai_training", "ai_generative_training", "data_mining")  # `ai_inference` is not what we do
_FORBID = ("notAllowed", "constrained")


def embedded_opt_out(data: bytes) -> str:
    """Such as "plus-data-mining: DMI-PROHIBITED-AIMLTRAINING"."""
    for text in (data, *packed_xmp(data)):
        if forbids := _data_mining(text):
            return f"plus-data-mining: {forbids}"
    return ""


def _data_mining(text: bytes) -> str:
    at = text.find(_NAMESPACE)
    if at < 0:
        return ""
    packet = text[max(0, at - _MAX_PACKET_BYTES) : at + _MAX_PACKET_BYTES]
    prefix = _PREFIX.search(packet)
    if prefix and prefix[1] != b"plus":
        packet = packet.replace(prefix[1] + b":DataMining", b"plus:DataMining")
    values = (_VALUE.search(said[1]) for said in _NAMED.finditer(packet))
    value = next((found[0].decode("ascii").upper() for found in values if found), "")
    return value if value.startswith("DMI-PROHIBITED") else ""


def credentials_opt_out(data: bytes, config: FetchConfig) -> str:
    """Such as "c2pa: cawg.ai_training notAllowed". Raises BadImage for a manifest that costs too much."""
    if not (hears_credentials(config) and may_have_credentials(data)):
        return ""
    entries = credentials_of(data, DecodeLimits.of(config))
    forbids = (f"c2pa: {name} {use}" for name, use in sorted(entries.items()) if use in _FORBID and name.endswith(_OUR_USES))
    return next(forbids, "")


def hears_credentials(config: FetchConfig) -> bool:
    """Whether manifests are read. Raises ConfigError where they must be, and the extra is missing."""
    asked = config.opt_outs.c2pa if config.honour_opt_outs else "never"
    if asked == "always" and not reads_credentials():
        raise ConfigError("fetch.opt_outs.c2pa: c2pa-python is not installed; pip install 'lamella[c2pa]'")
    return asked != "never" and reads_credentials()
