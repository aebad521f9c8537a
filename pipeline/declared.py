"""The types with which the graph is declared: a stage, a table, a job; and the names of a run's folders."""

from dataclasses import dataclass

from lamella.schemas.datasets import PARQUET, Dataset, folders_of
from lamella.schemas.rejection import Stage, Unit

SHARDS_FOLDER = "shards"  # of the datasets


def rejections_of(job: str) -> str:
    """The folder of the Rejections that a job wrote."""
    return f"rejections/{job}"


def counters_of_job(job: str) -> str:
    """The folder of the Counters that a job wrote."""
    return f"counters/{job}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelCount:
    """A count of the funnel: what came to a stage, or what it kept."""

    funnel: str
    label: str
    unit: Unit
    side: str  # "came" or "kept", of the ledger's line


@dataclass(frozen=True, slots=True, kw_only=True)
class StageNode:
    """A stage, and which stages it takes units from. An optional stage that does not run passes on what it would have taken."""

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
