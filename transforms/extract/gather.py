"""A tree parsed by lexbor -> its Layout and its Head: one walk, no recursion, and nothing judged.

A block-level element is a box; the text between two edges of boxes is an item, and so is each image or video, in its place.
Depth costs memory, never the stack.
"""

from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from transforms.extract import gather_cells, gather_media, media, tags
from transforms.extract.head import Head
from transforms.extract.hints import BY_NAME, FURNITURE, is_caption, is_silent, traits_of
from transforms.extract.layout import Box, Item, Layout
from transforms.extract.slugs import is_slug
from transforms.extract.texts import BREAK, CELL, blocks_of

Attributes = dict[str, str | None]
Handler = Callable[["Gatherer", LexborNode, Attributes], object]
_SKIP = object()  # the inside of the element is not walked
_LICENCE = '[rel~="license" i][href]'
# Furniture with these inside was perhaps never closed: where it holds the page's prose, it is none.
_CONTENT = "main, [role=main], h1"
_NAVIGATED = f"{_CONTENT}, p"
_WHOLE = frozenset(("html", "body", "main"))  # where these are hidden, scripts show them
_NAME_LETTERS = 4  # a word of so many is no unit of measure: what is raised behind it is a mark


class Gatherer:
    """The state of a walk. Handlers of `gather_media` read and write it, too."""

    def __init__(self, url: str, max_srcset_px: int, thorough: bool = False):
        self.thorough = thorough  # enters what is hidden or says that it is furniture, too
        self.layout, self.head, self.max_px = Layout(), Head(url), max_srcset_px
        self.position = self.box = 0
        self.text_tag = "p"
        self.pieces: list[str] = []  # of the block that is open
        self.began = self.links = self.link_letters = self.slants = self.slanted_letters = self.muted = self.joined = 0
        self.href: str | None = None
        self.sources: list[Attributes] | None = None
        self.video = None

    def walk(self, tree: LexborHTMLParser) -> Layout:
        """Every element and every piece of text below the root, in document order."""
        node, open_nodes, pieces = tree.root, [], self.pieces
        handler_of, block = _HANDLERS.get, Gatherer._block
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
                if leave is not _SKIP:
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
        self.layout.title = self.head.title or self.head.og_title
        return self.layout

    def _styled(self, handler: Handler, node: LexborNode, attributes: Attributes) -> object:
        """An element that may be hidden, or have an image behind it."""
        if tags.is_hidden(attributes) and node.tag not in _WHOLE and not self.thorough:
            return _SKIP
        leave = handler(self, node, attributes)
        if (type(leave) is tuple or handler is Gatherer._a) and leave is not _SKIP:
            gather_media.background(self, attributes)
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

    def _block(self, node: LexborNode, attributes: Attributes) -> object:
        if self.joined:
            return self._part(node, attributes)
        tag = node.tag
        if tag == "div" and self.text_tag == "pre":
            return _SKIP if attributes and is_silent(attributes.get("class") or "") else self._end_line
        if self.pieces:
            self.flush()
        leave = self.box, self.text_tag
        box = self.open_box(tag, attributes)
        if box.hint in BY_NAME and (id_ := attributes.get("id")) and is_slug(node, id_):
            box.hint = traits_of(tag, attributes.get("role") or "", box.name, "")[0]
        if box.hint == FURNITURE and not self.thorough and node.css_first(_NAVIGATED if tag == "nav" else _CONTENT) is None:
            self.box = leave[0]
            return _SKIP
        if tag in tags.TEXT_TAGS:
            self.text_tag = tags.TEXT_TAGS[tag]
        return leave

    def _part(self, node: LexborNode, attributes: Attributes) -> object:
        """A block within a short cell: a part of the row's line."""
        leave = self._phrase(node, attributes)
        if leave is None and self.pieces:
            self.pieces.append(" ")
        return leave

    def _end_line(self) -> None:
        """A `div` within preformatted text is a line of it."""
        if self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces.append("\n")

    def open_box(self, tag: str, attributes: Attributes) -> Box:
        get = attributes.get
        role, class_ = get("role") or "", get("class") or ""
        hint, caption = traits_of(tag, role, class_, get("id") or "")
        box = Box(tag, self.box, hint, class_, caption, tag == "main" or role == "main")
        self.box = len(self.layout.boxes)
        self.layout.boxes.append(box)
        return box

    def _phrase(self, node: LexborNode, attributes: Attributes) -> object:
        if not attributes:
            return None
        class_ = attributes.get("class")
        if class_:
            if is_silent(class_):
                return _SKIP
            if node.tag == "span" and is_caption(class_):
                return self._block(node, attributes)
        return _SKIP if attributes.get("aria-hidden") == "true" else None

    def _formula(self, node: LexborNode, attributes: Attributes) -> object:
        if text := attributes.get("alttext"):
            self.add_text(text)
            return _SKIP
        return None

    def _slant(self, node: LexborNode, attributes: Attributes) -> object:
        if attributes and (leave := self._phrase(node, attributes)) is not None:
            return leave
        self.slants += 1
        return self._unslant

    def _unslant(self) -> None:
        self.slants -= 1

    def _raised(self, node: LexborNode, attributes: Attributes) -> object:
        """A raised mark stands apart from the name before it and the word behind it; a link to a footnote goes."""
        child, following = node.child, node.next
        if child is not None and child.tag == "a" and (child.attributes.get("href") or "").startswith("#"):
            return _SKIP
        before = self.pieces[-1][-_NAME_LETTERS:] if self.pieces else ""
        if len(before) == _NAME_LETTERS and before.isalpha() and (node.text() or "")[:1].isdigit():
            self.pieces.append(" ")
        if following is not None and following.tag == "-text" and (following.text_content or "")[:1].isalpha():
            return lambda: self.pieces and self.pieces.append(" ")
        return None

    # One method for each element that is more than a box or a phrase.

    def _title(self, node: LexborNode, attributes: Attributes) -> object:
        if not self.layout.items and not self.head.title:
            self.head.title = " ".join(" ".join(text for text, _ in blocks_of([node.text() or ""], False)).split())
        return _SKIP

    def _meta(self, node: LexborNode, attributes: Attributes) -> None:
        self.head.add(node.tag, attributes)

    def _a(self, node: LexborNode, attributes: Attributes) -> object:
        class_ = attributes.get("class")
        if (class_ and is_silent(class_)) or attributes.get("aria-hidden") == "true":
            return _SKIP
        before, self.href = self.href, attributes.get("href")
        leads = self.href is not None or not ("name" in attributes or "id" in attributes)  # else it is led to
        self.links += leads

        def leave() -> None:
            self.links -= leads
            self.href = before

        return leave

    def _br(self, node: LexborNode, attributes: Attributes) -> None:
        if self.pieces:
            self.pieces.append(BREAK)

    def _hr(self, node: LexborNode, attributes: Attributes) -> None:
        self.flush()

    def mute(self, node: LexborNode, attributes: Attributes) -> Callable[[], None]:
        """Media count inside, text does not."""
        self.muted += 1
        return self.unmute

    def unmute(self) -> None:
        self.muted -= 1


_STYLED = media.BACKGROUNDS | {"hidden"}
_HANDLERS: dict[str | None, Handler | None] = {  # None: not entered. What is not named here is a box
    **dict.fromkeys((*tags.SKIPPED, "-comment", "-doctype", "-document", None)),
    **dict.fromkeys(tags.INLINE, Gatherer._phrase),
    **dict.fromkeys(tags.SLANTED, Gatherer._slant),
    "sup": Gatherer._raised,
    "math": Gatherer._formula,
    "title": Gatherer._title,
    "meta": Gatherer._meta,
    "link": Gatherer._meta,
    "base": Gatherer._meta,
    "a": Gatherer._a,
    "br": Gatherer._br,
    "hr": Gatherer._hr,
    "td": gather_cells.cell,
    "th": gather_cells.cell,
    "noscript": Gatherer.mute,
    "picture": gather_media.picture,
    "source": gather_media.source,
    "track": gather_media.source,
    "img": gather_media.image,
    "amp-img": gather_media.image,
    "amp-anim": gather_media.image,
    "video": gather_media.video,
    "amp-video": gather_media.video,
    "object": gather_media.embedded,
    "embed": gather_media.embedded,
}
