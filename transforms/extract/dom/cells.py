"""The cells of tables, met on the walk -> the line of their row; a cell that is long stands for itself."""

from collections.abc import Callable

from selectolax.lexbor import LexborNode

from lamella.transforms.extract.dom.selectors import holds
from lamella.transforms.extract.dom.texts import CELL
from lamella.transforms.extract.dom.walk import Walk
from lamella.transforms.extract.heuristics import HEURISTICS

_PARTS = frozenset(("p", "div"))
_MORE_THAN_WORDS = (
    "ul, ol, dl, table, h1, h2, h3, h4, h5, h6, pre, blockquote, figure, form, section, article, nav, img, picture, video"
)


def cell(walk: Walk, node: LexborNode, tag: str, attributes: dict[str, str | None]) -> Callable[[], None]:
    if walk.pieces or walk.row_began:
        if not walk.pieces:
            walk.began = walk.position
        walk.pieces.append(CELL)
    walk.row_began = True
    before, began, links, position = walk.block, len(walk.pieces), walk.link_letters, walk.position
    walk.open_block(tag, attributes)
    inner, joins = walk.block, not walk.joined and _is_short(node)
    walk.joined += joins

    def leave() -> None:
        nonlocal began, links
        walk.joined -= joins
        if walk.began > position:  # a block within ended the row's line: what is open is the cell's own
            began = links = 0
        pieces = walk.pieces[began:]
        if sum(map(len, pieces)) > HEURISTICS.max_cell_letters:
            walk.row_began = False
            own, row_tag = walk.link_letters - links, walk.text_tag
            del walk.pieces[began:]
            walk.link_letters, walk.block = links, before
            walk.flush()
            walk.pieces += pieces
            walk.link_letters, walk.block, walk.text_tag = own, inner, "p"
            walk.flush()
            walk.text_tag = row_tag
        walk.drop_empty()
        walk.block = before

    return leave


def _is_short(node: LexborNode) -> bool:
    """Whether a cell holds some words in paragraphs, and nothing else that has a block's rank: they are one line."""
    child = node.child
    while child is not None and child.tag not in _PARTS:
        child = child.next
    return child is not None and not holds(node, _MORE_THAN_WORDS) and len(node.text()) <= HEURISTICS.max_cell_letters
