"""MinePairs on a small corpus: counts over all of it, both outputs, exact accounts, whatever the order of documents."""

import collections

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from lamella.schemas.account import CounterKind
from lamella.schemas.config import PairConfig
from lamella.schemas.document import FilteredPage, ImageNode, InterleavedDocument, TextNode, VideoNode
from lamella.schemas.media import BlobRef, Container, Media, MediaKind
from lamella.schemas.page import Provenance
from lamella.schemas.pair import Dataset
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.join_media import JoinMedia
from lamella.transforms.pair.stage import CANDIDATES_USE, MinePairs, ProposePairs

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
    document("three", image("e", "our new building"), image("f", "our new building"), image("g", "our new building")),
    document("four", image("h", "a red fox a red"), image("h", "red fox a red fox"), image("h", "fox a red fox a")),
    document("five", image("i", caption=CAPTION), image("j", caption="short one")),
    document(
        "six",
        VideoNode(url="https://x.org/v", position=0, caption="a fox runs", media=media("v", MediaKind.VIDEO, duration_s=9.0)),
        VideoNode(url="https://x.org/w", position=0, caption="a fox runs", media=media("w", MediaKind.VIDEO, duration_s=1.0)),
    ),
    document(
        "seven", TextNode(text="no pair here", position=0), ImageNode(url="https://x.org/gone", position=1, caption=CAPTION)
    ),
    document("eight", ImageNode(url="https://x.org/unsafe", position=0, caption=CAPTION)),
]
CONFIG = PairConfig(languages=None, max_images_per_alt=2, max_alts_per_image=2, min_token_count=2)

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
        (Reason.UNUSABLE_MEDIA, "no media record"): 1,
        (Reason.UNSAFE_TEXT, "unsafe_text"): 1,
    }
)
EARLY = {Reason.RARE_TOKEN, Reason.ALT_TOO_SHORT, Reason.ALT_TOO_COMMON, Reason.CAPTION_TOO_SHORT, Reason.UNSAFE_TEXT}


UNSAFE = "eight"


def mined(pipeline, config, documents=DOCUMENTS):
    """Both stages over the documents and their media: (proposed, pairs)."""
    shown = {node.url: node.media for it in documents for node in it.nodes if not isinstance(node, TextNode)}
    pages = [FilteredPage(page=it, unsafe="unsafe_text" if it.key == UNSAFE else "") for it in documents]
    proposed = pipeline | "Pages" >> beam.Create(pages, reshuffle=False) | ProposePairs(config)
    inputs = {
        "candidates": proposed.kept,
        "media": pipeline | "Media" >> beam.Create([it for it in shown.values() if it], reshuffle=False),
        "unusable": pipeline | "Unusable" >> beam.Create([], reshuffle=False),
    }
    return proposed, (inputs | JoinMedia({"candidates": CANDIDATES_USE}))["candidates"] | MinePairs(config)


@pytest.mark.parametrize("turned", [False, True])
def test_both_outputs_and_accounts(turned):
    documents = DOCUMENTS[::-1] if turned else DOCUMENTS
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        proposed, pairs = mined(pipeline, CONFIG, documents)
        assert_that(pairs.kept, _kept, label="kept")
        assert_that((proposed.rejected, pairs.rejected) | beam.Flatten(), _rejected, label="rejected")
        assert_that((proposed.counters, pairs.counters) | "Both" >> beam.Flatten(), _counted, label="counters")


def test_without_a_vocabulary_no_token_is_rare():
    config = CONFIG.model_copy(update={"max_vocabulary": None})
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        texts = mined(pipeline, config)[1].kept | beam.Map(lambda pair: pair.text)

        def holds_zebra(actual):
            assert "a rare zebra" in actual

        assert_that(texts, holds_zebra)


def test_a_small_vocabulary_is_cut_by_frequency():
    # `red` 7, `fox` 7, `red fox` 6 and `a` 5 lead the raw set: beyond three kinds, every alt holds a rarer token
    config = CONFIG.model_copy(update={"max_vocabulary": 3, "max_alts_per_image": 9})
    odd = document("four", image("h", "the red fox"), image("h", "one red fox"), image("h", "a fox one red"))
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        rejected = mined(pipeline, config, [*DOCUMENTS[:3], odd])[0].rejected
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
    stages = {it.reason: it.stage for it in rejections}
    late = {Reason.DUPLICATE_PAIR, Reason.TOO_MANY_ALTS, Reason.ODD_DURATION, Reason.UNUSABLE_MEDIA}
    assert stages == {reason: Stage.PAIR if reason in late else Stage.PROPOSE for reason in stages}
    assert {it.unit for it in rejections} == {Unit.PAIR}


def _counted(counters):
    sums = collections.Counter()
    for counter in counters:
        sums[counter.stage, counter.unit, counter.kind] += counter.count
    early = sum(count for (reason, _), count in REJECTED.items() if reason in EARLY)
    fetched = len(KEPT) + REJECTED.total() - early
    assert sums == {
        (Stage.PROPOSE, Unit.PAIR, CounterKind.MADE): fetched + early,
        (Stage.PROPOSE, Unit.PAIR, CounterKind.KEPT): fetched,
        (Stage.PAIR, Unit.PAIR, CounterKind.IN): fetched,
        (Stage.PAIR, Unit.PAIR, CounterKind.KEPT): len(KEPT),
    }, sums
