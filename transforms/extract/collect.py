"""The visitor that turns a walk through a page into its Layout: boxes, blocks of text and media in them."""

from collections.abc import Callable

from transforms.extract import media, tags
from transforms.extract.head import Head
from transforms.extract.hints import hint_of
from transforms.extract.layout import Box, Image, Item, Layout, Video
from transforms.extract.texts import BREAK, CELL, blocks_of, word_count

Attributes = dict[str, str | None]
_PROSE_WORDS = 8  # a block from here on is prose, not a label
_LONG_CELL = 300  # characters
_MAX_CAPTION = 2000  # characters; what is longer and called a caption is none


class Collector:
    """See `dom.Visitor`. Every element that is entered pushes what is to be done when it is left."""

    def __init__(self, url: str, max_srcset_px: int):
        self.layout = Layout(boxes=[Box(tag="#root", parent=-1)])
        self.head = Head(url)
        self._max_px = max_srcset_px
        self._leave: list[Callable[[], None] | tuple[int, str, int, str] | None] = []
        self._position = 0
        self._box, self._text_tag, self._links = 0, "p", 0
        self._pieces: list[str] = []
        self._began, self._link_letters, self._muted = 0, 0, 0
        self._href: str | None = None
        self._sources: list[Attributes] | None = None
        self._video: Video | None = None

    def enter(self, tag: str, attributes: Attributes) -> bool:
        self._position += 1
        if tag in tags.INLINE and not attributes:
            self._leave.append(None)
            return True
        if tag in tags.SKIPPED or (attributes and tags.is_hidden(attributes)):
            return False
        if tag in tags.INLINE:
            return self._inline(tag, attributes)
        if handler := _HANDLERS.get(tag):
            return handler(self, tag, attributes)
        self._block(tag, attributes)
        return True

    def text(self, text: str) -> None:
        if self._muted:
            return
        self._position += 1
        if BREAK in text or CELL in text:
            text = text.replace(BREAK, "").replace(CELL, "")
        if not self._pieces:
            if self._text_tag != "pre" and text.isspace():
                return
            self._began = self._position
        self._pieces.append(text)
        if self._links:
            self._link_letters += len(text.strip())

    def leave(self, tag: str) -> None:
        action = self._leave.pop()
        if type(action) is tuple:
            self._leave_block(*action)
        elif action is not None:
            action()

    def finish(self) -> Layout:
        """The layout, complete: text that was still open is closed, and sums go up from box to box."""
        self._flush()
        boxes = self.layout.boxes
        for item in self.layout.items:
            box = boxes[item.box]
            box.letters += item.letters
            box.prose += _prose(item)
            box.heading = box.heading or item.tag == "h1"
        for index in range(len(boxes) - 1, 0, -1):
            box, parent = boxes[index], boxes[boxes[index].parent]
            parent.letters += box.letters
            parent.prose += box.prose
            parent.heading = parent.heading or box.heading
            parent.main = parent.main or box.main
        return self.layout

    def _flush(self) -> None:
        if not self._pieces:
            return
        blocks = blocks_of(self._pieces, self._text_tag == "pre")
        letters = sum(map(len, blocks))
        for text in blocks:
            share = len(text) / letters
            self.layout.items.append(
                Item(
                    box=self._box,
                    position=self._began,
                    tag=self._text_tag,
                    text=text,
                    letters=len(text),
                    link_letters=min(round(self._link_letters * share), len(text)),
                    words=word_count(text),
                )
            )
        self._pieces, self._link_letters = [], 0

    def _block(self, tag: str, attributes: Attributes) -> None:
        if self._pieces:
            self._flush()
        boxes, hint, captions = self.layout.boxes, tags.TAG_HINTS.get(tag, ""), tag == "figure"
        before = self._box
        if attributes:
            class_ = attributes.get("class") or ""
            hint = hint_of(tag, attributes.get("role") or "", class_, attributes.get("id") or "")
            captions = captions or (class_ != "" and tags.is_caption(class_))
        self._leave.append((before, self._text_tag, len(self.layout.items) if captions else -1, tag))
        boxes.append(Box(tag=tag, parent=before, hint=hint, main=tag == "main" or attributes.get("role") == "main"))
        self._box = len(boxes) - 1
        self._text_tag = tags.TEXT_TAGS.get(tag, self._text_tag)
        style = attributes.get("style")
        if style and "url(" in style and (url := media.background_url(style, self.head.base)):
            self._image(url, attributes)

    def _leave_block(self, before: int, text_tag: str, first: int, tag: str) -> None:
        if self._pieces:
            self._flush()
        self._box, self._text_tag = before, text_tag
        if first >= 0:
            self._caption(first, tag)

    def _inline(self, tag: str, attributes: Attributes) -> bool:
        class_ = attributes.get("class") or ""
        if attributes.get("aria-hidden") == "true" or (class_ and tags.is_silent(class_)):
            return False
        if class_ and tag == "span" and tags.is_caption(class_):
            self._block("div", attributes)
            return True
        if tag == "math" and (text := attributes.get("alttext")):
            self.text(text)
            return False
        self._leave.append(None)
        return True

    def _caption(self, first: int, tag: str) -> None:
        """What stands in a figure, or is called a caption, is said of the media in it or just before it."""
        items = self.layout.items
        shown = [item.media for item in items[first:] if item.media]
        texts = [item.text for item in items[first:] if item.text and (tag != "figure" or item.tag == "figcaption")]
        caption = "\n".join(texts)
        if not caption or len(caption) > _MAX_CAPTION:
            return
        if tag != "figure" and shown:
            return  # a frame around a picture and its caption; the caption within has spoken
        if tag != "figure":
            for item in items[first:]:
                item.tag = "figcaption"
            shown = [items[first - 1].media] if first and items[first - 1].media else []
        for medium in shown:
            if isinstance(medium, Video) or not medium.caption:  # a video's title gives way to its caption
                medium.caption = caption

    # One method for each element that is more than a box or a phrase: True where its inside is walked.

    def _title(self, tag: str, attributes: Attributes) -> bool:
        if self.layout.items or self.head.title:
            return False
        kept, self._pieces = self._pieces, []

        def leave() -> None:
            self.head.title = " ".join(blocks_of(self._pieces, False)).replace("\n", " ")
            self._pieces, self._link_letters = kept, 0

        self._leave.append(leave)
        return True

    def _meta(self, tag: str, attributes: Attributes) -> bool:
        self.head.add(tag, attributes)
        self._leave.append(None)
        return True

    def _a(self, tag: str, attributes: Attributes) -> bool:
        if tags.is_silent(attributes.get("class") or "") or attributes.get("aria-hidden") == "true":
            return False
        self.head.add(tag, attributes)
        before, self._href = self._href, attributes.get("href")
        self._links += 1
        style = attributes.get("style")
        if style and "url(" in style and (url := media.background_url(style, self.head.base)):
            self._image(url, attributes)

        def leave() -> None:
            self._links -= 1
            self._href = before

        self._leave.append(leave)
        return True

    def _br(self, tag: str, attributes: Attributes) -> bool:
        if self._pieces:
            self._pieces.append(BREAK)
        self._leave.append(None)
        return True

    def _hr(self, tag: str, attributes: Attributes) -> bool:
        self._flush()
        self._leave.append(None)
        return True

    def _cell(self, tag: str, attributes: Attributes) -> bool:
        """A cell goes on with its row's line; one that is long is a column of the page's layout, and stands for itself."""
        if self._pieces:
            self._pieces.append(CELL)
        hint = hint_of(tag, attributes.get("role") or "", attributes.get("class") or "", attributes.get("id") or "")
        before, began, links = self._box, len(self._pieces), self._link_letters
        self.layout.boxes.append(Box(tag=tag, parent=before, hint=hint))
        self._box = inner = len(self.layout.boxes) - 1

        def leave() -> None:
            cell = self._pieces[began:]
            if sum(map(len, cell)) > _LONG_CELL:
                own = self._link_letters - links
                self._pieces, self._link_letters = self._pieces[:began], links
                self._box = before
                self._flush()
                self._pieces, self._link_letters, self._box = cell, own, inner
                row_tag, self._text_tag = self._text_tag, "p"
                self._flush()
                self._text_tag = row_tag
            self._box = before

        self._leave.append(leave)
        return True

    def _noscript(self, tag: str, attributes: Attributes) -> bool:
        return self._mute()

    def _mute(self) -> bool:
        self._muted += 1

        def leave() -> None:
            self._muted -= 1

        self._leave.append(leave)
        return True

    def _picture(self, tag: str, attributes: Attributes) -> bool:
        before, self._sources = self._sources, []

        def leave() -> None:
            self._sources = before

        self._leave.append(leave)
        return True

    def _source(self, tag: str, attributes: Attributes) -> bool:
        if self._video is not None:
            media.add_source(self._video, tag, attributes, self.head.base)
        elif self._sources is not None and tag == "source":
            self._sources.append(attributes)
        self._leave.append(None)
        return True

    def _img(self, tag: str, attributes: Attributes) -> bool:
        alt = attributes.get("alt") or ""
        if alt and tags.is_text_image(attributes.get("class") or ""):
            self.text(alt)
            return False
        size = media.size_of(attributes)
        url = media.image_url(attributes, self._sources or [], self.head.base, self._max_px)
        if self._href:
            url = media.linked_image(self._href, url, size, self.head.base)
        if url and not media.is_tracker(url, size, attributes):
            self._image(url, attributes)
        return False

    def _image(self, url: str, attributes: Attributes) -> None:
        last = self.layout.items[-1].media if self.layout.items and not self._pieces else None
        if isinstance(last, Image) and (last.url == url or (self._muted and last.alt == _attribute(attributes, "alt"))):
            return  # the copy for browsers without scripts
        self._flush()
        width, height = media.size_of(attributes)
        image = Image(
            url=url,
            alt=_attribute(attributes, "alt"),
            title=_attribute(attributes, "title"),
            description=_attribute(attributes, "aria-label"),
            described_by=attributes.get("aria-describedby") or "",
            width=width,
            height=height,
        )
        self.layout.items.append(Item(box=self._box, position=self._position, tag="img", media=image))

    def _video_element(self, tag: str, attributes: Attributes) -> bool:
        if self._video is not None:
            return False
        self._flush()
        width, height = media.size_of(attributes)
        video = Video(
            caption=_attribute(attributes, "title") or _attribute(attributes, "aria-label"), width=width, height=height
        )
        media.add_source(video, tag, attributes, self.head.base)
        self._video = video
        box, position = self._box, self._position
        at = len(self.layout.items)
        self._muted += 1

        def leave() -> None:
            self._muted -= 1
            self._video = None
            if video.url:
                self.layout.items.insert(at, Item(box=box, position=position, tag="video", media=video))

        self._leave.append(leave)
        return True

    def _object(self, tag: str, attributes: Attributes) -> bool:
        kind, url = media.object_url(attributes, self.head.base)
        if kind == "image":
            self._image(url, attributes)
            return False
        if kind == "video":
            self._flush()
            width, height = media.size_of(attributes)
            video = Video(url=url, caption=_attribute(attributes, "title"), width=width, height=height)
            self.layout.items.append(Item(box=self._box, position=self._position, tag="video", media=video))
            return False
        self._leave.append(None)
        return True


def _attribute(attributes: Attributes, name: str) -> str:
    value = attributes.get(name)
    return " ".join(" ".join(blocks_of([value], False)).split()) if value else ""


def _prose(item: Item) -> float:
    """Letters of a block that reads as text; a label, a link or a line of code is not prose, but code is content."""
    if item.tag == "pre":
        return item.letters / 2
    return float(item.letters - item.link_letters) if item.words >= _PROSE_WORDS and item.link_density < 0.5 else 0.0


_HANDLERS: dict[str, Callable[[Collector, str, Attributes], bool]] = {
    "title": Collector._title,
    "meta": Collector._meta,
    "link": Collector._meta,
    "base": Collector._meta,
    "a": Collector._a,
    "area": Collector._meta,
    "br": Collector._br,
    "hr": Collector._hr,
    "td": Collector._cell,
    "th": Collector._cell,
    "noscript": Collector._noscript,
    "picture": Collector._picture,
    "source": Collector._source,
    "track": Collector._source,
    "img": Collector._img,
    "amp-img": Collector._img,
    "amp-anim": Collector._img,
    "video": Collector._video_element,
    "amp-video": Collector._video_element,
    "object": Collector._object,
    "embed": Collector._object,
}
