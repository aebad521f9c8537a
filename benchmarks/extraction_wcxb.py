"""The pages of WCXB (CC-BY-4.0) -> word F1 for each kind of page, read and unread, beside the peers that are installed.

    python benchmarks/extraction_wcxb.py --gold ../shared/data/gold [--json FILE] [--only lamella]

The peers are trafilatura, resiliparse and readability-lxml (with `cssselect` and `chardet`).

The score is the benchmark's own: the F1 of a page's lower-case `\\w+` tokens as bags, averaged over pages; beside it the shares
of the snippets that must, and must not, be found. Pages are cut in three by salted hashes of their hosts. Rules were fitted on
`fitted` first, and on `opened` too since November 2026; the pages of `unread` were never looked at (but for two of them, once),
and none of their hosts is in another part. The first salt is one by which `fitted` and the rest are equally hard as trafilatura
finds them. The gap is how far the read pages lie above the unread ones; its interval comes from drawing the hosts anew.
"""

import argparse
import hashlib
import importlib.util
import json
import random
import re
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow.parquet as pq
from selectolax.lexbor import LexborHTMLParser

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lamella.schemas.config import ExtractConfig  # noqa: E402
from lamella.schemas.document import TextNode  # noqa: E402
from lamella.transforms.extract.parse import parse_html  # noqa: E402
from lamella.transforms.formats.charset import decode_html  # noqa: E402

TextTool = Callable[[str, str], str]
FITTED_SHARE = 0.6
_SALT = "285:"
# The second cut was made once for the kinds that are lists and threads, and once for those that are prose.
_SECOND_SALTS = dict.fromkeys(("forum", "collection", "listing", "documentation"), "kinds1:")
_SECOND_SALT, _UNREAD_BIT = "kinds2:", {"kinds1:": 0, "kinds2:": 1}
FITTED, OPENED, UNREAD = "fitted", "opened", "unread"
GROUPS = {"all": (FITTED, OPENED, UNREAD), "read": (FITTED, OPENED), "unread": (UNREAD,)}
_DRAWS = 2000
_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldPage:
    name: str
    url: str
    kind: str
    html: str
    part: str  # fitted, opened or unread
    words: Counter
    must: tuple[str, ...]
    must_not: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Of one page."""

    precision: float
    recall: float
    must: float | None  # shares of the snippets found; None where the page has none
    must_not: float | None

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def gold_pages(folder: Path) -> Iterator[GoldPage]:
    for row in pq.read_table(folder / "wcxb_dev.parquet").to_pylist():
        html = row["html"]
        yield GoldPage(
            name=row["file_id"],
            url=row["url"] or "",
            kind=row["page_type"],
            html=decode_html(html, "")[0] if isinstance(html, bytes) else html,
            part=part_of(row["url"] or row["file_id"], row["page_type"]),
            words=words_of(row["main_content"] or ""),
            must=tuple(row["must"] or ()),
            must_not=tuple(row["must_not"] or ()),
        )


def part_of(url: str, kind: str) -> str:
    host = host_of(url)
    share = int.from_bytes(_hash(_SALT + host), "big") / 2**64
    if share < FITTED_SHARE:
        return FITTED
    salt = _SECOND_SALTS.get(kind, _SECOND_SALT)
    return UNREAD if _hash(salt + host)[0] & 1 == _UNREAD_BIT[salt] else OPENED


def host_of(url: str) -> str:
    return (urlsplit(url).hostname or url).removeprefix("www.")


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def words_of(text: str) -> Counter:
    return Counter(_TOKEN.findall(text.lower()))


def score(page: GoldPage, text: str) -> Score:
    found = words_of(text)
    shared = (page.words & found).total()
    spaced = " ".join(text.split()).lower()
    return Score(
        precision=shared / found.total() if found else float(not page.words),
        recall=shared / page.words.total() if page.words else 1.0,
        must=_share(page.must, spaced),
        must_not=_share(page.must_not, spaced),
    )


def _share(snippets: tuple[str, ...], text: str) -> float | None:
    return statistics.mean(" ".join(one.split()).lower() in text for one in snippets) if snippets else None


def ours(html: str, url: str) -> str:
    """All text nodes: alt texts and captions are the images' own."""
    nodes = parse_html(html, url, ExtractConfig()).nodes
    return "\n".join(node.text for node in nodes if isinstance(node, TextNode))


