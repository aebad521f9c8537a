"""Phrases, links and raised marks, met on the walk -> what they do to the text that is open."""

import re

from selectolax.lexbor import LexborNode

from lamella.transforms.extract.dom.block_tags import begin_block
from lamella.transforms.extract.dom.class_heuristics import is_caption, is_silent
from lamella.transforms.extract.dom.selectors import found, holds
from lamella.transforms.extract.dom.tags import BLOCKS, HEADINGS, UNFOLDS, is_line
from lamella.transforms.extract.dom.texts import BREAK
from lamella.transforms.extract.dom.walk import SKIP, Attributes, Walk
from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

_POWER = re.compile(r"[-+−±]?\d[\d.,]*|[-+−]?[b-df-npqs-z]|[-+−]?[a-z]\s?[-+−]\s?\d+", re.IGNORECASE)
_LETTER_MARKS = re.compile(r"[a-h]|[a-z](?:\s?,\s?[a-z\d])+")
_REFERENCES = re.compile(r"\[\d{1,3}(?:\s?[-–,;]\s?\d{1,3}){0,5}\]")
_ELEMENT = re.compile(r"[A-Z][a-z]?(?![a-zA-Z])")  # behind the number of an isotope
_ASKS = re.compile(r"accordion|faq|question|collaps", re.IGNORECASE)  # the class of a button that unfolds its answer
_QUESTION_MARKS = frozenset("?？؟")
_NOTE_ROLES = frozenset(("doc-noteref", "doc-backlink", "noteref", "backlink"))
_FIRST_UNSPACED = "\u0e00"  # Thai: scripts up to it part their words
_GLUED_MARK = re.compile(r"\[\w{1,3}\]|\(\d{1,3}\)")
_TEX = 'annotation[encoding*="tex" i]'
_BUTTON_MATTER = "p, div, ul, ol, table, h1, h2, h3, h4, section"
_UNFOLDING = frozenset(UNFOLDS)
_CARD_PARTS = frozenset(("div", "article", "section", "header", "h2", "h3", "h4", "ul"))


