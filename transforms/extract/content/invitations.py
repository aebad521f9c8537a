"""A Layout -> the boxes that invite to other pages: cards of one name with linked titles, linked headlines."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lamella.transforms.extract.content.titles import is_whole_title, title_parts
from lamella.transforms.extract.dom.blocks import Layout
from lamella.transforms.extract.dom.tags import HEADINGS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig


def invites(layout: Layout, limits: "ExtractConfig") -> list[bool]:
    """Boxes of one name in one box, each with a linked title and little prose: invitations to other pages."""
    titles = [0] * len(layout.boxes)
    for item in layout.items:
        if item.words >= limits.min_card_title_words and item.link_density > limits.max_link_density:
            titles[item.box] += 1
    for index in range(len(layout.boxes) - 1, 0, -1):
        titles[layout.boxes[index].parent] += titles[index]
    inviting = [
        titles[index] <= limits.max_card_titles
        and (box.media or box.headings)
        and box.prose <= limits.max_card_prose
        and (titles[index] or box.link_letters > limits.max_link_density * box.letters > 0)
        for index, box in enumerate(layout.boxes)
    ]
    groups: dict[tuple[int, str], list[int]] = {}
    for index, box in enumerate(layout.boxes):
        if inviting[index]:
            groups.setdefault((box.parent, box.tag), []).append(index)
    cards = [False] * len(layout.boxes)
    total = layout.boxes[0].prose
    most = min(limits.max_cards_prose * total, total - limits.min_article_prose)
    for group in _of_one_name(layout, groups.values()):
        named = sum(titles[index] > 0 for index in group)
        if (
            len(group) >= limits.min_cards
            and 2 * named >= len(group)
            and sum(layout.boxes[index].prose for index in group) <= most
        ):
            for index in group:
                cards[index] = True
    return cards


def _of_one_name(layout: Layout, groups: Iterable[list[int]]) -> Iterator[list[int]]:
    """Siblings that share a word of their class; where they share none, those of the same class."""
    for group in groups:
        names = [layout.boxes[index].name for index in group]
        if len(set(names)) == 1 or frozenset.intersection(*(frozenset(name.split()) for name in names)):
            yield group
        else:
            namesakes: dict[str, list[int]] = {}
            for index, name in zip(group, names, strict=True):
                namesakes.setdefault(name, []).append(index)
            yield from namesakes.values()


def headlines(layout: Layout, limits: "ExtractConfig") -> Iterator[int]:
    """The largest boxes around a linked headline that hold no prose and no title: each invites to another page."""
    largest = list(range(len(layout.boxes)))
    for index, box in enumerate(layout.boxes):
        if box.parent > 0 and not layout.boxes[box.parent].prose and not layout.boxes[box.parent].title:
            largest[index] = largest[box.parent]
    told, parts = _told_about(layout, limits), title_parts(layout)
    for index, item in enumerate(layout.items):
        if item.tag not in HEADINGS or item.tag == "h1" or item.link_density <= limits.max_link_density:
            continue
        if is_whole_title(item, parts):  # it leads to the page itself
            continue
        box = largest[item.box]
        in_prose = layout.boxes[layout.boxes[box].parent].prose > limits.max_card_prose and told[index]
        if item.words >= limits.min_card_title_words and not in_prose:
            yield box


def _told_about(layout: Layout, limits: "ExtractConfig") -> list[bool]:
    """For each item, whether prose follows it before the next heading, in a box around it that holds more than a card."""
    told, following = [False] * len(layout.items), -1
    for index in range(len(layout.items) - 1, -1, -1):
        item = layout.items[index]
        if item.tag in HEADINGS:
            told[index], following = following >= 0, -1
        elif item.words >= limits.min_prose_words and item.link_density <= limits.max_link_density:
            following = item.box
    return told
