"""Rejections and what the archives hold in; a row for each thing that left because its owner does not want it used, out."""

import apache_beam as beam

from lamella.pipeline.tables import read_records
from lamella.schemas.media import ArchiveMedia
from lamella.schemas.opt_out import OptOut, opt_out_of
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.files import join
from lamella.transforms.base.opt_out_list import LISTED


class ListOptOuts(beam.PTransform):
    """{"rejected", "archived", "said"} -> OptOut, with the time at which it was said; or, where that is not known, that of the
    response that an archive has of a file.
    """

    def expand(self, inputs):
        gone = inputs["rejected"] | "OptedOut" >> beam.Filter(lambda rejection: rejection.reason is Reason.OPTED_OUT)
        by_url = gone | "GoneByUrl" >> beam.WithKeys(lambda rejection: rejection.url).with_output_types(tuple[str, Rejection])
        dates = (
            inputs["archived"]
            | "Dates" >> beam.Map(_dated).with_output_types(tuple[str, str])
            | "LastDate" >> beam.CombinePerKey(max)
        )
        said = inputs["said"] | "LastSaid" >> beam.CombinePerKey(max)
        joined = {"gone": by_url, "dates": dates, "said": said} | beam.CoGroupByKey()
        return joined | beam.FlatMapTuple(_rows).with_output_types(OptOut)


def _dated(found: ArchiveMedia) -> tuple[str, str]:
    return found.url, found.crawl_time


def _rows(url: str, group: dict):
    date = next(iter(group["said"]), "") or next(iter(group["dates"]), "")
    for rejection in group["gone"]:
        yield opt_out_of(url, rejection.unit.value, rejection.detail, date)


def listed_rows(run: str) -> list[OptOut]:
    """What left a run because a list names it, in the order of the table."""
    return [row for row in read_records(join(run, "opt_outs"), OptOut) if row.signal == LISTED]
