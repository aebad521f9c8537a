"""A Rejection -> a row for what left because its owner does not want it used; and the rows of a run that a list names."""

from collections.abc import Iterator

from lamella.pipeline.tables import read_records
from lamella.schemas.opt_out import OptOut, opt_out_of
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.files import join
from lamella.transforms.base.opt_out_list import LISTED


def opt_outs_of(gone: Rejection) -> Iterator[OptOut]:
    """With the time at which it was said, where that is known: not of what a list names."""
    if gone.reason is Reason.OPTED_OUT:
        yield opt_out_of(gone.url, gone.unit.value, gone.detail, gone.said)


def listed_rows(run: str) -> list[OptOut]:
    """What left a run because a list names it, in the order of the table."""
    return [row for row in read_records(join(run, "opt_outs"), OptOut) if row.signal == LISTED]
