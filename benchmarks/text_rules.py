"""Texts of real pages -> the cost of Gopher's, C4's and FineWeb's rules, ours against datatrove's, and how often they agree.

    python -m benchmarks.text_rules [--web DIR] [--gold DIR] [--rounds 5]

The texts are what our extractor takes from real pages (`benchmarks.real_texts`). Both sides judge them by the published limits,
datatrove's defaults: Gopher's quality and repetition, C4's quality, FineWeb's quality, in this order. Each filter of datatrove
gets a text as its authors made theirs: paragraphs are parted by blank lines for Gopher, by line breaks for C4 and FineWeb,
which took them from WET files and trafilatura. datatrove stops at the first filter that rejects, and cuts the text into
words anew in each; ours stops at the first broken rule, and cuts once. The arms take turns; figures are medians.

The gate: for 99.5 % of the texts the same verdict, by the same reason: where datatrove rejects, its reason is among those of
the rules that we find broken. It exits with 1 where the gate does not hold. In three things datatrove is not followed:
- It knows "id", "Wed" and "Im" as contractions, and "):" as one sign.
- It takes an n-gram that occurs once for a repeated one, in texts of a few words, which go by their number before.
- C4's code looks for "lorem ipsum" only in lines that end as sentences do; the paper, and ours, in the whole page.

Needs `datatrove[processing]` and `spacy`, which no extra brings. `pip install --target DIR` them, and put DIR into PYTHONPATH.
"""

import argparse
import gc
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter

from benchmarks.real_texts import GOLD, WEB, real_texts
from lamella.pipeline.recipes import GOPHER
from lamella.schemas.config import LimitsForText
from lamella.schemas.rejection import Reason
from lamella.transforms.base.rule import apply_rules
from lamella.transforms.filter.measures import TextMeasures
from lamella.transforms.filter.rules import DOCUMENT_RULES

SAME, PROMISED = 0.995, 15
LIMITS = LimitsForText(
    **GOPHER,
    min_words_for_ratios=0,
    min_ended_lines=0.12,
    max_short_lines=0.67,
    max_repeated_line_characters=0.01,
    max_line_breaks_per_word=0.3,
    min_sentences_of_prose=5,
    no_lorem_ipsum=True,
    no_curly_bracket=True,
)
# datatrove's filter, and what parts the paragraphs that it is given
FILTERS = (
    (GopherQualityFilter(), "\n\n"),
    (GopherRepetitionFilter(), "\n\n"),
    (C4QualityFilter(), "\n"),
    (FineWebQualityFilter(), "\n"),
)
# datatrove's reason -> ours
REASONS = {
    "gopher_short_doc": Reason.TOO_FEW_WORDS,
    "gopher_long_doc": Reason.TOO_MANY_WORDS,
    "gopher_below_avg_threshold": Reason.ODD_WORD_LENGTH,
    "gopher_above_avg_threshold": Reason.ODD_WORD_LENGTH,
    "gopher_too_many_hashes": Reason.TOO_MANY_SYMBOLS,
    "gopher_too_many_ellipsis": Reason.TOO_MANY_SYMBOLS,
    "gopher_too_many_bullets": Reason.TOO_MANY_BULLETS,
    "gopher_too_many_end_ellipsis": Reason.TOO_MANY_ELLIPSES,
    "gopher_below_alpha_threshold": Reason.TOO_FEW_ALPHABETIC_WORDS,
    "gopher_enough_stop_words": Reason.TOO_FEW_STOP_WORDS,
    "dup_para_frac": Reason.REPEATED_PARAGRAPHS,
    "dup_para_char_frac": Reason.REPEATED_PARAGRAPHS,
    "dup_line_frac": Reason.REPEATED_LINES,
    "dup_line_char_frac": Reason.REPEATED_LINES,
    "n-gram": Reason.REPEATED_NGRAMS,
    "lorem_ipsum": Reason.LOREM_IPSUM,
    "curly_bracket": Reason.CURLY_BRACKET,
    "too_few_sentences": Reason.TOO_FEW_ENDED_LINES,
    "line_punct_ratio": Reason.TOO_FEW_ENDED_LINES,
    "short_line_ratio": Reason.TOO_MANY_SHORT_LINES,
    "char_dup_ratio": Reason.REPEATED_LINES,
    "list_ratio": Reason.TOO_MANY_SHORT_LINES,
}


