"""What a page is made of, before anything is judged: boxes within boxes, and the items of text and media in them."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Box:
    """A block-level element. Filled while the page is walked; read by `boilerplate`."""

    tag: str
    parent: int  # index of the box around it; -1 for the root
    hint: str = ""  # what its tag, role, class and id say: a key of `hints`
    letters: int = 0  # of all text within
    prose: float = 0.0  # letters that stand in sentences and outside links, within
    heading: bool = False  # it holds an h1
    main: bool = False  # it is, or holds, what the page calls its main content


@dataclass(slots=True)
class Image:
    url: str
    alt: str = ""
    title: str = ""
    description: str = ""
    described_by: str = ""
    caption: str = ""
    width: int = 0
    height: int = 0


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
    letters: int = 0
    link_letters: int = 0
    words: int = 0
    media: Image | Video | None = None

    @property
    def link_density(self) -> float:
        return self.link_letters / self.letters if self.letters else 0.0


@dataclass(slots=True)
class Layout:
    boxes: list[Box] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
