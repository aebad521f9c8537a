"""A folder of archives and one of gold pages -> the paragraphs that our extractor takes from each page, of those in English."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

import lamella
from lamella.schemas.config import ReadConfig
from lamella.schemas.errors import DataError
from lamella.schemas.page import Page
from lamella.transforms.filter.measures import paragraphs_of
from lamella.transforms.formats.charset import decode_html
from lamella.transforms.formats.language import detect_language
from lamella.transforms.read.archive import read_archive

_DATA = Path(__file__).resolve().parents[2] / "shared/data"
WEB, GOLD = _DATA / "web", _DATA / "gold"


def real_texts(web: Path, gold: Path) -> list[list[str]]:
    """Of `wcxb_dev.parquet`, then of each `.warc.gz`; in their order."""
    return [text for html, url in _pages(web, gold) if (text := _paragraphs(html, url))]


def _paragraphs(html: str, url: str) -> list[str]:
    try:
        nodes = lamella.extract(html, url, timeout_s=10).nodes
    except DataError:
        return []
    paragraphs = [part for node in paragraphs_of(nodes) if (part := node.strip())]
    return paragraphs if detect_language("\n".join(paragraphs)).code == "en" else []


def _pages(web: Path, gold: Path) -> Iterator[tuple[str, str]]:
    for row in pq.read_table(gold / "wcxb_dev.parquet", columns=["html", "url"]).to_pylist():
        yield decode_html(row["html"], "")[0], row["url"]
    for path in sorted(web.glob("*.warc.gz")):
        yield from ((page.html, page.url) for page in read_archive(str(path), ReadConfig()) if isinstance(page, Page))
