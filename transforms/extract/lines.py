"""HTML, or JSON lines of pages, from a stream -> a JSON line a page, in order: its nodes, or why it has none."""

import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from lamella.schemas.config import ExtractConfig, ReadConfig
from lamella.schemas.document import ImageNode, Node, TextNode
from lamella.schemas.rejection import Reason
from lamella.transforms.extract.parse import PageTooCostly
from lamella.transforms.extract.worker.pool import Worker
from lamella.transforms.extract.worker.protocol import ParseFailed
from lamella.transforms.formats.charset import decode_html

_LINE_BYTES_PER_HTML_BYTE = 2  # what JSON's escapes may add to a page
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


def extract_lines(stream: BinaryIO, config: ExtractConfig, address: str = "") -> Iterator[str]:
    """One line a page: {"url", "nodes"} or {"url", "rejected"}; what starts with a brace is JSON lines of {"url", "html"}.

    A node is {"kind": "text", "text"}, or {"kind": "image" or "video", "url", "alt", "caption"}. A page without media
    has its nodes all the same: whether it is of use is for the pipeline to say. A line that is no page is `undecodable`.
    HTML does not say where it came from: `address` is its URL, without which media of relative URLs cannot be named.
    """
    worker = Worker(config)
    reader = io.BufferedReader(cast(io.RawIOBase, stream))
    try:
        for url, html in _pages(reader, ReadConfig().max_html_bytes, address):
            yield json.dumps({"url": url} | _outcome(url, html, worker, config), ensure_ascii=False)
    finally:
        worker.close()
        reader.detach()  # the stream is its owner's to close


def _outcome(url: str, html: str | Reason, worker: Worker, config: ExtractConfig) -> dict[str, Any]:
    if isinstance(html, Reason):
        return {"rejected": html}
    try:
        nodes = worker.parse(html, url).nodes
    except PageTooCostly:
        return {"rejected": Reason.PAGE_TOO_COSTLY}
    except ParseFailed:
        return {"rejected": Reason.CRASHED}
    if len(nodes) > config.max_nodes:
        return {"rejected": Reason.PAGE_TOO_COSTLY}
    return {"nodes": [_row(node) for node in nodes]} if nodes else {"rejected": Reason.NO_CONTENT}


def _row(node: Node) -> dict[str, str]:
    if isinstance(node, TextNode):
        return {"kind": "text", "text": node.text}
    if isinstance(node, ImageNode):
        return {"kind": "image", "url": node.url, "alt": node.alt, "caption": node.caption}
    return {"kind": "video", "url": node.url, "alt": "", "caption": node.caption}


def _pages(reader: "io.BufferedReader[Any]", max_bytes: int, address: str) -> Iterator[tuple[str, str | Reason]]:
    """(url, html) of each page, or (url, why there is none)."""
    if not _starts_with_brace(reader):
        data = reader.read(max_bytes + 1)
        if data.strip(_BLANK):
            yield address, decode_html(data, "")[0] if len(data) <= max_bytes else Reason.RECORD_TOO_LARGE
        return
    limit = max_bytes * _LINE_BYTES_PER_HTML_BYTE
    while line := reader.readline(limit):
        whole = line.endswith(b"\n") or len(line) < limit
        while not whole:
            rest = reader.readline(limit)
            if not rest or rest.endswith(b"\n"):
                break
        if not whole:
            yield "", Reason.RECORD_TOO_LARGE
        elif line.strip(_BLANK):
            yield _page(line, max_bytes)


def _starts_with_brace(reader: "io.BufferedReader[Any]") -> bool:
    """Looks beyond a byte order mark and white space, which it reads."""
    if reader.peek(len(_BOM)).startswith(_BOM):
        reader.read(len(_BOM))
    while (start := reader.peek(1)) and start[:1] in (b" ", b"\t", b"\r", b"\n"):
        reader.read(1)
    return start[:1] == b"{"


def _page(line: bytes, max_bytes: int) -> tuple[str, str | Reason]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return "", Reason.UNDECODABLE
    url = row.get("url", "") if isinstance(row, dict) else ""
    url = url.encode("utf-8", "replace").decode() if isinstance(url, str) else ""  # no lone surrogates
    html = row.get("html") if isinstance(row, dict) else None
    if not isinstance(html, str):
        return url, Reason.UNDECODABLE
    return url, html if len(html) <= max_bytes else Reason.RECORD_TOO_LARGE
