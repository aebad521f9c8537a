"""A setting of every stage: a limit of time for a record."""

from pydantic import PositiveFloat

from lamella.schemas.bounds import Frozen

MIB = 1 << 20


class Timed(Frozen):
    """The configuration of a stage that takes records one by one."""

    record_timeout_s: PositiveFloat = 30.0  # for one record, where the stage works on it; a thousand times the usual; ours
