"""Pages that are threads: posts that sites call comments are told, and what they quote is told once."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import TextNode
from lamella.transforms.extract.content.threads import settle_thread
from lamella.transforms.extract.dom.class_heuristics import COMMENTS as COMMENTED
from lamella.transforms.extract.dom.walker import walk_page
from lamella.transforms.extract.parse import parse_html

BEAK = "A flamingo strains its food from the water through the fine comb of lamellae in its beak."
LAKE = "The lake is shallow and salty, and its shrimps colour the feathers of all who feed on them."
NEST = "A nest is a cone of mud as high as a hand, and both parents guard the egg that lies in it."
REED = "The reed on the far shore hides the herons, who wait for the evening before they go to fish."
QUESTION = (
    f"<div class=question><p>{BEAK}</p><p>{NEST}</p><p>Who has seen them stand on two legs in deep water at noon?</p></div>"
)
REPLIES = (LAKE, REED, "Mine stood on one leg from the morning to the evening, and on two at night.")
COMMENTS = "".join(f"<li class=comment><div class=comment-body><p>{text}</p></div></li>" for text in REPLIES)
DECLARED = {
    "JSON-LD": lambda html: '<script type="application/ld+json">{"@type": "DiscussionForumPosting"}</script>' + html,
    "microdata": lambda html: f"<div itemscope itemtype='https://schema.org/DiscussionForumPosting'>{html}</div>",
}


def texts(html: str) -> list[str]:
    page = f"<html><head><title>Birds that stand</title></head><body>{html}</body></html>"
    nodes = parse_html(page, "https://a.example/", ExtractConfig()).nodes
    return [node.text for node in nodes if isinstance(node, TextNode)]


def page_of(question: str, comments: str) -> str:
    return f"<main><h1>Birds that stand</h1>{question}<ul class=comments>{comments}</ul></main>"


@pytest.mark.parametrize("declared", DECLARED)
def test_comments_of_a_page_that_declares_a_thread_are_its_posts(declared: str):
    said = texts(DECLARED[declared](page_of(QUESTION, COMMENTS)))
    assert [text for text in said if text in REPLIES] == list(REPLIES)


def test_comments_below_a_text_are_none_of_it():
    named = "<p>A DiscussionForumPosting is what schema.org calls the first post of a thread on a forum.</p>"
    answers = '<script type="application/ld+json">{"@type": "QAPage"}</script>'
    for more in ("", named, answers):
        said = texts(more + page_of(QUESTION, COMMENTS))
        assert BEAK in said
        assert not set(REPLIES) & set(said)


MANY = "".join(
    f"<li class=comment><div class=comment-body><p>Bird {n} stood on {n} legs in the water, and then it went away.</p>"
    f"<form class=edit><p>Seen by number {n}, who has watched birds since the year 19{n:02} and more.</p></form></div></li>"
    for n in range(40)
)


def test_where_comments_are_nearly_all_they_are_what_is_told():
    said = texts(page_of(f"<p>{BEAK}</p>", MANY))
    assert sum(text.startswith("Bird ") for text in said) == 40
    assert sum(text.startswith("Seen by") for text in said) == 40  # in forms, as editors have them, which hold half of it


@pytest.mark.parametrize("tag, commented", [("article", True), ("div", False)])
def test_comments_of_an_article_are_comments_however_many_they_are(tag: str, commented: bool):
    story = f"<{tag}><h1>Birds that stand</h1><p>{BEAK}</p><p>{LAKE}</p><p>{NEST}</p></{tag}>"
    page = f"<title>Birds that stand</title><main>{story}<ul class=comments>{MANY}</ul></main>"
    tree = walk_page(LexborHTMLParser(page), "https://a.example/", ExtractConfig()).tree
    tree.add_up(ExtractConfig().min_prose_words)
    settle_thread(tree, ExtractConfig())
    assert any(block.hint == COMMENTED for block in tree.blocks) == commented


def test_a_part_of_a_post_that_another_quotes_is_told_once():
    posts = (
        f"<p>{BEAK} {LAKE}</p>",
        f"<blockquote><p>{LAKE}</p></blockquote><p>{NEST}</p>",
        f"<blockquote><p>the water through the fine comb</p><p>{REED}</p></blockquote><p>They stand on two legs.</p>",
    )
    said = texts("".join(f"<div class=post><div class=text>{post}</div></div>" for post in posts))
    assert sum(text.count(LAKE) for text in said) == 1
    assert said[-4:] == [NEST, "the water through the fine comb", REED, "They stand on two legs."]
