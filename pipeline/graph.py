"""The graph, declared once: jobs, their stages, and their tables. Nothing else lists them.

The ledger's links, the funnel, report, card, verify, inspect, the fingerprints and docs/graph.svg are derived from this
declaration. `pipeline/curation.py` is the same graph as a story that runs.
"""

from lamella.pipeline.declared import Folder, FunnelCount, Job, StageNode, Table, counters_of_job, rejections_of
from lamella.schemas.account import Counter
from lamella.schemas.datasets import DATASETS
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.duplicate import Duplicate
from lamella.schemas.media import Alias, ArchiveMedia, Media
from lamella.schemas.opt_out import OptOut
from lamella.schemas.pair import CandidatePair, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Rejection, Stage, Unit
from lamella.transforms.base.memory import FOLDER as MEMORY
from lamella.transforms.fetch.packs import FOLDER as PACKS

PARTITIONS = "extracted"  # the folder of what was read from each archive
EXTRACT = "extract"  # the pipeline that makes the parts of archives, ahead of the first job

DOCUMENTS = Job(
    name="documents",
    resource="CPU",
    leaves="document or candidate",
    stages=(
        StageNode(
            stage=Stage.READ,
            does="records; damage costs one",
            judges=False,
            by_archive=True,
            funnel=(
                FunnelCount(funnel="documents", label="records", unit=Unit.RECORD, side="came"),
                FunnelCount(funnel="documents", label="pages", unit=Unit.PAGE, side="kept"),
            ),
        ),
        StageNode(
            stage=Stage.EXTRACT,
            does="text and media in reading order",
            takes=((Unit.PAGE, Stage.READ),),
            judges=False,
            by_archive=True,
            funnel=(FunnelCount(funnel="documents", label="documents", unit=Unit.DOCUMENT, side="kept"),),
        ),
        StageNode(
            stage=Stage.FILTER,
            optional=True,
            does="language, quality, safety",
            takes=((Unit.DOCUMENT, Stage.EXTRACT),),
            counts_nodes=True,
            funnel=(FunnelCount(funnel="documents", label="filtered", unit=Unit.DOCUMENT, side="kept"),),
        ),
        StageNode(
            stage=Stage.DEDUP,
            optional=True,
            does="URL, MinHash",
            takes=((Unit.DOCUMENT, Stage.FILTER),),
            counts_nodes=True,
            funnel=(FunnelCount(funnel="documents", label="unique", unit=Unit.DOCUMENT, side="kept"),),
        ),
        StageNode(
            stage=Stage.PROPOSE,
            does="texts of pictures, of every page",
            settings="pair",
            funnel=(
                FunnelCount(funnel="pairs", label="proposed", unit=Unit.PAIR, side="came"),
                FunnelCount(funnel="pairs", label="well-worded", unit=Unit.PAIR, side="kept"),
            ),
        ),
    ),
    writes=(
        Table(name="documents", record=InterleavedDocument, kept=(Unit.DOCUMENT, Stage.DEDUP)),
        Table(name="duplicates", record=Duplicate),
        Table(name="candidates", record=CandidatePair, kept=(Unit.PAIR, Stage.PROPOSE)),
        Table(name="archive_media", record=ArchiveMedia),
        Table(name="archive_aliases", record=Alias),
    ),
    beside=(Folder(name=PARTITIONS, holds="a part an archive"),),
)

MEDIA = Job(
    name="media",
    resource="network",
    leaves="picture or clip",
    stages=(
        StageNode(
            stage=Stage.FETCH,
            does="archives, then HTTP; inspect; copies",
            funnel=(
                FunnelCount(funnel="media", label="links", unit=Unit.MEDIA, side="came"),
                FunnelCount(funnel="media", label="usable", unit=Unit.MEDIA, side="kept"),
            ),
        ),
    ),
    reads=("documents", "candidates", "archive_media", "archive_aliases", rejections_of("documents")),
    writes=(
        Table(name="media", record=Media, kept=(Unit.MEDIA, Stage.FETCH)),
        Table(name="opt_outs", record=OptOut),
    ),
    beside=(
        Folder(name=PACKS, holds="tars, named by the rows of media/"),
        Folder(name=MEMORY, holds="what was measured on media, by content"),
    ),
)

