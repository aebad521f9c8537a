"""The graph, declared once: jobs, their stages, and their tables. Nothing else lists them.

The ledger's links, the funnel, report, card, verify, inspect and the fingerprints derive from what is declared here, and so
does docs/graph.svg. `pipeline/curation.py` is the same graph as a story that runs.
"""

from dataclasses import dataclass

from lamella.schemas.account import Counter
from lamella.schemas.datasets import DATASETS, PARQUET, Dataset, folders_of
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.duplicate import Duplicate
from lamella.schemas.media import Alias, ArchiveMedia, Media
from lamella.schemas.opt_out import OptOut
from lamella.schemas.pair import CandidatePair, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Rejection, Stage, Unit
from lamella.transforms.base.memory import FOLDER as MEMORY
from lamella.transforms.fetch.packs import FOLDER as PACKS


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelCount:
    """A count of the funnel: what came to a stage, or what it kept."""

    funnel: str
    label: str
    unit: Unit
    side: str  # "came" or "kept", of the ledger's line


@dataclass(frozen=True, slots=True, kw_only=True)
class StageNode:
    """A stage, and what it takes of whom. An optional one that does not run hands on what it would have taken."""

    stage: Stage
    does: str  # in a few words, for the picture
    takes: tuple[tuple[Unit, Stage], ...] = ()
    optional: bool = False  # a run may leave it out: those before it then stand in its place
    counts_nodes: bool = False  # of the documents that it takes it counts the nodes too
    judges: bool = True  # its settings say what leaves: the card lists them
    by_archive: bool = False  # its work is kept as a part for each archive, with a fingerprint of its own
    settings: str = ""  # the part of the Config that it reads, where that does not bear its name
    funnel: tuple[FunnelCount, ...] = ()

    @property
    def config(self) -> str:
        """The part of the Config that it reads."""
        return self.settings or self.stage.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A folder of Parquet files with a manifest."""

    name: str  # the folder, within the run's
    record: type
    kept: tuple[Unit, Stage] | None = None  # its rows are what this stage kept of this unit; None: beside the ledger
    counted_as: str = ""  # tables of one name are one in the ledger; "": alone

    @property
    def ledger_name(self) -> str:
        return self.counted_as or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder without a manifest of its own."""

    name: str  # within the run's
    holds: str  # in a few words, for the picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One pipeline between finished tables. Jobs are cut where the resource changes."""

    name: str
    resource: str
    leaves: str  # what it is run for, one of them: said where none is left
    stages: tuple[StageNode, ...]
    reads: tuple[str, ...] = ()  # tables of earlier jobs
    writes: tuple[Table, ...] = ()
    datasets: tuple[Dataset, ...] = ()  # that it writes as shards
    beside: tuple[Folder, ...] = ()

    @property
    def shard_folders(self) -> tuple[str, ...]:
        """Of tars, for each dataset."""
        return tuple(f"{SHARDS_FOLDER}/{dataset}" for dataset in self.datasets)

    @property
    def folders(self) -> tuple[str, ...]:
        """Every folder with a manifest that it writes, within the run's."""
        tables = [table.name for table in self.writes]
        tars = [f"{SHARDS_FOLDER}/{folder}" for dataset in self.datasets for folder in folders_of(dataset)]
        tars.sort(key=lambda folder: folder.endswith(PARQUET))
        return (*tables, *tars, rejections_of(self.name), counters_of_job(self.name))

    def lays(self, folder: str) -> bool:
        """Whether it writes a folder without a manifest."""
        return any(beside.name == folder for beside in self.beside)

    @property
    def config_parts(self) -> tuple[str, ...]:
        """What its tables' fingerprint hashes of the Config, beside the contents of what it reads."""
        return tuple(node.config for node in self.stages if not node.by_archive)

    @property
    def made(self) -> tuple[str, ...]:
        """The tables that it is run for."""
        return tuple(table.name for table in self.writes if table.kept)


SHARDS_FOLDER = "shards"  # of the datasets
PARTITIONS = "extracted"  # the folder of what was read from each archive
EXTRACT = "extract"  # the pipeline that makes the parts of archives, ahead of the first job


def rejections_of(job: str) -> str:
    """The folder of the Rejections that a job wrote."""
    return f"rejections/{job}"


def counters_of_job(job: str) -> str:
    """The folder of the Counters that a job wrote."""
    return f"tallies/{job}"


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
    beside=(Folder(name=PACKS, holds="tars, named by the rows of media/"),),
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


def record_of(table: str) -> type:
    """The type of a table's rows: of a declared one, or of rejections and counters."""
    if table in TABLES:
        return TABLES[table].record
    return {"rejections": Rejection, "tallies": Counter}[table.partition("/")[0]]


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
    """A stage, and then those that hand a unit on in its place where it does not run, the nearest first.

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
