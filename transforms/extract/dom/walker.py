"""A page parsed by lexbor -> its BlockTree and its Head: one walk, no recursion, and nothing judged.

A block-level HTML element is a Block; the text between two edges of blocks is an Element, and so is each image or video, in its
place. Depth costs memory, never the stack.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser, LexborNode

from lamella.transforms.extract.dom import addresses, block_tags, cells, phrases, shown, tags
from lamella.transforms.extract.dom.texts import one_line
from lamella.transforms.extract.dom.walk import SKIP, Attributes, Walk
from lamella.transforms.extract.input_limits import INPUT_LIMITS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

Handler = Callable[[Walk, LexborNode, Attributes], object]
_LICENCE = '[rel~="license" i][href]'
_RSL = 'link[rel~="license" i][type="application/rsl+xml" i][href]'
_RSL_TEXT = 'script[type="application/rsl+xml" i]'


def walk_page(dom: LexborHTMLParser, url: str, config: "ExtractConfig", thorough: bool = False) -> Walk:
    """Every HTML element and every piece of text below the root, in document order."""
    walk = Walk(url, config, thorough)
    node, open_nodes, pieces = dom.root, [], walk.pieces
    handler_of, unknown = _HANDLERS.get, phrases.unknown
    while node is not None:
        tag = node.tag
        if tag == "-text":
            kept = pieces or walk.text_tag == "pre"  # white space is
            if (kept or not node.is_empty_text_node) and (text := node.text_content) and (kept or not text.isspace()):
                walk.add_text(text)
        elif (handler := handler_of(tag, unknown)) is not None:
            walk.position += 1
            attributes = node.attributes
            if attributes and not _STYLED.isdisjoint(attributes):
                leave = _styled(walk, handler, node, attributes)
            else:
                leave = handler(walk, node, attributes)
            if leave is not SKIP:
                if (child := node.first_child) is not None:
                    open_nodes.append((node, leave))
                    node = child
                    continue
                if leave is not None:
                    walk.leave(leave)
        while (following := node.next) is None and open_nodes:
            node, leave = open_nodes.pop()
            if leave is not None:
                walk.leave(leave)
        node = following
    walk.flush()
    for found in dom.css(_LICENCE)[:1]:
        walk.head.add_licence(found.attributes)
    for found in dom.css(_RSL)[:1]:
        walk.head.add_rsl(found.attributes)
    walk.head.add_rsl_texts(dom.css(_RSL_TEXT))
    walk.tree.title = (walk.head.title or walk.head.og_title)[: INPUT_LIMITS.max_title_letters]
    return walk


def _styled(walk: Walk, handler: Handler, node: LexborNode, attributes: Attributes) -> object:
    """An HTML element that may be hidden, or have an image behind it, or unfold another one."""
    for name in tags.UNFOLDS:
        if ids := attributes.get(name):
            walk.controlled.update(id_.removeprefix("#") for id_ in ids.split()[: INPUT_LIMITS.max_unfolded])
    if tags.is_hidden(attributes) and node.tag not in tags.WHOLE and not walk.thorough and not _is_folded(walk, attributes):
        return SKIP
    leave = handler(walk, node, attributes)
    if (type(leave) is tuple or handler is phrases.link) and leave is not SKIP:
        shown.background(walk, attributes)
    return leave


def _is_folded(walk: Walk, attributes: Attributes) -> bool:
    """Whether a reader can unfold what is hidden: an answer, a tab."""
    return attributes.get("role") in tags.FOLDED_ROLES or (attributes.get("id") or "") in walk.controlled


def _title(walk: Walk, node: LexborNode, attributes: Attributes) -> object:
    if not walk.tree.elements and not walk.head.title:
        walk.head.title = one_line((node.text() or "")[: walk.max_field])
    return SKIP


def _meta(walk: Walk, node: LexborNode, attributes: Attributes) -> None:
    walk.head.add(node.tag or "", attributes)


def _hr(walk: Walk, node: LexborNode, attributes: Attributes) -> None:
    walk.flush()


_STYLED = addresses.BACKGROUNDS | {"hidden", *tags.UNFOLDS}
_HANDLERS: dict[str | None, Handler | None] = {  # None: not entered. What is not named here, HTML does not know
    **dict.fromkeys((*tags.SKIPPED, "-comment", "-doctype", "-document", None)),
    **dict.fromkeys(tags.INLINE, phrases.phrase),
    **dict.fromkeys(tags.SLANTED, phrases.slant),
    "sup": phrases.raised,
    "math": phrases.formula,
    "title": _title,
    "meta": _meta,
    "link": _meta,
    "base": _meta,
    **dict.fromkeys(tags.BLOCKS, block_tags.begin_block),
    "a": phrases.link,
    "sub": phrases.lowered,
    "script": phrases.script,
    "button": phrases.button,
    "br": phrases.line_break,
    "hr": _hr,
    "td": cells.cell,
    "th": cells.cell,
    "noscript": shown.unscripted,
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
