"""A tree parsed by lexbor -> its Layout and its Head: one walk, no recursion, and nothing judged.

A block-level element is a box; the text between two edges of boxes is an item, and so is each image or video, in its place.
Depth costs memory, never the stack.
"""

from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from lamella.transforms.extract.dom import addresses, cells, phrases, shown, tags
from lamella.transforms.extract.dom.blocks import Box, Item, Layout
from lamella.transforms.extract.dom.class_heuristics import BY_NAME, FURNITURE, MAX_NAMES, is_silent, traits_of
from lamella.transforms.extract.dom.head import Head
from lamella.transforms.extract.dom.phrases import SKIP
from lamella.transforms.extract.dom.slugs import is_slug
from lamella.transforms.extract.dom.texts import BREAK, CELL, blocks_of

Attributes = dict[str, str | None]
Handler = Callable[["Gatherer", LexborNode, Attributes], object]
_LICENCE = '[rel~="license" i][href]'
# Furniture with these inside was perhaps never closed: where it holds the page's prose, it is none.
_CONTENT = "main, [role=main], h1"
_NAVIGATED = f"{_CONTENT}, p"
_TITLE_LETTERS = 1000  # of the page's, that headings are looked for in
_WHOLE = frozenset(("html", "body", "main"))  # where these are hidden, scripts show them
_MAX_ENTERED = 50  # pieces of furniture that are looked into; one more is entered as it is, and judged by its name


