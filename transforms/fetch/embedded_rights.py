"""The bytes of a picture -> what its own metadata says against training, or "": the PLUS property Data Mining, in XMP.

IPTC adopted it (Photo Metadata Standard 2023.1): `plus:DataMining`, with a value of PLUS' vocabulary, as an attribute or an
element. What is unspecified or allowed is no opt-out; what forbids all but search engines forbids us.
"""

import re

_NAMED = re.compile(rb"plus:DataMining(?=[\s=>/])([^<]{0,300})")
_VALUE = re.compile(rb"DMI-[A-Z-]{3,60}")
_PREFIX = re.compile(rb"xmlns:([A-Za-z_][\w.-]{0,40})=[\"']http://ns\.useplus\.org/ldf/xmp/1\.0/[\"']")
_NAMESPACE = b"http://ns.useplus.org/ldf/xmp/1.0/"
_MAX_PACKET_BYTES = 1 << 18  # looked at, on either side of the namespace's name: packets are of some kB


def embedded_opt_out(data: bytes) -> str:
    """Such as "plus-data-mining: DMI-PROHIBITED-AIMLTRAINING"."""
    at = data.find(_NAMESPACE)
    if at < 0:
        return ""
    packet = data[max(0, at - _MAX_PACKET_BYTES) : at + _MAX_PACKET_BYTES]
    prefix = _PREFIX.search(packet)
    if prefix and prefix[1] != b"plus":
        packet = packet.replace(prefix[1] + b":DataMining", b"plus:DataMining")
    values = (_VALUE.search(said[1]) for said in _NAMED.finditer(packet))
    value = next((found[0].decode("ascii") for found in values if found), "")
    return f"plus-data-mining: {value}" if value.startswith("DMI-PROHIBITED") else ""
