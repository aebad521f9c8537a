"""One row of the table of opt-outs: who said what, and what it removed."""

from dataclasses import dataclass

from lamella.schemas.quick_pickle import quick_pickle


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """A document, a media file or a pair that left because its owner does not want it used."""

    url: str
    removed: str  # "document", "media" or "pair"
    signal: str  # such as "x-robots-tag", "robots.txt", "tdm-reservation", "content-usage"; "listed" for what came later
    words: str  # what was said
    date: str = ""  # ISO time of the page, or the response, that says so or stands for it; "" where that is not known


def opt_out_of(url: str, removed: str, detail: str, date: str = "") -> OptOut:
    """Of a Rejection's detail: the signal's name, a colon, and its words; a page's own start with "robots of a page"."""
    signal, _, words = detail.partition(":")
    return OptOut(url=url, removed=removed, signal=signal.strip(), words=words.strip(), date=date)
