"""Rejections and what the archives hold in; a row for each thing that left because its owner does not want it used, out."""

from collections.abc import Iterable, Iterator

import apache_beam as beam

from lamella.pipeline.tables import read_records
from lamella.schemas.media import ArchiveMedia
from lamella.schemas.opt_out import OptOut, opt_out_of
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.files import join
from lamella.transforms.base.join import Group, Join, as_it_is
from lamella.transforms.base.opt_out_list import LISTED


class ListOptOuts(beam.PTransform):
    """{"rejected", "archived", "said"} -> OptOut, with the time at which it was said; or, where that is not known, that of the
    response that an archive has of a file.
    """

    def expand(self, inputs):
        return inputs | Join({"rejected": _opted_out, "archived": _dated, "said": as_it_is}, _rows, OptOut)


def _opted_out(gone: Rejection) -> Iterable[tuple[str, Rejection]]:
    return ((gone.url, gone),) if gone.reason is Reason.OPTED_OUT else ()


def _dated(found: ArchiveMedia) -> Iterable[tuple[str, str]]:
    return ((found.url, found.crawl_time),)


def _rows(url: str, group: Group) -> Iterator[OptOut]:
    date = max(group["said"], default="") or max(group["archived"], default="")
    for rejection in group["rejected"]:
        yield opt_out_of(url, rejection.unit.value, rejection.detail, date)


def listed_rows(run: str) -> list[OptOut]:
    """What left a run because a list names it, in the order of the table."""
    return [row for row in read_records(join(run, "opt_outs"), OptOut) if row.signal == LISTED]