class Gatherer:
    """The state of a walk. The handlers of `gather_phrases`, `gather_cells` and `gather_media` read and write it, too."""

    def __init__(self, url: str, max_srcset_px: int, thorough: bool = False):
        self.thorough = thorough  # enters what is hidden or says that it is furniture, too
        self.layout, self.head, self.max_px = Layout(), Head(url), max_srcset_px
        self.position = self.box = 0
        self.text_tag = "p"
        self.pieces: list[str] = []  # of the block that is open
        self.began = self.links = self.link_letters = self.slants = self.slanted_letters = self.muted = self.joined = 0
        self.entered = 0  # pieces of furniture
        self.href: str | None = None
        self.sources: list[Attributes] | None = None
        self.video = None

    def walk(self, tree: LexborHTMLParser) -> Layout:
        """Every element and every piece of text below the root, in document order."""
        node, open_nodes, pieces = tree.root, [], self.pieces
        handler_of, block = _HANDLERS.get, Gatherer.block
        while node is not None:
            tag = node.tag
            if tag == "-text":
                text = node.text_content
                if text and (pieces or not text.isspace() or self.text_tag == "pre"):
                    self.add_text(text)
            elif (handler := handler_of(tag, block)) is not None:
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
                        self._leave(leave)
            while (following := node.next) is None and open_nodes:
                node, leave = open_nodes.pop()
                if leave is not None:
                    self._leave(leave)
            node = following
        self.flush()
        for found in tree.css(_LICENCE)[:1]:
            self.head.add_licence(found.attributes)
        self.layout.title = (self.head.title or self.head.og_title)[:_TITLE_LETTERS]
        return self.layout

    def _styled(self, handler: Handler, node: LexborNode, attributes: Attributes) -> object:
        """An element that may be hidden, or have an image behind it."""
        if tags.is_hidden(attributes) and node.tag not in _WHOLE and not self.thorough:
            return SKIP
        leave = handler(self, node, attributes)
        if (type(leave) is tuple or handler is phrases.link) and leave is not SKIP:
            shown.background(self, attributes)
        return leave

    def _leave(self, leave: tuple[int, str] | Callable[[], None]) -> None:
        if type(leave) is tuple:
            if self.pieces:
                self.flush()
            self.box, self.text_tag = leave
        else:
            leave()

    def add_text(self, text: str) -> None:
        """A piece of the block that is open."""
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
        if self.slants:
            self.slanted_letters += len(text)

    def flush(self) -> None:
        """Ends the block that is open."""
        if not self.pieces:
            return
        blocks = blocks_of(self.pieces, self.text_tag == "pre")
        if blocks:
            share, slanted = 0.0, False
            if self.link_letters or self.slanted_letters:
                letters = sum([len(text) for text, _ in blocks])
                share, slanted = self.link_letters / letters, self.slanted_letters >= letters
            for text, words in blocks:
                item = Item(self.box, self.began, self.text_tag, text, 0, words, slanted)
                if share:
                    item.link_letters = min(round(len(text) * share), len(text))
                    item.link_density = item.link_letters / len(text)
                self.layout.items.append(item)
        self.pieces.clear()
        self.link_letters = self.slanted_letters = 0

    def block(self, node: LexborNode, attributes: Attributes) -> object:
        if self.joined:
            return self._part(node, attributes)
        tag = node.tag
        if tag == "div" and self.text_tag == "pre":
            return SKIP if attributes and is_silent(attributes.get("class") or "") else self._end_line
        if self.pieces:
            self.flush()
        leave = self.box, self.text_tag
        box = self.open_box(tag, attributes)
        if box.hint in BY_NAME and (id_ := attributes.get("id")) and is_slug(node, id_):
            box.hint = traits_of(tag, (attributes.get("role") or "")[:MAX_NAMES], box.name, "")[0]
        if box.hint == FURNITURE and not self.thorough and not self._holds_content(node, tag):
            self.box = leave[0]
            return SKIP
        if tag in tags.TEXT_TAGS:
            self.text_tag = tags.TEXT_TAGS[tag]
        return leave

    def _holds_content(self, node: LexborNode, tag: str) -> bool:
        if self.entered < _MAX_ENTERED and node.css_first(_NAVIGATED if tag == "nav" else _CONTENT) is None:
            return False
        self.entered += 1
        return True

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

    def open_box(self, tag: str, attributes: Attributes) -> Box:
        get = attributes.get
        role, class_ = (get("role") or "")[:MAX_NAMES], (get("class") or "")[:MAX_NAMES]
        hint, caption = traits_of(tag[:MAX_NAMES], role, class_, (get("id") or "")[:MAX_NAMES])
        box = Box(tag, self.box, hint, class_, caption, tag == "main" or role == "main")
        self.box = len(self.layout.boxes)
        self.layout.boxes.append(box)
        return box

    def _title(self, node: LexborNode, attributes: Attributes) -> object:
        if not self.layout.items and not self.head.title:
            self.head.title = " ".join(" ".join(text for text, _ in blocks_of([node.text() or ""], False)).split())
        return SKIP

    def _meta(self, node: LexborNode, attributes: Attributes) -> None:
        self.head.add(node.tag, attributes)

    def _hr(self, node: LexborNode, attributes: Attributes) -> None:
        self.flush()

    def unslant(self) -> None:
        self.slants -= 1

    def mute(self, node: LexborNode, attributes: Attributes) -> Callable[[], None]:
        """Media count inside, text does not."""
        self.muted += 1
        return self.unmute

    def unmute(self) -> None:
        self.muted -= 1


_STYLED = addresses.BACKGROUNDS | {"hidden"}
_HANDLERS: dict[str | None, Handler | None] = {  # None: not entered. What is not named here is a box
    **dict.fromkeys((*tags.SKIPPED, "-comment", "-doctype", "-document", None)),
    **dict.fromkeys(tags.INLINE, phrases.phrase),
    **dict.fromkeys(tags.SLANTED, phrases.slant),
    "sup": phrases.raised,
    "math": phrases.formula,
    "title": Gatherer._title,
    "meta": Gatherer._meta,
    "link": Gatherer._meta,
    "base": Gatherer._meta,
    "a": phrases.link,
    "br": phrases.line_break,
    "hr": Gatherer._hr,
    "td": cells.cell,
    "th": cells.cell,
    "noscript": Gatherer.mute,
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
