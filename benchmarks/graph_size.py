"""A recipe -> a table of the transforms, fused stages and shuffles of its pipelines.

    python -m benchmarks.graph_size [--recipe demo] [KEY=VALUE ...]

A sample of a few pages is run in this process on Beam's own runner, which counts what it is handed: no number is typed in.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability import common_urns
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from lamella.pipeline.config.resolution import resolve
from lamella.pipeline.folder_lock import own_folder
from lamella.pipeline.preflight import find_archives
from lamella.pipeline.run import run
from lamella.runners.progress import quiet_beam
from lamella.runners.spark.plan import GROUP, JobPlan, StagePlan, plan_job
from lamella.sample.web import write_sample

PAGES = 4
COLUMNS = ("transforms", "ParDos", "fused stages", "shuffles", "Spark stages")


class CountingRunner(FnApiRunner):
    """Runs a pipeline, and keeps what it was made of in `sizes`."""

    sizes: Counter[str]

    def run_via_runner_api(self, pipeline_proto, options):
        specs = [transform.spec.urn for transform in pipeline_proto.components.transforms.values()]
        self.sizes = Counter({"transforms": len(specs), "ParDos": specs.count(common_urns.primitives.PAR_DO.urn)})
        return super().run_via_runner_api(pipeline_proto, options)

    def run_stages(self, stage_context, stages):
        plan = plan_job(stage_context, stages)
        self.sizes["fused stages"] = len(plan.stages)
        self.sizes["shuffles"] = len({stage.reads for stage in plan.stages if stage.reads.kind == GROUP})
        self.sizes["Spark stages"] = self.sizes["shuffles"] + _rounds(plan) + 1
        return super().run_stages(stage_context, stages)


def _rounds(plan: JobPlan) -> int:
    """How many rounds of side inputs Spark is asked for: as in `runners.spark.runner`, one round for all that are available."""
    left, had, rounds = list(plan.stages), set(), 0
    while True:
        waiting: list[StagePlan] = []
        for stage in left:
            missing = {buffer for other in waiting for buffer in other.writes.values()}
            if stage.reads in missing or any(side.buffer not in had for side in stage.sides):
                waiting.append(stage)
        if not waiting:
            return rounds
        missing = {buffer for stage in waiting for buffer in stage.writes.values()}
        had |= {side.buffer for stage in waiting for side in stage.sides} - missing
        left, rounds = waiting, rounds + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="demo")
    parser.add_argument("overrides", nargs="*", help="KEY=VALUE")
    options = parser.parse_intermixed_args()
    quiet_beam()
    sizes: dict[str, Counter[str]] = {}

    def execute(label: str, build: Callable[[beam.Pipeline], object]) -> None:
        runner = CountingRunner()
        with beam.Pipeline(runner=runner, options=PipelineOptions([f"--job_name={label}"])) as pipeline:
            build(pipeline)
        sizes[label] = runner.sizes

    with tempfile.TemporaryDirectory(prefix="graph-") as folder:
        web, output = Path(folder) / "web", str(Path(folder) / "run")
        write_sample(web, pages=PAGES, seed=0)
        with own_folder(output):
            run(resolve(options.recipe, options.overrides), find_archives([str(web)]), output, execute, say=print, processes=1)
    print("| | " + " | ".join(COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for label, counted in (*sizes.items(), ("**all**", sum(sizes.values(), Counter()))):
        print(f"| {label} | " + " | ".join(str(counted[column]) for column in COLUMNS) + " |")


if __name__ == "__main__":
    main()
