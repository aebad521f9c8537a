"""An index -> records that no reader can use, as a crawler writes them, and the reason.

`edge_case_exchanges` gives responses that are whole records; `damaged` and `cut` spoil the stored bytes of a good one.
"""

from lamella.sample.rng import Rng
from lamella.sample.warc import Exchange

BOMB_BYTES = 10_600_000  # of HTML, decoded: above 10 MiB
HUGE_BYTES = 68_000_000  # of a record, inflated: above 64 MiB
_PDF = b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
_CSS = b"body { max-width: 60em; margin: auto }\n.share a { color: inherit }\n"
_SCRIPT = b"window.track = function (event) { navigator.sendBeacon('/count', event) }\n"
_LOST = b"<!DOCTYPE html><html><head><title>404</title></head><body><p>There is no such page.</p></body></html>\n"

EXCHANGES = ("not_html", "undecodable", "bad_status", "empty_body", "revisit", "record_too_large")
HEAVY = ("record_too_large",)  # once a web


def edge_case_exchanges(reason: str, host: str, index: int) -> list[Exchange]:
    """The responses of a host that are refused for `reason`."""
    stem = f"https://{host}/fate/{reason}/record-{index}"
    html = "text/html; charset=utf-8"
    if reason == "not_html":
        return [
            Exchange(url=f"{stem}.pdf", body=_PDF, mime="application/pdf"),
            Exchange(url=f"{stem}.css", body=_CSS, mime="text/css"),
            Exchange(url=f"{stem}.js", body=_SCRIPT, mime="application/javascript"),
        ]
    if reason == "undecodable":  # it starts as gzip does, and is none
        body = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + Rng("undecodable", stem).bytes(600)
        return [Exchange(url=f"{stem}.html", body=body, mime=html, headers=(("Content-Encoding", "gzip"),))]
    if reason == "bad_status":
        return [Exchange(url=f"{stem}.html", body=_LOST, mime=html, status="404 Not Found")]
    if reason == "empty_body":
        return [Exchange(url=f"{stem}.html", body=b"", mime=html)]
    if reason == "revisit":
        return [Exchange(url=f"{stem}.html", body=_LOST, mime=html, revisit=True)]
    assert reason == "record_too_large", reason
    return [
        Exchange(url=f"{stem}-page.html", body=_bomb(BOMB_BYTES), mime=html, level=9),
        Exchange(url=f"{stem}-record.html", body=_bomb(HUGE_BYTES), mime=html, level=9),
    ]


def damaged(member: bytes) -> bytes:
    """A gzip member with eight bytes turned over in its middle."""
    middle = len(member) // 2
    return member[:middle] + bytes(byte ^ 0xFF for byte in member[middle : middle + 8]) + member[middle + 8 :]


def cut(member: bytes) -> bytes:
    """The first two thirds of a gzip member."""
    return member[: len(member) * 2 // 3]


def _bomb(size: int) -> bytes:
    line = b"<p>All work and no play makes a very long and very dull page for every reader of it.</p>\n"
    head, tail = b"<!DOCTYPE html><html><head><title>Long</title></head><body>\n", b"</body></html>\n"
    return head + line * (size // len(line)) + tail
