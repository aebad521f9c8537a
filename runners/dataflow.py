"""Dataflow: Beam flags -> an `execute` that submits each job to Google Cloud Dataflow."""

from collections.abc import Callable, Sequence

from lamella.runners.cluster import cluster_execute

NEEDED = {
    "--project": "the Google Cloud project",
    "--region": "the region that the workers run in",
    "--temp_location": "a gs:// folder for what is staged",
    "--sdk_container_image": "an image that holds Python 3.11 and lamella",
}


def dataflow_execute(flags: Sequence[str]) -> Callable:
    own = ["--runner=DataflowRunner", "--sdk_location=container", "--experiments=use_runner_v2"]
    return cluster_execute("dataflow", own, NEEDED, flags)
