"""Spark's Python daemon: an executor's orders in; workers, forked from this process and its imports, out.

An executor starts it as `python -m lamella.runners.spark.daemon`.
A worker of its own would import Beam by itself, for seconds.
"""

import gc
from importlib import import_module

from lamella.runners.beam_memo import remember
from lamella.runners.progress import quiet_beam

# What every job needs, and torch, whose import takes longest: the memory is shared with the workers.
PRELOAD = ("lamella.runners.spark.bundle", "lamella.pipeline.jobs", "torch", "open_clip")


def main() -> None:
    from pyspark.daemon import manager

    quiet_beam()  # what a function raises is raised on the driver
    for module in PRELOAD:
        import_module(module)
    remember()
    # PySpark collects garbage after every task. Without this it would look through all that was imported, for half a second.
    gc.collect()
    gc.freeze()
    manager()


if __name__ == "__main__":
    main()
