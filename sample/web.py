"""A number of pages and a seed -> a small web on disk: WARC files, `ledger.jsonl` with what is true, and a README.

One pass, one page in memory: a page follows from seed, index and their number, so 100 pages and 100,000 cost the same memory.
"""

import filecmp
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lamella.sample.clips import vtt
from lamella.sample.edge_cases_media import film_response, picture_responses, track_response
from lamella.sample.edge_cases_records import cut, damaged, edge_case_exchanges
from lamella.sample.fixtures import with_fixture
from lamella.sample.ledger import NAME as LEDGER
from lamella.sample.ledger import LedgerWriter
from lamella.sample.pages import Draft, draft
from lamella.sample.plan import Plan, plan
from lamella.sample.rejected_pages import rejected_page
from lamella.sample.rng import Rng
from lamella.sample.server import http_page
from lamella.sample.warc import Exchange, WarcWriter, pack, response_record

HTML_TYPES = ("text/html; charset=utf-8", "text/html; charset=UTF-8", "text/html", "application/xhtml+xml; charset=utf-8")
_BEING_WRITTEN = ".being-written"
EDGE_CASE_NAME = "sample-odd.warc.gz"
# What a store answers when it is asked too fast, saved under the archive's name, as happens to mirrors of crawls.
_NO_ARCHIVE = (
    b'<?xml version="1.0"?>\n<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>\n'
)
_README = """A small web, written by `lamella sample`: {pages} pages, seed {seed}.

sample-*.warc.gz   web archives (WARC 1.1): pages, pictures, films and tracks, some of them broken on purpose
ledger.jsonl       what is true of each page, picture, film and record, and what becomes of it under the recipe `demo`

All words and pictures are drawn by the program. The same pages, seed and archives give the same bytes.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSummary:
    """What was written."""

    folder: str
    pages: int
    files: int  # WARC files, the odd one counted
    records: int
    bytes: int


def write_sample(
    out_dir: str | Path,
    pages: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
    *,
    archives: int = 1,
    http_base: str | None = None,
) -> SampleSummary:
    """Writes the web of (pages, seed); the same two, in as many archives, give the same bytes.

    A file that stands as it would be written stays, with its time: a run over it goes on from what it has.

    Args:
        progress: hears the number of pages done.
        archives: that the pages are in, as many in each as in another; an archive of 100 MB is divided further. At most one
            a page.
        http_base: such as "http://127.0.0.1:8080": adds a page whose pictures lie on `sample.server.SampleServer` and not
            in the archives.
    """
    if not 1 <= archives <= pages:
        raise ValueError(f"{archives} archives for {pages} pages")
    new = Path(out_dir) / _BEING_WRITTEN
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    summary = _write(new, pages, seed, progress, archives=archives, http_base=http_base)
    _put_in_place(new)
    return summary


def _write(
    folder: Path, pages: int, seed: int, progress: Callable[[int], None] | None, *, archives: int, http_base: str | None
) -> SampleSummary:
    first_of_archives = {pages * number // archives for number in range(1, archives)}
    with WarcWriter(folder) as warc, open(folder / LEDGER, "w", encoding="utf-8", newline="\n") as out:
        ledger = LedgerWriter(out)
        for index in range(pages):
            if index in first_of_archives:
                warc.next_file()
            _write_page(seed, index, plan(seed, index, pages), warc, ledger=ledger)
            if progress:
                progress(index + 1)
        if http_base:
            page = http_page(draft(seed, pages), http_base)
            warc.write(_page_exchange(page, seed))
            ledger.page(page)
        _write_end(seed, warc, ledger)
        edge_case_bytes = _write_edge_case_archive(folder, ledger)
    (folder / "README.txt").write_text(_README.format(pages=pages, seed=seed), encoding="utf-8", newline="\n")
    size = warc.bytes + edge_case_bytes
    return SampleSummary(folder=str(folder.parent), pages=pages, files=warc.files + 1, records=warc.records, bytes=size)


def _put_in_place(new: Path) -> None:
    folder = new.parent
    for stale in {path.name for path in folder.glob("sample-*.warc.gz")} - {path.name for path in new.iterdir()}:
        (folder / stale).unlink()
    for path in new.iterdir():
        standing = folder / path.name
        if not standing.exists() or not filecmp.cmp(path, standing, shallow=False):
            path.replace(standing)
    shutil.rmtree(new)


def planned_page(seed: int, index: int, chosen: Plan) -> Draft:
    """The page of an index, with whatever its plan has for it."""
    if chosen.outcome:
        return rejected_page(seed, index, chosen.outcome)
    page = draft(seed, index)
    for fixture in chosen.fixtures:
        page = with_fixture(page, fixture)
    return page


def media_exchanges(page: Draft) -> Iterator[Exchange]:
    """The responses of the page's pictures, films and tracks, each URL once; those that the crawler never saw are left out."""
    seen = set()
    for shown in page.shown:
        picture = shown.picture
        if picture.url in seen:
            continue
        seen.add(picture.url)
        yield from picture_responses(picture)
    for film in page.films:
        yield film_response(film)
        if film.track_outcome:
            yield track_response(film)
        elif film.track:
            yield Exchange(url=film.track, body=vtt(film.clip), mime="text/vtt")


def _write_page(seed: int, index: int, chosen: Plan, warc: WarcWriter, *, ledger: LedgerWriter) -> None:
    page = planned_page(seed, index, chosen)
    exchange = _page_exchange(page, seed)
    warc.write(exchange)
    if not _is_crawled_again(chosen):
        for media in media_exchanges(page):
            warc.write(media)
    ledger.page(page)
    for reason in chosen.edge_case_records:
        for edge_case in edge_case_exchanges(reason, page.host, index):
            ledger.record(edge_case.url, warc.write(edge_case), reason)
    if chosen.damaged:
        url = f"https://{page.host}/fate/damaged_record/record-{index}.html"
        member = pack(response_record(Exchange(url=url, body=exchange.body, mime=exchange.mime), index), 6)
        ledger.record(url, warc.member(damaged(member)), "damaged_record")


def _page_exchange(page: Draft, seed: int) -> Exchange:
    rng = Rng("exchange", seed, page.url)
    return Exchange(url=page.url, body=page.html(seed).encode(), mime=rng.pick(HTML_TYPES), level=6)


def _is_crawled_again(chosen: Plan) -> bool:
    """Copies of pages show pictures that are in the archives already."""
    return chosen.outcome.startswith(("same_url", "near_duplicate"))


def _write_end(seed: int, warc: WarcWriter, ledger: LedgerWriter) -> None:
    """The last record of the last file is cut, as it is where a crawler was stopped."""
    url = "https://news-harbor.example/fate/truncated_record/last.html"
    body = draft(seed, 0).html(seed).encode()
    member = pack(response_record(Exchange(url=url, body=body, mime=HTML_TYPES[0]), 0), 6)
    ledger.record(url, warc.member(cut(member)), "truncated_record")


def _write_edge_case_archive(folder: Path, ledger: LedgerWriter) -> int:
    """Writes a file that is named like an archive and is none; returns its size."""
    (folder / EDGE_CASE_NAME).write_bytes(_NO_ARCHIVE)
    ledger.edge_case_archive(EDGE_CASE_NAME)
    return len(_NO_ARCHIVE)
