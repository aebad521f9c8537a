"""The state of one walk: the blocks and elements so far, the text that is open, and what is open around it.

The handlers of `block_tags`, `phrases`, `cells` and `shown` read and write it; `walker` calls them, tag by tag.
"""

from typing import TYPE_CHECKING, Any

from lamella.transforms.extract.dom import tags
from lamella.transforms.extract.dom.blocks import Block, BlockTree, Element, Video
from lamella.transforms.extract.dom.class_heuristics import CONTENT, traits_of, traits_of_tag
from lamella.transforms.extract.dom.head import Head
from lamella.transforms.extract.dom.texts import BREAK, CELL, CELL_EDGE, texts_of
from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

Attributes = dict[str, str | None]
SKIP = object()  # from a handler: the inside of the HTML element is not walked
_new = object.__new__
_MOST_NAMES = INPUT_LIMITS.max_names
_FULL_STOPS = frozenset(".!?…。！？")


class Walk:
    """What handlers read and write, and what more than one of them does to it."""

    __slots__ = (
        *("url", "thorough", "tree", "head", "max_px", "max_url", "max_field", "min_prose_words", "position", "block"),
        *("text_tag", "pieces", "began", "links", "link_letters", "slants", "slanted_letters", "muted", "joined", "codes"),
        *("code_letters", "weak_links", "weak_letters", "link_block", "href_of_text", "wrapped", "heading_texts", "entered"),
        *("named", "buttons", "compared", "held", "row_began", "columned", "controlled", "href", "sources", "video"),
    )

    def __init__(self, url: str, config: "ExtractConfig", thorough: bool = False):
        self.url, self.thorough = url, thorough  # thorough: enters what is hidden or says that it is boilerplate, too
        self.tree, self.head = BlockTree(), Head(url, config.max_url_characters)
        self.max_px, self.max_url, self.max_field = config.max_srcset_px, config.max_url_characters, config.max_field_characters
        self.min_prose_words = config.min_prose_words
        self.position = self.block = 0
        self.text_tag = "p"
        self.pieces: list[str] = []  # of the text that is open
        self.began = self.links = self.link_letters = self.slants = self.slanted_letters = self.muted = self.joined = 0
        self.codes = self.code_letters = 0
        self.weak_links = self.weak_letters = 0  # links within the page, or to nowhere: a menu's, or a text's
        self.link_block = 0  # in which the open link began
        self.href_of_text: str | None = None  # where all links of the open text lead; "" where to several places
        self.wrapped = False  # whether the last of them began in a block around the text
        self.heading_texts = 0  # of the heading that is open
        self.entered = self.named = self.buttons = 0  # boilerplate by tag, by name, and buttons that were looked into
        self.compared = 0  # hidden HTML elements that were compared with their twins
        self.held = False  # a button that was passed by held blocks: it may never have been closed
        self.row_began = False  # the table row that is open had a cell
        self.columned = 0  # the block of the last table that had a row of several cells
        self.controlled: set[str] = set()  # ids of what something on the page unfolds
        self.href: str | None = None
        self.sources: list[Attributes] | None = None
        self.video: Video | None = None  # the one that is open

    def leave(self, leave: Any) -> None:
        """Undoes what a handler did when an HTML element began: (block, tag of text) to go back to, or a function."""
        if type(leave) is tuple:
            if self.pieces:
                self.flush()
            self.drop_empty()
            self.block, self.text_tag = leave
        else:
            leave()

    def drop_empty(self) -> None:
        """A block that is left and holds nothing is forgotten, as what judges asks every block: but for the page's main part,
        and for what a heading stands over, where a script may draw."""
        blocks, elements = self.tree.blocks, self.tree.elements
        if self.block != len(blocks) - 1 or blocks[-1].hint == CONTENT:
            return
        if not elements or (elements[-1].block != self.block and elements[-1].tag not in tags.HEADINGS):
            blocks.pop()

    def add_text(self, text: str) -> None:
        """A piece of the text that is open."""
        if self.muted:
            return
        self.position += 1
        if not self.pieces:
            self.began = self.position
        if BREAK in text or CELL in text:
            text = text.replace(BREAK, "").replace(CELL, "")
        self.pieces.append(text)
        if self.links:
            self.link_letters += len(text.strip())
            leads = self.href or ""
            self.href_of_text = leads if self.href_of_text in (None, leads) else ""
            self.wrapped = self.link_block != self.block
        elif self.weak_links:
            self.weak_letters += len(text.strip())
        if self.slants:
            self.slanted_letters += len(text)
        if self.codes:
            self.code_letters += len("".join(text.split()))

    def flush(self) -> None:
        """Ends the text that is open."""
        if not self.pieces:
            return
        edges = self.pieces.count(CELL) if self.text_tag == "tr" else 0
        table = self._table() if edges else -1
        texts = texts_of(self.pieces, self.text_tag == "pre", table == self.columned)
        if texts:
            if table > 0 and CELL_EDGE in texts[0][0]:
                self.columned = table
            share, weak, slanted = 0.0, 0.0, False
            marked = self.link_letters or self.slanted_letters or self.weak_letters
            if marked:
                letters = sum([len(text) for text, _ in texts])
                share, slanted = self.link_letters / letters, self.slanted_letters >= letters
                weak = self.weak_letters / letters
            text_tag = "pre" if self.code_letters and self._is_listing(texts) else self.text_tag
            for text, words in texts:
                tag = self._heading_or_text(text, words) if text_tag in tags.HEADINGS else text_tag
                element = Element(self.block, self.began, tag, text, 0, words, slanted)
                if edges:
                    element.cells = edges + 1
                if marked:
                    said = tag in tags.HEADINGS or (words >= self.min_prose_words and tag != "li")
                    if linked := share if said else share + weak:
                        element.link_letters = min(round(len(text) * linked), len(text))
                        element.link_density = element.link_letters / len(text)
                        element.href, element.wrapped = self.href_of_text or "", self.wrapped
                self.tree.elements.append(element)
        self.pieces.clear()
        self.link_letters = self.slanted_letters = self.weak_letters = self.code_letters = 0
        self.href_of_text = None

    def _table(self) -> int:
        """The block of the table that is open; 0 where there is none."""
        at = self.block
        while at > 0 and self.tree.blocks[at].tag != "table":
            at = self.tree.blocks[at].parent
        return at

    def _is_listing(self, texts: list[tuple[str, int]]) -> bool:
        """Whether code without a link is all that a block says which is no paragraph: a command, and no name."""
        if self.text_tag != "p" or self.link_letters or self.tree.blocks[self.block].tag != "div":
            return False
        if sum(words for _, words in texts) < HEURISTICS.min_command_words:
            return False
        return self.code_letters >= sum(len("".join(piece.split())) for piece in self.pieces if piece != BREAK)

    def _heading_or_text(self, text: str, words: int) -> str:
        """The tag of a text in a heading: a long sentence is a paragraph, and so is prose behind the heading's own line, where
        the heading was never closed."""
        self.heading_texts += 1
        long = words >= HEURISTICS.min_sentence_words and text[-1] in _FULL_STOPS
        return "p" if long or (self.heading_texts > 1 and words >= self.min_prose_words) else self.text_tag

    def open_block(self, tag: str, attributes: Attributes) -> Block:
        blocks = self.tree.blocks
        if attributes:
            role = (attributes["role"] or "")[:_MOST_NAMES] if "role" in attributes else ""
            class_ = (attributes["class"] or "") if "class" in attributes else ""
            id_ = (attributes["id"] or "") if "id" in attributes else ""
            if len(class_) > _MOST_NAMES:
                class_ = class_[:_MOST_NAMES]
            hint, caption = traits_of(tag, role, class_, id_)
        else:
            role = class_ = ""
            hint, caption = traits_of_tag(tag)
        block = _new(Block)  # a walk makes hundreds, and their `__init__` would take as long as the rest of this
        block.tag, block.parent = tag, self.block
        block.hint, block.name = hint, class_
        block.caption, block.main = caption, tag == "main" or role == "main"
        block.letters = block.link_letters = block.headings = block.media = block.code = 0
        block.prose, block.title = 0.0, False
        self.block = len(blocks)
        blocks.append(block)
        return block

    def part_words(self) -> None:
        if self.pieces:
            self.pieces.append(" ")

    def end_line(self) -> None:
        """A `div` within preformatted text is a line of it, and so is a phrase that its style makes one, in any text."""
        if self.pieces and not self.pieces[-1].endswith(("\n", BREAK)):
            self.pieces.append("\n" if self.text_tag == "pre" else BREAK)

    def begin_item_of_code(self) -> None:
        """The space between two items of a list is no line of its own."""
        while len(self.pieces) > 1 and self.pieces[-1].isspace() and self.pieces[-2].endswith("\n"):
            self.pieces.pop()

    def uncode(self) -> None:
        self.codes -= 1

    def unslant(self) -> None:
        self.slants -= 1

    def unmute(self) -> None:
        self.muted -= 1
