"""The run against the truth: a ledger beside the archives, and a run's tables in; what the filters caught and lost out.

Real archives have no ledger, and then nothing is said here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lamella.pipeline.columns import pc, read_columns
from lamella.reporting.ground_truth.claims import ATTRIBUTES, Vocabulary, claims
from lamella.reporting.ground_truth.expected_outcomes import fates_of
from lamella.reporting.ground_truth.sample_ledger import Ledger, find_ledger
from lamella.schemas.config import CaptionConfig
from lamella.schemas.keys import stable_key
from lamella.schemas.pair import CaptionSource, Dataset
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.files import join

_MOST_UNMET = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One alt text that reached the scorer: what is true of it, and what was said of it."""

    wrong: bool
    low_score: bool = False  # it left for its CLIP score
    match: float | None = None  # the matcher's probability; None where it never got there, or nothing matched
    unmatched: bool = False  # it left because neither text matches
    replaced: bool = False  # the synthetic text was chosen instead


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


def truth_of(run: str, inputs: Sequence[str], config: CaptionConfig) -> dict[str, Any] | None:
    """What can be said of a run whose archives have a ledger; None where they have none."""
    ledger = find_ledger(inputs)
    if ledger is None:
        return None
    filters = [verdicts.plain() for verdicts in judge_filters(list(_judged(run, ledger)), config)]
    synthetic = judge_synthetic(ledger, _synthetic(run))
    fates = list(fates_of(run, ledger, inputs))
    counts = Counter((fate.kind, fate.expected, fate.found, fate.met) for fate in fates)
    unmet = [fate for fate in fates if not fate.met]
    return {
        "filters": filters,
        "synthetic": synthetic,
        "fates": [
            {"kind": kind, "expected": expected, "found": found, "count": count, "met": met}
            for (kind, expected, found, met), count in sorted(counts.items())
        ],
        "unmet": [
            {"kind": fate.kind, "expected": fate.expected, "found": fate.found, "where": fate.where}
            for fate in unmet[:_MOST_UNMET]
        ],
        "says": list(_says(filters, synthetic, len(fates), len(unmet))),
    }


def judge_filters(judged: Sequence[Judged], config: CaptionConfig) -> list[Verdicts]:
    """CLIP; CapFilt's matcher over what CLIP left; both; and both where an alt text that lost to a synthetic one counts too."""
    if not judged:
        return []
    out = [_verdicts("CLIP score", ((one.wrong, one.low_score) for one in judged))]
    if config.on:
        reached = [one for one in judged if not one.low_score]

        def noisy(one: Judged) -> bool:
            return one.unmatched or (one.match is not None and one.match < config.min_match)

        out += [
            _verdicts("matcher, after CLIP", ((one.wrong, noisy(one)) for one in reached)),
            _verdicts("CLIP and matcher", ((one.wrong, one.low_score or noisy(one)) for one in judged)),
            _verdicts(
                "CLIP and CapFilt's choice", ((one.wrong, one.low_score or noisy(one) or one.replaced) for one in judged)
            ),
        ]
    return out


def judge_synthetic(ledger: Ledger, captions: Iterable[tuple[str, str, bool]]) -> dict[str, Any]:
    """How many synthetic captions say what is so. `captions`: (the picture's URL, text, whether it was chosen)."""
    words = Vocabulary.of(image["facts"] for image in ledger.images.values())
    said, true, count = Counter(), Counter(), 0
    for url, text, chosen in captions:
        if url not in ledger.images:
            continue
        count += 1
        found = claims(text, ledger.images[url]["facts"], words)
        whole = bool(found) and all(found.values())
        everything = {"all of it": whole} | ({"all of it, where it was chosen": whole} if chosen else {})
        for name, holds in (found | everything).items():
            said[name] += 1
            true[name] += holds
    names = [name for name in (*ATTRIBUTES, "all of it", "all of it, where it was chosen") if said[name]]
    rows = [{"name": name, "said": said[name], "true": true[name], "share": true[name] / said[name]} for name in names]
    return {"captions": count, "attributes": rows}


