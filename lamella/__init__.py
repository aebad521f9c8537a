"""The public API: what a program that uses Lamella imports. Functions import what is heavy when they are called.

    import lamella

    document = lamella.extract(html, "https://a.example/page", timeout_s=2.0)
    result = lamella.run("demo", "web/*.warc.gz", "out", processes=2)
    for pair in lamella.read_table("out/pairs/images"):
        print(pair.alt, pair.clip_score)
    for sample in lamella.read_shard("out/shards/align/align-train-00000.tar"):
        ...

What it raises by intention is a LamellaError; `lamella.schemas.errors` shows the tree.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lamella.schemas.errors import (
    BadSample,
    BadShard,
    ConfigError,
    DamagedTable,
    DataError,
    LamellaError,
    NoDevice,
    TrainingError,
    TrainingFailed,
    WeightsMissing,
)

if TYPE_CHECKING:
    from lamella.runners.launch import RunResult
    from lamella.schemas.config import Config
    from lamella.schemas.document import InterleavedDocument
    from lamella.schemas.sample import Sample

__all__ = [
    "BadSample",
    "BadShard",
    "ConfigError",
    "DamagedTable",
    "DataError",
    "LamellaError",
    "NoDevice",
    "TrainingError",
    "TrainingFailed",
    "WeightsMissing",
    "extract",
    "read_shard",
    "read_table",
    "run",
]

# OpenMP's threads spin while they wait for each other, and beside other work on the same cores they then wait for threads that
# do not run: a training was slowed down five-fold to fifty-fold. This is read when torch is loaded, and nothing of ours loads
# it before this line has run. What the user has set stays.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def extract(html: str | bytes, url: str, **settings: Any) -> "InterleavedDocument":
    """The main content of a page: its texts, images and videos in reading order.

        document = lamella.extract(html, "https://a.example/page", timeout_s=2.0)
        for node in document.nodes: ...

    The page is parsed in a child process, which is kept for the next page and ends with this process: no page costs more time
    or memory than the settings allow. A page without text or without media gives a document with the nodes that it has.

    Args:
        html: text, or bytes in any encoding, which is detected.
        url: where the page came from; relative URLs in it are resolved against it.
        settings: of `extract.*`, as `lamella config` lists them.

    Raises:
        ConfigError: a setting that there is not, or a value that it cannot have.
        DataError: the page ran into a limit, or the parse raised.
    """
    from lamella.pipeline.config.resolution import resolve, with_overrides
    from lamella.transforms.extract.single import extract_page

    config = with_overrides(resolve("m3w"), {f"extract.{name}": value for name, value in settings.items()})
    return extract_page(html, url, config.extract)


def run(
    recipe: "str | Config",
    inputs: str | Sequence[str],
    output: str,
    *,
    overrides: Mapping[str, Any] | Sequence[str] = (),
    runner: str = "local",
    processes: int = 1,
    master: str = "",
    job_endpoint: str = "",
    py_env: str = "",
    beam_flags: Sequence[str] = (),
    report: bool = True,
    replace: bool = False,
    deep: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> "RunResult":
    """Runs the four jobs on web archives, as `lamella run` does; a second run does only what changed.

        result = lamella.run("demo", "web/*.warc.gz", "out", overrides={"caption.on": False}, processes=2)
        print(result.report["path"])

    Args:
        recipe: demo, m3w, obelics, laion or blip; or a resolved Config.
        inputs: archives: globs, folders or files, local or remote.
        output: the folder of the run, local or remote. Only what a run wrote there before is replaced.
        overrides: settings over the recipe's: key -> value, or texts of the form `key=value`.
        runner: local, direct, spark, portable, prism, flink or dataflow.
        processes: worker processes of a local run.
        master: of Spark: spark://HOST:PORT, yarn, k8s://ADDRESS or local[N].
        job_endpoint: of a portable runner: HOST:PORT of its job service.
        py_env: of Spark: an archive of the workers' Python environment; "" where lamella is installed there.
        beam_flags: for Beam, in the form of its command line; for Spark, settings as KEY=VALUE.
        report: whether report.json and report.html are written.
        replace: whether a run of another recipe in this folder may be made over.
        deep: whether checksums, and not sizes alone, tell which tables stand.
        say: is given each line of progress.

    Returns:
        The folder, the report, and why the run ended early where it did.

    Raises:
        ConfigError: a setting, an input, an output, a device or a model; nothing has been written then.
        LamellaError: weights that cannot be read, tables of an earlier run that are damaged.
        RuntimeError: a job that failed, as Beam raises it.
    """
    from lamella.pipeline.config.resolution import resolve, with_overrides
    from lamella.runners.launch import Engine, prepare

    settings = with_overrides(resolve(recipe) if isinstance(recipe, str) else recipe, overrides)
    paths = [inputs] if isinstance(inputs, str) else [*inputs]
    engine = Engine(
        runner=runner, processes=processes, master=master, job_endpoint=job_endpoint, py_env=py_env, flags=tuple(beam_flags)
    )
    launch = prepare(settings, paths, output, say, engine=engine)
    return launch.carry_out(say, report=report, replace=replace, deep=deep)


def read_table(path: str) -> Iterator[Any]:
    """The records of a finished table, or of one Parquet file of it, one row group in memory at a time.

        kept = sum(document.quality is not None for document in lamella.read_table("out/documents"))

    Args:
        path: a folder such as `out/documents` or `out/rejections/media`, or a file in it, local or remote.

    Returns:
        Records of the table's type: InterleavedDocument, Media, ImageTextPair, VideoTextPair, Duplicate, Rejection, Counter ...

    Raises:
        DataError: no finished table there, one that is damaged, or columns that no record type has.
    """
    from lamella.pipeline.typed_files import read_typed

    return read_typed(path)


def read_shard(path: str) -> "Iterator[Sample]":
    """The samples of a shard, in order. A file on its own: its manifest's checksum is `lamella verify`'s to compare.

        for sample in lamella.read_shard("out/shards/m3w/m3w-train-00000.tar"):
            print(sample.texts, len(sample.images))

    Args:
        path: a `.tar` of `out/shards/DATASET`, local or remote.

    Returns:
        InterleavedSample (M3W), PairSample (ALIGN, LTIP) or ClipSample (VTP). Images are encoded as JPEG.

    Raises:
        BadShard, BadSample: what no writer of ours writes, or damage.
        DataError: no file there.
    """
    from lamella.pipeline.typed_files import read_samples

    return read_samples(path)
