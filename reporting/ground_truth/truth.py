"""The ledger beside the archives, and a run's tables -> what the filters caught and lost.

Real archives have no ledger; then there is nothing to compare.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lamella.pipeline.columns import read_columns
from lamella.reporting.ground_truth.expected_outcomes import outcomes_of
from lamella.reporting.ground_truth.pair_texts import (
    WHOLE,
    Said,
    alt_keys,
    judge_pairs,
    judge_synthetic,
    rejected_texts,
    texts_of,
)
from lamella.reporting.ground_truth.sample_ledger import Ledger, find_ledger
from lamella.schemas.config import Config
from lamella.schemas.rejection import Reason
from lamella.transforms.base.files import join

_MOST_UNMET = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One alt text that reached a model: whether it is true, and what the models decided."""

    wrong: bool
    url: str = ""  # of its picture
    low_score: bool = False  # it left for its CLIP score
    unmatched: bool = False  # it left because the matcher does not believe in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """A filter of wrong captions, as counts. What it takes is predicted to be wrong."""

    name: str
    caught: int = 0  # wrong, and taken
    missed: int = 0  # wrong, and passed
    lost: int = 0  # right, and taken
    spared: int = 0  # right, and passed

    @property
    def precision(self) -> float | None:
        return self.caught / (self.caught + self.lost) if self.caught + self.lost else None

    @property
    def recall(self) -> float | None:
        return self.caught / (self.caught + self.missed) if self.caught + self.missed else None

    @property
    def f1(self) -> float | None:
        predicted_and_wrong = 2 * self.caught + self.lost + self.missed
        return 2 * self.caught / predicted_and_wrong if predicted_and_wrong else None

    def plain(self) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in ("name", "caught", "missed", "lost", "spared")}
        judged = self.caught + self.missed + self.lost + self.spared
        return counts | {"judged": judged, "precision": self.precision, "recall": self.recall, "f1": self.f1}


def truth_of(run: str, inputs: Sequence[str], config: Config) -> dict[str, Any] | None:
    """What can be said of a run whose archives have a ledger; None if they have none."""
    ledger = find_ledger(inputs)
    if ledger is None:
        return None
    judged, texts = list(_judged(run, ledger)), list(texts_of(run, ledger))
    filters = [verdicts.plain() for verdicts in judge_filters(judged, texts, config)]
    synthetic = judge_synthetic(ledger, [(said.url, said.text, said.kept) for said in texts if said.synthetic])
    pairs = judge_pairs((one.url for one in judged if one.wrong), texts)
    outcomes = list(outcomes_of(run, ledger, inputs))
    counts = Counter((outcome.kind, outcome.expected, outcome.found, outcome.met) for outcome in outcomes)
    unmet = [outcome for outcome in outcomes if not outcome.met]
    return {
        "filters": filters,
        "synthetic": synthetic,
        "pairs": pairs,
        "outcomes": [
            {"kind": kind, "expected": expected, "found": found, "count": count, "met": met}
            for (kind, expected, found, met), count in sorted(counts.items())
        ],
        "unmet": [
            {"kind": outcome.kind, "expected": outcome.expected, "found": outcome.found, "where": outcome.where}
            for outcome in unmet[:_MOST_UNMET]
        ],
        "says": list(_says(filters, synthetic, pairs, len(outcomes), unmet=len(unmet))),
    }


def judge_filters(judged: Sequence[Judged], texts: Sequence[Said], config: Config) -> list[Verdicts]:
    """CLIP and the matcher over alt texts, in the order in which they judge, and both together; the matcher over what a
    captioner said."""
    if not judged:
        return []
    clip = ("CLIP score", lambda one: one.low_score)
    matcher = ("matcher", lambda one: one.unmatched)
    asked = [clip] if config.score.when != "never" and config.score.min_score is not None else []
    if config.caption.on:
        asked = [*asked, matcher] if config.score.when == "before" else [matcher, *asked]
    out, left, before = [], list(judged), ""
    for name, takes in asked:
        out.append(_verdicts(f"{name}, after {before}" if before else name, ((one.wrong, takes(one)) for one in left)))
        left, before = [one for one in left if not takes(one)], "CLIP" if name == "CLIP score" else "the matcher"
    if len(asked) > 1:
        out.append(_verdicts("CLIP and matcher", ((one.wrong, one.low_score or one.unmatched) for one in judged)))
    if made := [said for said in texts if said.synthetic]:
        out.append(_verdicts("matcher, synthetic texts", ((not said.true, said.unmatched) for said in made)))
    return out


def _judged(run: str, ledger: Ledger) -> Iterator[Judged]:
    """Every alt text that the ledger knows and that reached a model."""
    truth = {key: Judged(wrong=said["wrong"]) for key, said in alt_keys(run, ledger.images).items()}
    for batch in read_columns(join(run, "pairs", "images"), ("key", "media.url", "clip_score", "match")):
        for row in batch.to_pylist():
            if row["key"] in truth and (row["clip_score"] is not None or row["match"] is not None):
                yield replace(truth[row["key"]], url=row["media"]["url"])
    for row in rejected_texts(run):
        if row["key"] in truth and row["reason"] in (Reason.LOW_CLIP_SCORE, Reason.NO_CAPTION_MATCHES):
            low = row["reason"] == Reason.LOW_CLIP_SCORE
            yield replace(truth[row["key"]], url=row["url"], low_score=low, unmatched=not low)


def _verdicts(name: str, wrong_and_taken: Iterable[tuple[bool, bool]]) -> Verdicts:
    counts = Counter(wrong_and_taken)
    return Verdicts(
        name=name, caught=counts[True, True], missed=counts[True, False], lost=counts[False, True], spared=counts[False, False]
    )


def _says(
    filters: Sequence[Mapping[str, Any]], synthetic: Mapping[str, Any], pairs: Mapping[str, Any], outcomes: int, *, unmet: int
) -> Iterator[str]:
    """The essence, a sentence a line."""
    for row in filters:
        wrong, right = row["caught"] + row["missed"], row["lost"] + row["spared"]
        texts = "synthetic texts" if row["name"].endswith("synthetic texts") else "alt texts"
        yield (
            f"{row['name']}: caught {row['caught']} of {wrong} wrong {texts} and lost {row['lost']} of {right} right ones"
            + (f" (F1 {row['f1']:.3f})" if row["f1"] is not None else "")
        )
    for row in synthetic["attributes"]:
        if row["name"].startswith(WHOLE):
            which = "synthetic captions" if row["name"] == WHOLE else "synthetic captions that stayed"
            yield f"{row['true']} of {row['said']} {which} ({row['share']:.1%}) name what is there and nothing that is not"
    alts = pairs["wrong_alts"]
    if alts["pictures"]:
        share = alts["keep_a_true_text"] / alts["pictures"]
        yield f"{alts['keep_a_true_text']} of {alts['pictures']} pictures with a wrong alt text ({share:.1%}) keep a true text"
    whole, web, made = pairs["texts"]
    if whole["texts"]:
        yield (
            f"{whole['false']} of {whole['texts']} texts in the image pairs ({whole['false'] / whole['texts']:.1%}) are false: "
            f"{web['false']} of {web['texts']} of the web, {made['false']} of {made['texts']} synthetic ones"
        )
    if outcomes:
        yield f"{outcomes - unmet} of {outcomes} outcomes are as the ledger expects" + (f"; {unmet} are not" if unmet else "")
