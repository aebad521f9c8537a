"""AssembleDocuments: which node and which document leaves for what, and that phi and accounts stay true."""

import collections
from dataclasses import replace

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from lamella.schemas.account import CounterKind
from lamella.schemas.config import AssembleConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode
from lamella.schemas.media import BlobRef, Container, Cue, Media, MediaKind
from lamella.schemas.page import Provenance
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.assemble.assemble import Joined, assemble_document, assemble_joined
from lamella.transforms.assemble.media import media_urls
from lamella.transforms.assemble.stage import DOCUMENTS_USE, AssembleDocuments
from lamella.transforms.base.join_media import JoinMedia

LOOSE = AssembleConfig(min_words=1)


def media(name, kind=MediaKind.IMAGE, **fields):
    blob = BlobRef(path="a.warc", offset=len(name), length=9, container=Container.WARC)
    known = {"url": f"https://x.org/{name}", "sha256": name * 2, "mime": "image/png", "bytes": 9, "width": 90, "height": 80}
    return Media(**(known | {"kind": kind, "blob": blob, "source": "archive"} | fields))


def unusable(name, reason=Reason.NOT_CAPTURED):
    url = f"https://x.org/{name}"
    return Rejection(stage=Stage.FETCH, unit=Unit.MEDIA, key=url, url=url, reason=reason)


def text(words="some plain words"):
    return lambda position: TextNode(text=words, position=position)


def image(name, **fields):
    return lambda position: ImageNode(url=f"https://x.org/{name}", position=position, **fields)


def video(name, **fields):
    return lambda position: VideoNode(url=f"https://x.org/{name}", position=position, **fields)


def document(*makers, key="d"):
    return InterleavedDocument(
        key=key,
        url=f"https://x.org/{key}",
        nodes=tuple(make(position * 10) for position, make in enumerate(makers)),
        provenance=Provenance(archive="a.warc", offset=7, length=9),
    )


def assemble(made, *answers, config=LOOSE):
    outputs = list(assemble_document(made, {answer.url: answer for answer in answers}, config))
    kept = [output for output in outputs if isinstance(output, InterleavedDocument)]
    return kept, [output for output in outputs if isinstance(output, Rejection)]


def test_media_stand_in_place_and_phi_is_set():
    (kept,), rejected = assemble(
        document(text("before"), image("a"), text("between"), image("b"), text("after")), media("a"), media("b")
    )
    assert rejected == []
    assert [image.media for image in kept.images] == [media("a"), media("b")]
    phis = [(node.previous_image, node.next_image) for node in kept.nodes if isinstance(node, TextNode)]
    assert phis == [(0, 1), (1, 2), (2, 0)]


def test_phi_is_true_after_an_image_left():
    (kept,), (gone,) = assemble(
        document(image("a"), text(), image("b", alt="a dog"), text(), image("c"), text()),
        media("a"),
        unusable("b", Reason.ODD_ASPECT),
        media("c"),
    )
    assert [(node.previous_image, node.next_image) for node in kept.nodes if isinstance(node, TextNode)] == [
        (1, 2),
        (1, 2),
        (2, 0),
    ]
    assert gone == Rejection(
        stage=Stage.ASSEMBLE,
        unit=Unit.NODE,
        key="d/20",
        reason=Reason.UNUSABLE_MEDIA,
        url="https://x.org/b",
        detail="odd_aspect",
        sample="a dog",
        archive="a.warc",
        offset=7,
    )


@pytest.mark.parametrize(
    ("second", "answer", "reason", "detail"),
    [
        ("a", media("a"), Reason.REPEATED_IN_DOCUMENT, "aa"),
        ("copy", media("copy", sha256="aa"), Reason.REPEATED_IN_DOCUMENT, "aa"),
        ("near", media("near", cluster="aa"), Reason.REPEATED_IN_DOCUMENT, "aa"),
        ("clip", media("clip", kind=MediaKind.VIDEO), Reason.UNUSABLE_MEDIA, "not_an_image"),
        ("gone", unusable("gone", Reason.DUPLICATE_IMAGE), Reason.UNUSABLE_MEDIA, "duplicate_image"),
        ("unknown", media("other"), Reason.UNUSABLE_MEDIA, "no media record"),
        ("other", media("other"), None, ""),
    ],
)
def test_the_second_image(second, answer, reason, detail):
    (kept,), rejected = assemble(document(text(), image("a"), image(second)), media("a"), answer)
    assert [(gone.reason, gone.says) for gone in rejected] == ([(reason, detail)] if reason else [])
    assert len(kept.images) == (1 if reason else 2)


CUES = (Cue(start_s=0.0, end_s=2.0, text="hello\nworld"),)


def test_a_video_gets_its_media_and_its_track():
    track = media("t.vtt", kind=MediaKind.TRACK, cues=CUES)
    clip = media("v.mp4", kind=MediaKind.VIDEO, duration_s=9.0)
    made = document(text(), video("v.mp4", track="https://x.org/t.vtt"), video("w.mp4"))
    (kept,), (gone,) = assemble(made, clip, track, unusable("w.mp4", Reason.BROKEN_VIDEO))
    assert kept.videos == (replace(made.nodes[1], media=clip, cues=CUES),)
    assert (gone.key, gone.reason, gone.detail) == ("d/20", Reason.UNUSABLE_MEDIA, "broken_video")
    (kept,), (gone,) = assemble(made, clip, unusable("t.vtt", Reason.NOT_A_TRACK))
    assert kept.videos[0].cues == ()


