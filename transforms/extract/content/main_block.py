"""A BlockTree, its boilerplate and its prose -> the block that holds the main content.

The smallest block that still holds enough of the prose, corrected by what the page says of itself: its title, its headings, its
`main`.
"""

from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import BlockTree
from lamella.transforms.extract.dom.class_heuristics import CONTENT
from lamella.transforms.extract.dom.tags import TEXT_BLOCKS
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig


def prose_left(tree: BlockTree, boilerplate: list[bool]) -> list[float]:
    """The prose of each block without that of boilerplate."""
    gone = [0.0] * len(boilerplate)
    for index in range(len(gone) - 1, -1, -1):
        block = tree.blocks[index]
        gone[index] = block.prose if boilerplate[index] else gone[index]
        if index:
            gone[block.parent] += gone[index]
    return [block.prose - lost for block, lost in zip(tree.blocks, gone, strict=True)]


def main_block(tree: BlockTree, boilerplate: list[bool], prose: list[float], limits: "ExtractConfig") -> int:
    """The smallest block that still holds enough of the prose; or the block of content around it, for its title and lead."""
    enough, main = limits.min_main_prose * prose[0], 0
    for index, block in enumerate(tree.blocks):
        if (
            index
            and block.parent == main
            and not boilerplate[index]
            and prose[index] >= enough > 0
            and block.tag not in TEXT_BLOCKS
        ):
            main = index
    return content_around(tree, _whole_of(tree, boilerplate, prose, _titled_article(tree, prose, main, limits)))


def _whole_of(tree: BlockTree, boilerplate: list[bool], prose: list[float], main: int) -> int:
    """The block around one without the title whose siblings of its name have headings and prose as it has: it is one section
    of several."""
    block = tree.blocks[main]
    if main == 0 or not block.headings or block.title:
        return main
    beside = sum(
        prose[index]
        for index, other in enumerate(tree.blocks)
        if other.parent == block.parent
        and index != main
        and other.tag == block.tag
        and other.name == block.name
        and other.headings
        and not boilerplate[index]
    )
    return block.parent if beside > HEURISTICS.min_beside_section * prose[main] else main


def called_main(tree: BlockTree, boilerplate: list[bool], prose: list[float], main: int, limits: "ExtractConfig") -> int:
    """What the page itself calls its main part, where it has the title and a text, and the block chosen is elsewhere. One that
    ends before far more of the text, which has no title of its own, was closed too early."""
    beside = 0.0 if tree.blocks[main].title else HEURISTICS.min_main_beside * prose[main]
    enough = max(limits.min_article_prose, beside)
    for index, block in enumerate(tree.blocks):
        if block.tag == "main" and block.title and not boilerplate[index] and prose[index] >= enough:
            inside = tree.below(index)
            return main if inside[main] or tree.below(main)[index] else index
    return main


def content_around(tree: BlockTree, main: int) -> int:
    """The block of content around a block, or the block."""
    at = main
    while at > 0:
        if tree.blocks[at].hint == CONTENT:
            return at
        at = tree.blocks[at].parent
    return main


def _titled_article(tree: BlockTree, prose: list[float], main: int, limits: "ExtractConfig") -> int:
    """The block of content within that holds the title and a good part of the prose: what else there is, is other articles.
    But not where the rest is more, and stands in one block right behind without a heading or a link: the article goes on."""
    enough, found, tops = limits.min_titled_prose * prose[0], main, [-1] * len(prose)
    tops[main] = main
    for index in range(main + 1, len(tops)):
        block = tree.blocks[index]
        top = tops[index] = tops[block.parent]
        if top == found and block.hint == CONTENT and block.title and prose[index] >= enough > 0:
            found = tops[index] = index
    return main if found != main and _goes_on(tree, prose, main, found) else found


def _goes_on(tree: BlockTree, prose: list[float], main: int, article: int) -> bool:
    blocks, behind = tree.blocks, tree.ends()[article]
    if behind >= tree.ends()[main]:
        return False
    block = blocks[behind]
    around = article
    while around != block.parent and around > main:
        around = blocks[around].parent
    return around == block.parent and block.headings == 0 and block.link_letters == 0 and prose[behind] > prose[article]
