"""DeduplicateDocuments at its outputs: who survives, what the rows say, and an exact account in any order."""

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from lamella.schemas.config import DedupConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode
from lamella.schemas.keys import stable_key
from lamella.schemas.page import Provenance
from lamella.schemas.rejection import Reason, Unit
from lamella.transforms.dedup.stage import DeduplicateDocuments
from lamella.transforms.formats.urls import page_url

STORY = (
    "The lamp in the old lighthouse was lit every evening by a keeper who had lived on the rock for thirty years. "
    "He knew each boat by its engine and each skipper by the way he took the last bend before the harbour mouth. "
    "When the fog came down in autumn he rang the bell by hand, and nobody in the village slept until it had stopped."
)
BREAD = (
    "Bread needs four things and one of them is time, which no shop can sell you however much you are ready to pay. "
    "Mix the flour and the water the night before, cover the bowl, and leave it in a cool place until the morning. "
    "Then add the salt, fold the dough a few times, let it rest again, and bake it very hot in a heavy iron pot."
)


def document(key: str, url: str, text: str, day: int = 1) -> InterleavedDocument:
    return InterleavedDocument(
        key=key,
        url=url,
        nodes=(TextNode(text=text, position=0), ImageNode(url=f"https://a.example/{key}.jpg", position=1)),
        provenance=Provenance(archive="a.warc.gz", offset=7, length=1, crawl_time=f"2025-11-{day:02d}T00:00:00Z"),
    )


DOCUMENTS = [
    document("a", "https://one.example/story?utm_source=mail#top", STORY, day=1),
    document("b", "https://ONE.example/story", f"{STORY} Updated.", day=3),
    document("c", "https://two.example/copied", STORY.replace("thirty", "forty"), day=2),
    document("d", "https://three.example/bread", BREAD),
    document("e", "https://four.example/none", ""),
    document("f", "https://five.example/none", ""),
    document("g", "not a url", "A text of its own."),
    document("h", "not a url", "Another text."),
]
# Each is near the next, the ends are not near each other: one component, one survivor.
SENTENCES = [f"{part}, number {at}, as it was told to us." for at, part in enumerate((STORY + BREAD).split(". ") * 4)]
CHAIN = [
    document(f"chain{at}", f"https://chain.example/{at}", " ".join(SENTENCES[at : at + 12]), day=at + 1) for at in range(7)
]
TWIN = document("twin", "https://twin.example/", "One record of one archive that was read three times by mistake.")
MANY = [document(f"{at:04d}", f"https://{at}.example/", BREAD.upper()) for at in range(300)]
LATEST = DedupConfig(survivor="latest")


def check(documents, config, *, kept, gone, account, rounds=0):
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        outcome = pipeline | beam.Create(documents) | DeduplicateDocuments(config, rounds)
        survivors = outcome.kept | "Kept" >> beam.Map(lambda record: (record.key, record.canonical_url))
        rows = outcome.duplicates | "Row" >> beam.Map(lambda row: (row.key, row.reason, row.survivor, row.survivor_url))
        rejected = outcome.rejected | "Gone" >> beam.Map(lambda out: (out.unit, out.key, out.reason, out.detail, out.nodes))
        sums = (
            outcome.counters
            | "Count" >> beam.Map(lambda counter: ((str(counter.unit), str(counter.kind)), counter.count))
            | beam.CombinePerKey(sum)
        )
        rejections = [(Unit.DOCUMENT, key, reason, f"copy of {url}", 2) for key, reason, _, url in gone]
        assert_that(survivors, equal_to(kept), label="kept")
        assert_that(rows, equal_to(gone), label="rows")
        assert_that(rejected, equal_to(rejections), label="gone")
        assert_that(sums, equal_to(list(account.items())), label="account")


@pytest.mark.parametrize(("turn", "rounds"), [(1, 0), (-1, 0), (1, 1), (-1, 3)])
def test_addresses_first_then_texts(turn, rounds):
    check(
        [*DOCUMENTS, *CHAIN, TWIN, TWIN, TWIN][::turn],
        LATEST,
        kept=[
            ("b", "https://one.example/story"),
            ("d", "https://three.example/bread"),
            ("e", "https://four.example/none"),
            ("f", "https://five.example/none"),
            ("g", ""),
            ("h", ""),
            ("chain6", "https://chain.example/6"),
            ("twin", "https://twin.example/"),
        ],
        gone=[
            ("a", Reason.SAME_URL, "b", "https://ONE.example/story"),
            ("c", Reason.NEAR_DUPLICATE, "b", "https://ONE.example/story"),
            *((f"chain{at}", Reason.NEAR_DUPLICATE, "chain6", "https://chain.example/6") for at in range(6)),
            *[("twin", Reason.SAME_URL, "twin", "https://twin.example/")] * 2,
        ],
        account={("document", "in"): 18, ("document", "kept"): 8, ("node", "in"): 36, ("node", "kept"): 16},
        rounds=rounds,
    )


def test_by_text_alone_and_a_bucket_of_many():
    check(
        [*DOCUMENTS[:3], *MANY],
        DedupConfig(by_url=False, survivor="hash"),
        kept=[(record.key, page_url(record.url)) for record in (STORY_BY_HASH, MANY_BY_HASH)],
        gone=[
            (record.key, Reason.NEAR_DUPLICATE, survivor.key, survivor.url)
            for records, survivor in ((DOCUMENTS[:3], STORY_BY_HASH), (MANY, MANY_BY_HASH))
            for record in records
            if record != survivor
        ],
        account={("document", "in"): 303, ("document", "kept"): 2, ("node", "in"): 606, ("node", "kept"): 4},
    )


def by_hash(records):
    return max(records, key=lambda record: stable_key("survivor", record.key))


STORY_BY_HASH, MANY_BY_HASH = by_hash(DOCUMENTS[:3]), by_hash(MANY)


def test_by_url_alone():
    check(
        DOCUMENTS[:3],
        DedupConfig(by_text=False, survivor="latest"),
        kept=[("b", "https://one.example/story"), ("c", "https://two.example/copied")],
        gone=[("a", Reason.SAME_URL, "b", "https://ONE.example/story")],
        account={("document", "in"): 3, ("document", "kept"): 2, ("node", "in"): 6, ("node", "kept"): 4},
    )


def test_off():
    check(
        DOCUMENTS[:2],
        DedupConfig(by_url=False, by_text=False),
        kept=[("a", "https://one.example/story"), ("b", "https://one.example/story")],
        gone=[],
        account={("document", "in"): 2, ("document", "kept"): 2, ("node", "in"): 4, ("node", "kept"): 4},
    )
