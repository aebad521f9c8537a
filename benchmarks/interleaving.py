"""Pages whose truth is known -> whether images stand where a reader sees them, for Lamella and other tools.

    python benchmarks/interleaving.py [--folder build/interleaving] [--documents 16] [--theme sphinx/furo] [--tool lamella]

Documents of our own making are rendered by real site generators and themes, which come from the package registries into
`--folder`. Measured for each theme: the images found and not found, the text right before and right behind each, the caption
on its image, the words. A caption counts where a tool gives it with its image, or as the text right behind it.
"""

import argparse
import json
import re
import statistics
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.extraction_gold import Article, Block, Page  # noqa: E402
from benchmarks.extraction_peers import PEERS, WITH_IMAGES, Tool  # noqa: E402
from benchmarks.extraction_scores import order_counts, rates, token_counts  # noqa: E402
from benchmarks.interleaving_documents import ADDRESS, Document, documents  # noqa: E402
from benchmarks.interleaving_generators import NotBuilt, install  # noqa: E402
from benchmarks.interleaving_sites import Site, builders  # noqa: E402

TOOLS = ("lamella", "trafilatura", "resiliparse", "OBELICS' rules")
COLUMNS = ("recall", "precision", "place", "captions", "text F1")
_NAME = re.compile(r"document-\d\d-[\w-]+")


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one page, each as (right, of how many)."""

    recall: tuple[int, int]
    precision: tuple[int, int]
    place: tuple[int, int]
    captions: tuple[int, int]
    text_f1: float


def counts(document: Document, found: list[Block]) -> Counts:
    found = [_named(block) for block in found]
    expected = document.blocks
    wanted, shown = {block.image for block in expected if block.image}, {block.image for block in found if block.image}
    page = Page(name=document.slug, url="", html="", half="")
    article = Article(page=page, text="", blocks=tuple(expected), same={})
    captions = {block.image: block.caption for block in expected if block.caption}
    bound = sum(_caption_of(image, found) == _words(caption) for image, caption in captions.items())
    return Counts(
        recall=(len(wanted & shown), len(wanted)),
        precision=(len(wanted & shown), len(shown)),
        place=order_counts(article, found),
        captions=(bound, len(captions)),
        text_f1=rates(*token_counts(_text(expected), _text(found))).f1,
    )


def _named(block: Block) -> Block:
    """Generators move pictures about and write sizes behind their names: the name that we gave counts."""
    if not block.image:
        return block
    found = _NAME.search(unquote(block.image).rpartition("/")[2])
    name = re.sub(r"[-_.](?:thumbnail|\d+x\d+)$", "", found[0]) if found else block.image
    return Block(image=f"{ADDRESS}{name}" if found else block.image, caption=block.caption)


def _caption_of(image: str, found: list[Block]) -> str:
    for index, block in enumerate(found):
        if block.image == image:
            behind = found[index + 1].text if index + 1 < len(found) else ""
            return _words(block.caption or behind.partition("\n")[0])
    return ""


def _words(text: str) -> str:
    return " ".join(text.split()).strip("¶# ")


def _text(blocks: Iterable[Block]) -> str:
    return "\n".join(text for block in blocks for text in (block.text, block.caption) if text)


def measure(site: Site, made: list[Document], tools: dict[str, Tool]) -> dict[str, list[Counts]]:
    found: dict[str, list[Counts]] = {name: [] for name in tools}
    for document in made:
        html, url = site.pages[document.slug].read_text(), site.url(document.slug)
        for name, tool in tools.items():
            found[name].append(counts(document, tool(html, url)))
    return found


def figures(found: list[Counts]) -> dict[str, float]:
    """Images, places and captions are summed over pages; text is averaged."""
    out = {}
    for name in ("recall", "precision", "place", "captions"):
        right, total = (sum(column) for column in zip(*(getattr(one, name) for one in found), strict=True))
        out[name] = right / total if total else 0.0
    return out | {"text F1": statistics.mean(one.text_f1 for one in found)}


def table(rows: dict[str, dict[str, float]]) -> str:
    width = max(map(len, rows)) + 2
    lines = [" " * width + "".join(f"{column:>11}" for column in COLUMNS)]
    return "\n".join(
        [*lines, *(f"{name:<{width}}" + "".join(f"{row[c]:>11.3f}" for c in COLUMNS) for name, row in rows.items())]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "build/interleaving")
    parser.add_argument("--documents", type=int, default=16)
    parser.add_argument("--theme", action="append", help="engine/theme; default: all")
    parser.add_argument("--tool", choices=TOOLS, action="append")
    parser.add_argument("--no-install", action="store_true", help="take what the folder has")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    folder = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for line in [] if args.no_install else install(folder):
        print(f"not installed: {line}", file=sys.stderr)
    made = documents(args.documents)
    tools = {name: WITH_IMAGES.get(name, PEERS[name]) for name in args.tool or TOOLS}
    results: dict[str, dict[str, list[Counts]]] = {}
    for name, build in builders().items():
        if args.theme and name not in args.theme:
            continue
        place = folder / "sites" / name.replace("/", "-")
        place.mkdir(parents=True, exist_ok=True)
        try:
            results[name] = measure(build(place, made), made, tools)
        except NotBuilt as error:
            print(f"not built: {name}: {error}", file=sys.stderr)
            continue
        print(f"\n{name}\n" + table({tool: figures(found) for tool, found in results[name].items()}), flush=True)
    if not results:
        raise SystemExit("no site was built")
    engines = {name.partition("/")[0] for name in results}
    print(f"\nall {len(results)} themes of {len(engines)} generators, {args.documents} documents each")
    total = {tool: figures([one for found in results.values() for one in found[tool]]) for tool in tools}
    print(table(total))
    if args.json:
        rows = {name: {tool: figures(one) for tool, one in found.items()} for name, found in results.items()}
        args.json.write_text(json.dumps({"all": total, "themes": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
