"""An index -> the plan of its page: good, or rejected; and the fixtures and edge-case records that it has.

Pages come in rounds of 150. In the first round everything happens once: rejected pages on odd indices below 70, fixtures on the
good pages between them. In later rounds an outcome recurs with a probability that falls from 1/2 to 1/6; what is expensive to
read (bombs, a million characters) never does.
"""

from dataclasses import dataclass

from lamella.sample import fixtures
from lamella.sample.edge_cases_records import EXCHANGES, HEAVY
from lamella.sample.fixtures import Fixture
from lamella.sample.rng import Rng

ROUND = 150
PAGE_OUTCOMES = (
    "wrong_language/de",
    "same_url/0",
    "too_few_words",
    "no_media",
    "repeated_lines",
    "near_duplicate",
    "wrong_language/fr",
    "odd_word_length",
    "too_many_symbols",
    "no_content",
    "too_many_bullets",
    "too_many_ellipses",
    "no_image_left",
    "too_few_alphabetic_words",
    "wrong_language/es",
    "too_few_stop_words",
    "repeated_paragraphs",
    "repeated_ngrams",
    "opted_out",
    "repeated_words",
    "too_little_punctuation",
    "same_url/2",
    "lorem_ipsum",
    "wrong_language/zh",
    "curly_bracket",
    "too_few_ended_lines",
    "too_many_short_lines",
    "no_text_left",
    "too_many_images",
    "too_many_words",
    "page_too_costly",
    "too_many_characters",
    "near_duplicate",
    "same_url/1",
)
ONCE = frozenset(("too_many_words", "page_too_costly", "too_many_characters", "too_large"))
GROUPS = {
    "repeated_image": 13,
    "alt_too_common": 13,
    "too_many_alts": 4,
    "duplicate_image": 2,
    "duplicate_pair": 2,
    "no_caption_matches": 3,
}
COPIES = ("same_url", "near_duplicate")  # of the page before, which therefore carries no fixture
_FIRST_FIXTURE = 4  # index of the first good page with a fixture
_LEAST = 1 / 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the page of an index is, and what it has."""

    outcome: str = ""  # of the page, with its variant; "" for a good page
    fixtures: tuple[Fixture, ...] = ()
    edge_case_records: tuple[str, ...] = ()  # reasons of exchanges written behind the page's
    damaged: bool = False  # a copy of the page's own record stands behind it, spoiled


def plan(seed: int, index: int, pages: int | None = None) -> Plan:
    """The plan of one page; it depends only on the arguments.

    Args:
        pages: of the sample. Fixtures that only many pages make true, of which some stand beyond the last, are left out of all.
    """
    number, slot = divmod(index, ROUND)
    if outcome := _outcome_at(slot):
        return Plan(outcome=outcome) if _recurs(seed, number, outcome) else Plan()
    fixtures = tuple(
        fixture
        for name, place in _BY_SLOT.get(slot, ())
        if _is_whole(name, number, pages) and (fixture := _fixture(seed, number, name, place, index=index))
    )
    edge_cases = tuple(name for at, name in enumerate(EXCHANGES) if slot == 10 + 6 * at and _recurs(seed, number, name))
    return Plan(fixtures=fixtures, edge_case_records=edge_cases, damaged=slot == 60 and _recurs(seed, number, "damaged_record"))


def _outcome_at(slot: int) -> str:
    return PAGE_OUTCOMES[slot // 2] if slot % 2 and slot // 2 < len(PAGE_OUTCOMES) else ""


def _is_whole(reason: str, number: int, pages: int | None) -> bool:
    """Whether every fixture of a round's group is on some page."""
    return pages is None or reason not in GROUPS or number * ROUND + _LAST_SLOTS[reason] < pages


def _fixture(seed: int, number: int, reason: str, place: int, *, index: int) -> Fixture | None:
    if not _recurs(seed, number, reason):
        return None
    return Fixture(reason=reason, key=f"{seed}/{index}/{reason}", group=f"{seed}/{number}/{reason}", place=place)


def _recurs(seed: int, number: int, name: str) -> bool:
    """Whether an outcome happens in a round; all of a group's fixtures together."""
    if number == 0:
        return True
    bare = name.partition("/")[0]
    if bare in ONCE or bare in HEAVY:
        return False
    return Rng("recurs", seed, number, name).chance(max(_LEAST, 1 / (number + 1)))


def _slots() -> dict[int, tuple[tuple[str, int], ...]]:
    """Which fixtures sit at which slot: one or two a good page, from the first good page on, groups spread out."""
    good = [
        slot for slot in range(_FIRST_FIXTURE, ROUND) if not _outcome_at(slot) and not _outcome_at(slot + 1).startswith(COPIES)
    ]
    by_slot: dict[int, list[tuple[str, int]]] = {}
    for at, reason in enumerate(name for name in fixtures.reasons() if name not in GROUPS):
        by_slot.setdefault(good[at % len(good)], []).append((reason, 0))
    for shift, (reason, count) in enumerate(sorted(GROUPS.items())):
        for place in range(count):
            by_slot.setdefault(good[(2 + shift + 4 * place) % len(good)], []).append((reason, place))
    return {slot: tuple(fixtures) for slot, fixtures in by_slot.items()}


_BY_SLOT = _slots()
_LAST_SLOTS = {
    reason: max(slot for slot, held in _BY_SLOT.items() if any(name == reason for name, _ in held)) for reason in GROUPS
}
