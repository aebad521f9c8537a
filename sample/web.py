"""Number of pages and seed in, a small web on disk out: WARC files, `ledger.jsonl` with what is true, and a README.

One pass, one page in memory: a page follows from (seed, index) alone, so 100 pages and 100,000 cost the same memory.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sample.clips import vtt
from sample.dice import Dice
from sample.ledger import NAME as LEDGER
from sample.ledger import LedgerWriter
from sample.pages import Draft, draft
from sample.warc import Exchange, WarcWriter

HTML_TYPES = ("text/html; charset=utf-8", "text/html; charset=UTF-8", "text/html", "application/xhtml+xml; charset=utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSummary:
    """What was written."""

    folder: str
    pages: int
    files: int  # WARC files, the odd one counted
    records: int
    bytes: int


def write_sample(
    out_dir: str | Path, pages: int, seed: int, progress: Callable[[int], None] | None = None, http_base: str | None = None
) -> SampleSummary:
    """Writes the web of (pages, seed); the same two give the same bytes.

    `progress` hears the number of pages done. `http_base`, such as "http://127.0.0.1:8080", adds a page whose pictures
    lie on `sample.server.SampleServer` and not in the archives.
    """
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    with WarcWriter(folder) as warc, open(folder / LEDGER, "w", encoding="utf-8", newline="\n") as out:
        ledger = LedgerWriter(out)
        for index in range(pages):
            page = draft(seed, index)
            for exchange in exchanges(page, seed):
                warc.write(exchange)
            ledger.page(page)
            if progress:
                progress(index + 1)
    return SampleSummary(folder=str(folder), pages=pages, files=warc.files, records=warc.records, bytes=warc.bytes)


def exchanges(page: Draft, seed: int) -> Iterator[Exchange]:
    """The page's own response, then those of its pictures, films and tracks."""
    dice = Dice("exchange", seed, page.index)
    yield Exchange(url=page.url, body=page.html(seed).encode(), mime=dice.pick(HTML_TYPES), level=6)
    for shown in page.shown:
        yield Exchange(url=shown.picture.url, body=shown.picture.data(), mime=shown.picture.mime)
    for film in page.films:
        yield Exchange(url=film.url, body=film.data(), mime="video/mp4")
        if film.track:
            yield Exchange(url=film.track, body=vtt(film.clip), mime="text/vtt")