PAIRS = Job(
    name="pairs",
    resource="GPU or CPU",
    leaves="document or pair",
    stages=(
        StageNode(
            stage=Stage.ASSEMBLE,
            does="nodes meet media; phi",
            takes=((Unit.DOCUMENT, Stage.DEDUP),),
            counts_nodes=True,
            funnel=(FunnelCount(funnel="documents", label="assembled", unit=Unit.DOCUMENT, side="kept"),),
        ),
        StageNode(
            stage=Stage.PAIR,
            does="candidates meet media; copies",
            takes=((Unit.PAIR, Stage.PROPOSE),),
            funnel=(FunnelCount(funnel="pairs", label="shown", unit=Unit.PAIR, side="kept"),),
        ),
        StageNode(
            stage=Stage.SCORE,
            optional=True,
            does="CLIP",
            takes=((Unit.DOCUMENT, Stage.ASSEMBLE), (Unit.PAIR, Stage.PAIR)),
            counts_nodes=True,
            funnel=(FunnelCount(funnel="pairs", label="scored", unit=Unit.PAIR, side="kept"),),
        ),
        StageNode(
            stage=Stage.CAPTION,
            optional=True,
            does="a text of a model beside the web's; CapFilt",
            takes=((Unit.PAIR, Stage.SCORE),),
            funnel=(FunnelCount(funnel="pairs", label="matched", unit=Unit.PAIR, side="kept"),),
        ),
    ),
    reads=("documents", "candidates", "media", rejections_of("media")),
    writes=(
        Table(name="interleaved", record=InterleavedDocument, kept=(Unit.DOCUMENT, Stage.SCORE)),
        Table(name="pairs/images", record=ImageTextPair, kept=(Unit.PAIR, Stage.CAPTION), counted_as="pairs"),
        Table(name="pairs/videos", record=VideoTextPair, kept=(Unit.PAIR, Stage.CAPTION), counted_as="pairs"),
    ),
    beside=(Folder(name=MEMORY, holds="what models found out, by content"),),
)

SHARDS = Job(
    name="shards",
    resource="disk",
    leaves="sample",
    stages=(
        StageNode(
            stage=Stage.SHARD,
            does="tars, by the hash of keys",
            takes=((Unit.DOCUMENT, Stage.SCORE), (Unit.PAIR, Stage.CAPTION)),
            counts_nodes=True,
            judges=False,
        ),
    ),
    reads=tuple(dict.fromkeys(entry.table for entry in DATASETS.values())),
    datasets=tuple(DATASETS),
)

GRAPH: dict[str, Job] = {job.name: job for job in (DOCUMENTS, MEDIA, PAIRS, SHARDS)}
JOBS = tuple(GRAPH)  # in the order in which they run
STAGES: dict[Stage, StageNode] = {node.stage: node for job in GRAPH.values() for node in job.stages}
TABLES: dict[str, Table] = {table.name: table for job in GRAPH.values() for table in job.writes}
PAIR_TABLES = tuple(table for table in PAIRS.writes if table.kept and table.kept[0] is Unit.PAIR)
SHARD_FOLDERS = tuple(folder for job in GRAPH.values() for folder in job.shard_folders)
LEDGER_TABLES = tuple(folder for job in JOBS for folder in (rejections_of(job), counters_of_job(job)))
_STEPS = tuple(step for node in STAGES.values() for step in node.funnel)
FUNNELS = tuple(dict.fromkeys(step.funnel for step in sorted(_STEPS, key=lambda step: list(Unit).index(step.unit))))
ARCHIVE_STAGES = tuple(node.config for node in STAGES.values() if node.by_archive)  # of the Config, for parts of archives


_OF_EVERY_JOB: dict[str, type] = {"rejections": Rejection, "counters": Counter}  # the first word of the folder -> its rows
RECORD_TYPES = tuple(dict.fromkeys((*(table.record for table in TABLES.values()), *_OF_EVERY_JOB.values())))


def record_of(table: str) -> type:
    """The type of a table's rows: of a declared one, or of rejections and counters."""
    return TABLES[table].record if table in TABLES else _OF_EVERY_JOB[table.partition("/")[0]]


# The order in which pairs meet their stages, by `score.when`. What is declared above is that of "before".
_AFTER = (Stage.PAIR, Stage.CAPTION, Stage.SCORE)
PAIR_STAGES = {"before": (Stage.PAIR, Stage.SCORE, Stage.CAPTION), "after": _AFTER, "never": _AFTER}


def in_order(when: str) -> tuple[StageNode, ...]:
    """All stages, in the order in which a page and what is made of it meet them."""
    pairs = iter(PAIR_STAGES[when])
    return tuple(STAGES[next(pairs)] if stage in _AFTER else node for stage, node in STAGES.items())


def handed_by(unit: Unit, stage: Stage, when: str = "before") -> Stage | None:
    """Who hands a unit to a stage, where all stages run; None where it takes none."""
    order, declared = PAIR_STAGES[when], dict(STAGES[stage].takes).get(unit)
    if unit is not Unit.PAIR or declared is None or stage is order[0]:
        return declared
    return order[order.index(stage) - 1] if stage in order else order[-1]


def givers(unit: Unit, stage: Stage, when: str = "before") -> tuple[Stage, ...]:
    """A stage, and then the stages that pass a unit on in its place if it does not run, the nearest first.

    >>> givers(Unit.PAIR, Stage.CAPTION)
    (<Stage.CAPTION: 'caption'>, <Stage.SCORE: 'score'>, <Stage.PAIR: 'pair'>)
    """
    found = [stage]
    while STAGES[found[-1]].optional and (before := handed_by(unit, found[-1], when)):
        found.append(before)
    return tuple(found)


def keepers(unit: Unit, stage: Stage, when: str = "before") -> tuple[Stage, ...]:
    """`givers` of a table that declares what this stage kept of this unit."""
    return givers(unit, PAIR_STAGES[when][-1] if unit is Unit.PAIR and stage in PAIR_STAGES[when] else stage, when)
