"""HTML and its address -> the blocks that Lamella keeps, in order."""

import gc

from benchmarks.extraction_gold import Block
from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode
from lamella.transforms.extract.parse import parse_html

_CONFIG, _WITH_TRAFILATURA = ExtractConfig(), ExtractConfig(engine="trafilatura")


def ours_with_trafilatura(html: str, url: str) -> list[Block]:
    """trafilatura's text with our images."""
    return ours(html, url, _WITH_TRAFILATURA)


def ours(html: str, url: str, config: ExtractConfig = _CONFIG) -> list[Block]:
    """Captions are the images' own; what a document says is its text nodes. Cycles are not looked for, as in the worker of a
    run: a parse makes none."""
    gc.disable()
    try:
        nodes = parse_html(html, url, config).nodes
    finally:
        gc.enable()
    return [
        Block(text=node.text) if isinstance(node, TextNode) else Block(image=node.url, caption=node.caption)
        for node in nodes
        if isinstance(node, TextNode | ImageNode)
    ]