def alt_keys(run: str, images: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Key of the ALIGN pair that an alt text makes -> the ledger's word on that alt text."""
    out = {}
    columns = ("key", "url", *(f"nodes.list.element.{name}" for name in ("kind", "url", "position", "alt")))
    for batch in read_columns(join(run, "documents"), columns):
        for row in batch.to_pylist():
            for node in row["nodes"]:
                if node["kind"] == "ImageNode" and (said := _said(images.get(node["url"]), row["url"], node["alt"])):
                    out[stable_key(row["key"], node["position"], Dataset.ALIGN, CaptionSource.ALT)] = said
    return out


def _said(image: Mapping[str, Any] | None, page: str, alt: str) -> Mapping[str, Any] | None:
    """The ledger's word on an alt text of this page; where the page shows the picture twice, by the text."""
    here = [said for said in (image["alts"] if image else ()) if said["page"] == page]
    return next((said for said in here if _plain(said["alt"]) == _plain(alt)), here[0] if len(here) == 1 else None)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _judged(run: str, ledger: Ledger) -> Iterator[Judged]:
    """Every alt text that the ledger knows and that reached the scorer."""
    truth = {key: Judged(wrong=said["wrong"]) for key, said in alt_keys(run, ledger.images).items()}
    for batch in read_columns(join(run, "pairs", "images"), ("key", "clip_score", "capfilt.web_match", "capfilt.chosen")):
        for row in batch.to_pylist():
            if row["key"] in truth and row["clip_score"] is not None:
                said = row["capfilt"] or {}
                replaced = said.get("chosen") == CaptionSource.SYNTHETIC
                yield replace(truth[row["key"]], match=said.get("web_match"), replaced=replaced)
    for batch in read_columns(join(run, "rejections", "pairs"), ("stage", "unit", "reason", "key")):
        for row in batch.filter(pc.equal(batch["unit"], Unit.PAIR.value)).to_pylist():
            if row["key"] in truth and row["stage"] in (Stage.SCORE, Stage.CAPTION):
                low, none = row["reason"] == Reason.LOW_CLIP_SCORE, row["reason"] == Reason.NO_CAPTION_MATCHES
                if low or none:
                    yield replace(truth[row["key"]], low_score=low, unmatched=none)


def _synthetic(run: str) -> Iterator[tuple[str, str, bool]]:
    for batch in read_columns(join(run, "pairs", "images"), ("media.url", "capfilt.synthetic_text", "capfilt.chosen")):
        for row in batch.to_pylist():
            if said := row["capfilt"]:
                yield row["media"]["url"], said["synthetic_text"], said["chosen"] == CaptionSource.SYNTHETIC


def _verdicts(name: str, wrong_and_taken: Iterable[tuple[bool, bool]]) -> Verdicts:
    counts = Counter(wrong_and_taken)
    return Verdicts(
        name=name, caught=counts[True, True], missed=counts[True, False], lost=counts[False, True], spared=counts[False, False]
    )


def _says(filters: Sequence[Mapping[str, Any]], synthetic: Mapping[str, Any], fates: int, unmet: int) -> Iterator[str]:
    """The essence, a sentence a line."""
    for row in filters:
        wrong, right = row["caught"] + row["missed"], row["lost"] + row["spared"]
        yield (
            f"{row['name']}: caught {row['caught']} of {wrong} wrong alt texts and lost {row['lost']} of {right} right ones"
            + (f" (F1 {row['f1']:.3f})" if row["f1"] is not None else "")
        )
    for row in synthetic["attributes"]:
        if row["name"].startswith("all of it"):
            which = "synthetic captions" if row["name"] == "all of it" else "chosen synthetic captions"
            yield f"{row['true']} of {row['said']} {which} ({row['share']:.1%}) name what is there and nothing that is not"
    if fates:
        yield f"{fates - unmet} of {fates} fates are as the ledger foretells" + (f"; {unmet} are not" if unmet else "")
