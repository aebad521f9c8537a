"""A BlockTree -> the elements that stand in the page's main content: boilerplate out, and the part chosen where the prose is.

Language-neutral: it looks at tags, roles, the habits of class names, link density (Kohlschütter et al. 2010, Boilerpipe),
at what repeats, and at where the prose of the page stands, never at words.
"""

from typing import TYPE_CHECKING

from lamella.transforms.extract.content.entries import entries_of, priced_blocks, without_repeated_lines
from lamella.transforms.extract.content.facts import facts_behind
from lamella.transforms.extract.content.invitations import headlines, invites, told_about
from lamella.transforms.extract.content.main_block import called_main, content_around, main_block, prose_left
from lamella.transforms.extract.content.pictures import cover_before, picture_blocks
from lamella.transforms.extract.content.sections import section_blocks, section_headers, told_in_place, told_promotions
from lamella.transforms.extract.content.titles import lead_of, told_under_title
from lamella.transforms.extract.content.trailing import core_of, without_trailing
from lamella.transforms.extract.dom.blocks import Block, BlockTree, Element
from lamella.transforms.extract.dom.class_heuristics import (
    BOILERPLATE,
    COMMENTS,
    CONSENT,
    CONTENT,
    HEADER,
    LABEL,
    LIKELY_BOILERPLATE,
    PROMOTION,
    TEASER,
)
from lamella.transforms.extract.dom.tags import HEADINGS, TEXT_BLOCKS
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_TELLING = frozenset((COMMENTS, CONSENT, BOILERPLATE, HEADER, LABEL, LIKELY_BOILERPLATE, PROMOTION, TEASER))
_INVITES = frozenset((TEASER, PROMOTION))
_SURE = frozenset((COMMENTS, CONSENT, BOILERPLATE))


def main_elements(tree: BlockTree, limits: "ExtractConfig") -> list[Element]:
    """The elements of the main content, in reading order."""
    figures = tree.within([block.tag == "figure" for block in tree.blocks])
    namesakes = _prose_of_namesakes(tree)
    told = told_under_title(tree, limits)
    content = picture_blocks(tree, limits) | section_blocks(tree) | section_headers(tree)
    marked = [
        (block.hint or block.tag) in _TELLING
        and _is_marked(tree, index, namesakes[index], told, limits)
        and not (block.hint in (LIKELY_BOILERPLATE, PROMOTION) and figure)
        and index not in content
        for index, (block, figure) in enumerate(zip(tree.blocks, figures, strict=True))
    ]
    entries = entries_of(tree, [one and block.hint != TEASER for one, block in zip(marked, tree.blocks, strict=True)], limits)
    if entries and (listed := _list_of(tree, entries, list(marked), limits)):
        return without_repeated_lines(tree, listed)
    for block in () if told else told_promotions(tree, marked):
        marked[block] = False
    spread, headed = is_spread(tree, marked, limits), told_about(tree, limits)
    if spread:
        marked = [one and not _tells(block) for one, block in zip(marked, tree.blocks, strict=True)]
    else:
        marked = [one or other for one, other in zip(marked, invites(tree, headed, limits), strict=True)]
    if tree.blocks[0].prose >= limits.min_article_prose:
        for block in headlines(tree, headed, limits):
            marked[block] = True
    if not told:
        _give_back(tree, marked, limits)
    boilerplate = tree.within(marked)
    prose = prose_left(tree, boilerplate)
    main = main_block(tree, boilerplate, prose, limits)
    if spread and tree.blocks[0].title:  # its sections stand anywhere around the title
        while not tree.blocks[main].title:
            main = tree.blocks[main].parent
        main = content_around(tree, main)
    main = called_main(tree, boilerplate, prose, main, limits)
    if not told and (placed := told_in_place(tree)):  # they are parts of the main content, and choose it in no way
        boilerplate = tree.within([one and index not in placed for index, one in enumerate(marked)])
        prose = prose_left(tree, boilerplate)
    inside = tree.below(main)
    content = [element for element in tree.elements if inside[element.block] and not boilerplate[element.block]]
    core = core_of(tree, prose, main, limits)
    if prose[main] >= limits.min_article_prose and not spread:
        content = without_trailing(tree, content, core, limits)
    lead = lead_of(tree, boilerplate, inside, limits) + content
    first = next((index for index, element in enumerate(tree.elements) if element is lead[0]), 0) if lead else 0
    return cover_before(tree, main, first, limits) + lead + facts_behind(tree, main, boilerplate)