def main() -> None:
    arguments = _arguments()
    texts = real_texts(arguments.web, arguments.gold)
    arms: dict[str, Callable[[list[str]], str]] = {"lamella": _ours, "datatrove": _theirs}
    found, cpu, wall = _timed(arms, texts, arguments.rounds)
    size = sum(len("\n".join(text).encode()) for text in texts) / 1e6
    print(f"datatrove {version('datatrove')}, spaCy {version('spacy')}: {len(texts)} texts, {size:.1f} MB")
    print(f"{'':<12}{'CPU s':>9}{'wall s':>9}{'MB/s':>8}{'rejects':>9}")
    for arm in arms:
        print(f"{arm:<12}{cpu[arm]:>9.2f}{wall[arm]:>9.2f}{size / cpu[arm]:>8.2f}{sum(map(bool, found[arm])):>9}")
    print(f"lamella is {cpu['datatrove'] / cpu['lamella']:.1f}x as fast (promised: {PROMISED}x)")
    sys.exit(not _agree(texts, found["lamella"], found["datatrove"]))


def _ours(paragraphs: list[str]) -> str:
    """The reason why the text is rejected, or ""."""
    violation = apply_rules(DOCUMENT_RULES, TextMeasures(paragraphs, "en"), LIMITS)
    return violation.reason.value if violation else ""


def _theirs(paragraphs: list[str]) -> str:
    for one, between in FILTERS:
        if (verdict := one.filter(Document(text=between.join(paragraphs), id=""))) is not True:
            return verdict[1]
    return ""


def _timed(
    arms: dict[str, Callable[[list[str]], str]], texts: list[list[str]], rounds: int
) -> tuple[dict[str, list[str]], dict[str, float], dict[str, float]]:
    """The verdicts, and medians of CPU and wall seconds, arm by arm. Each round judges all texts."""
    found: dict[str, list[str]] = {}
    spent: dict[str, list[tuple[float, float]]] = {arm: [] for arm in arms}
    for judge in arms.values():
        judge(texts[0])  # loads word lists and tokenizers
    gc.collect()
    gc.freeze()  # what the benchmark holds is not for the arms to collect
    for _ in range(rounds):
        for arm, judge in arms.items():
            cpu, wall = time.process_time(), time.perf_counter()
            found[arm] = list(map(judge, texts))
            spent[arm].append((time.process_time() - cpu, time.perf_counter() - wall))
    cpus, walls = ({arm: statistics.median(one[at] for one in took) for arm, took in spent.items()} for at in (0, 1))
    return found, cpus, walls


def _agree(texts: list[list[str]], ours: list[str], theirs: list[str]) -> bool:
    """Prints the shares, and what differs."""
    verdicts, reasons = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for text, mine, other in zip(texts, ours, theirs, strict=True):
        if bool(mine) != bool(other):
            verdicts[mine, other] += 1
        elif other and _reason(other) not in _broken(text):
            reasons[mine, other] += 1
    same, agreed = 1 - verdicts.total() / len(texts), 1 - (verdicts.total() + reasons.total()) / len(texts)
    print(f"the same verdict on {same:.2%} of the texts, and by the same reason on {agreed:.2%} (promised: {SAME:.1%})")
    for differ, title in ((verdicts, "another verdict"), (reasons, "another reason")):
        for (mine, other), count in differ.most_common():
            print(f"    {title}, {count} times: lamella {mine or 'keeps'}, datatrove {other or 'keeps'}")
    return agreed >= SAME


def _reason(theirs: str) -> Reason:
    return REASONS["n-gram" if "gram" in theirs else theirs]


def _broken(paragraphs: list[str]) -> set[Reason]:
    """The reasons of all rules that a text breaks."""
    measures = TextMeasures(paragraphs, "en")
    return {violation.reason for rule in DOCUMENT_RULES.rules if (violation := rule.check(measures, LIMITS))}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--web", type=Path, default=WEB, help="a folder of archives")
    parser.add_argument("--gold", type=Path, default=GOLD, help="a folder with wcxb_dev.parquet")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
