"""Counters: how many units came in, were made and were kept, by stage and unit. Stages count, the graph adds."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lamella.schemas.document import BarePage, InterleavedDocument
from lamella.schemas.media import Alias, ArchiveMedia, Media, MediaLink
from lamella.schemas.page import Page
from lamella.schemas.pair import CandidatePair, ImageTextPair, VideoTextPair
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Stage, Unit


class CounterKind(StrEnum):
    IN = "in"  # entered the stage
    MADE = "made"  # came into being in the stage
    KEPT = "kept"  # left the stage by the main output


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    stage: Stage
    unit: Unit
    kind: CounterKind
    count: int
    archive: str = ""  # where the records came from, until an archive's part is written; sums do not keep it


def sum_counters(counters: Iterable[Counter]) -> Iterable[Counter]:
    """One Counter for each stage, unit and kind, of any number: bundles differ from run to run, their sums do not."""
    sums: dict[tuple[Stage, Unit, CounterKind], int] = {}
    for counter in counters:
        key = (counter.stage, counter.unit, counter.kind)
        sums[key] = sums.get(key, 0) + counter.count
    return [Counter(stage=stage, unit=unit, kind=kind, count=count) for (stage, unit, kind), count in sums.items()]


def units_of(record: object) -> Iterable[tuple[Unit, int]]:
    """What a record counts as: a document counts once as a document, and its nodes as nodes."""
    match record:
        case InterleavedDocument():
            return ((Unit.DOCUMENT, 1), (Unit.NODE, len(record.nodes)))
        case BarePage():
            return ()  # its page is counted, and left
        case Page():
            return ((Unit.PAGE, 1),)
        case Media() | MediaLink():
            return ((Unit.MEDIA, 1),)
        case CandidatePair() | ImageTextPair() | VideoTextPair():
            return ((Unit.PAIR, 1),)
        case ArchiveMedia() | Alias():
            return ((Unit.RECORD, 1),)
    raise TypeError(f"{type(record).__name__} is not counted")
