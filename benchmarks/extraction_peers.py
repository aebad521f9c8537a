"""HTML and its address -> the blocks that another tool keeps, in order; one function for each tool."""

import logging
import re
from collections.abc import Callable, Iterator
from urllib.parse import urljoin

import trafilatura
from readability import Document
from resiliparse.extract.html2text import extract_plain_text
from selectolax.lexbor import LexborHTMLParser

from benchmarks.extraction_gold import Block, blocks_in
from benchmarks.extraction_ours import ours, ours_with_trafilatura
from benchmarks.obelics_rules import obelics_blocks

Tool = Callable[[str, str], list[Block]]
logging.disable(logging.ERROR)
_MARKDOWN_IMAGE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)[^)]*\)")


def trafilatura_standard(html: str, url: str) -> list[Block]:
    return [Block(text=trafilatura.extract(html, include_comments=False) or "")]


def trafilatura_fast(html: str, url: str) -> list[Block]:
    return [Block(text=trafilatura.extract(html, include_comments=False, fast=True) or "")]


def trafilatura_images(html: str, url: str) -> list[Block]:
    """With images, which changes its text for the worse."""
    return list(_marked(trafilatura.extract(html, include_comments=False, include_images=True) or "", url))


def trafilatura_fast_images(html: str, url: str) -> list[Block]:
    return list(_marked(trafilatura.extract(html, include_comments=False, include_images=True, fast=True) or "", url))


def resiliparse(html: str, url: str) -> list[Block]:
    return [Block(text=line) for line in extract_plain_text(html, main_content=True).splitlines() if line.strip()]


def readability_lxml(html: str, url: str) -> list[Block]:
    try:
        body = LexborHTMLParser(Document(html, url=url).summary(html_partial=True)).body
    except Exception:  # its own error for a page that it finds empty, and lxml's
        return []
    return list(blocks_in(body)) if body else []


PEERS: dict[str, Tool] = {
    "lamella": ours,
    "engine=trafilatura": ours_with_trafilatura,
    "trafilatura": trafilatura_standard,
    "trafilatura fast": trafilatura_fast,
    "resiliparse": resiliparse,
    "readability-lxml": readability_lxml,
    "OBELICS' rules": obelics_blocks,
}


# Tools that are asked once more, where the question is about images.
WITH_IMAGES: dict[str, Tool] = {"trafilatura": trafilatura_images, "trafilatura fast": trafilatura_fast_images}


def _marked(text: str, url: str) -> Iterator[Block]:
    """Lines of text with images in Markdown."""
    for line in text.splitlines():
        at = 0
        for found in _MARKDOWN_IMAGE.finditer(line):
            if before := line[at : found.start()].strip():
                yield Block(text=before)
            yield Block(image=urljoin(url, found[1]))
            at = found.end()
        if rest := line[at:].strip():
            yield Block(text=rest)
