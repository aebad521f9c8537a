"""MinePairs on a small corpus: counts over all of it, both doors, exact accounts, whatever the order of documents."""

import collections

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from lamella.schemas.account import CounterKind
from lamella.schemas.config import PairConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode
from lamella.schemas.media import BlobRef, Container, Media, MediaKind
from lamella.schemas.page import Provenance
from lamella.schemas.pair import Dataset
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.pair.stage import MinePairs

CAPTION = "A red fox stands in deep snow and looks at us"


def media(name, kind=MediaKind.IMAGE, **fields):
    blob = BlobRef(path="a.warc", offset=0, length=9, container=Container.WARC)
    known = {"url": f"https://x.org/{name}", "sha256": name, "mime": "image/png", "bytes": 9, "width": 400, "height": 300}
    return Media(**(known | {"kind": kind, "blob": blob, "source": "archive"} | fields))


def image(name, alt="", **fields):
    shown = media(name, **fields.pop("media", {}))
    return ImageNode(url=shown.url, position=0, alt=alt, media=shown, **fields)


def document(key, *nodes):
    nodes = tuple(
        type(node)(**{name: getattr(node, name) for name in node.__dataclass_fields__} | {"position": index})
        for index, node in enumerate(nodes)
    )
    return InterleavedDocument(
        key=key, url=f"https://x.org/{key}", nodes=nodes, provenance=Provenance(archive="a.warc", offset=0, length=9)
    )


DOCUMENTS = [
    document("one", TextNode(text="text", position=0), image("a", "a red fox"), image("b", "a red fox")),
    document("two", image("a", "A red FOX"), image("c", "a rare zebra"), image("d", "red fox")),
    document("three", image("e", "our company logo"), image("f", "our company logo"), image("g", "our company logo")),
    document("four", image("h", "the red fox"), image("h", "one red fox"), image("h", "a fox one red")),
    document("five", image("i", caption=CAPTION), image("j", caption="short one")),
    document(
        "six",
        VideoNode(url="https://x.org/v", position=0, caption="a fox runs", media=media("v", MediaKind.VIDEO, duration_s=9.0)),
        VideoNode(url="https://x.org/w", position=0, caption="a fox runs", media=media("w", MediaKind.VIDEO, duration_s=1.0)),
    ),
    document("seven", TextNode(text="no pair here", position=0)),
]
CONFIG = PairConfig(max_images_per_alt=2, max_alts_per_image=2, min_token_count=2)

KEPT = {  # text as if in lower case: which of two copies stays is decided by their keys
    (Dataset.ALIGN, "a", "a red fox"),
    (Dataset.ALIGN, "b", "a red fox"),
    (Dataset.LTIP, "i", CAPTION.casefold()),
    (Dataset.VTP, "v", "a fox runs"),
}
REJECTED = collections.Counter(
    {
        (Reason.DUPLICATE_PAIR, True): 1,
        (Reason.RARE_TOKEN, "a rare"): 1,
        (Reason.ALT_TOO_SHORT, "words 2 < 3"): 1,
        (Reason.ALT_TOO_COMMON, "images_of_alt 3 > 2"): 3,
        (Reason.TOO_MANY_ALTS, "alts_of_image 3 > 2"): 3,
        (Reason.CAPTION_TOO_SHORT, "words 2 < 10"): 1,
        (Reason.ODD_DURATION, "duration_s 1 < 2"): 1,
    }
)


@pytest.mark.parametrize("turned", [False, True])
def test_both_doors_and_accounts(turned):
    documents = DOCUMENTS[::-1] if turned else DOCUMENTS
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        kept, rejected, counters = pipeline | beam.Create(documents, reshuffle=False) | MinePairs(CONFIG)
        assert_that(kept, _kept, label="kept")
        assert_that(rejected, _rejected, label="rejected")
        assert_that(counters, _counted, label="counters")


def test_without_a_vocabulary_no_token_is_rare():
    config = CONFIG.model_copy(update={"max_vocabulary": None})
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        kept, _, _ = pipeline | beam.Create(DOCUMENTS, reshuffle=False) | MinePairs(config)
        texts = kept | beam.Map(lambda pair: pair.text)

        def holds_zebra(actual):
            assert "a rare zebra" in actual

        assert_that(texts, holds_zebra)


def test_a_small_vocabulary_is_cut_by_frequency():
    # `red` 7, `fox` 7, `red fox` 6 and `a` 5 lead the raw set: beyond three kinds, every alt holds a rarer token
    config = CONFIG.model_copy(update={"max_vocabulary": 3, "max_alts_per_image": 9})
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        _, rejected, _ = pipeline | beam.Create(DOCUMENTS, reshuffle=False) | MinePairs(config)
        rare = rejected | beam.Filter(lambda it: it.reason is Reason.RARE_TOKEN) | beam.Map(lambda it: (it.sample, it.detail))

        def check(actual):
            assert sorted(actual) == [
                ("A red FOX", "a"),
                ("a fox one red", "a"),
                ("a rare zebra", "a"),
                ("a red fox", "a"),
                ("a red fox", "a"),
                ("one red fox", "one"),
                ("the red fox", "the"),
            ]

        assert_that(rare, check)


def _kept(pairs):
    found = [(pair.dataset, pair.media.sha256, pair.text.casefold()) for pair in pairs]
    assert len(found) == len(KEPT) and set(found) == KEPT, found


def _rejected(rejections):
    found = collections.Counter((it.reason, it.reason is Reason.DUPLICATE_PAIR or it.says) for it in rejections)
    assert found == REJECTED, found
    assert {(it.stage, it.unit) for it in rejections} == {(Stage.PAIR, Unit.PAIR)}


def _counted(counters):
    sums = collections.Counter()
    for counter in counters:
        sums[counter.unit, counter.door] += counter.count
    nodes = sum(len(it.nodes) for it in DOCUMENTS)
    assert sums == {
        (Unit.DOCUMENT, CounterKind.IN): 7,
        (Unit.DOCUMENT, CounterKind.KEPT): 7,
        (Unit.NODE, CounterKind.IN): nodes,
        (Unit.NODE, CounterKind.KEPT): nodes,
        (Unit.PAIR, CounterKind.MADE): len(KEPT) + REJECTED.total(),
        (Unit.PAIR, CounterKind.KEPT): len(KEPT),
    }, sums