CLIP = media("v.mp4", kind=MediaKind.VIDEO)


@pytest.mark.parametrize(
    ("made", "config", "reason", "detail", "nodes"),
    [
        (document(text(), image("x")), LOOSE, Reason.NO_IMAGE_LEFT, "images 0 < 1", 1),
        (document(text(), image("x"), video("v.mp4")), LOOSE, None, "", 0),
        (
            document(text(), video("v.mp4")),
            AssembleConfig(min_words=1, videos_count=False),
            Reason.NO_IMAGE_LEFT,
            "images 0 < 1",
            2,
        ),
        (document(text(), image("a")), AssembleConfig(min_words=1, min_images=2), Reason.NO_IMAGE_LEFT, "images 1 < 2", 2),
        (document(text(), image("a"), image("b")), AssembleConfig(max_images=1), Reason.TOO_MANY_IMAGES, "images 2 > 1", 3),
        (document(text(), image("a")), AssembleConfig(min_words=4), Reason.TOO_FEW_WORDS, "words 3 < 4", 2),
        (document(text(), image("a")), AssembleConfig(max_characters=15), Reason.TOO_MANY_CHARACTERS, "characters 16 > 15", 2),
        (document(text(), image("a")), AssembleConfig(min_words=3, max_characters=16), None, "", 0),
    ],
)
def test_documents(made, config, reason, detail, nodes):
    kept, rejected = assemble(made, media("a"), media("b"), CLIP, config=config)
    gone = [rejection for rejection in rejected if rejection.unit is Unit.DOCUMENT]
    assert [(it.key, it.reason, it.says, it.nodes, it.archive, it.offset) for it in gone] == (
        [("d", reason, detail, nodes, "a.warc", 7)] if reason else []
    )
    assert len(kept) == (0 if reason else 1)
    assert len(made.nodes) == sum(len(it.nodes) for it in kept) + len(rejected) - len(gone) + nodes


def test_media_urls_come_once_in_order():
    made = document(image("b"), video("v", track="https://x.org/t"), image("a"), image("b"))
    assert list(media_urls(made)) == [f"https://x.org/{name}" for name in "bvta"]


def test_an_answer_counts_before_a_rejection_of_the_same_url():
    joined = Joined(document=document(text(), image("a")), found=(unusable("a"), media("a", sha256="z"), media("a")))
    (kept,) = assemble_joined(joined, LOOSE)
    assert kept.images[0].media.sha256 == "aa"


def test_stage_both_outputs_and_accounts():
    documents = [
        document(text(), image("a"), image("b"), image("lost"), key="one"),
        document(text(), image("a"), text(), image("a"), key="two"),
        document(text(), image("lost"), key="three"),
        document(text(), key="four"),
    ]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        inputs = {
            "documents": pipeline | "d" >> beam.Create(documents, reshuffle=False),
            "media": pipeline | "m" >> beam.Create([media("a"), media("b"), media("unused")], reshuffle=False),
            "unusable": pipeline | "u" >> beam.Create([unusable("lost")], reshuffle=False),
        }
        kept, rejected, counters = (inputs | JoinMedia({"documents": DOCUMENTS_USE}))["documents"] | AssembleDocuments(LOOSE)
        kept_rows = kept | beam.Map(lambda it: (it.key, tuple(image.media.sha256 for image in it.images)))
        assert_that(kept_rows, _equals({("one", ("aa", "bb")), ("two", ("aa",))}), label="kept")
        rejected_rows = rejected | beam.Map(lambda it: (it.unit, it.key, it.reason, it.says, it.nodes))
        expected = {
            (Unit.NODE, "one/30", Reason.UNUSABLE_MEDIA, "not_captured", 0),
            (Unit.NODE, "two/30", Reason.REPEATED_IN_DOCUMENT, "aa", 0),
            (Unit.NODE, "three/10", Reason.UNUSABLE_MEDIA, "not_captured", 0),
            (Unit.DOCUMENT, "three", Reason.NO_IMAGE_LEFT, "images 0 < 1", 1),
            (Unit.DOCUMENT, "four", Reason.NO_IMAGE_LEFT, "images 0 < 1", 1),
        }
        assert_that(rejected_rows, _equals(expected), label="rejected")
        assert_that(counters, _balances(expected), label="counters")


def _equals(expected):
    def check(actual):
        assert len(actual) == len(expected) and set(actual) == expected, actual

    return check


def _balances(rejected):
    def check(counters):
        sums = collections.Counter()
        for counter in counters:
            assert counter.stage is Stage.ASSEMBLE
            sums[counter.unit, counter.kind] += counter.count
        gone = collections.Counter(unit for unit, *_ in rejected)
        gone[Unit.NODE] += sum(nodes for *_, nodes in rejected)
        assert sums == {
            (Unit.DOCUMENT, CounterKind.IN): 4,
            (Unit.DOCUMENT, CounterKind.KEPT): 2,
            (Unit.NODE, CounterKind.IN): 11,
            (Unit.NODE, CounterKind.KEPT): 6,
        }, sums
        assert gone == {Unit.DOCUMENT: 2, Unit.NODE: 5}

    return check
