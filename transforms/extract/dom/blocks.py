"""What a page is made of, before anything is judged: blocks within blocks, and the elements of text and media in them."""

from dataclasses import dataclass, field

from lamella.transforms.extract.dom.tags import HEADINGS
from lamella.transforms.extract.heuristics import HEURISTICS


@dataclass(slots=True)
class Block:
    """A block-level HTML element. Filled while the page is walked, summed once, then read by the rules."""

    tag: str
    parent: int  # index of the block around it; -1 for the root
    hint: str = ""  # what its tag, role, class and id say: a word of `hints`
    name: str = ""  # its class: siblings of one name repeat one thing
    caption: bool = False  # it says that it is the caption of a picture
    main: bool = False  # it is, or holds, what the page calls its main content
    # Of all that is within:
    letters: int = 0
    link_letters: int = 0
    prose: float = 0.0  # letters that stand in sentences and outside links
    title: bool = False  # the page's
    headings: int = 0
    media: int = 0  # images and videos
    code: int = 0  # letters that stand in `pre`


@dataclass(slots=True)
class Image:
    url: str
    alt: str = ""
    title: str = ""
    description: str = ""
    described_by: str = ""
    unscripted: bool = False  # from a `noscript`
    caption: str = ""
    width: int = 0
    height: int = 0
    linked: bool = False  # it leads to another page
    of_site: bool = False  # its class or id calls it a logo or an avatar
    smaller: tuple[str, ...] = ()  # references at which the page itself shows it, where `url` is a larger one
    other_sizes: list[str] = field(default_factory=list)  # addresses of the same picture that were found, and left for this one


@dataclass(slots=True)
class Video:
    url: str = ""
    caption: str = ""
    track: str = ""
    poster: str = ""
    width: int = 0
    height: int = 0


@dataclass(slots=True)
class Element:
    """A text without a block's edge in it, or an image or video in its place."""

    block: int
    position: int
    tag: str
    text: str = ""
    link_letters: int = 0
    words: int = 0
    slanted: bool = False  # all of it in italics or small print
    media: Image | Video | None = None
    link_density: float = 0.0  # link letters a letter
    entry: int = 0  # the block of the entry that it stands in, on a page that is a list of entries
    href: str = ""  # where all links of the text lead, if they lead to one place
    wrapped: bool = False  # the link began in a block around its own: a card, or it was never closed
    cells: int = 0  # of a table's row, if it has several


@dataclass(slots=True)
class BlockTree:
    blocks: list[Block] = field(default_factory=lambda: [Block("#root", -1)])
    elements: list[Element] = field(default_factory=list)
    title: str = ""  # of the page, as its head has it
    thread: bool = False  # the page declares that it is a thread of a forum
    _ends: list[int] = field(default_factory=list)  # as `ends` found it

    def add_up(self, min_prose_words: int) -> None:
        """Sums go from the elements to their blocks, and from each block to the one around it."""
        blocks, names = self.blocks, self.title.casefold()
        self._close_links(min_prose_words)
        for element in self.elements:
            block = blocks[element.block]
            if element.media:
                block.media += 1
                continue
            block.letters += len(element.text)
            block.link_letters += element.link_letters
            block.prose += prose_letters(element, min_prose_words)
            if element.tag == "pre":
                block.code += len(element.text)
            elif element.tag in HEADINGS:
                block.headings += 1
                block.title = block.title or is_title(element, names)
        for index in range(len(blocks) - 1, 0, -1):
            block = blocks[index]
            parent = blocks[block.parent]
            if block.letters:
                parent.letters += block.letters
                parent.link_letters += block.link_letters
                parent.prose += block.prose
                parent.code += block.code
                parent.headings += block.headings
                parent.title = parent.title or block.title
            if block.media:
                parent.media += block.media
            if block.main:
                parent.main = True

    def _close_links(self, min_prose_words: int) -> None:
        """Paragraphs in a row that are one link each, all to one place: the link was never closed, and parsers open it anew in
        each of them. Where it began around them, as a card's does, it takes more paragraphs than a card has."""
        row: list[Element] = []
        for element in [*self.elements, None]:
            if not row and (element is None or not element.href):
                continue
            linked = element is not None and element.media is None and element.link_density > 0 and element.href != ""
            whole = (
                linked
                and element is not None
                and element.words >= min_prose_words
                and element.link_density >= HEURISTICS.min_whole_link
            )
            if whole and element is not None and row and row[-1].href == element.href:
                row.append(element)
                continue
            if row and len(row) > (HEURISTICS.max_card_paragraphs if row[-1].wrapped else 1):
                for one in row:
                    one.link_letters, one.link_density = 0, 0.0
            row = [element] if element is not None and linked and (whole or not element.wrapped) else []

    def ends(self) -> list[int]:
        """For each block, the index behind the last one within it: blocks are in document order."""
        if len(self._ends) != len(self.blocks):
            ends = self._ends = list(range(1, len(self.blocks) + 1))
            for index in range(len(ends) - 1, 0, -1):
                parent = self.blocks[index].parent
                if ends[parent] < ends[index]:
                    ends[parent] = ends[index]
        return self._ends

    def within(self, tops: list[bool]) -> list[bool]:
        """For each block, whether it is one of `tops`, or stands within one."""
        out, ends, at = list(tops), self.ends(), 0
        while True:
            try:
                at = tops.index(True, at)
            except ValueError:
                return out
            end = ends[at]
            out[at:end] = [True] * (end - at)
            at = end

    def below(self, top: int) -> list[bool]:
        """For each block, whether it is `top` or stands within it."""
        end = self.ends()[top]
        return [False] * top + [True] * (end - top) + [False] * (len(self.blocks) - end)


def is_title(element: Element, names: str) -> bool:
    """Whether a heading is the page's: of the first rank, or found in what the page calls itself, in folded case."""
    return element.tag == "h1" or is_named(element, names)


def is_named(element: Element, names: str) -> bool:
    return element.tag in HEADINGS and element.words > 1 and element.text.casefold() in names


def prose_letters(element: Element, min_words: int) -> float:
    """Letters of a text that reads as one; a label, a link or a line of code is not prose, but code is content."""
    if element.tag == "pre":
        return len(element.text) / 2
    if element.words < min_words or 2 * element.link_letters >= len(element.text):
        return 0.0
    return float(len(element.text) - element.link_letters)