def trafilatura_text(html: str, url: str) -> str:
    import trafilatura

    return trafilatura.extract(html, include_comments=False) or ""


def resiliparse_text(html: str, url: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return extract_plain_text(html, main_content=True)


def readability_text(html: str, url: str) -> str:
    from readability import Document
    from readability.readability import Unparseable

    try:
        summary = Document(html, url=url).summary(html_partial=True)
    except Unparseable:
        return ""
    body = LexborHTMLParser(summary).body
    return body.text(separator=" ") if body else ""


def tools() -> dict[str, TextTool]:
    """Lamella, and those peers that are installed."""
    peers = {"trafilatura": trafilatura_text, "resiliparse": resiliparse_text, "readability": readability_text}
    return {"lamella": ours} | {name: tool for name, tool in peers.items() if importlib.util.find_spec(name)}


def table(group: str, pages: list[GoldPage], scores: dict[str, list[Score]]) -> str:
    kinds = [kind for kind, _ in Counter(page.kind for page in pages).most_common()]
    chosen = [index for index, page in enumerate(pages) if page.part in GROUPS[group]]
    counts = Counter(pages[index].kind for index in chosen)
    head = [f"{'all ' + str(len(chosen)):>12}", *(f"{kind[:9] + ' ' + str(counts[kind]):>15}" for kind in kinds)]
    lines = [f"\n{group:<14}" + "".join(head) + f"{'must':>8}{'must not':>10}"]
    for name, found in scores.items():
        cells = [f"{statistics.mean(found[index].f1 for index in chosen):>12.3f}"]
        for kind in kinds:
            of_kind = [found[index] for index in chosen if pages[index].kind == kind]
            f1, precision, recall = (
                statistics.mean(getattr(one, key) for one in of_kind) for key in ("f1", "precision", "recall")
            )
            cells.append(f"{f'{f1:.3f} {precision:.2f} {recall:.2f}':>15}")
        for key in ("must", "must_not"):
            shares = [share for index in chosen if (share := getattr(found[index], key)) is not None]
            cells.append(f"{statistics.mean(shares):>9.3f}")
        lines.append(f"{name:<14}" + "".join(cells))
    return "\n".join(lines)


def gap(pages: list[GoldPage], found: list[Score], seed: int = 0) -> tuple[float, float, float]:
    """The mean F1 of the read pages less that of the unread ones, and the 95 % interval of it where hosts are drawn anew."""
    rng = random.Random(seed)
    sums = {group: _sums_by_host(pages, found, GROUPS[group]) for group in ("read", "unread")}
    draws = sorted(
        _mean(rng.choices(sums["read"], k=len(sums["read"]))) - _mean(rng.choices(sums["unread"], k=len(sums["unread"])))
        for _ in range(_DRAWS)
    )
    return _mean(sums["read"]) - _mean(sums["unread"]), draws[_DRAWS // 40], draws[-_DRAWS // 40 - 1]


def _sums_by_host(pages: list[GoldPage], found: list[Score], parts: tuple[str, ...]) -> list[tuple[float, int]]:
    """The sum of F1 and the number of pages, for each host."""
    sums: dict[str, tuple[float, int]] = {}
    for page, one in zip(pages, found, strict=True):
        if page.part in parts:
            total, count = sums.get(host_of(page.url or page.name), (0.0, 0))
            sums[host_of(page.url or page.name)] = total + one.f1, count + 1
    return list(sums.values())


def _mean(sums: list[tuple[float, int]]) -> float:
    return sum(total for total, _ in sums) / sum(count for _, count in sums)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gold", type=Path, default=ROOT.parent / "shared/data/gold")
    parser.add_argument("--only", choices=tuple(tools()), action="append")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    pages = list(gold_pages(args.gold))
    asked = {name: tool for name, tool in tools().items() if not args.only or name in args.only}
    scores = {name: [score(page, tool(page.html, page.url)) for page in pages] for name, tool in asked.items()}
    for group in GROUPS:
        print(table(group, pages, scores))
    for name, found in scores.items():
        middle, low, high = gap(pages, found)
        print(f"gap {name:<14}{middle:>8.3f}   95 % from {low:.3f} to {high:.3f}")
    if args.json:
        rows = [
            {"name": page.name, "url": page.url, "kind": page.kind, "part": page.part}
            | {name: round(found[index].f1, 4) for name, found in scores.items()}
            for index, page in enumerate(pages)
        ]
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
