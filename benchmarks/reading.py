"""Web archives -> the cost of reading their records: ours, warcio and FastWARC, and the whole of our reading stage.

    python -m benchmarks.reading [--web DIR] [--gold DIR] [--rounds 5]

All arms do the same work: they unpack each record of a `.warc.gz`, parse its own head and its HTTP head, and hand over the
payload as it is stored, without decoding. Two inputs: a small web of pages and media, which were compressed before
(`../shared/data/web`), and pages alone, as in Common Crawl (those of `../shared/data/gold`, written by warcio, a gzip member a
record). The arms take turns; figures are medians. Ours also finds its way again after damage, bounds what a record may grow
to, and says where each record lies, which the others do not; `lamella, whole stage` goes on to charsets, types, canonical
addresses and digests, and gives Pages and ArchiveMedia.

The gate: the same SHA-1 of the same payloads of responses, in their order, by all three. It exits with 1 if not.

Needs `warcio` (extra `test`).
"""

import argparse
import gc
import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
from fastwarc.warc import ArchiveIterator as FastIterator
from fastwarc.warc import WarcRecordType
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from lamella.schemas.config import ReadConfig
from lamella.transforms.formats.content_encoding import record_size_limits
from lamella.transforms.formats.warc import parse_record
from lamella.transforms.read.archive import read_archive
from lamella.transforms.read.members import Member
from lamella.transforms.read.wrappings import stretches

DATA = Path(__file__).resolve().parents[2] / "shared/data"
PROMISED = {"warcio": 3.5, "FastWARC": 1.0}
CONFIG = ReadConfig()
Payloads = Callable[[Path], Iterator[tuple[bool, bytes]]]  # whether the record is a response, and its payload


def main() -> None:
    arguments = _arguments()
    print(f"warcio {version('warcio')}, FastWARC {version('fastwarc')}, Python {sys.version.split()[0]}")
    sound = True
    with tempfile.TemporaryDirectory() as scratch:
        inputs = {"pages and media": sorted(arguments.web.glob("*.warc.gz"))}
        if (arguments.gold / "wcxb_dev.parquet").exists():
            inputs["pages alone"] = [_written(arguments.gold / "wcxb_dev.parquet", Path(scratch) / "pages.warc.gz")]
        for name, paths in inputs.items():
            sound = _compared(name, paths, arguments.rounds) and sound
    sys.exit(not sound)


def _lamella(path: Path) -> Iterator[tuple[bool, bytes]]:
    with path.open("rb") as stream:
        for stretch in stretches(stream, str(path), record_size_limits(CONFIG)):
            for member in stretch.members:
                if isinstance(member, Member):
                    record = parse_record(member.data)
                    yield record.kind == "response", record.body


def _warcio(path: Path) -> Iterator[tuple[bool, bytes]]:
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream):
            yield record.rec_type == "response", record.raw_stream.read()


def _fastwarc(path: Path) -> Iterator[tuple[bool, bytes]]:
    with path.open("rb") as stream:
        for record in FastIterator(stream, parse_http=True):
            yield record.record_type == WarcRecordType.response, record.reader.read()


ARMS: dict[str, Payloads] = {"lamella": _lamella, "warcio": _warcio, "FastWARC": _fastwarc}
WHOLE = "lamella, whole stage"


def _compared(name: str, paths: list[Path], rounds: int) -> bool:
    """Prints the figures of one input; whether all arms have the same payloads."""
    digests = {arm: [_digest(p) for path in paths for response, p in read(path) if response] for arm, read in ARMS.items()}
    sizes = [len(payload) for path in paths for _, payload in _lamella(path)]
    packed = sum(path.stat().st_size for path in paths)
    print(f"\n{name}: {len(sizes)} records, {packed / 1e6:.0f} MB packed, payloads of {sum(sizes) / 1e6:.0f} MB")
    arms: dict[str, Callable[[Path], Iterable[object]]] = {**ARMS, WHOLE: lambda path: read_archive(str(path), CONFIG)}
    cpu, wall = _timed(arms, paths, rounds)
    print(f"{'':<22}{'CPU s':>8}{'wall s':>8}{'records/s':>11}{'lamella is':>12}{'promised':>10}{'same SHA-1':>12}")
    for arm in arms:
        times = f"{cpu[arm] / cpu['lamella']:.2f}x" if arm in PROMISED else ""
        promised = f"{PROMISED[arm]:.1f}x" if arm in PROMISED else ""
        same = ("yes" if digests[arm] == digests["lamella"] else "NO") if arm in PROMISED else ""
        rate = f"{len(sizes) / cpu[arm]:,.0f}"
        print(f"{arm:<22}{cpu[arm]:>8.3f}{wall[arm]:>8.3f}{rate:>11}{times:>12}{promised:>10}{same:>12}")
    return all(found == digests["lamella"] for found in digests.values())


def _timed(
    arms: dict[str, Callable[[Path], Iterable[object]]], paths: list[Path], rounds: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Medians of CPU and wall seconds, arm by arm."""
    spent: dict[str, list[tuple[float, float]]] = {arm: [] for arm in arms}
    gc.collect()
    for _ in range(rounds):
        for arm, read in arms.items():
            cpu, wall = time.process_time(), time.perf_counter()
            for path in paths:
                for _ in read(path):
                    pass
            spent[arm].append((time.process_time() - cpu, time.perf_counter() - wall))
    cpus, walls = ({arm: statistics.median(one[at] for one in found) for arm, found in spent.items()} for at in (0, 1))
    return cpus, walls


def _digest(payload: bytes) -> bytes:
    return hashlib.sha1(payload, usedforsecurity=False).digest()


def _written(pages: Path, path: Path) -> Path:
    """The pages as an archive, a response each."""
    rows = pq.read_table(pages, columns=["url", "html"]).to_pylist()
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for row in rows:
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            body = BytesIO(row["html"] or b"")
            url = row["url"] or "https://a.example/"
            writer.write_record(writer.create_warc_record(url, "response", payload=body, http_headers=headers))
    return path


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--web", type=Path, default=DATA / "web", help="a folder of archives")
    parser.add_argument("--gold", type=Path, default=DATA / "gold", help="a folder with wcxb_dev.parquet")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
