"""One page's HTML and URL -> its document: extraction for a program that has no archive."""

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.keys import stable_key
from lamella.schemas.page import Page, Provenance
from lamella.transforms.extract.extract import document_of
from lamella.transforms.extract.parse import PageTooCostly
from lamella.transforms.extract.worker.pool import borrowed
from lamella.transforms.formats.charset import decode_html


def extract_page(html: str | bytes, url: str, config: ExtractConfig) -> InterleavedDocument:
    """The document of a page, with the nodes that it has. Bytes are decoded as a browser would, from what they say themselves.

    Raises:
        PageTooCostly: the page ran into a limit of time, memory or nodes.
        ParseFailed: the parse raised.
    """
    text, charset = (html, "") if isinstance(html, str) else decode_html(html, "")
    provenance = Provenance(archive="", offset=0, length=0)
    page = Page(key=stable_key(url), url=url, html=text, provenance=provenance, charset=charset)
    with borrowed(config) as worker:
        parsed = worker.parse(text, url)
    if len(parsed.nodes) > config.max_nodes:
        raise PageTooCostly(f"{len(parsed.nodes)} > {config.max_nodes} nodes")
    return document_of(page, parsed)
