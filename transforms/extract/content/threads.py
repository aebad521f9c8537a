"""A BlockTree of a thread -> its posts are no longer called comments: they are what the page is about.

A page is a thread where it declares it (schema.org: DiscussionForumPosting), or where comments are nearly all that it says.
Comments below a question's answers, as QAPage has them, stay what they are: remarks beside what is told.
"""

from lamella.transforms.extract.dom.blocks import BlockTree
from lamella.transforms.extract.dom.class_heuristics import COMMENTS
from lamella.transforms.extract.heuristics import HEURISTICS


def settle_thread(tree: BlockTree) -> None:
    if not tree.thread and _commented(tree) <= HEURISTICS.max_commented * tree.blocks[0].prose:
        return
    for block in tree.blocks:
        if block.hint == COMMENTS:
            block.hint = ""


def _commented(tree: BlockTree) -> float:
    """Letters of prose in comments that hold neither the page's title nor what it calls its main part."""
    ends, end, prose = tree.ends(), 0, 0.0
    for index, block in enumerate(tree.blocks):
        if index >= end and block.hint == COMMENTS and not block.main and not block.title:
            prose += block.prose
            end = ends[index]
    return prose
