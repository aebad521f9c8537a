"""A Layout -> the items that stand in the page's own matter: furniture out, and the region where the prose is chosen.

Language-neutral: it looks at tags, roles, the habits of class names, link density (Kohlschütter et al. 2010, Boilerpipe),
at what repeats, and at where the prose of the page stands, never at words.
"""

from typing import TYPE_CHECKING

from lamella.transforms.extract.content.entries import entries_of, priced_boxes, without_repeated_lines
from lamella.transforms.extract.content.invitations import headlines, invites
from lamella.transforms.extract.content.pictures import picture_boxes
from lamella.transforms.extract.content.titles import lead_of, told_under_title
from lamella.transforms.extract.content.trailing import core_of, without_trailing
from lamella.transforms.extract.dom.blocks import Box, Item, Layout
from lamella.transforms.extract.dom.class_heuristics import (
    COMMENTS,
    CONSENT,
    CONTENT,
    FURNITURE,
    HEADER,
    LABEL,
    LIKELY_FURNITURE,
    PROMOTION,
    TEASER,
)
from lamella.transforms.extract.dom.tags import HEADINGS, TEXT_BOXES

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_TELLING = frozenset((COMMENTS, CONSENT, FURNITURE, HEADER, LABEL, LIKELY_FURNITURE, PROMOTION, TEASER))
_INVITES = frozenset((TEASER, PROMOTION))
_SURE = frozenset((COMMENTS, CONSENT, FURNITURE))


def main_items(layout: Layout, limits: "ExtractConfig") -> list[Item]:
    """The items of the main region, in reading order."""
    figures = _with_all_within(layout, [box.tag == "figure" for box in layout.boxes])
    namesakes = _prose_of_namesakes(layout)
    told = told_under_title(layout, limits)
    pictures = picture_boxes(layout, limits)
    marked = [
        (box.hint or box.tag) in _TELLING
        and _is_marked(layout, index, namesakes[index], told, limits)
        and not (box.hint in (LIKELY_FURNITURE, PROMOTION) and figure)
        and index not in pictures
        for index, (box, figure) in enumerate(zip(layout.boxes, figures, strict=True))
    ]
    entries = entries_of(layout, [one and box.hint != TEASER for one, box in zip(marked, layout.boxes, strict=True)], limits)
    if entries and (listed := _list_of(layout, entries, list(marked), limits)):
        return without_repeated_lines(layout, listed)
    spread = is_spread(layout, marked, limits)
    if spread:
        marked = [one and not _tells(box) for one, box in zip(marked, layout.boxes, strict=True)]
    else:
        marked = [one or other for one, other in zip(marked, invites(layout, limits), strict=True)]
    if layout.boxes[0].prose >= limits.min_article_prose:
        for box in headlines(layout, limits):
            marked[box] = True
    if not told:
        _give_back(layout, marked, limits)
    furniture = _with_all_within(layout, marked)
    prose = _prose_left(layout, furniture)
    main = _main_box(layout, furniture, prose, limits)
    if spread and layout.boxes[0].title:  # its sections stand anywhere around the title
        while not layout.boxes[main].title:
            main = layout.boxes[main].parent
        main = _content_around(layout, main)
    main = _called_main(layout, furniture, prose, main, limits)
    inside = layout.below(main)
    region = [item for item in layout.items if inside[item.box] and not furniture[item.box]]
    core = core_of(layout, prose, main, limits)
    if prose[main] >= limits.min_article_prose and not spread:
        region = without_trailing(layout, region, core, limits)
    return lead_of(layout, furniture, inside, limits) + region


def is_spread(layout: Layout, marked: list[bool], limits: "ExtractConfig") -> bool:
    """Whether no one box holds much of the prose in paragraphs of its own: a page of sections, as of a service or a product."""
    sure = [one and box.hint in _SURE for one, box in zip(marked, layout.boxes, strict=True)]
    outside = _with_all_within(layout, sure)
    held: dict[int, int] = {}
    headings = blocks = 0
    for item in layout.items:
        if outside[item.box] or item.media:
            continue
        headings += item.tag in HEADINGS
        if item.words >= limits.min_prose_words and 2 * item.link_letters < len(item.text):
            around = layout.boxes[item.box].parent if layout.boxes[item.box].tag in TEXT_BOXES else item.box
            held[around] = held.get(around, 0) + len(item.text)
            blocks += 1
    sections = headings >= limits.min_spread_headings * blocks > 0
    return sections and max(held.values()) < limits.max_spread_prose * sum(held.values())


