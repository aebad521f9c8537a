"""A page parsed by lexbor -> its BlockTree and its Head: one walk, no recursion, and nothing judged.

A block-level HTML element is a Block; the text between two edges of blocks is an Element, and so is each image or video, in its
place. Depth costs memory, never the stack.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser, LexborNode, create_tag

from lamella.transforms.extract.dom import addresses, block_tags, cells, phrases, shown, tags
from lamella.transforms.extract.dom.folded import is_folded
from lamella.transforms.extract.dom.texts import one_line
from lamella.transforms.extract.dom.walk import SKIP, Attributes, Walk
from lamella.transforms.extract.input_limits import INPUT_LIMITS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

Handler = Callable[[Walk, LexborNode, str, Attributes], object]


def walk_page(dom: LexborHTMLParser, url: str, config: "ExtractConfig", thorough: bool = False) -> Walk:
    """Every HTML element and every piece of text below the root, in document order."""
    walk = Walk(url, config, thorough)
    node, open_nodes, pieces = dom.root, [], walk.pieces
    blocks = walk.tree.blocks
    while node is not None:
        tag_id, leave = node.tag_id, SKIP
        if tag_id == _TEXT:
            if pieces or not node.is_empty_text_node or walk.text_tag == "pre":
                text = node.text_content
                if text and (pieces or walk.text_tag == "pre" or not text.isspace()):  # white space in a text is kept
                    walk.add_text(text)
        else:
            handler, tag = _BY_ID[tag_id] if tag_id in _BY_ID else _by_name(node)
            if handler is not None:
                walk.position += 1
                attributes = node.attributes
                styled = attributes and not _STYLED.isdisjoint(attributes)
                leave = (_styled if styled else handler)(walk, node, tag, attributes)
        if leave is not SKIP:
            if (child := node.first_child) is not None:
                open_nodes.append((node, leave))
                node = child
                continue
            if leave is not None:
                walk.leave(leave)
        while (following := node.next) is None and open_nodes:
            node, leave = open_nodes.pop()
            if type(leave) is tuple:  # as `Walk.leave` does: it is most of what is left
                if pieces:
                    walk.flush()
                if walk.block == len(blocks) - 1:
                    walk.drop_empty()
                walk.block, walk.text_tag = leave
            elif leave is not None:
                leave()
        node = following
    walk.flush()
    walk.tree.title = (walk.head.title or walk.head.og_title)[: INPUT_LIMITS.max_title_letters]
    return walk


def _by_name(node: LexborNode) -> tuple[Handler | None, str]:
    """The handler of what lexbor has no number for, and its name, of which as much is read as of a class."""
    tag = node.tag
    return _HANDLERS.get(tag, phrases.unknown), (tag or "")[: INPUT_LIMITS.max_names]


def _styled(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    """An HTML element that may be hidden, or have an image behind it, or unfold another one."""
    for name in () if _UNFOLDS.isdisjoint(attributes) else tags.UNFOLDS:
        if ids := attributes.get(name):
            walk.controlled.update(id_.removeprefix("#") for id_ in ids.split()[: INPUT_LIMITS.max_unfolded])
    if tags.is_hidden(attributes) and tag not in tags.WHOLE and not walk.thorough and not is_folded(walk, node, attributes):
        return SKIP
    handler = _HANDLERS.get(tag, phrases.unknown)
    leave = handler(walk, node, tag, attributes) if handler else None
    if (type(leave) is tuple or handler is phrases.link) and leave is not SKIP:
        shown.background(walk, attributes)
    return leave


def _title(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    if not walk.tree.elements and not walk.head.title:
        walk.head.title = one_line((node.text() or "")[: walk.max_field])
    return SKIP


def _meta(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> None:
    walk.head.add(tag, attributes)


def _hr(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> None:
    walk.flush()


_UNFOLDS = frozenset(tags.UNFOLDS)
_STYLED = addresses.BACKGROUNDS | {"hidden", *tags.UNFOLDS}
_HANDLERS: dict[str | None, Handler | None] = {  # None: not entered. What is not named here, HTML does not know
    **dict.fromkeys((*tags.SKIPPED, "-comment", "-doctype", "-document", None)),
    **dict.fromkeys(tags.INLINE, phrases.phrase),
    **dict.fromkeys(tags.SLANTED, phrases.slant),
    "code": phrases.code,
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
_KNOWN = {*tags.SKIPPED, *tags.INLINE, *tags.SLANTED, *tags.BLOCKS, *(name for name in _HANDLERS if name and name[0] != "-")}
_MAX_ID = create_tag("wbr").tag_id  # the last tag that lexbor has a number for; it counts others anew in each page
_BY_ID = {id_: (_HANDLERS[name], name) for name in _KNOWN if (id_ := create_tag(name).tag_id) <= _MAX_ID}
_TEXT, _COMMENT = (node.tag_id for node in LexborHTMLParser("<p>text<!-- comment -->").css("p")[0].iter(include_text=True))
_BY_ID[_COMMENT] = None, "-comment"
