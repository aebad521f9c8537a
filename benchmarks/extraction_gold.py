"""Gold pages -> cases: what a reader of the page would keep, in two forms, and which half of the pages each belongs to.

`trafilatura_eval.parquet` names strings that must and must not appear; `readability.parquet` has the whole article.
The pages are cut in two by the hash of their address: rules may be fitted on `dev`, and are held against `heldout`.
"""

import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin

import pyarrow.parquet as pq
from selectolax.lexbor import LexborHTMLParser, LexborNode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lamella.transforms.extract.dom.addresses import candidates  # noqa: E402
from lamella.transforms.formats.charset import decode_html  # noqa: E402
from lamella.transforms.formats.urls import safe_url  # noqa: E402

READABILITY_URL = "http://fakehost/test/page.html"  # the address under which its expected articles were made
DEV_SHARE = 0.6
_BLOCKS = re.compile(r"p|div|li|h[1-6]|pre|blockquote|td|th|dt|dd|section|article|figcaption|br|tr")
_NO_TEXT = frozenset(("script", "style", "noscript", "template", "figcaption"))
_ADDRESS = re.compile(r"src|href|url|image|img|original|lazy|full|large|bg|chomp|attrs|options")  # attributes that may hold one
_SHARED = 3  # an address of so many images is a placeholder
_REFERENCE = re.compile(r"^[^\s{}<>]*[./][^\s{}<>]*$")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or an image of an expected or extracted document: either is set. An image may have a caption."""

    text: str = ""
    image: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    name: str
    url: str
    html: str
    half: str  # dev or heldout


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippets:
    """A page of the trafilatura evaluation."""

    page: Page
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A page of Mozilla's readability tests. `same` tells which addresses of the page are one image's."""

    page: Page
    text: str
    blocks: tuple[Block, ...]
    same: dict[str, str]


def snippets(folder: Path) -> list[Snippets]:
    return [
        Snippets(page=_page(row, row["url"], row["file"]), wanted=tuple(row["with"]), unwanted=tuple(row["without"]))
        for row in pq.read_table(folder / "trafilatura_eval.parquet").to_pylist()
    ]


def articles(folder: Path) -> list[Article]:
    return [_article(row) for row in pq.read_table(folder / "readability.parquet").to_pylist()]


def canonical(url: str) -> str:
    """An address by which two tools' ways of writing it compare: no scheme, no fragment, no escapes, no signature."""
    return unquote(safe_url(url).partition("#")[0]).partition("://")[2].replace(" ", "")


def _page(row: dict, url: str, name: str) -> Page:
    share = int.from_bytes(hashlib.blake2b((row["url"] or name).encode(), digest_size=8).digest(), "big") / 2**64
    return Page(name=name, url=url, html=decode_html(row["html"], "")[0], half="dev" if share < DEV_SHARE else "heldout")


def _article(row: dict) -> Article:
    page = _page(row, READABILITY_URL, row["id"])
    body = LexborHTMLParser(decode_html(row["expected_html"], "")[0]).body
    same = {}
    for html in (page.html, row["expected_html"].decode("utf-8", "replace")):
        groups = list(_addresses(LexborHTMLParser(html)))
        placeholders = {name for name, count in Counter(name for names in groups for name in names).items() if count >= _SHARED}
        for names in groups:
            own = [name for name in names if name not in placeholders]
            first = next((same[name] for name in own if name in same), own[0] if own else "")
            same |= dict.fromkeys(own, first)
    blocks = tuple(blocks_in(body)) if body else ()
    return Article(page=page, text=body.text(separator=" ") if body else "", blocks=blocks, same=same)


def _addresses(tree: LexborHTMLParser) -> Iterator[list[str]]:
    """For each image, every address that the page gives it: any attribute, its picture's sources, the link around it."""
    base = tree.css_first("base[href]")
    base = urljoin(READABILITY_URL, base.attributes["href"]) if base else READABILITY_URL
    for node in tree.css("img, amp-img"):
        elements, parent = [node], node.parent
        while parent is not None and parent.tag in ("picture", "a", "noscript", "span"):
            elements += parent.css("source, img") if parent.tag in ("picture", "noscript") else [parent]
            parent = parent.parent
        values = (value for element in elements for value in _references(element) if value[:5] != "data:")
        if found := list(dict.fromkeys(canonical(urljoin(base, value)) for value in values)):
            yield found


def _references(node: LexborNode) -> Iterator[str]:
    for name, value in node.attributes.items():
        if not value or not _ADDRESS.search(name):
            continue
        if "srcset" in name:
            yield from (url for url, _ in candidates(value))
        elif value[0] == "{":
            yield from (value for value in _strings(value) if _REFERENCE.match(value))
        elif _REFERENCE.match(value.strip()):
            yield value.strip()


def _strings(value: str) -> list[str]:
    try:
        return [text for text in json.loads(value).values() if isinstance(text, str)]
    except ValueError:
        return []


def blocks_in(body: LexborNode) -> Iterator[Block]:
    """The paragraphs and images of an expected article in order; captions are no paragraphs."""
    pieces: list[str] = []
    for node in body.traverse(include_text=True):
        tag = node.tag or ""
        if tag == "-text":
            parent = node.parent
            if not (parent is not None and any(found in _NO_TEXT for found in _tags_above(parent))):
                pieces.append(node.text_content or "")
            continue
        if (_BLOCKS.fullmatch(tag) or tag == "img") and (text := " ".join("".join(pieces).split())):
            yield Block(text=text)
            pieces = []
        if tag == "img" and (url := _shown(node)):
            yield Block(image=url)
    if text := " ".join("".join(pieces).split()):
        yield Block(text=text)


def _tags_above(node: LexborNode | None) -> Iterator[str]:
    while node is not None and node.tag:
        yield node.tag
        node = node.parent


def _shown(node: LexborNode) -> str:
    """The address of an image; none for data, and none for what a page's author had on a disk."""
    source = node.attributes.get("src") or next((url for url, _ in candidates(node.attributes.get("srcset") or "")), "")
    url = urljoin(READABILITY_URL, source.strip()) if source else ""
    return url if url.startswith(("http://", "https://")) else ""
