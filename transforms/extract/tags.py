"""Which elements are what: skipped, inline, or the kind of text that stands in them."""

import re
from functools import lru_cache

from transforms.extract.hints import hint_of


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SKIPPED = _words("""
    script style template svg canvas iframe select textarea datalist button input frameset audio rt rp progress meter
    annotation annotation-xml
""")
INLINE = _words("""
    abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q ruby rb s samp small span strike
    strong sub sup time tt u var wbr slot output math
""")
# The text of a block inside one of these is of its kind; inside others it keeps the kind of what is around it.
TEXT_TAGS = {tag: tag for tag in ("h1", "h2", "h3", "h4", "h5", "h6", "li", "pre", "blockquote", "figcaption", "tr")}
TEXT_TAGS |= {"dt": "li", "dd": "li", "xmp": "pre", "listing": "pre", "section": "p", "article": "p", "aside": "p"}
TAG_HINTS = {
    tag: hint for tag in ("nav", "footer", "aside", "menu", "dialog", "article", "main") if (hint := hint_of(tag, "", "", ""))
}
TEXT_BOXES = _words(
    "p pre blockquote li dt dd ul ol dl figure figcaption table thead tbody tr h1 h2 h3 h4 h5 h6 details summary"
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))

_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CAPTION = re.compile(r"caption|bildunterschrift|legende\b|\bimg-?desc", re.IGNORECASE)
_TEXT_IMAGE = re.compile(r"(?:^|\s)(?:emoji|wp-smiley|latex|tex|mwe-math-fallback-image-inline)(?:\s|$)", re.IGNORECASE)
_SILENT = re.compile(
    r"(?:^|[\s_-])(?:sr-only|visually-?hidden|screen-?reader(?:-text|-only)?|headerlink|header-anchor|anchor-?(?:js-?)?link|permalink"
    r"|mw-editsection|edit-?section|lineno|linenos|line-numbers?-rows)(?:$|[\s_-])",
    re.IGNORECASE,
)


def is_hidden(attributes: dict[str, str | None]) -> bool:
    """Whether the element is not shown. `aria-hidden` counts for icons alone: carousels hide their slides so, too."""
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    style = attributes.get("style")
    return bool(style) and bool(_HIDDEN_STYLE.search(style))


@lru_cache(maxsize=16384)
def is_caption(class_: str) -> bool:
    """Whether an element's class calls it a caption."""
    return bool(_CAPTION.search(class_))


def is_text_image(class_: str) -> bool:
    """Whether an image's class says that it stands for characters: an emoji, a formula."""
    return bool(_TEXT_IMAGE.search(class_))


@lru_cache(maxsize=16384)
def is_silent(class_: str) -> bool:
    """Whether a phrase's class says that readers do not see it, or that it is a handle and not text."""
    return bool(_SILENT.search(class_))
