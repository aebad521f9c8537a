"""Bytes of an HTML page -> text, and the charset that they were in.

The rules of HTML (byte order mark, Content-Type, meta, then the bytes themselves), corrected where a page lies: what
decodes as UTF-8 is UTF-8, and a charset that does not fit the bytes is not believed. The text has no NUL, no other C0
control but tab, line breaks and form feed, and no surrogate.
"""

import re

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

from lamella.transforms.formats.charset_guess import CENTRAL, EAST, likely_charset

_META_BYTES = 4096  # browsers look at 1,024; pages with long heads are common
_META = re.compile(rb"<meta\b[^<>]{0,500}?charset\s*+=\s*+[\"']?\s*+([a-z0-9_:.\-]{2,40})", re.IGNORECASE)
# What a parser would not read as markup: a charset in there is not declared.
_NO_MARKUP = re.compile(rb"<!--.*?(?:-->|\Z)|<(script|style|noscript)\b.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL)
_HEADER = re.compile(r"charset\s*+=\s*+[\"']?\s*+([a-z0-9_:.\-]{2,40})", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CONTROLS = bytes(byte for byte in range(0x20) if byte not in b"\t\n\f\r") + b"\x7f"
_CONTROL_CHARACTERS = dict.fromkeys(_CONTROLS)
_SAMPLE = 1024
# Python's codecs are narrower than those of browsers.
_SUPERSETS = {
    "shift_jis": "cp932",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso8859-11": "cp874",
}
_WESTERN = frozenset(("cp1252", "iso8859-15", "iso8859-14", "macintosh"))
_HIGH = bytes(range(0x80, 0x100))
_HIGH_RUNS = re.compile(rb"[\x80-\xff]{2,}")
_ESCAPE = b"\x1b"  # alone, since one byte is sought ten times as fast as three
_ISO_2022_JP = (b"\x1b$B", b"\x1b$@")  # it shifts to JIS X 0208
_REPLACED = "�"
_UTF8_AHEAD = 0.5  # of a reading that loses nothing, where its good sequences are as many as the broken


def decode_html(data: bytes, content_type: str) -> tuple[str, str]:
    """(text, charset) of a page, as its bytes and its Content-Type header have it."""
    for bom, charset in _BOMS:
        if data.startswith(bom):
            return _text(data[len(bom) :], charset), charset
    if wide := _wide(data[:_SAMPLE]):
        return _text(data, wide), wide
    declared = _declared(data, content_type)
    if _ESCAPE in data and any(shift in data for shift in _ISO_2022_JP):
        declared = "iso2022_jp"
    else:
        data = data.translate(None, _CONTROLS)
        try:
            return data.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            pass
    return min(_readings(data, declared), key=_lost)


def _declared(data: bytes, content_type: str) -> str:
    """The charset that the header or else the page names, as Python knows it; "" where none that is known."""
    found = _HEADER.search(content_type)
    named = found[1] if found else ""
    if not _known(named):
        meta = _META.search(_NO_MARKUP.sub(b"", data[:_META_BYTES]))
        named = meta[1].decode("ascii") if meta else ""
    charset = _known(named)
    return "utf-8" if charset.startswith("utf-16") else charset  # HTML: a page whose meta can be read is no UTF-16


def _known(name: str) -> str:
    if name.lower() in ("cp949", "uhc"):  # uchardet's names for what HTML calls euc-kr
        return "cp949"
    charset = (name and map_encoding_to_html5(name.lower(), fallback_utf8=False)) or ""
    return _SUPERSETS.get(charset, charset)


def _wide(start: bytes) -> str:
    """UTF-16 without a mark: every other byte of its markup is NUL."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) * 4 < len(start) or not start:
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _readings(data: bytes, declared: str) -> list[tuple[str, str]]:
    """The text by each charset that it may be in, the likeliest first."""
    detected = _known(detect_encoding(data, html5_compatible=False) or "")
    if not declared or declared in _WESTERN:
        detected = likely_charset(data, detected)
    believed = declared and not (declared in _WESTERN and (not _looks_western(data) or detected in CENTRAL))
    likely = (declared, detected) if believed else (detected, declared)
    last = ("cp1252",) if likely[0] in EAST else ("utf-8", "cp1252")
    charsets = dict.fromkeys(charset for charset in (*likely, *last) if charset)
    return [(_text(data, charset), charset) for charset in charsets]


def _looks_western(data: bytes) -> bool:
    """Accented letters occur singly among ASCII; other scripts are runs of high bytes."""
    high = len(data) - len(data.translate(None, _HIGH))
    return 2 * sum(len(run) for run in _HIGH_RUNS.findall(data)) < high


def _lost(reading: tuple[str, str]) -> float:
    """Characters that a reading loses. UTF-8 is forgiven as many as it has good ones: no other charset gives many valid
    sequences by chance, while single-byte charsets lose nothing, whatever they read."""
    text, charset = reading
    lost = text.count(_REPLACED)
    if charset != "utf-8":
        return lost
    good = sum(character > "\x7f" for character in text) - lost
    return lost if not good else lost - good - _UTF8_AHEAD * (good >= lost)


def _text(data: bytes, charset: str) -> str:
    try:
        text = data.decode(charset, "replace")
    except (LookupError, UnicodeError):  # a codec that Python lacks, or one that cannot replace
        text = data.decode("cp1252", "replace")
    return text.translate(_CONTROL_CHARACTERS) if charset.startswith(("utf-16", "iso2022")) else text
