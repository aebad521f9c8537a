"""A BlockTree -> the blocks that invite to other pages: cards of one name with linked titles, linked headlines."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lamella.transforms.extract.content.titles import is_whole_title, title_parts
from lamella.transforms.extract.dom.blocks import BlockTree
from lamella.transforms.extract.dom.tags import HEADINGS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig


def invites(tree: BlockTree, told: list[bool], limits: "ExtractConfig") -> list[bool]:
    """Blocks of one name in one block, each with a linked title and little prose: invitations to other pages."""
    titles = [0] * len(tree.blocks)
    for element in tree.elements:
        if element.words >= limits.min_card_title_words and element.link_density > limits.max_link_density:
            titles[element.block] += 1
    for index in range(len(tree.blocks) - 1, 0, -1):
        titles[tree.blocks[index].parent] += titles[index]
    sections = _opens_section(tree, told, limits)
    inviting = [
        (block.media or block.headings)
        and index not in sections
        and titles[index] <= limits.max_card_titles
        and block.prose <= limits.max_card_prose
        and (titles[index] or block.link_letters > limits.max_link_density * block.letters > 0)
        for index, block in enumerate(tree.blocks)
    ]
    groups: dict[tuple[int, str], list[int]] = {}
    for index, block in enumerate(tree.blocks):
        if inviting[index]:
            groups.setdefault((block.parent, block.tag), []).append(index)
    cards = [False] * len(tree.blocks)
    total = tree.blocks[0].prose
    most = min(limits.max_cards_prose * total, total - limits.min_article_prose)
    for group in _of_one_name(tree, groups.values()):
        named = sum(titles[index] > 0 for index in group)
        if (
            len(group) >= limits.min_cards
            and 2 * named >= len(group)
            and sum(tree.blocks[index].prose for index in group) <= most
        ):
            for index in group:
                cards[index] = True
    return cards


def _opens_section(tree: BlockTree, told: list[bool], limits: "ExtractConfig") -> set[int]:
    """The headings, as blocks, that prose follows in a block with more of it than a card has: what they head is told here."""
    blocks = tree.blocks
    return {
        element.block
        for element, one in zip(tree.elements, told, strict=True)
        if one and blocks[element.block].tag in HEADINGS and blocks[blocks[element.block].parent].prose > limits.max_card_prose
    }


def _of_one_name(tree: BlockTree, groups: Iterable[list[int]]) -> Iterator[list[int]]:
    """Siblings that share a word of their class; where they share none, those of the same class."""
    for group in groups:
        names = [tree.blocks[index].name for index in group]
        if len(set(names)) == 1 or frozenset.intersection(*(frozenset(name.split()) for name in names)):
            yield group
        else:
            namesakes: dict[str, list[int]] = {}
            for index, name in zip(group, names, strict=True):
                namesakes.setdefault(name, []).append(index)
            yield from namesakes.values()


def headlines(tree: BlockTree, told: list[bool], limits: "ExtractConfig") -> Iterator[int]:
    """The largest blocks around a linked headline that hold no prose and no title: each invites to another page."""
    largest = list(range(len(tree.blocks)))
    for index, block in enumerate(tree.blocks):
        if block.parent > 0 and not tree.blocks[block.parent].prose and not tree.blocks[block.parent].title:
            largest[index] = largest[block.parent]
    parts = title_parts(tree)
    for index, element in enumerate(tree.elements):
        if element.tag not in HEADINGS or element.tag == "h1" or element.link_density <= limits.max_link_density:
            continue
        if is_whole_title(element, parts):  # it leads to the page itself
            continue
        block = largest[element.block]
        in_prose = tree.blocks[tree.blocks[block].parent].prose > limits.max_card_prose and told[index]
        if element.words >= limits.min_card_title_words and not in_prose:
            yield block


def told_about(tree: BlockTree, limits: "ExtractConfig") -> list[bool]:
    """For each element, whether prose follows it before the next heading, in a block around it that holds more than a card."""
    told, following = [False] * len(tree.elements), -1
    for index in range(len(tree.elements) - 1, -1, -1):
        element = tree.elements[index]
        if element.tag in HEADINGS:
            told[index], following = following >= 0, -1
        elif element.words >= limits.min_prose_words and element.link_density <= limits.max_link_density:
            following = element.block
    return told