def _tells(box: Box) -> bool:
    """What a page of sections says in what would be a teaser or a promotion elsewhere."""
    return box.hint in (TEASER, PROMOTION) and box.prose > 0


def _list_of(layout: Layout, entries: list[int], marked: list[bool], limits: "ExtractConfig") -> list[Item]:
    """The items of a page that is a list: its entries whole, whatever they and the boxes around them are called, and the text
    around them in the box that holds them all. Where they stand in what may be furniture and hardly a text is left around them:
    [] for what a menu may hold; of what shows pictures with prices no doubtful name is believed."""
    ends, boxes = layout.ends(), layout.boxes
    for entry in entries:
        at = boxes[entry].parent
        while at > 0 and marked[at]:
            marked[at] = False
            at = boxes[at].parent
        while at > 0:  # an invitation that holds all of them is none
            marked[at] = marked[at] and boxes[at].hint not in _INVITES
            at = boxes[at].parent
        if not _is_post(boxes[entry]):
            for index in range(entry, ends[entry]):
                marked[index] = marked[index] and boxes[index].hint in _SURE
    furniture = _with_all_within(layout, marked)
    main = entries[0]
    while main > 0 and not (main < entries[0] and entries[-1] < ends[main]):
        main = boxes[main].parent
    main = _content_around(layout, main)
    inside, of_entry = layout.below(main), [0] * len(boxes)
    for entry in entries:
        of_entry[entry : ends[entry]] = [entry] * (ends[entry] - entry)
    region = [item for item in layout.items if inside[item.box] and not furniture[item.box]]
    said = sum(len(item.text) for item in region)
    if said < limits.min_article_prose and not any(of_entry[item.box] for item in region):
        sure = [one and box.hint in _SURE for one, box in zip(marked, boxes, strict=True)]
        priced = priced_boxes(layout)
        sold = all(boxes[entry].media and priced[entry] for entry in entries)
        return _list_of(layout, entries, sure, limits) if sold and sure != marked else []
    for item in layout.items:
        item.entry = of_entry[item.box]
    return lead_of(layout, furniture, inside, limits) + region


def _is_post(entry: Box) -> bool:
    """Whether an entry says more than it links to: boxes in a post tell who wrote it, those of a card are what it says."""
    return 2 * entry.prose >= entry.letters and 4 * entry.link_letters < entry.letters


def _prose_of_namesakes(layout: Layout) -> list[float]:
    """For each box the prose of all boxes of its name: what they say of themselves they say together."""
    sums: dict[tuple[str, str], float] = {}
    for box in layout.boxes:
        if box.hint and box.prose and box.name and layout.boxes[box.parent].name != box.name:
            sums[box.tag, box.name] = sums.get((box.tag, box.name), 0.0) + box.prose
    return [sums.get((box.tag, box.name), box.prose) if box.hint else box.prose for box in layout.boxes]


def _is_marked(layout: Layout, index: int, prose: float, told: bool, limits: "ExtractConfig") -> bool:
    """Whether a box is furniture by what it says of itself. One that has, with its namesakes, much of the prose is none."""
    box, total = layout.boxes[index], layout.boxes[0].prose
    if index == 0 or box.main:
        return False
    hint = HEADER if box.tag == "header" else box.hint
    if hint == LABEL:
        return not box.title and box.prose <= limits.max_label_prose * total
    if hint == FURNITURE:
        return box.prose <= limits.max_comments_prose * total
    if hint == CONSENT:
        return not box.title and prose <= limits.max_consent_prose * total
    if hint == HEADER:
        named = box.title or (box.headings and not box.link_letters)
        return not named and box.prose <= limits.max_furniture_prose * total
    if hint == TEASER:
        links = box.link_letters > limits.min_teaser_links * box.letters
        return links and prose <= limits.max_furniture_prose * total
    if hint in (LIKELY_FURNITURE, PROMOTION):
        if hint == PROMOTION and _is_hero(box):
            return False
        if told and hint == LIKELY_FURNITURE:
            return 2 * box.code <= box.letters
        return prose <= limits.max_furniture_prose * total and 2 * box.code <= box.letters
    return hint == COMMENTS and not box.title and prose <= limits.max_comments_prose * total


def _is_hero(box: Box) -> bool:
    """Whether a box shows the page's title over one picture, and links to nothing."""
    return box.title and box.media == 1 and not box.link_letters


