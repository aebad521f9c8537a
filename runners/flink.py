"""Flink: Beam flags in, an `execute` that submits each job to a Flink cluster through Beam's portable runner."""

from collections.abc import Callable, Sequence

from lamella.runners.cluster import cluster_execute

NEEDED = {
    "--flink_master": "the cluster's REST address, such as host:8081",
    "--environment_type": "where workers find Python and lamella: PROCESS, EXTERNAL or DOCKER",
}


def flink_execute(flags: Sequence[str]) -> Callable:
    # Batch bundles of records, not of single ones, and objects that are not copied between fused steps.
    return cluster_execute("flink", ["--runner=FlinkRunner", "--max_bundle_size=1000", "--object_reuse=true"], NEEDED, flags)
