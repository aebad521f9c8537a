"""A tree parsed by lexbor -> its BlockTree and its Head: one walk, no recursion, and nothing judged.

A block-level HTML element is a Block; the text between two edges of blocks is an Element, and so is each image or video, in its
place. Depth costs memory, never the stack.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from lamella.transforms.extract.dom import addresses, cells, phrases, shown, tags
from lamella.transforms.extract.dom.blocks import Block, BlockTree, Element, Video
from lamella.transforms.extract.dom.class_heuristics import (
    BOILERPLATE,
    BY_NAME,
    CONSENT,
    LIKELY_BOILERPLATE,
    is_silent,
    traits_of,
    traits_of_tag,
)
from lamella.transforms.extract.dom.entered import hint_of_form, is_entered
from lamella.transforms.extract.dom.head import Head
from lamella.transforms.extract.dom.phrases import SKIP
from lamella.transforms.extract.dom.slugs import is_slug
from lamella.transforms.extract.dom.texts import BREAK, CELL, one_line, texts_of
from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

Attributes = dict[str, str | None]
Handler = Callable[["Walker", LexborNode, Attributes], object]
_LICENCE = '[rel~="license" i][href]'
_RSL = 'link[rel~="license" i][type="application/rsl+xml" i][href]'
_RSL_TEXT = 'script[type="application/rsl+xml" i]'
_FULL_STOPS = frozenset(".!?…。！？")


class Walker:
    """The state of a walk. The handlers of `phrases`, `cells` and `shown` read and write it, too."""

    def __init__(self, url: str, config: "ExtractConfig", thorough: bool = False):
        self.thorough = thorough  # enters what is hidden or says that it is boilerplate, too
        self.tree, self.head = BlockTree(), Head(url, config.max_url_characters)
        self.max_px, self.max_url, self.max_field = config.max_srcset_px, config.max_url_characters, config.max_field_characters
        self.min_prose_words = config.min_prose_words
        self.position = self.block = 0
        self.text_tag = "p"
        self.pieces: list[str] = []  # of the text that is open
        self.began = self.links = self.link_letters = self.slants = self.slanted_letters = self.muted = self.joined = 0
        self.weak_links = self.weak_letters = 0  # links within the page, or to nowhere: a menu's, or a text's
        self.link_block = 0  # in which the open link began
        self.href_of_text: str | None = None  # where all links of the open text lead; "" where to several places
        self.wrapped = False  # whether the last of them began in a block around the text
        self.heading_texts = 0  # of the heading that is open
        self.entered = self.named = self.buttons = 0  # boilerplate by tag, by name, and buttons that were looked into
        self.row_began = False  # the table row that is open had a cell
        self.controlled: set[str] = set()  # ids of what something on the page unfolds
        self.href: str | None = None
        self.sources: list[Attributes] | None = None
        self.video: Video | None = None  # the one that is open

    def walk(self, tree: LexborHTMLParser) -> BlockTree:
        """Every HTML element and every piece of text below the root, in document order."""
        node, open_nodes, pieces = tree.root, [], self.pieces
        handler_of, unknown = _HANDLERS.get, phrases.unknown
        while node is not None:
            tag = node.tag
            if tag == "-text":
                kept = pieces or self.text_tag == "pre"  # white space is
                if (kept or not node.is_empty_text_node) and (text := node.text_content) and (kept or not text.isspace()):
                    self.add_text(text)
            elif (handler := handler_of(tag, unknown)) is not None:
                self.position += 1
                attributes = node.attributes
                if attributes and not _STYLED.isdisjoint(attributes):
                    leave = self._styled(handler, node, attributes)
                else:
                    leave = handler(self, node, attributes)
                if leave is not SKIP:
                    if (child := node.first_child) is not None:
                        open_nodes.append((node, leave))
                        node = child
                        continue
                    if leave is not None:
                        self.leave(leave)
            while (following := node.next) is None and open_nodes:
                node, leave = open_nodes.pop()
                if leave is not None:
                    self.leave(leave)
            node = following
        self.flush()
        for found in tree.css(_LICENCE)[:1]:
            self.head.add_licence(found.attributes)
        for found in tree.css(_RSL)[:1]:
            self.head.add_rsl(found.attributes)
        self.head.add_rsl_texts(tree.css(_RSL_TEXT))
        self.tree.title = (self.head.title or self.head.og_title)[: INPUT_LIMITS.max_title_letters]
        return self.tree

    def _styled(self, handler: Handler, node: LexborNode, attributes: Attributes) -> object:
        """An HTML element that may be hidden, or have an image behind it, or unfold another one."""
        for name in tags.UNFOLDS:
            if ids := attributes.get(name):
                self.controlled.update(id_.removeprefix("#") for id_ in ids.split()[: INPUT_LIMITS.max_unfolded])
        if tags.is_hidden(attributes) and node.tag not in tags.WHOLE and not self.thorough and not self._is_folded(attributes):
            return SKIP
        leave = handler(self, node, attributes)
        if (type(leave) is tuple or handler is phrases.link) and leave is not SKIP:
            shown.background(self, attributes)
        return leave

    def _is_folded(self, attributes: Attributes) -> bool:
        """Whether a reader can unfold what is hidden: an answer, a tab."""
        return attributes.get("role") in tags.FOLDED_ROLES or (attributes.get("id") or "") in self.controlled

    def leave(self, leave: Any) -> None:
        """Undoes what a handler did when an HTML element began: (block, tag of text) to go back to, or a function."""
        if type(leave) is tuple:
            if self.pieces:
                self.flush()
            self.block, self.text_tag = leave
        else:
            leave()

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

    def flush(self) -> None:
        """Ends the text that is open."""
        if not self.pieces:
            return
        texts = texts_of(self.pieces, self.text_tag == "pre")
        if texts:
            share, weak, slanted = 0.0, 0.0, False
            if self.link_letters or self.slanted_letters or self.weak_letters:
                letters = sum([len(text) for text, _ in texts])
                share, slanted = self.link_letters / letters, self.slanted_letters >= letters
                weak = self.weak_letters / letters
            for text, words in texts:
                tag = self.text_tag
                if tag in tags.HEADINGS:
                    tag = self._heading_or_text(text, words)
                element = Element(self.block, self.began, tag, text, 0, words, slanted)
                said = tag in tags.HEADINGS or (words >= self.min_prose_words and tag != "li")
                linked = share if said else share + weak
                if linked:
                    element.link_letters = min(round(len(text) * linked), len(text))
                    element.link_density = element.link_letters / len(text)
                    element.href, element.wrapped = self.href_of_text or "", self.wrapped
                self.tree.elements.append(element)
        self.pieces.clear()
        self.link_letters = self.slanted_letters = self.weak_letters = 0
        self.href_of_text = None

    def _heading_or_text(self, text: str, words: int) -> str:
        """The tag of a text in a heading: a long sentence is a paragraph, and so is prose behind the heading's own line, where
        the heading was never closed."""
        self.heading_texts += 1
        long = words >= HEURISTICS.min_sentence_words and text[-1] in _FULL_STOPS
        return "p" if long or (self.heading_texts > 1 and words >= self.min_prose_words) else self.text_tag

    def begin_block(self, node: LexborNode, attributes: Attributes) -> object:
        if self.joined:
            return self._part(node, attributes)
        tag = node.tag or ""
        if self.text_tag == "pre" and tag in tags.IN_CODE:
            silent = attributes and is_silent(attributes.get("class") or "")
            return SKIP if silent else self._end_line if tag in tags.CODE_LINES else None
        if self.pieces:
            self.flush()
        leave = self.block, self.text_tag
        block = self.open_block(tag, attributes)
        if block.hint:
            if block.hint in BY_NAME and (id_ := attributes.get("id")) and is_slug(node, id_):
                block.hint = traits_of(tag, (attributes.get("role") or "")[: INPUT_LIMITS.max_names], block.name, "")[0]
            block.hint = hint_of_form(node, block.hint) if tag == "form" else block.hint
            if block.hint in _PASSED and not self.thorough and not is_entered(self, node, tag, block.hint):
                self.block = leave[0]
                return SKIP
        if tag in tags.TEXT_TAGS:
            self.text_tag = tags.TEXT_TAGS[tag]
            self.heading_texts = 0
        if tag == "tr":
            self.row_began = False
        return leave

    def _part(self, node: LexborNode, attributes: Attributes) -> object:
        """A block within a short cell: a part of the row's line."""
        leave = phrases.phrase(self, node, attributes)
        if leave is not None:
            return leave
        self.part_words()
        return self.part_words

    def part_words(self) -> None:
        if self.pieces:
            self.pieces.append(" ")

    def _end_line(self) -> None:
        """A `div` within preformatted text is a line of it."""
        if self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces.append("\n")

    def open_block(self, tag: str, attributes: Attributes) -> Block:
        blocks, most = self.tree.blocks, INPUT_LIMITS.max_names
        if attributes:
            get = attributes.get
            role, class_, id_ = get("role") or "", get("class") or "", get("id") or ""
            if len(class_) > most or len(id_) > most or len(role) > most:
                role, class_, id_ = role[:most], class_[:most], id_[:most]
            hint, caption = traits_of(tag[:most], role, class_, id_)
            block = Block(tag, self.block, hint, class_, caption, tag == "main" or role == "main")
        else:  # nearly half of all blocks: there is nothing to read
            hint, caption = traits_of_tag(tag[:most])
            block = Block(tag, self.block, hint, "", caption, tag == "main")
        self.block = len(blocks)
        blocks.append(block)
        return block

    def _title(self, node: LexborNode, attributes: Attributes) -> object:
        if not self.tree.elements and not self.head.title:
            self.head.title = one_line((node.text() or "")[: self.max_field])
        return SKIP

    def _meta(self, node: LexborNode, attributes: Attributes) -> None:
        self.head.add(node.tag or "", attributes)

    def _hr(self, node: LexborNode, attributes: Attributes) -> None:
        self.flush()

    def unslant(self) -> None:
        self.slants -= 1

    def mute(self, node: LexborNode, attributes: Attributes) -> Callable[[], None] | None:
        """Media count inside, text does not, but where the page shows nothing else."""
        if self.thorough:
            return None
        self.muted += 1
        return self.unmute

    def unmute(self) -> None:
        self.muted -= 1