def is_spread(tree: BlockTree, marked: list[bool], limits: "ExtractConfig") -> bool:
    """Whether no block holds much of the prose in paragraphs of its own: a page of sections, as of a service or a product."""
    sure = [one and block.hint in _SURE for one, block in zip(marked, tree.blocks, strict=True)]
    outside = tree.within(sure)
    held: dict[int, int] = {}
    headings = paragraphs = 0
    for element in tree.elements:
        if outside[element.block] or element.media:
            continue
        headings += element.tag in HEADINGS
        if element.words >= limits.min_prose_words and 2 * element.link_letters < len(element.text):
            around = tree.blocks[element.block].parent if tree.blocks[element.block].tag in TEXT_BLOCKS else element.block
            held[around] = held.get(around, 0) + len(element.text)
            paragraphs += 1
    sections = headings >= limits.min_spread_headings * paragraphs > 0
    return sections and max(held.values()) < limits.max_spread_prose * sum(held.values())


def _tells(block: Block) -> bool:
    """What a page of sections says in what would be a teaser or a promotion elsewhere."""
    return block.hint in (TEASER, PROMOTION) and block.prose > 0


def _list_of(tree: BlockTree, entries: list[int], marked: list[bool], limits: "ExtractConfig") -> list[Element]:
    """The elements of a page that is a list: its entries whole, whatever they and the blocks around them are called, and the
    text around them in the block that holds them all. Where they stand in what may be boilerplate and hardly a text is left
    around them: [] for what a menu may hold; of what shows pictures with prices no doubtful name is believed."""
    ends, blocks = tree.ends(), tree.blocks
    for entry in entries:
        at = blocks[entry].parent
        while at > 0 and marked[at]:
            marked[at] = False
            at = blocks[at].parent
        while at > 0:  # an invitation that holds all of them is none
            marked[at] = marked[at] and blocks[at].hint not in _INVITES
            at = blocks[at].parent
        if not _is_post(blocks[entry]):
            for index in range(entry, ends[entry]):
                marked[index] = marked[index] and blocks[index].hint in _SURE
    boilerplate = tree.within(marked)
    main = entries[0]
    while main > 0 and not (main < entries[0] and entries[-1] < ends[main]):
        main = blocks[main].parent
    main = content_around(tree, main)
    inside, of_entry = tree.below(main), [0] * len(blocks)
    for entry in entries:
        of_entry[entry : ends[entry]] = [entry] * (ends[entry] - entry)
    content = [element for element in tree.elements if inside[element.block] and not boilerplate[element.block]]
    said = sum(len(element.text) for element in content)
    if said < limits.min_article_prose and not any(of_entry[element.block] for element in content):
        sure = [one and block.hint in _SURE for one, block in zip(marked, blocks, strict=True)]
        priced = priced_blocks(tree)
        sold = all(blocks[entry].media and priced[entry] for entry in entries)
        return _list_of(tree, entries, sure, limits) if sold and sure != marked else []
    for element in tree.elements:
        element.entry = of_entry[element.block]
    return lead_of(tree, boilerplate, inside, limits) + content


def _is_post(entry: Block) -> bool:
    """Whether an entry says more than it links to: blocks in a post tell who wrote it, those of a card are what it says."""
    return 2 * entry.prose >= entry.letters and 4 * entry.link_letters < entry.letters


def _prose_of_namesakes(tree: BlockTree) -> list[float]:
    """For each block the prose of all blocks of its name: what they say of themselves they say together."""
    sums: dict[tuple[str, str], float] = {}
    for block in tree.blocks:
        if block.hint and block.prose and block.name and tree.blocks[block.parent].name != block.name:
            sums[block.tag, block.name] = sums.get((block.tag, block.name), 0.0) + block.prose
    return [sums.get((block.tag, block.name), block.prose) if block.hint else block.prose for block in tree.blocks]


