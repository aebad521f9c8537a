"""A main content -> the same without the little that comes after the text: who wrote it, what to subscribe to.

Most sites put an article's text into one block. What stands behind that block, and says little, is of the site.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import BlockTree, Element
from lamella.transforms.extract.dom.tags import TEXT_BLOCKS
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_NOTES = re.compile(r"(?:foot|end)-?notes?", re.IGNORECASE)
_NOTE, _TEXT, _NAMED, _NAMELESS, _NOTHING = "note", "text", "named", "nameless", "nothing"
_STAYING = frozenset((_NOTE, _TEXT))
_MATTER = frozenset(("pre", "tr", "blockquote", "li"))


def core_of(tree: BlockTree, prose: list[float], main: int, limits: "ExtractConfig") -> int:
    """The smallest block in the main one that holds nearly all of its prose, and no block of its name comes after it."""
    enough, core = limits.min_core_prose * prose[main], main
    after: dict[tuple[int, str, str], int] = {}  # the last block of a name
    for index in range(main + 1, len(prose)):
        block = tree.blocks[index]
        if prose[index] > 0:
            after[block.parent, block.tag, block.name] = index
    for index in range(main + 1, len(prose)):
        block = tree.blocks[index]
        if block.parent == core and prose[index] >= enough > 0 and block.tag not in TEXT_BLOCKS:
            if after[core, block.tag, block.name] != index:
                break
            core = index
    return core


def without_trailing(tree: BlockTree, content: list[Element], core: int, limits: "ExtractConfig") -> list[Element]:
    """Without the little in blocks behind the core, and behind the paragraphs in it: who wrote it, what to subscribe to.
    Pictures, notes, lists, code and paragraphs stay, and all of it where it tells much and links to little: questions and
    answers."""
    inside, around, at = tree.below(core), set(), core
    while at >= 0:
        around.add(at)
        at = tree.blocks[at].parent
    end = max((index + 1 for index, element in enumerate(content) if inside[element.block]), default=len(content))
    text, trailing = _without_last_blocks(tree, content[:end], core, limits), content[end:]
    if _letters(trailing) > (1 - limits.min_core_prose) * _letters(content):
        return text + trailing
    branches = _branches(tree, around, trailing)
    text += [element for element, branch in zip(trailing, branches, strict=True) if element.media or branch in _STAYING]
    staying = {id(element) for element in text}
    return content if _tells([element for element in content if id(element) not in staying], limits) else text


def _tells(elements: list[Element], limits: "ExtractConfig") -> bool:
    """Whether it is more than a site says of an author, and leads nowhere."""
    prose = sum(len(element.text) for element in elements if element.words >= limits.min_prose_words)
    links = sum(element.link_letters for element in elements)
    return prose >= HEURISTICS.min_trailing_prose and links < HEURISTICS.max_trailing_links * prose


def _without_last_blocks(tree: BlockTree, text: list[Element], core: int, limits: "ExtractConfig") -> list[Element]:
    """Where nearly all of the core stands in its own paragraphs, the blocks with a name behind the last of them go."""
    of_elements = _branches(tree, {core}, text)
    branches = [_NOTHING if element.media else branch for element, branch in zip(text, of_elements, strict=True)]
    paragraphs = _letters([element for element, branch in zip(text, branches, strict=True) if branch in (_TEXT, _NOTHING)])
    own = [index for index, branch in enumerate(branches) if branch != _NAMED and not text[index].media]
    letters = _letters(text)
    if not own or paragraphs < limits.min_core_prose * letters:
        return text
    text, last = text[: own[-1] + 1], text[own[-1] + 1 :]
    if _letters(last) > limits.max_last_blocks * letters or any(element.tag in _MATTER for element in last):
        return text + last
    return text + [element for element in last if element.media]


def _letters(elements: list[Element]) -> int:
    return sum(len(element.text) - element.link_letters for element in elements)


@lru_cache(maxsize=4096)
def _holds_notes(name: str) -> bool:
    return bool(_NOTES.search(name))


def _branches(tree: BlockTree, around: set[int], elements: list[Element]) -> list[str]:
    """For each element, what stands between it and the blocks around it: a note, a block of text, a block with a name or
    without, or nothing."""
    known: dict[int, str] = dict.fromkeys(around, _NOTHING)
    out = []
    for element in elements:
        at, path = element.block, []
        while at not in known:
            block = tree.blocks[at]
            if block.name and _holds_notes(block.name):
                known[at] = _NOTE
            elif block.parent in around:
                known[at] = _TEXT if block.tag in TEXT_BLOCKS else _NAMED if block.name else _NAMELESS
            elif block.parent < 0:
                known[at] = _NAMELESS
            else:
                path.append(at)
                at = block.parent
        said = known[at]
        for index in path:
            known[index] = said
        out.append(said)
    return out
