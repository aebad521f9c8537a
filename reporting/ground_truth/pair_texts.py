"""The texts of a run's pairs, and the ledger -> which of them are true."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lamella.pipeline.columns import pc, read_columns
from lamella.pipeline.declared import rejections_of
from lamella.pipeline.graph import PAIRS
from lamella.reporting.ground_truth.claims import ATTRIBUTES, Vocabulary, claims
from lamella.reporting.ground_truth.sample_ledger import Ledger
from lamella.schemas.pair import CaptionSource, Dataset
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.files import join
from lamella.transforms.base.reject import is_of_synthetic

WHOLE, WHOLE_KEPT = "all of it", "all of it, where it stayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One text of a picture that the ledger knows, and whether it stayed."""

    url: str
    text: str
    true: bool
    synthetic: bool
    kept: bool
    unmatched: bool = False


def judge_synthetic(ledger: Ledger, captions: Iterable[tuple[str, str, bool]]) -> dict[str, Any]:
    """How many synthetic captions say what is so. `captions`: (the picture's URL, text, whether it stayed)."""
    words = words_of(ledger)
    said, true, count = Counter(), Counter(), 0
    for url, text, kept in captions:
        if url not in ledger.images:
            continue
        count += 1
        found = claims(text, ledger.images[url]["facts"], words)
        whole = bool(found) and all(found.values())
        everything = {WHOLE: whole} | ({WHOLE_KEPT: whole} if kept else {})
        for name, holds in (found | everything).items():
            said[name] += 1
            true[name] += holds
    names = [name for name in (*ATTRIBUTES, WHOLE, WHOLE_KEPT) if said[name]]
    rows = [{"name": name, "said": said[name], "true": true[name], "share": true[name] / said[name]} for name in names]
    return {"captions": count, "attributes": rows}


def judge_pairs(wrong: Iterable[str], texts: Iterable[Said]) -> dict[str, Any]:
    """How many texts of the pairs are false, and how many pictures with a wrong alt text keep a true one.

    `wrong`: the URLs of the pictures whose alt text is wrong.
    """
    kept = [said for said in texts if said.kept]
    pictures = set(wrong)
    told_truly = {said.url for said in kept if said.true}
    return {
        "texts": [
            {"name": name, "texts": len(some), "false": sum(not said.true for said in some)}
            for name, some in (
                ("all", kept),
                ("web", [said for said in kept if not said.synthetic]),
                ("synthetic", [said for said in kept if said.synthetic]),
            )
        ],
        "wrong_alts": {"pictures": len(pictures), "keep_a_true_text": len(pictures & told_truly)},
    }


def texts_of(run: str, ledger: Ledger) -> Iterator[Said]:
    """Every text of a pair that the ledger can judge: alts by its word, other texts of the web, which the sample never gets
    wrong, and synthetic ones by what they claim. Of those that left, the synthetic ones."""
    words, alts = words_of(ledger), alt_keys(run, ledger.images, (Dataset.ALIGN, Dataset.LTIP))

    def is_true(url: str, text: str) -> bool:
        found = claims(text, ledger.images[url]["facts"], words)
        return bool(found) and all(found.values())

    for batch in read_columns(join(run, "pairs", "images"), ("key", "media.url", "source", "text")):
        for row in batch.to_pylist():
            url, made = row["media"]["url"], row["source"] == CaptionSource.SYNTHETIC
            if url in ledger.images:
                true = is_true(url, row["text"]) if made else not alts.get(row["key"], {}).get("wrong", False)
                yield Said(url=url, text=row["text"], true=true, synthetic=made, kept=True)
    for row in rejected_texts(run):
        if row["url"] in ledger.images and row["sample"] and is_of_synthetic(row["detail"]):
            gone = row["reason"] == Reason.NO_CAPTION_MATCHES
            true = is_true(row["url"], row["sample"])
            yield Said(url=row["url"], text=row["sample"], true=true, synthetic=True, kept=False, unmatched=gone)


def alt_keys(
    run: str, images: Mapping[str, Mapping[str, Any]], datasets: Sequence[Dataset] = (Dataset.ALIGN,)
) -> dict[str, Mapping[str, Any]]:
    """Key of each pair that an alt text makes in some datasets -> the ledger's word on that alt text."""
    out = {}
    for batch in read_columns(join(run, "candidates"), ("key", "dataset", "page_url", "url", "text", "source")):
        for row in batch.to_pylist():
            said = _said(images.get(row["url"]), row["page_url"], row["text"])
            if said and row["source"] == CaptionSource.ALT and row["dataset"] in datasets:
                out[row["key"]] = said
    return out


def rejected_texts(run: str) -> Iterator[Mapping[str, Any]]:
    """Rejections of pairs by models."""
    columns = ("stage", "unit", "reason", "key", "url", "detail", "sample")
    for batch in read_columns(join(run, rejections_of(PAIRS.name)), columns):
        for row in batch.filter(pc.equal(batch["unit"], Unit.PAIR.value)).to_pylist():
            if row["stage"] in (Stage.SCORE, Stage.CAPTION):
                yield row


def words_of(ledger: Ledger) -> Vocabulary:
    return Vocabulary.of(image["facts"] for image in ledger.images.values())


def _said(image: Mapping[str, Any] | None, page: str, alt: str) -> Mapping[str, Any] | None:
    """The ledger's word on an alt text of this page; where the page shows the picture twice, by the text."""
    here = [said for said in (image["alts"] if image else ()) if said["page"] == page]
    return next((said for said in here if _plain(said["alt"]) == _plain(alt)), here[0] if len(here) == 1 else None)


def _plain(text: str) -> str:
    return " ".join(text.split())