def _is_marked(tree: BlockTree, index: int, prose: float, told: bool, limits: "ExtractConfig") -> bool:
    """Whether a block is boilerplate by what it says of itself. One that has, with its namesakes, much of the prose is none."""
    block, total = tree.blocks[index], tree.blocks[0].prose
    if index == 0 or block.main:
        return False
    hint = HEADER if block.tag == "header" else block.hint
    if hint == LABEL:
        little = block.prose <= limits.max_label_prose * total and prose <= limits.max_boilerplate_prose * total
        return little and not block.title
    if hint == BOILERPLATE:
        return block.prose <= limits.max_comments_prose * total
    if hint == CONSENT:
        return not block.title and prose <= limits.max_consent_prose * total
    if hint == HEADER:
        named = block.title or (block.headings and not block.link_letters)
        tells = block.prose > HEURISTICS.min_header_prose and block.link_letters < HEURISTICS.max_header_links * block.letters
        return not (named or tells) and block.prose <= limits.max_boilerplate_prose * total
    if hint == TEASER:
        links = block.link_letters > limits.min_teaser_links * block.letters
        return links and prose <= limits.max_boilerplate_prose * total
    if hint in (LIKELY_BOILERPLATE, PROMOTION):
        if hint == PROMOTION and _is_hero(block):
            return False
        if told and hint == LIKELY_BOILERPLATE:
            return 2 * block.code <= block.letters
        return prose <= limits.max_boilerplate_prose * total and 2 * block.code <= block.letters
    return hint == COMMENTS and not block.title and prose <= limits.max_comments_prose * total


def _is_hero(block: Block) -> bool:
    """Whether a block shows the page's title over one picture, and links to nothing."""
    return block.title and block.media == 1 and not block.link_letters


def _give_back(tree: BlockTree, marked: list[bool], limits: "ExtractConfig") -> None:
    """Where too little prose is left, names mean something else on this site: the largest blocks are taken at their prose, each
    with its namesakes. What is surely no content is no loss, but for comments where nearly nothing else is said: a thread."""
    for _ in range(limits.max_given_back):
        boilerplate = tree.within(marked)
        tops = [i for i, out in enumerate(marked) if out and not boilerplate[tree.blocks[i].parent]]
        left = tree.blocks[0].prose - sum(tree.blocks[i].prose for i in tops)
        commented = sum(tree.blocks[i].prose for i in tops if tree.blocks[i].hint == COMMENTS)
        least = max(limits.min_article_prose, HEURISTICS.min_told_beside_comments * commented)
        doubtful = [i for i in tops if tree.blocks[i].hint not in _SURE and tree.blocks[i].prose > 0]
        alone = left < least and not doubtful
        if alone:
            doubtful = [i for i in tops if _may_be_told(tree, i) and tree.blocks[i].prose > 0]
        groups: dict[tuple[str, str], list[int]] = {}
        for i in doubtful:
            block = tree.blocks[i]
            groups.setdefault((block.tag, block.name or str(i)), []).append(i)
        lost = sum(max(tree.blocks[i].prose - tree.blocks[i].link_letters, 0) for i in doubtful)  # a list of links is no loss
        if not doubtful or left >= (least if alone else limits.min_prose_left * (left + lost)):
            return
        for i in max(groups.values(), key=lambda group: sum(tree.blocks[i].prose for i in group)):
            marked[i] = False


def _may_be_told(tree: BlockTree, index: int) -> bool:
    """Whether a block may be what a page that says nothing else is about: comments, which are a thread then; or consent, within
    what holds the page's title and calls itself content: a policy."""
    if tree.blocks[index].hint == COMMENTS:
        return True
    around = content_around(tree, tree.blocks[index].parent)
    return tree.blocks[index].hint == CONSENT and tree.blocks[around].hint == CONTENT and tree.blocks[around].title
