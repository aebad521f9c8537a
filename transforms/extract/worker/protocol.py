"""What a worker is asked and what it answers: a page with its URL, a parse as JSON; encode beside decode."""

import json
import struct
from dataclasses import fields

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, Node, TextNode, VideoNode
from lamella.schemas.errors import DataError
from lamella.transforms.extract.nodes import LeftMedia
from lamella.transforms.extract.parse import PageTooCostly, Parsed

LENGTH = struct.Struct("<Q")
_KINDS = {"t": TextNode, "i": ImageNode, "v": VideoNode}
# What a parse can set; media and scores come later, and their defaults do for now.
_SENT = {
    "t": ("text", "position", "tag"),
    "i": ("url", "position", "alt", "caption", "title", "description", "width", "height"),
    "v": ("url", "position", "caption", "nearest_text", "track", "poster", "width", "height"),
}
_LETTERS = {kind: letter for letter, kind in _KINDS.items()}
assert all(set(names) <= {field.name for field in fields(_KINDS[letter])} for letter, names in _SENT.items())


class ParseFailed(DataError):
    """The parse raised; the message says what."""


def encode_request(html: str, url: str) -> bytes:
    """`html` with lone surrogates replaced: no UTF-8 holds them."""
    page, address = html.encode("utf-8", "replace"), url.encode("utf-8", "replace")
    return LENGTH.pack(len(address)) + address + page


def decode_request(message: bytes) -> tuple[bytes, str]:
    """(html, url); the HTML as the parser wants it, in UTF-8."""
    split = LENGTH.size + LENGTH.unpack_from(message)[0]
    return message[split:], message[LENGTH.size : split].decode("utf-8")


def max_reply_bytes(page_bytes: int, config: ExtractConfig) -> int:
    """How large the parse of a page may be: most are smaller than the page."""
    return config.growth_floor_bytes + int(config.max_growth * page_bytes)


def encode_reply(parsed: Parsed, max_bytes: int) -> bytes:
    """Raises PageTooCostly where the nodes hold more than `max_bytes`."""
    nodes, size = [], 0
    for node in parsed.nodes:
        letter = _LETTERS[type(node)]
        values = [getattr(node, name) for name in _SENT[letter]]
        size += sum(len(value) for value in values if isinstance(value, str))
        if size > max_bytes:
            break
        nodes.append([letter, *values])
    else:
        message = _message([parsed.title, parsed.robots, parsed.licence, parsed.confidence, nodes, parsed.left, parsed.smaller])
        size = len(message)
    if size > max_bytes:
        raise PageTooCostly(f"{size} > {max_bytes} bytes of nodes")
    return message


def encode_cost(message: str) -> bytes:
    """The reply for a page that ran into a limit."""
    return _message({"too costly": message})


def encode_failure(message: str) -> bytes:
    return _message(message)


def decode_reply(message: bytes) -> Parsed:
    """Raises ParseFailed where the worker sent a failure, PageTooCostly where it sent a cost."""
    reply = json.loads(message)
    if isinstance(reply, str):
        raise ParseFailed(reply)
    if isinstance(reply, dict):
        raise PageTooCostly(reply["too costly"])
    title, robots, licence, confidence, rows, left, smaller = reply
    nodes = tuple(_node(*row) for row in rows)
    head = {"title": title, "robots": robots, "licence": licence, "confidence": confidence}
    return Parsed(nodes=nodes, left=tuple(LeftMedia(*one) for one in left), smaller=tuple(map(tuple, smaller)), **head)


def _message(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _node(letter: str, *values: object) -> Node:
    return _KINDS[letter](**dict(zip(_SENT[letter], values, strict=True)))
