"""The exceptions of Lamella: a program catches LamellaError; the command line ends with its `exit_code`.

    LamellaError
        ConfigError             a setting, a path or an option: one line that names the key
            NoDevice
        TrainingError           a training that cannot start or go on
            TrainingFailed      through no fault of what it was given
        WeightsMissing          a model's weights
        DataError               bytes that are not what they should be: an archive, a blob, a table, a sample, a shard
            BadSample
            BadShard
            DamagedTable

Classes that only one module raises stand beside it, each under one of these. What bad input of the web does is no exception: it
is a Rejection.
"""

DONE, WRONG_CONFIG, PAST_LIMIT, FAILED = 0, 2, 3, 4  # how a command ends


class LamellaError(Exception):
    """Anything that Lamella raises by intention. Its text is one line for a user."""

    exit_code = FAILED


class ConfigError(LamellaError, ValueError):
    """Wrong configuration. Its message is one line and names the key."""

    exit_code = WRONG_CONFIG


class NoDevice(ConfigError):
    """A device was asked for that is not there."""


class TrainingError(LamellaError, ValueError):
    """A training that cannot start or go on: one line that names the key, the file or the number."""

    exit_code = WRONG_CONFIG


class TrainingFailed(TrainingError):
    """A training whose process was killed, or whose shards cannot be reached: the same command goes on where it stopped."""

    exit_code = FAILED


class WeightsMissing(LamellaError, RuntimeError):
    """No weights there, or not the ones that were asked for. One line: the tag or file, and the two ways out."""

    def __init__(self, name: str, weights: str, why: str):
        why = " ".join(why.split())[:500]
        super().__init__(
            f"{name}: weights {weights!r} cannot be had: {why}; give the path of a .safetensors file or of a folder "
            f"that `lamella train` wrote, or use name lamella-coca with weights 'bundled'"
        )


class DataError(LamellaError):
    """Bytes that are damaged, or are not what they are said to be; the message says which and why."""


class BadSample(DataError, ValueError):
    """A sample whose members are missing or contradict each other."""


class BadShard(DataError, ValueError):
    """A tar that is damaged, or holds what none of our shards holds."""


class DamagedTable(DataError, RuntimeError):
    """A table, or another file of a run, that cannot be read."""
