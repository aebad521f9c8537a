"""HTML -> the nodes of a document, its title, robots and licence. Pure, one parse, one walk; runs in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

from lamella.schemas.document import Node
from lamella.schemas.errors import DataError
from lamella.transforms.extract.content.boilerplate import without_boilerplate
from lamella.transforms.extract.content.captions import settle_captions
from lamella.transforms.extract.content.confidence import confidence
from lamella.transforms.extract.content.duplicates import without_copies
from lamella.transforms.extract.content.embedded import embedded_html
from lamella.transforms.extract.content.little import enough_of
from lamella.transforms.extract.content.main_content import main_elements
from lamella.transforms.extract.content.reviews import settle_reviews
from lamella.transforms.extract.content.threads import settle_thread
from lamella.transforms.extract.content.titles import opening_heading
from lamella.transforms.extract.dom.blocks import BlockTree, Element
from lamella.transforms.extract.dom.landmarks import declares_thread, landmarks
from lamella.transforms.extract.dom.opened import opened, with_closed_buttons
from lamella.transforms.extract.dom.tags import HEADINGS
from lamella.transforms.extract.dom.walk import Walk
from lamella.transforms.extract.dom.walker import walk_page
from lamella.transforms.extract.nodes import LeftMedia, nodes_of, with_urls

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_PLAIN = LexborDocumentOptions.WO_EVENTS  # nothing hears what a parse changes in a page; a tenth faster


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a page holds."""

    nodes: tuple[Node, ...]
    title: str
    robots: str  # of its `meta`s, comma-joined
    licence: str
    confidence: float = 0.0  # 0 to 1: the word F1 to expect of pages like it
    left: tuple[LeftMedia, ...] = ()  # media of the main content that no document holds
    smaller: tuple[tuple[str, str], ...] = ()  # an address of a picture, and one at which the page shows it smaller


class PageTooCostly(DataError):
    """The page ran into a limit, or killed its process; the message says which."""


def parse_html(html: str | bytes, url: str, config: ExtractConfig) -> Parsed:
    """The main content of a page, in reading order. Bytes are UTF-8."""
    page = html.encode("utf-8", "replace") if isinstance(html, str) else html
    dom = LexborHTMLParser(page, options=_PLAIN)
    found = landmarks(dom)
    swallowed = found.swallowed or dom.body is None or dom.body.child is None
    if (found.templates or swallowed) and (whole := opened(page, swallowed)) is not page:
        page, dom = whole, LexborHTMLParser(whole, options=_PLAIN)
        found = landmarks(dom)
    walk = walk_page(dom, url, config)
    if walk.held and (whole := with_closed_buttons(page)) is not page:
        dom = LexborHTMLParser(whole, options=_PLAIN)
        found, walk = landmarks(dom), walk_page(dom, url, config)
    walk.head.add_licences(found)
    walk.tree.thread = declares_thread(dom, page)
    elements = _main_content(walk.tree, config)
    says_little = _letters(elements) < config.min_article_prose
    sure = confidence(walk.tree, elements, says_little, config.min_prose_words)
    enough = enough_of(walk.tree, elements, config)
    if says_little and _letters(enough) < config.min_article_prose:
        elements, dom, tree = _sought(elements, dom, walk, config)
        enough = enough_of(tree, elements, config)
    if enough is not elements:
        elements = without_copies(enough)
    if config.engine == "trafilatura":
        from lamella.transforms.extract.trafilatura_text import with_trafilatura_text  # it loads for a second

        text = html if isinstance(html, str) else html.decode("utf-8", "replace")
        elements = with_trafilatura_text(text, walk.tree, elements)
    head, most = walk.head, config.max_field_characters
    elements, left, smaller = with_urls(elements, head.base, config.max_url_characters)
    title = head.title or head.og_title or opening_heading(elements) or opening_heading(walk.tree.elements)
    return Parsed(
        nodes=tuple(nodes_of(elements, dom, most)),
        title=title[:most],
        robots=", ".join(head.robots)[:most],
        licence=head.licence[: config.max_url_characters],
        confidence=sure,
        left=tuple(left),
        smaller=tuple(smaller),
    )


def _main_content(tree: BlockTree, config: ExtractConfig) -> list[Element]:
    """What stays of a page that was walked; its captions move onto their media."""
    tree.add_up(config.min_prose_words)
    settle_captions(tree, config)
    settle_thread(tree, config)
    settle_reviews(tree)
    return without_copies(without_boilerplate(tree, main_elements(tree, config), config))


def _sought(
    elements: list[Element], dom: LexborHTMLParser, walk: Walk, config: ExtractConfig
) -> tuple[list[Element], LexborHTMLParser, BlockTree]:
    """What a page that says nearly nothing says in what it hides, or else in what a script would draw of its state, where that
    is more; and the page that it stands in."""
    tree = walk.tree
    unhidden = walk_page(dom, walk.url, config, thorough=True).tree
    unhidden.thread = tree.thread
    hidden = _main_content(unhidden, config)
    if _letters(hidden) > config.min_article_prose + _letters(elements):
        elements, tree = hidden, unhidden
    if _letters(elements) < config.min_article_prose and (state := embedded_html(dom, walk.head.title or walk.head.og_title)):
        drawn = LexborHTMLParser(state, options=_PLAIN)
        of_state = walk_page(drawn, walk.head.base, config).tree
        told = _main_content(of_state, config)
        if _letters(told) > config.min_article_prose + _letters(elements):
            return told, drawn, of_state
    return elements, dom, tree


def _letters(elements: list[Element]) -> int:
    return sum(len(element.text) for element in elements if element.tag not in HEADINGS)
