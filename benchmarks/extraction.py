"""The same pages -> what Lamella and other tools extract: scores of text, images and order, and pages a second on one core.

    python benchmarks/extraction.py --gold ../shared/data/gold [--json FILE] [--half dev] [--only lamella] [--rounds 0]

`--gold` is a folder with `trafilatura_eval.parquet` and `readability.parquet`; peers come with `pip install lamella[bench]`.
"""

import argparse
import gc
import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.extraction_gold import Article, Snippets, articles, snippets  # noqa: E402
from benchmarks.extraction_peers import PEERS, WITH_IMAGES, Tool  # noqa: E402
from benchmarks.extraction_scores import (  # noqa: E402
    image_counts,
    order_counts,
    rates,
    shingle_counts,
    snippet_counts,
    text_of,
    text_with_captions,
    token_counts,
)

HALVES = ("all", "dev", "heldout")
COLUMNS = (
    ("snippets_precision", "snip P"),
    ("snippets_recall", "snip R"),
    ("snippets_f1", "snip F1"),
    ("tokens_f1", "token F1"),
    ("shingles_f1", "4-gram F1"),
    ("images_precision", "img P"),
    ("images_recall", "img R"),
    ("images_f1", "img F1"),
    ("order", "order"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gold", type=Path, default=ROOT.parent / "shared/data/gold")
    parser.add_argument("--half", choices=HALVES, action="append", help="default: all three")
    parser.add_argument("--only", choices=list(PEERS), action="append")
    parser.add_argument("--rounds", type=int, default=5, help="of timing; 0 leaves it out")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    tools = {name: PEERS[name] for name in args.only or PEERS}
    pages, whole = snippets(args.gold), articles(args.gold)
    figures = {name: quality(tool, WITH_IMAGES.get(name, tool), pages, whole) for name, tool in tools.items()}
    for half in args.half or HALVES:
        print(table(half, {name: found[half] for name, found in figures.items()}))
    speeds = speed(tools, pages, args.rounds) if args.rounds else {}
    if speeds:
        print(speed_table(speeds))
    if args.json:
        args.json.write_text(json.dumps({"quality": figures, "speed": speeds}, indent=1) + "\n")


def quality(tool: Tool, shower: Tool, pages: list[Snippets], whole: list[Article]) -> dict[str, dict[str, float]]:
    """The figures of a tool on all pages, and on each half of them."""
    counted: list[tuple[str, str, tuple[int, ...]]] = []
    for case in pages:
        text = text_of(tool(case.page.html, case.page.url))
        counted.append((case.page.half, "snippets", snippet_counts(case, text)))
    for article in whole:
        text = text_with_captions(tool(article.page.html, article.page.url))
        shown = shower(article.page.html, article.page.url)
        for measure, count in (
            ("tokens", token_counts(article.text, text)),
            ("shingles", shingle_counts(article.text, text)),
            ("images", image_counts(article, shown)),
            ("order", order_counts(article, shown)),
        ):
            counted.append((article.page.half, measure, count))
    return {half: _figures([row[1:] for row in counted if half in ("all", row[0])]) for half in HALVES}


def _figures(counted: list[tuple[str, tuple[int, ...]]]) -> dict[str, float]:
    """Snippets and images are summed over pages; tokens and 4-grams are averaged, so that no long page outweighs the rest."""
    out = {}
    for measure in ("snippets", "images"):
        found = rates(*(sum(column) for column in zip(*(count for name, count in counted if name == measure), strict=True)))
        out |= {f"{measure}_precision": found.precision, f"{measure}_recall": found.recall, f"{measure}_f1": found.f1}
    for measure in ("tokens", "shingles"):
        out[f"{measure}_f1"] = statistics.mean(rates(*count).f1 for name, count in counted if name == measure and sum(count))
    agreeing, total = (sum(column) for column in zip(*(count for name, count in counted if name == "order"), strict=True))
    return out | {"order": agreeing / total if total else 0.0, "order_neighbours": total}


def speed(tools: dict[str, Tool], pages: list[Snippets], rounds: int) -> dict[str, dict[str, float]]:
    """Pages a CPU second: the median of rounds in which the tools take turns. Each round has pages of its own, so that no
    tool remembers them."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in tools}
    gc.collect()
    gc.freeze()  # what the benchmark holds is not the tools' to collect
    for number in range(rounds):
        timed = [case.page for case in pages][number::rounds]
        for name, tool in tools.items():
            cpu, wall = time.process_time(), time.perf_counter()
            for page in timed:
                tool(page.html, page.url)
            spent = time.process_time() - cpu, time.perf_counter() - wall
            seconds[name].append((spent[0] / len(timed), spent[1] / len(timed)))
    out = {}
    for name, found in seconds.items():
        cpu, wall = (1 / statistics.median(column) for column in zip(*found, strict=True))
        out[name] = {"pages_per_cpu_second": cpu, "pages_per_wall_second": wall}
    if "trafilatura" in out:
        for found in out.values():
            found["times_trafilatura"] = found["pages_per_cpu_second"] / out["trafilatura"]["pages_per_cpu_second"]
    return out


def table(half: str, figures: dict[str, dict[str, float]]) -> str:
    lines = [f"\n{half + ' pages':<18}" + "".join(f"{title:>10}" for _, title in COLUMNS)]
    for name, found in figures.items():
        lines.append(f"{name:<18}" + "".join(f"{found[column]:>10.3f}" for column, _ in COLUMNS))
    return "\n".join(lines)


def speed_table(speeds: dict[str, dict[str, float]]) -> str:
    lines = [f"\n{'pages/s, one core':<18}{'CPU':>10}{'wall':>10}{'x trafilatura':>15}"]
    for name, found in speeds.items():
        row = f"{name:<18}{found['pages_per_cpu_second']:>10.1f}{found['pages_per_wall_second']:>10.1f}"
        lines.append(row + (f"{found['times_trafilatura']:>15.2f}" if "times_trafilatura" in found else ""))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