def _give_back(layout: Layout, marked: list[bool], limits: "ExtractConfig") -> None:
    """Where too little prose is left, names mean something else on this site: the largest boxes are taken at their prose, each
    with its namesakes. What is surely no content is no loss, but for comments where nearly nothing else is said: a thread."""
    for _ in range(limits.max_given_back):
        furniture = _with_all_within(layout, marked)
        tops = [i for i, out in enumerate(marked) if out and not furniture[layout.boxes[i].parent]]
        left = layout.boxes[0].prose - sum(layout.boxes[i].prose for i in tops)
        bare = left < limits.min_article_prose
        doubtful = [i for i in tops if layout.boxes[i].hint not in _SURE and layout.boxes[i].prose > 0]
        alone = bare and not doubtful
        if alone:
            doubtful = [i for i in tops if _may_be_told(layout, i) and layout.boxes[i].prose > 0]
        groups: dict[tuple[str, str], list[int]] = {}
        for i in doubtful:
            box = layout.boxes[i]
            groups.setdefault((box.tag, box.name or str(i)), []).append(i)
        lost = sum(layout.boxes[i].prose for i in doubtful)
        if not doubtful or left >= (limits.min_article_prose if alone else limits.min_prose_left * (left + lost)):
            return
        for i in max(groups.values(), key=lambda group: sum(layout.boxes[i].prose for i in group)):
            marked[i] = False


def _may_be_told(layout: Layout, index: int) -> bool:
    """Whether a box may be what a page that says nothing else is about: comments, which are a thread then; or consent, within
    what holds the page's title and calls itself content: a policy."""
    if layout.boxes[index].hint == COMMENTS:
        return True
    around = _content_around(layout, layout.boxes[index].parent)
    return layout.boxes[index].hint == CONSENT and layout.boxes[around].hint == CONTENT and layout.boxes[around].title


def _with_all_within(layout: Layout, marked: list[bool]) -> list[bool]:
    furniture = list(marked)
    for index, box in enumerate(layout.boxes):
        if index and furniture[box.parent]:
            furniture[index] = True
    return furniture


def _prose_left(layout: Layout, furniture: list[bool]) -> list[float]:
    """The prose of each box without that of furniture."""
    gone = [0.0] * len(furniture)
    for index in range(len(gone) - 1, -1, -1):
        box = layout.boxes[index]
        gone[index] = box.prose if furniture[index] else gone[index]
        if index:
            gone[box.parent] += gone[index]
    return [box.prose - lost for box, lost in zip(layout.boxes, gone, strict=True)]


def _main_box(layout: Layout, furniture: list[bool], prose: list[float], limits: "ExtractConfig") -> int:
    """The smallest box that still holds enough of the prose; or the content element around it, for its title and lead."""
    enough, main = limits.min_main_prose * prose[0], 0
    for index, box in enumerate(layout.boxes):
        if index and box.parent == main and not furniture[index] and prose[index] >= enough > 0 and box.tag not in TEXT_BOXES:
            main = index
    return _content_around(layout, _titled_article(layout, prose, main, limits))


def _called_main(layout: Layout, furniture: list[bool], prose: list[float], main: int, limits: "ExtractConfig") -> int:
    """What the page itself calls its main part, where it has the title and a text, and the box chosen is elsewhere."""
    for index, box in enumerate(layout.boxes):
        if box.tag == "main" and box.title and not furniture[index] and prose[index] >= limits.min_article_prose:
            inside = layout.below(index)
            return main if inside[main] or layout.below(main)[index] else index
    return main


def _content_around(layout: Layout, main: int) -> int:
    """The content element around a box, or the box."""
    at = main
    while at > 0:
        if layout.boxes[at].hint == CONTENT:
            return at
        at = layout.boxes[at].parent
    return main


def _titled_article(layout: Layout, prose: list[float], main: int, limits: "ExtractConfig") -> int:
    """The content element within that holds the title and a good part of the prose: what else there is, is other articles. But
    not where the rest is more, and stands in one box right behind it without a heading or a link: the article goes on there."""
    enough, found, tops = limits.min_titled_prose * prose[0], main, [-1] * len(prose)
    tops[main] = main
    for index in range(main + 1, len(tops)):
        box = layout.boxes[index]
        top = tops[index] = tops[box.parent]
        if top == found and box.hint == CONTENT and box.title and prose[index] >= enough > 0:
            found = tops[index] = index
    return main if found != main and _goes_on(layout, prose, main, found) else found


def _goes_on(layout: Layout, prose: list[float], main: int, article: int) -> bool:
    boxes, behind = layout.boxes, layout.ends()[article]
    if behind >= layout.ends()[main]:
        return False
    box = boxes[behind]
    around = article
    while around != box.parent and around > main:
        around = boxes[around].parent
    return around == box.parent and box.headings == 0 and box.link_letters == 0 and prose[behind] > prose[article]