_PASSED = frozenset((BOILERPLATE, LIKELY_BOILERPLATE, CONSENT))  # boilerplate that is not entered where nothing stands in it
_STYLED = addresses.BACKGROUNDS | {"hidden", *tags.UNFOLDS}
_HANDLERS: dict[str | None, Handler | None] = {  # None: not entered. What is not named here is a block
    **dict.fromkeys((*tags.SKIPPED, "-comment", "-doctype", "-document", None)),
    **dict.fromkeys(tags.INLINE, phrases.phrase),
    **dict.fromkeys(tags.SLANTED, phrases.slant),
    "sup": phrases.raised,
    "math": phrases.formula,
    "title": Walker._title,
    "meta": Walker._meta,
    "link": Walker._meta,
    "base": Walker._meta,
    **dict.fromkeys(tags.BLOCKS, Walker.begin_block),
    "a": phrases.link,
    "sub": phrases.lowered,
    "script": phrases.script,
    "button": phrases.button,
    "br": phrases.line_break,
    "hr": Walker._hr,
    "td": cells.cell,
    "th": cells.cell,
    "noscript": Walker.mute,
    "picture": shown.picture,
    "source": shown.source,
    "track": shown.source,
    "img": shown.image,
    "amp-img": shown.image,
    "amp-anim": shown.image,
    "video": shown.video,
    "amp-video": shown.video,
    "object": shown.embedded,
    "embed": shown.embedded,
}
