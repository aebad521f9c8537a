"""Spark: Beam flags in, an `execute` that submits each job to a Spark cluster through Beam's portable runner."""

from collections.abc import Callable, Sequence

from lamella.runners.cluster import cluster_execute

NEEDED = {
    "--spark_master_url": "the cluster's address, such as spark://host:7077",
    "--environment_type": "where workers find Python and lamella: PROCESS, EXTERNAL or DOCKER",
}


def spark_execute(flags: Sequence[str]) -> Callable:
    return cluster_execute("spark", ["--runner=SparkRunner", "--spark_version=3"], NEEDED, flags)
