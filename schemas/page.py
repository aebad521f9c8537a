"""One HTML response of a web archive, decoded, and where it came from."""

from dataclasses import dataclass

from lamella.schemas.quick_pickle import quick_pickle


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a record lies, so that any training token can be traced to the bytes it came from."""

    archive: str  # path or URL of the archive, as the input glob named it
    offset: int  # of the record (its gzip member, where compressed) in the archive, in bytes
    length: int  # of the record as stored, in bytes
    record_id: str = ""  # WARC-Record-ID
    crawl_time: str = ""  # WARC-Date, ISO 8601


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One decoded HTML page."""

    key: str  # stable_key(archive's file name, offset)
    url: str
    html: str
    provenance: Provenance
    charset: str = ""  # what `html` was decoded from
    robots_header: str = ""  # X-Robots-Tag values, comma-joined
    tdm_reservation: str = ""  # TDM-Reservation header
    truncated: bool = False  # WARC-Truncated was set: text is kept, the flag travels
