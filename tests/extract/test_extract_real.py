"""On real pages with gold answers: text, images and order stay as good as they were; nothing crashes."""

import pytest

from benchmarks.extraction_gold import articles, snippets
from benchmarks.extraction_ours import ours
from benchmarks.extraction_scores import (
    image_counts,
    order_counts,
    rates,
    shingle_counts,
    snippet_counts,
    text_of,
    text_with_captions,
)


def total(counts):
    return [sum(column) for column in zip(*counts, strict=True)]


@pytest.mark.real
def test_snippets_that_must_and_must_not_appear(real_data):
    found = total(snippet_counts(case, text_of(ours(case.page.html, case.page.url))) for case in snippets(real_data / "gold"))
    assert rates(*found).f1 >= 0.945


@pytest.mark.real
def test_whole_articles_and_their_images(real_data):
    images, order, text = [], [], []
    for article in articles(real_data / "gold"):
        blocks = ours(article.page.html, article.page.url)
        images.append(image_counts(article, blocks))
        order.append(order_counts(article, blocks))
        text.append(rates(*shingle_counts(article.text, text_with_captions(blocks))).f1)
    agreeing, neighbours = total(order)
    assert rates(*total(images)).f1 >= 0.9
    assert agreeing / neighbours >= 0.95
    assert sum(text) / len(text) >= 0.939
