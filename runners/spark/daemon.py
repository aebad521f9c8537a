"""An executor's requests -> workers, forked from this process with its imports: Spark's Python daemon.

An executor starts it as `python -m lamella.runners.spark.daemon`.
A worker of its own would import Beam by itself, for seconds.
"""

import gc
import os
from importlib import import_module
from zipimport import zipimporter

from lamella.runners.beam_memo import remember
from lamella.runners.progress import quiet_beam

MODELS_VARIABLE = "LAMELLA_MODEL_IMPORTS"  # names, with commas, the modules that the run's models are made of: seconds each
PRELOAD = ("lamella.runners.spark.bundle", "lamella.pipeline.jobs")  # what every job needs; workers share the memory


def main() -> None:
    from pyspark.daemon import manager

    quiet_beam()  # what a function raises is raised on the driver
    models = os.environ.get(MODELS_VARIABLE, "")
    for module in (*PRELOAD, *filter(None, models.split(","))):
        import_module(module)
    remember()
    zipimporter.invalidate_caches = _keep_directory
    # PySpark collects garbage after every task. Without this it would look through all that was imported, for half a second.
    gc.collect()
    gc.freeze()
    manager()


def _keep_directory(self: zipimporter) -> None:
    """In place of reading it again.

    PySpark has all imports looked for anew after each task, and lies in an archive itself: 40 % of what Python took for small
    stages went into reading its directory. An archive that a process has imported from does not change.
    """


if __name__ == "__main__":
    main()
