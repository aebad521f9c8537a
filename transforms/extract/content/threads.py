"""A BlockTree of a thread -> its posts are no longer called comments: they are what the page is about.

A page is a thread where it declares it (schema.org: DiscussionForumPosting), or where comments are nearly all that it says and
no article of its title stands before them: a short story may have a thousand comments. Comments below a question's answers, as
QAPage has them, stay what they are: remarks beside what is told.
"""

from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import BlockTree
from lamella.transforms.extract.dom.class_heuristics import COMMENTS
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig


def settle_thread(tree: BlockTree, limits: "ExtractConfig") -> None:
    if not tree.thread and (
        _commented(tree, 0) <= HEURISTICS.max_commented * tree.blocks[0].prose or _holds_article(tree, limits.min_article_prose)
    ):
        return
    for block in tree.blocks:
        if block.hint == COMMENTS:
            block.hint = ""


def _commented(tree: BlockTree, around: int) -> float:
    """Letters of prose in comments within a block, if they hold neither the page's title nor what it calls its main part."""
    ends, end, prose = tree.ends(), around, 0.0
    for index in range(around, ends[around]):
        block = tree.blocks[index]
        if index >= end and block.hint == COMMENTS and not block.main and not block.title:
            prose += block.prose
            end = ends[index]
    return prose


def _holds_article(tree: BlockTree, least: int) -> bool:
    """Whether an `article` holds the page's title and so many letters of prose beside comments."""
    return any(
        block.tag == "article" and block.title and block.prose - _commented(tree, index) >= least
        for index, block in enumerate(tree.blocks)
    )
