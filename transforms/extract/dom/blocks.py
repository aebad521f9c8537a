"""What a page is made of, before anything is judged: boxes within boxes, and the items of text and media in them."""

from dataclasses import dataclass, field

from lamella.transforms.extract.dom.tags import HEADINGS

_MAX_CARD_PARAGRAPHS = 2  # in one link
_WHOLE = 0.9  # of a block's letters in a link: the block is a link


@dataclass(slots=True)
class Box:
    """A block-level element. Filled while the page is walked, summed once, then read by the rules."""

    tag: str
    parent: int  # index of the box around it; -1 for the root
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
class Item:
    """A block of text, or an image or video in its place."""

    box: int
    position: int
    tag: str
    text: str = ""
    link_letters: int = 0
    words: int = 0
    slanted: bool = False  # all of it in italics or small print
    media: Image | Video | None = None
    link_density: float = 0.0  # link letters a letter
    entry: int = 0  # the box of the entry that it stands in, on a page that is a list of entries
    href: str = ""  # where all links of the block lead, if they lead to one place
    wrapped: bool = False  # the link began in a box around the block's: a card, or it was never closed


@dataclass(slots=True)
class Layout:
    boxes: list[Box] = field(default_factory=lambda: [Box("#root", -1)])
    items: list[Item] = field(default_factory=list)
    title: str = ""  # of the page, as its head has it
    _ends: list[int] = field(default_factory=list)  # as `ends` found it

    def add_up(self, min_prose_words: int) -> None:
        """Sums go from the items to their boxes, and from each box to the one around it."""
        boxes, names = self.boxes, self.title.casefold()
        self._close_links(min_prose_words)
        for item in self.items:
            box = boxes[item.box]
            if item.media:
                box.media += 1
                continue
            box.letters += len(item.text)
            box.link_letters += item.link_letters
            box.prose += prose_letters(item, min_prose_words)
            if item.tag == "pre":
                box.code += len(item.text)
            elif item.tag in HEADINGS:
                box.headings += 1
                box.title = box.title or is_title(item, names)
        for index in range(len(boxes) - 1, 0, -1):
            box = boxes[index]
            parent = boxes[box.parent]
            if box.letters:
                parent.letters += box.letters
                parent.link_letters += box.link_letters
                parent.prose += box.prose
                parent.code += box.code
                parent.headings += box.headings
                parent.title = parent.title or box.title
            parent.media += box.media
            parent.main = parent.main or box.main

    def _close_links(self, min_prose_words: int) -> None:
        """Paragraphs in a row that are one link each, all to one place: the link was never closed, and parsers open it anew in
        each of them. Where it began around them, as a card's does, it takes more paragraphs than a card has."""
        row: list[Item] = []
        for item in [*self.items, None]:
            linked = item is not None and item.media is None and item.link_density > 0 and item.href != ""
            whole = linked and item is not None and item.words >= min_prose_words and item.link_density >= _WHOLE
            if whole and item is not None and row and row[-1].href == item.href:
                row.append(item)
                continue
            if row and len(row) > (_MAX_CARD_PARAGRAPHS if row[-1].wrapped else 1):
                for one in row:
                    one.link_letters, one.link_density = 0, 0.0
            row = [item] if item is not None and linked and (whole or not item.wrapped) else []

    def ends(self) -> list[int]:
        """For each box, the index behind the last one within it: boxes are in document order."""
        if len(self._ends) != len(self.boxes):
            ends = self._ends = list(range(1, len(self.boxes) + 1))
            for index in range(len(ends) - 1, 0, -1):
                parent = self.boxes[index].parent
                if ends[parent] < ends[index]:
                    ends[parent] = ends[index]
        return self._ends

    def below(self, top: int) -> list[bool]:
        """For each box, whether it is `top` or stands within it."""
        end = self.ends()[top]
        return [False] * top + [True] * (end - top) + [False] * (len(self.boxes) - end)


def is_title(item: Item, names: str) -> bool:
    """Whether a heading is the page's: of the first rank, or found in what the page calls itself, in folded case."""
    return item.tag == "h1" or is_named(item, names)


def is_named(item: Item, names: str) -> bool:
    return item.tag in HEADINGS and item.words > 1 and item.text.casefold() in names


def prose_letters(item: Item, min_words: int) -> float:
    """Letters of a block that reads as text; a label, a link or a line of code is not prose, but code is content."""
    if item.tag == "pre":
        return len(item.text) / 2
    if item.words < min_words or 2 * item.link_letters >= len(item.text):
        return 0.0
    return float(len(item.text) - item.link_letters)
