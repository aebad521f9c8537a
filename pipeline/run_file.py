"""A run's folder -> what its `run.json` says, or the one line that says why it is not the folder of a run."""

import json
from typing import Any

from lamella.pipeline.config.resolution import validated
from lamella.pipeline.enclosed import check_enclosed
from lamella.schemas.config import Config
from lamella.schemas.errors import ConfigError
from lamella.schemas.printable import printable
from lamella.transforms.base.files import RUN_FILE, exists, join, read_bytes

Facts = dict[str, Any]

_TYPES = {"recipe": str, "config": dict, "inputs": list, "versions": dict, "jobs": dict}  # of what `run.json` says


def read_facts(folder: str) -> Facts | None:
    """What `run.json` says, or None where there is none. Raises ConfigError for another program's, or one that is damaged."""
    try:
        facts = json.loads(read_bytes(join(folder, RUN_FILE)))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, RecursionError, OSError) as error:
        raise ConfigError(
            f"{printable(folder)}/{RUN_FILE} cannot be read ({type(error).__name__}): not the folder of a run"
        ) from None
    if not isinstance(facts, dict) or not all(isinstance(facts.get(name), kind) for name, kind in _TYPES.items()):
        raise ConfigError(f"{printable(folder)}/{RUN_FILE} is not a run's of lamella: give another folder")
    return facts


def facts_of(folder: str) -> Facts:
    """What `run.json` says. Raises ConfigError where there is none, else as `read_facts`."""
    facts = read_facts(folder)
    if facts is None:
        raise _no_run(folder)
    return facts


def check_run_folder(folder: str) -> None:
    """Raises ConfigError where a folder has no `run.json`. A damaged one passes: `lamella verify` goes on to the tables."""
    if not exists(join(folder, RUN_FILE)):
        raise _no_run(folder)


def config_in(facts: Facts, folder: str) -> Config:
    """The config of `run.json`. Raises ConfigError where this version does not know a key of it, or not its value."""
    try:
        return validated(Config, facts["config"])
    except ConfigError as error:
        raise ConfigError(
            f"{printable(folder)}/{RUN_FILE}: {error} (of another version? `lamella run` makes it again)"
        ) from None


def config_of(folder: str) -> Config:
    """The config that a run's `run.json` holds. Raises ConfigError as `facts_of`, DataError as `check_enclosed`."""
    check_enclosed(folder)
    return config_in(facts_of(folder), folder)


def _no_run(folder: str) -> ConfigError:
    return ConfigError(f"{printable(folder)}: not the folder of a run (no {RUN_FILE})")
