"""Lamella as a tool among its peers: (HTML, its address) to the blocks that it keeps, in order."""

from benchmarks.extraction_gold import Block
from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode
from lamella.transforms.extract.parse import parse_html

_CONFIG = ExtractConfig()


def ours(html: str, url: str) -> list[Block]:
    """Captions are the images' own; what a document says is its text nodes."""
    nodes = parse_html(html, url, _CONFIG).nodes
    return [
        Block(text=node.text) if isinstance(node, TextNode) else Block(image=node.url, caption=node.caption)
        for node in nodes
        if isinstance(node, TextNode | ImageNode)
    ]