def phrase(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    if not attributes:
        return None
    class_ = attributes.get("class")
    if class_:
        if is_silent(class_):
            return None if _is_said_twin(node) else SKIP
        if tag == "span" and not walk.joined and is_caption(class_):
            return begin_block(walk, node, tag, attributes)
    if attributes.get("aria-hidden") == "true":
        return SKIP
    if "style" in attributes and not walk.joined and is_line(attributes):
        walk.end_line()
        return walk.end_line
    return None


def _is_said_twin(node: LexborNode) -> bool:
    """Whether what is for screen readers alone says what the phrase beside it shows in parts, which is hidden from them."""
    for beside in (node.prev, node.next):
        if beside is not None and beside.tag == "span" and beside.attributes.get("aria-hidden") == "true":
            return (said := _alnum(node)) != "" and said == _alnum(beside)
    return False


def _alnum(node: LexborNode) -> str:
    return "".join(filter(str.isalnum, (node.text() or "")[: INPUT_LIMITS.max_compared_letters]))


def formula(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    """Its TeX, as an annotation or an attribute has it; else its signs in a line."""
    sources = found(node, _TEX)
    if text := (sources[0].text() if sources else "") or attributes.get("alttext") or "":
        walk.add_text(text.strip())
        return SKIP
    return None


def script(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    """A script is not shown, but for a formula that another script would draw."""
    kind = attributes.get("type")
    if kind and kind.startswith("math/") and "mml" not in kind and (text := (node.text() or "").strip()):
        walk.add_text(text)
    return SKIP


def button(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    """A button is for doing, but for one that is a heading or a question, which unfolds its answer; and for one that was never
    closed and holds the page."""
    if walk.text_tag in HEADINGS or walk.tree.blocks[walk.block].tag == "summary":
        return None
    walk.buttons += 1
    if walk.buttons > INPUT_LIMITS.max_buttons:
        return SKIP
    child = node.first_child
    plain = child is None or (child.next is None and child.tag == "-text")  # as most are
    if not plain and holds(node, _BUTTON_MATTER):
        if len(node.text() or "") > HEURISTICS.max_button_letters:
            return begin_block(walk, node, tag, attributes)
        walk.held = True
        return SKIP
    said = (node.text() or "")[: HEURISTICS.max_button_letters].strip()
    asks = said[-1:] in _QUESTION_MARKS and _ASKS.search((attributes.get("class") or "")[: INPUT_LIMITS.max_names])
    unfolds = asks or "aria-expanded" in attributes or not _UNFOLDING.isdisjoint(attributes)
    if unfolds and len(said.split()) >= HEURISTICS.min_question_words:
        return begin_block(walk, node, tag, attributes)
    return SKIP


def unknown(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    """A tag that HTML does not know is inline, as in browsers; one in which a block soon stands is one, too."""
    at = node.first_child
    for _ in range(INPUT_LIMITS.max_nodes_before):
        if at is None:
            return phrase(walk, node, tag, attributes)
        if at.tag in BLOCKS:
            return begin_block(walk, node, tag, attributes)
        above, at = at, at.first_child or at.next
        while at is None and (above := above.parent) is not None and above.mem_id != node.mem_id:
            at = above.next
    return begin_block(walk, node, tag, attributes)


def slant(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    if attributes and (leave := phrase(walk, node, tag, attributes)) is not None:
        return leave
    walk.slants += 1
    return walk.unslant


def code(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    if attributes and (leave := phrase(walk, node, tag, attributes)) is not None:
        return leave
    walk.codes += 1
    return walk.uncode


def raised(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    """A raised mark stands apart from the name before it and the word behind it; a link to a footnote goes; a power keeps its
    sign."""
    child, following = node.first_child, node.next
    if child is not None and child.tag == "a" and (child.attributes.get("href") or "").startswith("#"):
        return SKIP
    before = walk.pieces[-1][-HEURISTICS.min_name_letters :] if walk.pieces else ""
    if before and not before[-1].isspace() and _REFERENCES.fullmatch(_first_text(node).strip()):
        return SKIP
    if before[-1:].isdigit() or before[-1:] == ")":
        if _is_power(node):
            walk.pieces.append("^")
    elif len(before) == HEURISTICS.min_name_letters and before.isalpha() and _is_raised_mark(node, before):
        walk.part_words()
    if following is not None and following.tag == "-text" and (behind := (following.text_content or "")[:3])[:1].isalpha():
        isotope = not before.strip() or before[-1].isspace()
        return None if isotope and _first_letter(node).isdigit() and _ELEMENT.match(behind) else walk.part_words
    return None


def lowered(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    """What is lowered behind a number is no more of it."""
    if walk.pieces and walk.pieces[-1][-1:].isdigit() and _first_letter(node).isdigit():
        walk.pieces.append("_")
    return phrase(walk, node, tag, attributes)


def _is_raised_mark(node: LexborNode, name: str) -> bool:
    """Whether what is raised behind a name is a number, or letters that no word of any language ends in so."""
    return _first_letter(node).isdigit() or (name.islower() and bool(_LETTER_MARKS.fullmatch(_first_text(node).strip())))


def _is_power(node: LexborNode) -> bool:
    """Whether what is raised is a number or one letter, and no ending of an ordinal."""
    text = node.first_child
    if text is None or text.tag != "-text" or text.next is not None:
        return _first_letter(node).isdigit()
    return bool(_POWER.fullmatch((text.text_content or "").strip()))


def _first_letter(node: LexborNode) -> str:
    return _first_text(node)[:1]


def _first_text(node: LexborNode) -> str:
    """Within. Not `node.text()`: that reads all of it, for each mark within a mark."""
    inner = node.first_child
    for _ in range(INPUT_LIMITS.max_wraps):
        if inner is None or inner.tag == "-text":
            break
        inner = inner.first_child
    return inner.text_content or "" if inner is not None and inner.tag == "-text" else ""


def link(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> object:
    class_, href = attributes.get("class"), attributes.get("href")
    if (class_ and is_silent(class_) and not _is_whole_heading(walk, node)) or attributes.get("aria-hidden") == "true":
        return SKIP
    if walk.pieces and walk.text_tag != "pre" and _follows_link(walk, node):
        walk.part_words()
    inward = href is not None and href[:1] == "#"
    if inward and _is_mark(walk, node, attributes):
        return SKIP
    before, block_before, walk.href, walk.link_block = walk.href, walk.link_block, href, walk.block
    leads = href is not None or not ("name" in attributes or "id" in attributes)  # else it is led to
    weak = leads and (href is None or inward)
    if weak and (_leads_to_itself(node, href) or _is_on_handle(node, href)):
        leads = weak = False
    if weak:
        walk.weak_links += 1
    else:
        walk.links += leads
    as_block = begin_block(walk, node, tag, attributes) if href and not walk.joined and _begins_with_block(node) else None
    if as_block is SKIP:
        as_block = None

    def leave() -> None:
        if as_block is not None:
            walk.leave(as_block)
        if weak:
            walk.weak_links -= 1
        else:
            walk.links -= leads
        walk.href, walk.link_block = before, block_before

    return leave


def _follows_link(walk: Walk, node: LexborNode) -> bool:
    """Whether another link ends right where this one begins: they are two words, which styles part, but where a script knows no
    spaces."""
    before = node.prev
    return before is not None and before.tag == "a" and walk.pieces[-1][-1:] < _FIRST_UNSPACED


def _begins_with_block(node: LexborNode) -> bool:
    """A link around blocks is a card, and a block itself."""
    child = node.first_child
    if child is not None and child.tag == "-text":
        child = child.next
    return child is not None and child.tag in _CARD_PARTS


def _is_whole_heading(walk: Walk, node: LexborNode) -> bool:
    """Whether a handle is all that a heading holds: then it is its text."""
    if (
        walk.text_tag not in HEADINGS
        or walk.pieces
        or not any(map(str.isalpha, (node.text() or "")[: HEURISTICS.max_button_letters]))
    ):
        return False
    following = node.next
    if following is not None and following.tag == "a" and is_silent(following.attributes.get("class") or ""):
        following = following.next  # a handle behind the text
    return following is None or (
        following.next is None and following.tag == "-text" and not (following.text_content or "").strip()
    )


def _is_mark(walk: Walk, node: LexborNode, attributes: Attributes) -> bool:
    """Whether a link within the page is a footnote's mark, or leads back from one. A number in brackets is one where it is
    glued to the word before it; else it may be part of the sentence: "as in [3]"."""
    if (attributes.get("role") or attributes.get("epub:type") or "") in _NOTE_ROLES:
        return not _is_whole_heading(walk, node)  # which leads back to the list of contents
    child = node.first_child
    if child is None or child.next is not None:
        return False
    if child.tag == "sup":
        return len(child.text() or "") <= HEURISTICS.max_mark_letters
    text = (child.text_content or "").strip() if child.tag == "-text" else ""
    if walk.pieces and not walk.pieces[-1][-1:].isspace() and _GLUED_MARK.fullmatch(text):
        return True
    return 0 < len(text) <= 2 and not any(letter.isalnum() for letter in text)


def _leads_to_itself(node: LexborNode, href: str | None) -> bool:
    """A heading's own link."""
    parent = node.parent
    if not href or parent is None:
        return False
    return parent.id == href[1:] or node.id == href[1:]


def _is_on_handle(node: LexborNode, href: str | None) -> bool:
    """Whether it leads nowhere and is the text of what unfolds a panel."""
    parent = node.parent
    return href is None and parent is not None and not _UNFOLDING.isdisjoint(parent.attributes)


def line_break(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> None:
    if walk.pieces:
        walk.pieces.append(BREAK)
