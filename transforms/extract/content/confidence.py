"""What was taken of a page, beside what the page holds -> how sure the extraction may be of it, 0 to 1.

The sum is a least-squares fit of a page's word F1 on the fitted part of WCXB's dev pages (`benchmarks/extraction_wcxb.py`), so
that the mean of the confidences of many pages is about the F1 to expect of them. On the part that was not fitted, the lowest
tenth (0.65) has an F1 of 0.59 and the highest (0.99) one of 0.96; it explains 26 % of the variance there. For routing pages
elsewhere, not for judging one page.
"""

import math

from lamella.transforms.extract.dom.blocks import BlockTree, Element

_BASE = 0.69
_TAKEN = 0.20  # of the letters that were walked, the share taken
_PROSE = 0.17  # letters of prose a letter
_SHORT = -0.10  # texts of fewer words than prose, a text
_LINKS = -0.04  # link letters a letter
_SIZE = -0.07  # decimal digits of the letters taken, over 4
_LIST = -0.05  # the page is a list of entries
_ARTICLE = 0.04  # one `article`
_SOUGHT = -0.13  # its text was found only in what it hides, or in what it would draw by a script


def confidence(tree: BlockTree, elements: list[Element], sought: bool, min_prose_words: int) -> float:
    """`elements` are what the first walk gave; `sought` says that more was looked for."""
    texts = [element for element in elements if not element.media]
    letters = max(sum(len(element.text) for element in texts), 1)
    prose = [len(element.text) for element in texts if element.words >= min_prose_words]
    found = (
        _BASE
        + _TAKEN * min(letters / max(tree.blocks[0].letters, 1), 1.0)
        + _PROSE * sum(prose) / letters
        + _SHORT * (1 - len(prose) / max(len(texts), 1))
        + _LINKS * min(sum(element.link_letters for element in texts) / letters, 1.0)
        + _SIZE * min(math.log10(letters) / 4, 1.0)
        + _LIST * any(element.entry for element in texts)
        + _ARTICLE * (sum(block.tag == "article" for block in tree.blocks) == 1)
        + _SOUGHT * sought
    )
    return round(min(max(found, 0.0), 1.0), 3)
