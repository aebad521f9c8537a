"""What was taken of a page, beside what the page holds -> how sure the extraction may be of it, 0 to 1.

The sum is a least-squares fit of a page's word F1 on the fitted part of WCXB's dev pages (`benchmarks/extraction_wcxb.py`), so
that the mean of the confidences of many pages is about the F1 to expect of them. On the part that was not fitted, the lowest
tenth (0.58) has an F1 of 0.65 and the highest (0.96) one of 0.94. For routing pages elsewhere, not for judging one page.
"""

import math

from lamella.transforms.extract.dom.blocks import BlockTree, Element
from lamella.transforms.extract.dom.tags import HEADINGS

_BASE = 0.79
_PROSE_TAKEN = 0.13  # of the page's prose, the share taken
_SIZE = -0.04  # decimal digits of the letters taken, over 4
_LIST = -0.08  # the page is a list of entries
_SOUGHT = -0.29  # its text was found only in what it hides, or in what it would draw by a script
_HEADINGS = -0.10  # headings a text
_LINKS = -0.24  # link letters a letter
_PARTS = -0.05  # letters in lists and tables a letter
_ARTICLE = 0.06  # one `article`
_PROSE = 0.05  # letters of prose a letter


def confidence(tree: BlockTree, elements: list[Element], sought: bool, min_prose_words: int) -> float:
    """`elements` are what the first walk gave; `sought` says that more was looked for."""
    texts = [element for element in elements if not element.media]
    letters = max(sum(len(element.text) for element in texts), 1)
    prose = sum(len(element.text) for element in texts if element.words >= min_prose_words)
    found = (
        _BASE
        + _PROSE_TAKEN * min(prose / max(tree.blocks[0].prose, 1.0), 1.0)
        + _SIZE * min(math.log10(letters) / 4, 1.0)
        + _LIST * any(element.entry for element in elements)
        + _SOUGHT * sought
        + _HEADINGS * sum(element.tag in HEADINGS for element in texts) / max(len(texts), 1)
        + _LINKS * min(sum(element.link_letters for element in texts) / letters, 1.0)
        + _PARTS * sum(len(element.text) for element in texts if element.tag in ("li", "tr")) / letters
        + _ARTICLE * (sum(block.tag == "article" for block in tree.blocks) == 1)
        + _PROSE * prose / letters
    )
    return round(min(max(found, 0.0), 1.0), 3)
