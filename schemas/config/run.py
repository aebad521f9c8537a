"""Sizes and limits of a run that are no stage's own."""

from pydantic import NonNegativeInt, PositiveInt

from lamella.schemas.bounds import Frozen, Share


class RunConfig(Frozen):
    """Sizes and limits of a run that are no stage's own."""

    table_parts: PositiveInt = 4  # files a table
    archives_per_batch: PositiveInt | None = None  # archives read before their parts are written; None: by their bytes
    bytes_per_batch: PositiveInt = 64 << 20  # read by each process before parts are written: half a minute of Common Crawl's
    split_bytes: PositiveInt | None = None  # of a larger archive, many workers extract the pages, so much of it each; None: one
    memory: str | None = None  # folder of what was found out and fetched, shared by runs; None: within the run's own
    batch_buckets: PositiveInt = (
        16  # groups that models work on side by side, by hash; more where one would be too large for a worker
    )
    contraction_rounds: NonNegativeInt | None = None  # of graphs of copies, ahead of one worker's union-find; None: by size
    accelerator: str | None = None  # what workers need where models run, as Beam's hints say it: type:nvidia-l4;count:1
    max_crash_ratio: Share = 0.05  # of a stage's units; recipes, Limits. Beyond: exit 3
    max_rule_ratio: Share = 0.5  # a rule that rejects more is flagged in the report
    report_samples: NonNegativeInt = 6  # kept and rejected examples shown for each reason
