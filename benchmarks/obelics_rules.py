"""HTML -> blocks by OBELICS' published rules, written anew: its simplification of the DOM, its ways to name an image.

What it does not look into is as published: figure, picture, captions, lists, tables and code are stripped with all that
is in them; references are joined to the site's root; `<base>` and `srcset` candidates are not resolved.
Node rules that need a language's word lists are left out: they would take text away that the gold asks for.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from benchmarks.extraction_gold import Block

_STRIPPED = [
    "script",
    "style",
    "noscript",
    "template",
    "head",
    "nav",
    "header",
    "footer",
    "aside",
    "form",
    "button",
    "input",
    "select",
    "option",
    "textarea",
    "menu",
    "dialog",
    "figure",
    "picture",
    "figcaption",
    "li",
    "table",
    "pre",
    "code",
    "svg",
    "canvas",
    "iframe",
    "object",
    "embed",
    "audio",
]
_TEXT_TAGS = re.compile(r"p|h[1-6]|div|section|article|main|body|blockquote|center|dl|dt|dd|address|summary|title")
_SOURCES = (
    "src",
    "data-src",
    "data-src-fg",
    "data-scroll-image",
    "srcset",
    "data-lateloadsrc",
    "data-img-src",
    "data-original",
    "data-gt-lazy-src",
    "data-lazy",
    "data-lazy-src",
    "src2",
)
_NO_CONTENT = ("logo", "button", "icon", "plugin", "widget", "porn", "xxx", "sex")
_MIN_WORDS, _MAX_WORDS = 4, 1000


def obelics_blocks(html: str, url: str) -> list[Block]:
    tree = LexborHTMLParser(html)
    tree.strip_tags(_STRIPPED)
    return [block for block in _blocks(tree.body, url) if block.image or _MIN_WORDS <= len(block.text.split()) <= _MAX_WORDS]


def _blocks(body: LexborNode | None, url: str) -> Iterator[Block]:
    pieces: list[str] = []
    for node in body.traverse(include_text=True) if body else ():
        tag = node.tag or ""
        if tag == "-text":
            pieces.append(node.text_content or "")
            continue
        if (_TEXT_TAGS.fullmatch(tag) or tag == "img") and (text := " ".join("".join(pieces).split())):
            yield Block(text=text)
            pieces = []
        if tag == "img" and (image := _image(node, url)):
            yield Block(image=image)
    if text := " ".join("".join(pieces).split()):
        yield Block(text=text)


def _image(node: LexborNode, url: str) -> str:
    source = next((value for name in _SOURCES if (value := node.attributes.get(name))), "").strip()
    if not source or source.startswith("data:") or any(word in source.lower() for word in _NO_CONTENT):
        return ""
    if source.startswith("//"):
        return "http:" + source
    if source.startswith(("http://", "https://")):
        return source
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{source.lstrip('/')}"
