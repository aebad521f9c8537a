"""A seed -> what broke the law when the product read, extracted and stored an archive or a page."""

import collections
import io
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console

from lamella.pipeline.recipes import obelics
from lamella.pipeline.tables import ROW_GROUP
from lamella.reporting.inspect import inspect
from lamella.sample.warc import Exchange, pack, response_record
from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.arrow import from_table, parquet_bytes, to_table
from lamella.schemas.config import ReadConfig
from lamella.schemas.document import ImageNode, InterleavedDocument
from lamella.schemas.media import Alias, ArchiveMedia
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection, Unit
from lamella.transforms.base.blobs import BlobError, read_blob
from lamella.transforms.extract.extract import extract_document
from lamella.transforms.fetch.address_rules import judge_link
from lamella.transforms.fetch.links import as_link, shown_by
from lamella.transforms.filter.texts import filter_document
from lamella.transforms.pair.captions import clean, is_file_name
from lamella.transforms.read.archive import read_archive
from tests.faults.archives import RECORDS, archive, url_of
from tests.faults.pages import SOUND, page

CONFIG = obelics()
HEALTHY = tuple(f"https://healthy.example/{name}" for name in ("before", "after"))
BAD = "https://bad.example/page"
_ACTIVE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def judge_archive(seed: int, folder: Path) -> tuple[str, list[str]]:
    case = archive(seed)
    clean_path, path = folder / "clean.bin", folder / "archive.bin"
    clean_path.write_bytes(case.clean)
    path.write_bytes(case.data)
    expected, _, faults = _read(clean_path)
    found, rejections, more = _read(path)
    faults += more
    # A plain record's address may change without a trace: it comes out under another, and is not gone.
    renamed = len(set(found) - {url_of(number) for number in range(RECORDS)})
    gone = [number for number in case.may_go - case.traceless if number < RECORDS and url_of(number) not in found]
    if len(gone) > renamed and not rejections:
        faults.append(f"records {sorted(gone)} are gone and nothing says so")
    for number in set(range(RECORDS)) - case.may_go:
        url = url_of(number)
        if found.get(url) != expected[url]:
            faults.append(f"record {number} was sound and is {'changed' if url in found else 'lost'}")
    return case.name, faults


def judge_page(seed: int, folder: Path) -> tuple[str, list[str]]:
    bad = page(seed)
    sound = SOUND.encode()
    exchanges = (
        Exchange(url=HEALTHY[0], body=sound, mime="text/html; charset=utf-8"),
        Exchange(url=BAD, body=bad.data, mime=bad.mime),
        Exchange(url=HEALTHY[1], body=sound, mime="text/html; charset=utf-8"),
    )
    path = folder / "page.warc.gz"
    path.write_bytes(b"".join(pack(response_record(one, n), 6) for n, one in enumerate(exchanges)))
    found, rejections, faults = _read(path)
    del found
    met, documents = collections.Counter(rejection.url for rejection in rejections), []
    for output in read_archive(str(path), ReadConfig()):
        if isinstance(output, Page):
            for made in extract_document(output, CONFIG.extract):
                if isinstance(made, InterleavedDocument):
                    documents.append(made)
                elif isinstance(made, Rejection):
                    met[made.url] += 1
                    if made.reason is Reason.CRASHED:
                        faults.append(f"crashed: {made.detail}")
    faults += _stored(documents)
    shapes = {one.url: [repr(node) for node in one.nodes] for one in documents if one.url in HEALTHY}
    if set(shapes) != set(HEALTHY) or len({str(nodes) for nodes in shapes.values()}) != 1:
        faults.append(f"a page beside it is lost or changed: {sorted(shapes)}")
    if len(documents) + len(rejections) + sum(met[url] for url in (BAD, *HEALTHY)) < len(exchanges):
        faults.append("the page is gone and nothing says so")
    for document in documents:
        _judged(document)
    faults += _shown(path)
    return bad.name, faults


def _read(path: Path) -> tuple[dict[str, tuple], list[Rejection], list[str]]:
    """What an archive gives, by URL; its rejections; and sums that do not add up."""
    found, rejections, counts, faults = {}, [], collections.Counter(), []
    for output in read_archive(str(path), ReadConfig()):
        match output:
            case Page():
                found[output.url] = ("page", output.html, output.charset, output.robots_header, output.truncated)
                counts["pages"] += 1
            case Alias():
                found[output.url] = ("alias", output.kind, output.target)
            case ArchiveMedia():
                found[output.url] = ("media", output.mime, _digest(output), output.truncated)
            case Rejection():
                rejections.append(output)
                if output.reason is Reason.CRASHED:
                    faults.append(f"crashed: {output.detail}")
            case Counter():
                counts[output.unit, output.kind] += output.count
    came, stayed = counts[Unit.RECORD, CounterKind.IN], counts[Unit.RECORD, CounterKind.KEPT]
    if came != stayed + len(rejections):
        faults.append(f"{came} records came, {stayed} stayed, {len(rejections)} left")
    if counts["pages"] != counts[Unit.PAGE, CounterKind.MADE]:
        faults.append("pages are not those that were counted")
    return found, rejections, faults


def _digest(media: ArchiveMedia) -> str:
    """Of its bytes, read again by their place; what cannot be had any more says so."""
    try:
        return sha256(read_blob(media.blob)).hexdigest()
    except BlobError:
        return ""


def _stored(documents: list[InterleavedDocument]) -> Iterator[str]:
    """A table takes them, and gives them back."""
    data = parquet_bytes(to_table(InterleavedDocument, documents), ROW_GROUP)
    back = list(from_table(InterleavedDocument, pq.read_table(io.BytesIO(data))))
    if back != documents and repr(back) != repr(documents):
        yield "a document does not come back from its table"


def _judged(document: InterleavedDocument) -> None:
    """The stages behind: none may raise on what an earlier one has let through."""
    for output in filter_document(document, CONFIG.filter):
        if isinstance(output, InterleavedDocument):
            for url, mention in shown_by(output, CONFIG.fetch):
                list(judge_link(as_link(url, mention), CONFIG.fetch))
            for node in output.nodes:
                if isinstance(node, ImageNode):
                    is_file_name(clean(node.alt))


def _shown(path: Path) -> Iterator[str]:
    """The terminal shows the archive without an active character."""
    out = io.StringIO()
    inspect(str(path), 5, Console(file=out, width=200, color_system=None))
    if active := _ACTIVE.search(out.getvalue()):
        yield f"the terminal hears {active[0]!r}"
