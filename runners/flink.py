"""Flink: Beam flags -> an `execute` that submits each job to a Flink cluster through Beam's portable runner.

Beam's job server is a jar for one version of Flink, downloaded or given. If it does not fit, this is said before anything runs.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from apache_beam.options.pipeline_options import FlinkRunnerOptions, PipelineOptions, PortableOptions
from apache_beam.utils.subprocess_server import JavaJarServer

from lamella.runners.cluster import cluster_execute
from lamella.schemas.errors import ConfigError
from lamella.schemas.printable import printable

NEEDED = {
    "--flink_master": "the cluster's REST address, such as host:8081",
    "--environment_type": "where workers find Python and lamella: PROCESS, EXTERNAL or DOCKER",
}
_ANSWER_S = 5.0
_OWN_CLUSTERS = ("[local]", "[auto]")  # Beam's names for one that the job server starts itself


def flink_execute(flags: Sequence[str]) -> Callable:
    # Batch bundles of records, not of single ones, and objects that are not copied between fused steps.
    own = ["--runner=FlinkRunner", "--max_bundle_size=1000", "--object_reuse=true"]
    execute = cluster_execute("flink", own, NEEDED, flags)
    check_cluster(flags)
    return execute


def check_cluster(flags: Sequence[str]) -> None:
    """Raises ConfigError if the cluster has another version than the job server, or if there is no job server."""
    options = PipelineOptions(list(flags))
    flink = options.view_as(FlinkRunnerOptions)
    if options.view_as(PortableOptions).job_endpoint:
        return  # whoever runs it has seen to both
    if flink.flink_master not in _OWN_CLUSTERS:
        check_version(flink.flink_master, flink.flink_version)
    if not flink.flink_job_server_jar:
        check_jar(JavaJarServer.path_to_beam_jar(f":runners:flink:{flink.flink_version}:job-server:shadowJar"))


def check_version(master: str, version: str) -> None:
    """Asks a cluster's REST address for its version. `version` is `--flink_version`, or Beam's default."""
    url = master if "://" in master else f"http://{master}"
    try:
        with urlopen(f"{url.rstrip('/')}/config", timeout=_ANSWER_S) as answer:
            found = str(json.load(answer)["flink-version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"--flink_master={printable(master)}: no Flink answers there: {printable(str(error))}") from None
    if found.split(".")[:2] != version.split(".")[:2]:
        wanted = ".".join(found.split(".")[:2])
        raise ConfigError(
            f"--flink_version={version}: the cluster at {printable(master)} runs Flink {printable(found)}; "
            f"give --flink_version={printable(wanted)} after --"
        )


def check_jar(jar: str) -> None:
    """`jar` is a path or the URL that Beam would download the job server from, once."""
    name = jar.rpartition("/")[2]
    if Path(jar).exists() or (Path(JavaJarServer.JAR_CACHE) / name).exists():
        return
    try:
        with urlopen(Request(jar, method="HEAD"), timeout=_ANSWER_S):
            return
    except (URLError, OSError, ValueError):
        raise ConfigError(
            f"--runner flink: Beam's job server {name} is not here, and cannot be had from this machine: "
            f"fetch {jar} elsewhere, and give --flink_job_server_jar=PATH after --"
        ) from None
