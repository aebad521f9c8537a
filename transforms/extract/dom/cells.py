"""The cells of tables, met on the walk -> the line of their row; a cell that is long stands for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.texts import CELL
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from lamella.transforms.extract.dom.walker import Walker

_PARTS = frozenset(("p", "div"))
_MORE_THAN_WORDS = (
    "ul, ol, dl, table, h1, h2, h3, h4, h5, h6, pre, blockquote, figure, form, section, article, nav, img, picture, video"
)


def cell(page: Walker, node: LexborNode, attributes: dict[str, str | None]) -> Callable[[], None]:
    if page.pieces or page.row_began:
        if not page.pieces:
            page.began = page.position
        page.pieces.append(CELL)
    page.row_began = True
    before, began, links, position = page.block, len(page.pieces), page.link_letters, page.position
    page.open_block(node.tag or "", attributes)
    inner, joins = page.block, not page.joined and _is_short(node)
    page.joined += joins

    def leave() -> None:
        nonlocal began, links
        page.joined -= joins
        if page.began > position:  # a block within ended the row's line: what is open is the cell's own
            began = links = 0
        pieces = page.pieces[began:]
        if sum(map(len, pieces)) > HEURISTICS.max_cell_letters:
            page.row_began = False
            own, row_tag = page.link_letters - links, page.text_tag
            del page.pieces[began:]
            page.link_letters, page.block = links, before
            page.flush()
            page.pieces += pieces
            page.link_letters, page.block, page.text_tag = own, inner, "p"
            page.flush()
            page.text_tag = row_tag
        page.block = before

    return leave


def _is_short(node: LexborNode) -> bool:
    """Whether a cell holds some words in paragraphs, and nothing else that has a block's rank: they are one line."""
    child = node.child
    while child is not None and child.tag not in _PARTS:
        child = child.next
    return child is not None and node.css_first(_MORE_THAN_WORDS) is None and len(node.text()) <= HEURISTICS.max_cell_letters
