"""What was taken of a page -> the same; or, where it is little and no article, all that the page says outside its boilerplate.

The main content is sought where the prose stands. A page of links, of cards or of short sections may have nearly none, and
what is found by its prose is then the least of it. What the page itself calls navigation, footer, aside, consent or comments
stays out all the same, and so does what is to be filled in, and what stands before its title.
"""

from collections import Counter
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import Block, BlockTree, Element, Image
from lamella.transforms.extract.dom.class_heuristics import BOILERPLATE, COMMENTS, CONSENT
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_SURE = frozenset((BOILERPLATE, COMMENTS, CONSENT))


def enough_of(tree: BlockTree, taken: list[Element], limits: "ExtractConfig") -> list[Element]:
    """`taken`, or all that stands outside boilerplate where that is more than twice as much."""
    letters = _letters(taken)
    if letters >= HEURISTICS.max_little_letters or _is_short_article(taken, letters, limits):
        return taken
    said = _said_outside_boilerplate(tree, limits)
    in_said = {id(element) for element in said}
    all_letters = letters + _letters(said) - _letters([one for one in taken if id(one) in in_said])
    sure = tree.within([block.hint in (BOILERPLATE, CONSENT) for block in tree.blocks])
    of_site = _letters([element for element in taken if sure[element.block]])  # taken as the only prose
    return said if letters - of_site < HEURISTICS.min_taken * (all_letters - of_site) else taken


def _is_short_article(taken: list[Element], letters: int, limits: "ExtractConfig") -> bool:
    """Whether nearly all of it is told: in prose, code or lists without links, and in more than one text."""
    told = sum(
        len(element.text)
        for element in taken
        if element.words >= limits.min_prose_words or element.tag == "pre" or (element.tag == "li" and not element.link_letters)
    )
    several = sum(element.media is None for element in taken) > 1
    return several and told >= HEURISTICS.min_short_article * letters


def _letters(elements: list[Element]) -> int:
    return sum(len(element.text) for element in elements)


def _said_outside_boilerplate(tree: BlockTree, limits: "ExtractConfig") -> list[Element]:
    """From the page's title on, without logos and without the short lines that it says again."""
    blocks = tree.blocks
    outside = tree.within([block.hint in _SURE or _is_form(block) for block in blocks])
    main = tree.within([block.tag == "main" for block in blocks])
    mains = any(main)
    said = [one for one in tree.elements if not outside[one.block] and (main[one.block] or not mains)]
    title = next((index for index, element in enumerate(said) if element.tag == "h1"), 0)
    said = said[title:]
    counts = Counter(element.text for element in said)
    return [
        element
        for element in said
        if (not element.media and (element.words >= limits.min_prose_words or counts[element.text] == 1))
        or (element.media and not (isinstance(element.media, Image) and element.media.of_site))
    ]


def _is_form(block: Block) -> bool:
    """Whether it is to be filled in. On some sites a form holds the whole page."""
    return block.tag == "form" and not block.headings and not block.prose
