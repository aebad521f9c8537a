"""Texts of real pages -> the cost of Gopher's and FineWeb's rules, ours against datatrove's, and how often they agree.

    python -m benchmarks.text_rules --gold ../shared/data/gold [--texts N]

Both judge the same texts by the same limits, the published ones: Gopher's quality and repetition, FineWeb's ended and short
lines (FineWeb's two other rules are off, since no row of ours has them). datatrove stops at the first broken rule of each of its
three filters and splits the text into words in each; ours splits once. Figures are CPU seconds of one process, by turns. The gate:
the same verdict on 99.5 % of the texts, and of those that both reject, datatrove's rule among those that we find broken. It exits
with 1 if either share is less.

Needs `datatrove[processing]` and `spacy`.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.filters import FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter

from lamella.pipeline.recipes import GOPHER
from lamella.schemas.config import LimitsForText
from lamella.schemas.rejection import Reason
from lamella.transforms.base.rule import apply_rules
from lamella.transforms.filter.measures import TextMeasures
from lamella.transforms.filter.rules import DOCUMENT_RULES

TURNS, SAME = 3, 0.995
LIMITS = LimitsForText(**GOPHER, min_ended_lines=0.12, max_short_lines=0.67, min_words_for_ratios=0)
OFF = float("inf")
FILTERS = (
    GopherRepetitionFilter(),
    GopherQualityFilter(),
    FineWebQualityFilter(char_duplicates_ratio=OFF, new_line_ratio=OFF),
)
# datatrove's reason -> ours
REASONS = {
    "dup_para_frac": Reason.REPEATED_PARAGRAPHS,
    "dup_para_char_frac": Reason.REPEATED_PARAGRAPHS,
    "dup_line_frac": Reason.REPEATED_LINES,
    "dup_line_char_frac": Reason.REPEATED_LINES,
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
    "line_punct_ratio": Reason.TOO_FEW_ENDED_LINES,
    "short_line_ratio": Reason.TOO_MANY_SHORT_LINES,
}


def main() -> None:
    arguments = _arguments()
    column = pq.read_table(arguments.gold / "wcxb_dev.parquet", columns=["main_content"])["main_content"].to_pylist()
    texts = [text for text in column if text and text.strip()][: arguments.texts]
    arms: dict[str, Callable[[str], str]] = {"lamella": _ours, "datatrove": _theirs}
    for judge in arms.values():
        judge(texts[0])  # loads word lists and tokenizers
    found, least = {}, dict.fromkeys(arms, OFF)
    for _ in range(TURNS):
        for name, judge in arms.items():
            start = time.process_time()
            found[name] = list(map(judge, texts))
            least[name] = min(least[name], time.process_time() - start)
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    for name, seconds in least.items():
        rejected = sum(map(bool, found[name]))
        print(f"{name}: {len(texts)} texts, {megabytes:.1f} MB in {seconds:.2f} CPU s, {megabytes / seconds:.1f} MB/s; rejects {rejected}")
    print(f"lamella is {least['datatrove'] / least['lamella']:.1f}x as fast")
    sys.exit(not _agree(texts, found["lamella"], found["datatrove"]))


def _ours(text: str) -> str:
    """The reason why the text is rejected, or ""."""
    violation = apply_rules(DOCUMENT_RULES, _measures(text), LIMITS)
    return violation.reason.value if violation else ""


def _theirs(text: str) -> str:
    document = Document(text=text, id="")
    for one in FILTERS:
        if (verdict := one.filter(document)) is not True:
            return verdict[1]
    return ""


def _measures(text: str) -> TextMeasures:
    """Paragraphs are parted by blank lines, as datatrove parts them."""
    return TextMeasures([part for part in text.strip().split("\n\n") if part], "en")


def _agree(texts: list[str], ours: list[str], theirs: list[str]) -> bool:
    """Prints both shares, and what differs."""
    differ = Counter((mine, other) for mine, other in zip(ours, theirs, strict=True) if bool(mine) != bool(other))
    verdicts = 1 - sum(differ.values()) / len(texts)
    both = [(text, other) for text, mine, other in zip(texts, ours, theirs, strict=True) if mine and other]
    reasons = sum(REASONS[_name(other)] in _broken(text) for text, other in both) / max(1, len(both))
    print(f"the same verdict on {verdicts:.2%}; datatrove's reason is among ours on {reasons:.2%} of {len(both)} that both reject")
    for (mine, other), count in differ.most_common():
        print(f"    {count} times: lamella {mine or 'keeps'}, datatrove {other or 'keeps'}")
    return verdicts >= SAME and reasons >= SAME


def _name(reason: str) -> str:
    return "ngram" if "gram" in reason else reason


REASONS["ngram"] = Reason.REPEATED_NGRAMS


def _broken(text: str) -> set[Reason]:
    """The reasons of all rules that a text breaks."""
    measures = _measures(text)
    return {violation.reason for rule in DOCUMENT_RULES.rules if (violation := rule.check(measures, LIMITS))}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, default=Path("../shared/data/gold"))
    parser.add_argument("--texts", type=int, help="the first so many; all, if not given")
    return parser.parse_args()


if __name__ == "__main__":
    main()
