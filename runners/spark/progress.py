"""A job that runs on Spark -> a line of progress every fifteen seconds."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lamella.runners.progress import HEARTBEAT_S

if TYPE_CHECKING:
    from pyspark import Accumulator, SparkContext


class Watch:
    """Says what runs: `with watch(names of stages, their counts): ...`. What Spark itself shows is named by the label."""

    def __init__(self, context: "SparkContext", label: str, say: Callable[[str], None]):
        self._context, self._label, self._say = context, label, say
        self._ended = threading.Event()

    def __call__(self, stages: list[str], counts: "Accumulator") -> "Watch":
        self._stages, self._counts = stages, counts
        return self

    def __enter__(self) -> "Watch":
        self._context.setJobGroup(self._label, f"lamella {self._label}", interruptOnCancel=True)
        self._start = time.monotonic()
        threading.Thread(target=self._beat, name="spark progress", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        seconds, records = time.monotonic() - self._start, sum(count for count, _ in self._counts.value.values())
        self._say(f"{self._label}: {seconds:.0f} s, {len(self._stages)} stages, {records} records passed from stage to stage")

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            done, total = tasks_of(self._context, self._label)
            self._say(progress_line(self._label, done, total, time.monotonic() - self._start, stage=self._last()))

    def _last(self) -> str:
        """The latest stage that has finished a task, with what went through it."""
        counted = dict(self._counts.value)
        if not counted:
            return ""
        stage = max(counted)
        records, size = counted[stage]
        return f"{self._stages[stage]}: {records} records in, {size / 1e6:.1f} MB out"


def tasks_of(context: "SparkContext", label: str) -> tuple[int, int]:
    """Of a job: tasks that are done, and all that Spark knows of."""
    tracker, done, total = context.statusTracker(), 0, 0
    for job in tracker.getJobIdsForGroup(label):
        info = tracker.getJobInfo(job)
        for stage in info.stageIds if info else ():
            if tasks := tracker.getStageInfo(stage):
                done, total = done + tasks.numCompletedTasks, total + tasks.numTasks
    return done, total


def progress_line(label: str, done: int, total: int, seconds: float, *, stage: str) -> str:
    """Such as `pairs: 12 of 40 tasks, 30 %, about 95 s to go; Score/Group: 120 records in, 0.3 MB out`."""
    line = f"{label}: {done} of {total} tasks"
    if done:
        line += f", {done / total:.0%}, about {seconds * (total - done) / done:.0f} s to go"
    return f"{line}; {stage}" if stage else line
