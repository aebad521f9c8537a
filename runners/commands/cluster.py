"""The commands of a cluster: a port -> workers; a runner -> a line for each thing that it needs."""

from typing import Annotated

import typer

from lamella.runners.exit_codes import FAILED, Stop
from lamella.runners.launch import LOCAL, RUNNERS


def worker(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 50000,
    host: Annotated[str, typer.Option(help="Address to listen on. Anyone who reaches it can run code here.")] = "127.0.0.1",
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the workers' messages.")] = False,
) -> None:
    """Provides workers to a runner whose environment is EXTERNAL, until it is stopped."""
    from lamella.runners.external import WorkerPool

    pool = WorkerPool(host, port, quiet=not verbose)
    print(f"workers at {pool.address}: --environment_type=EXTERNAL --environment_config={pool.address}", flush=True)
    pool.wait()


def doctor(
    context: typer.Context,
    runner: Annotated[str, typer.Option(help=f"{', '.join(RUNNERS)}.")] = LOCAL,
    input: Annotated[list[str] | None, typer.Option(help="Archives, as `lamella run` takes them.")] = None,
    output: Annotated[str, typer.Option(help="Folder of the run.")] = "",
    master: Annotated[str, typer.Option(help="For Spark: spark://HOST:PORT, yarn, k8s://ADDRESS, local[N].")] = "",
    job_endpoint: Annotated[str, typer.Option(help="For a portable runner: HOST:PORT of its job service.")] = "",
    py_env: Annotated[str, typer.Option(help="For Spark: an archive of the workers' Python environment.")] = "",
) -> None:
    """Says whether a runner is ready: versions, paths, models and clocks, here and on every worker; one line each."""
    from lamella.runners.doctor import examine
    from lamella.runners.launch import Engine

    engine = Engine(runner=runner, master=master, job_endpoint=job_endpoint, py_env=py_env, flags=tuple(context.obj or ()))
    faults = 0
    for finding in examine(engine, input or (), output):
        print(finding)
        faults += not finding.sound
    if faults:
        raise Stop(FAILED, f"{faults} {'fault' if faults == 1 else 'faults'}")
