"""A config, and a run if there is one -> a line for every rule, in the order in which a page meets them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from lamella.pipeline.audit import Line, conservation_of
from lamella.pipeline.columns import pc, read_columns
from lamella.pipeline.declared import rejections_of
from lamella.pipeline.graph import JOBS
from lamella.schemas.config import Config
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.schemas.sources import sources_of
from lamella.transforms.assemble.rules import RULES as ASSEMBLE_RULES
from lamella.transforms.base.files import join
from lamella.transforms.base.rule import Rulebook
from lamella.transforms.caption.judge import RULES as CAPTION_RULES
from lamella.transforms.fetch.address_rules import ADDRESS_RULES
from lamella.transforms.fetch.copies import COPY_RULES
from lamella.transforms.fetch.hops import HOP_RULES
from lamella.transforms.fetch.listed import LISTED_RULES as LISTED_FILE_RULES
from lamella.transforms.fetch.rules import CAPTURE_RULES, SIZE_RULES, VIDEO_RULES, WEIGHT_RULES
from lamella.transforms.filter import rules as text
from lamella.transforms.filter.listed import LISTED_RULES as LISTED_PAGE_RULES
from lamella.transforms.media.decode_rules import CLIP_COST_RULES, PICTURE_COST_RULES
from lamella.transforms.media.picture_rules import IMAGE_RULES
from lamella.transforms.pair import rules as pair
from lamella.transforms.score import rules as score

# A test compares this list with the rulebooks that the package has.
RULEBOOKS: tuple[Rulebook, ...] = (
    LISTED_PAGE_RULES,
    text.LANGUAGE_RULES,
    text.NODE_RULES,
    text.CAPTION_RULES,
    text.DOCUMENT_RULES,
    ADDRESS_RULES,
    HOP_RULES,
    CAPTURE_RULES,
    WEIGHT_RULES,
    PICTURE_COST_RULES,
    CLIP_COST_RULES,
    SIZE_RULES,
    IMAGE_RULES,
    VIDEO_RULES,
    LISTED_FILE_RULES,
    COPY_RULES,
    *pair.TEXT_RULES.values(),
    ASSEMBLE_RULES,
    *pair.RULES.values(),
    pair.COPY_RULES,
    score.NODE_RULES,
    score.DOCUMENT_RULES,
    score.PAIR_RULES,
    CAPTION_RULES,
)

_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule as it stands in a config: where it is, what it asks, and what it took in a run."""

    stage: Stage
    unit: Unit
    book: str
    reason: Reason
    measure: str
    sign: str  # ">" or "<" where a number is compared with its limit, "" where something is looked for
    key: str  # of the limit: "filter.node.max_short_lines"; "" for a rule without one
    limit: Any  # its value; None switches the rule off
    source: str
    where: str  # file:line of the row
    took: int | None = None  # records that left by it in the run; rows of one stage, reason and measure share a count
    share: float | None = None  # of what came to the stage

    @property
    def on(self) -> bool:
        return self.limit is not None and self.limit is not False


def rule_lines(config: Config, run: str | None = None) -> Iterator[RuleLine]:
    """Every rule in order. `run`: the folder of a run, whose rejections are counted."""
    took, came = (_took(run), _came(run)) if run else (Counter(), {})
    for book in RULEBOOKS:
        limits = _at(config, book.scope.config)
        for rule in book:
            count = took[book.scope.stage, book.scope.unit, rule.reason, rule.measure, rule.sign] if run else None
            of = came.get((book.scope.stage, book.scope.unit))
            yield RuleLine(
                stage=book.scope.stage,
                unit=book.scope.unit,
                book=book.name,
                reason=rule.reason,
                measure=rule.measure,
                sign=rule.sign,
                key=f"{book.scope.config}.{rule.limit}" if rule.limit else "",
                limit=getattr(limits, rule.limit) if rule.limit else True,
                source=rule.source or sources_of(book.scope.limits).get(rule.limit, ""),
                where=f"{_inside(rule.file)}:{rule.line}",
                took=count,
                share=count / of if count is not None and of else None,
            )


def _at(config: Config, path: str) -> Any:
    for name in path.split("."):
        config = getattr(config, name)
    return config


def _inside(file: str) -> str:
    path = Path(file)
    return path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else path.name


def _took(run: str) -> Counter[tuple[Stage, Unit, Reason, str, str]]:
    counts: Counter[tuple[Stage, Unit, Reason, str, str]] = Counter()
    for job in JOBS:
        for batch in read_columns(join(run, rejections_of(job)), ("stage", "unit", "reason", "measure", "value", "limit")):
            above = pc.greater(batch["value"], batch["limit"])
            sign = pc.if_else(pc.is_null(above), "", pc.if_else(above, ">", "<"))
            table = pa.table([*batch.columns[:4], sign], names=["stage", "unit", "reason", "measure", "sign"])
            for row in table.group_by(table.column_names).aggregate([([], "count_all")]).to_pylist():
                key = Stage(row["stage"]), Unit(row["unit"]), Reason(row["reason"]), row["measure"], row["sign"]
                counts[key] += row["count_all"]
    return counts


def _came(run: str) -> dict[tuple[Stage, Unit], int]:
    lines: list[Line] = conservation_of(run)
    return {(line.stage, line.unit): line.came for line in lines}
