"""A block-level HTML element, met on the walk -> the block that it opens, a part of the line that is open, or nothing."""

from selectolax.lexbor import LexborNode

from lamella.transforms.extract.dom import tags
from lamella.transforms.extract.dom.class_heuristics import (
    BOILERPLATE,
    BY_NAME,
    CONSENT,
    LIKELY_BOILERPLATE,
    is_code,
    is_silent,
    traits_of,
)
from lamella.transforms.extract.dom.entered import hint_of_form, is_entered
from lamella.transforms.extract.dom.slugs import is_slug
from lamella.transforms.extract.dom.walk import SKIP, Attributes, Walk
from lamella.transforms.extract.input_limits import INPUT_LIMITS

_PASSED = frozenset((BOILERPLATE, LIKELY_BOILERPLATE, CONSENT))  # boilerplate that is not entered where nothing stands in it


def begin_block(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    if walk.joined:
        return _part(walk, attributes)
    if walk.text_tag == "pre" and tag in tags.IN_CODE:
        silent = attributes and is_silent(attributes.get("class") or "")
        if tag == "li":
            walk.begin_item_of_code()
        return SKIP if silent else walk.end_line if tag in tags.CODE_LINES else None
    if walk.pieces:
        walk.flush()
    leave = walk.block, walk.text_tag
    block = walk.open_block(tag, attributes)
    if block.hint:
        if block.hint in BY_NAME and (id_ := attributes.get("id")) and is_slug(node, id_):
            block.hint = traits_of(tag, (attributes.get("role") or "")[: INPUT_LIMITS.max_names], block.name, "")[0]
        if tag == "footer" and walk.tree.blocks[leave[0]].tag == "blockquote":
            block.hint = ""  # who said it
        block.hint = hint_of_form(node, block.hint) if tag == "form" else block.hint
        if block.hint in _PASSED and not walk.thorough and not is_entered(walk, node, tag, block.hint):
            walk.drop_empty()
            walk.block = leave[0]
            return SKIP
    if tag in tags.TEXT_TAGS:
        walk.text_tag = tags.TEXT_TAGS[tag]
        walk.heading_texts = 0
        if tag == "tr":
            walk.row_began = False
    elif tag == "ol" and block.name and is_code(block.name):
        walk.text_tag = "pre"
    return leave


def is_unseen(attributes: Attributes) -> bool:
    """Whether readers do not see an HTML element in a line, or it is a handle of theirs and no text."""
    class_ = attributes.get("class")
    return bool(class_ and is_silent(class_)) or attributes.get("aria-hidden") == "true"


def _part(walk: Walk, attributes: Attributes) -> object:
    """A block within a short cell: a part of the row's line."""
    if is_unseen(attributes):
        return SKIP
    walk.part_words()
    return walk.part_words
