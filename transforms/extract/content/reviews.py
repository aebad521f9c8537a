"""A BlockTree -> the same, in which what customers say of a thing counts as comments."""

from lamella.transforms.extract.dom.blocks import BlockTree
from lamella.transforms.extract.dom.class_heuristics import BY_NAME, COMMENTS, CONSENT, says_review
from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

_DOUBTFUL = (BY_NAME | {""}) - {COMMENTS, CONSENT}


def settle_reviews(tree: BlockTree) -> None:
    """Several blocks of one name that calls each of them a review, without a heading in any: one with a heading is a section of
    an article that reviews, and so is what stands within it."""
    blocks, ends, end = tree.blocks, tree.ends(), 0
    groups: dict[tuple[str, str], list[int]] = {}
    for index, block in enumerate(blocks):
        if index < end or "eview" not in block.name or block.hint not in _DOUBTFUL or block.tag in ("html", "body"):
            continue
        if says_review(block.name[: INPUT_LIMITS.max_names]):
            end = ends[index]
            if not block.headings:
                groups.setdefault((block.tag, block.name), []).append(index)
    for group in groups.values():
        if len(group) >= HEURISTICS.min_reviews:
            for index in group:
                blocks[index].hint = COMMENTS
