"""Which HTML elements are what: skipped, inline, or the kind of text that stands in them; and which are not shown."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SKIPPED = _words("""
    style template svg canvas iframe select textarea datalist input frameset audio rt rp progress meter
    annotation annotation-xml mjx-math
""")
INLINE = _words("""
    abbr acronym b bdi bdo big code data del dfn font ins kbd label mark nobr q ruby rb s samp span strike
    strong sub sup time tt u var wbr slot output math mi mn mo ms mtext mrow msup msub msubsup mfrac msqrt mroot mstyle mspace
    mover munder munderover mpadded mphantom semantics mtable mtr mtd mjx-container
""")
SLANTED = frozenset(("em", "i", "small", "cite"))  # inline, too; italics and small print
# What begins a block by HTML's own words. What is not named anywhere here is unknown, and inline, as in HTML.
BLOCKS = _words("""
    html head body address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer
    form h1 h2 h3 h4 h5 h6 header hgroup legend li listing main menu nav ol optgroup option p plaintext pre search section
    summary ul xmp table caption colgroup col thead tbody tfoot tr td th frame noframes
""")
# The text inside one of these is of its kind; inside others it keeps the kind of what is around it.
TEXT_TAGS = {tag: tag for tag in ("h1", "h2", "h3", "h4", "h5", "h6", "li", "pre", "blockquote", "figcaption", "tr")}
TEXT_TAGS |= {"dt": "li", "dd": "li", "xmp": "pre", "listing": "pre", "section": "p", "article": "p", "aside": "p"}
TEXT_BLOCKS = _words(
    "p pre blockquote li dt dd ul ol dl figure figcaption table caption thead tbody tr h1 h2 h3 h4 h5 h6 details summary"
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))

WHOLE = frozenset(("html", "body", "main"))  # where these are hidden, scripts show them
CODE_LINES = frozenset(("div", "li", "p", "tr"))  # within preformatted text each is a line of it
IN_CODE = CODE_LINES | {"ol", "ul", "table", "tbody"}
UNFOLDS = ("aria-controls", "data-target", "data-bs-target")  # name what an HTML element unfolds
FOLDED_ROLES = frozenset(("region", "tabpanel"))
_STREAMED = re.compile(r"S:[0-9a-f]{1,8}")  # a part of the page that a server sends late (React), to be shown when it is there
_BLOCK_STYLE = re.compile(r"display\s*:\s*block", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def is_line(attributes: dict[str, str | None]) -> bool:
    """Whether the style of a phrase makes a line of it."""
    style = attributes.get("style")
    return bool(style) and bool(_BLOCK_STYLE.search(style))


def is_hidden(attributes: dict[str, str | None]) -> bool:
    """Whether the HTML element is not shown. `aria-hidden` counts for icons alone: carousels hide their slides so, too."""
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return not _STREAMED.fullmatch(attributes.get("id") or "")
    style = attributes.get("style")
    if not style or not ("none" in (style := style.lower()) or "hidden" in style):
        return False
    return bool(_HIDDEN_STYLE.search(style))
