"""Documents: language first, then texts, then the whole; both outputs and an exact account."""

from dataclasses import replace

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from lamella.schemas.config import FilterConfig, LimitsForText
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode, with_phi
from lamella.schemas.page import Provenance
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.filter.measures import TextMeasures
from lamella.transforms.filter.stage import FilterDocuments
from lamella.transforms.filter.texts import filter_document
from lamella.transforms.formats.language import Language, detect_language

ENGLISH = "The keeper of the old lighthouse climbed the stairs every evening, and nobody ever asked him why he did it."
GERMAN = "Der Wärter des alten Leuchtturms stieg jeden Abend die Treppe hinauf, und niemand fragte ihn je nach dem Grund."
NOTICE = "We use cookies. Read our privacy policy."
IMAGE = ImageNode(url="https://a.example/i.jpg", position=50, alt="A red boat in the harbour of the town")

CONFIG = FilterConfig(
    node=LimitsForText(no_boilerplate=True),
    document=LimitsForText(min_words=10, no_lorem_ipsum=True),
)


def document(*texts: str, key: str = "k", media=(IMAGE,)) -> InterleavedDocument:
    nodes = with_phi((*(TextNode(text=text, position=at) for at, text in enumerate(texts)), *media))
    provenance = Provenance(archive="a.warc.gz", offset=9, length=1)
    return InterleavedDocument(key=key, url=f"https://a.example/{key}", nodes=nodes, provenance=provenance)


def rejection(record, unit, reason, *, measure, detail, sample, nodes=0, key=None):
    return Rejection(
        stage=Stage.FILTER,
        unit=unit,
        key=key or record.key,
        reason=reason,
        url=record.url,
        measure=measure,
        detail=detail,
        sample=sample,
        nodes=nodes,
        archive="a.warc.gz",
        offset=9,
    )


def test_a_good_document_is_measured():
    record = document(ENGLISH)
    (kept,) = filter_document(record, CONFIG)
    assert kept.language == "en" and 0.65 < kept.language_score <= 1.0
    assert kept.quality == TextMeasures([ENGLISH], "en").quality()
    assert replace(kept, language="", language_score=0.0, quality=None) == record


def test_a_bad_text_leaves_alone():
    record = document(ENGLISH, NOTICE)
    out, kept = filter_document(record, CONFIG)
    assert out == rejection(
        record, Unit.NODE, Reason.BOILERPLATE_TEXT, key="k/1", measure="notice", detail="privacy policy", sample=NOTICE
    )
    assert kept.nodes == (record.nodes[0], IMAGE)
    assert kept.quality.words == 20


def test_an_image_leaves_with_a_caption_that_no_text_may_say():
    bad, edge_case = replace(IMAGE, caption="free porn here now"), replace(IMAGE, position=51, caption="#1 #2 #3")
    record = document(ENGLISH, media=(bad, edge_case))
    config = CONFIG.model_copy(update={"node": LimitsForText(max_flagged_words=0.01, min_words=4, max_symbols_per_word=0.1)})
    out, kept = filter_document(record, config)
    assert (out.unit, out.key, out.reason, out.url) == (Unit.NODE, "k/50", Reason.UNSAFE_TEXT, IMAGE.url)
    assert kept.nodes == (replace(record.nodes[0], next_image=1), edge_case)  # short and odd it may be


def test_the_language_is_asked_first():
    record = document(GERMAN, NOTICE)
    (out,) = filter_document(record, CONFIG)
    assert (out.unit, out.reason, out.nodes) == (Unit.DOCUMENT, Reason.WRONG_LANGUAGE, 3)
    assert out.says == "de"
    (kept,) = filter_document(document(GERMAN), CONFIG.model_copy(update={"languages": ("en", "de")}))
    assert kept.language == "de"
    (kept,) = filter_document(document(GERMAN), CONFIG.model_copy(update={"languages": None}))
    assert kept.language == "de"


def test_an_uncertain_language_is_a_wrong_one():
    config = CONFIG.model_copy(update={"min_language_score": 1.0})
    (out,) = filter_document(document(ENGLISH), config)
    assert out.reason is Reason.WRONG_LANGUAGE
    assert (out.measure, out.limit, out.detail) == ("language_score", 1.0, "en")


def test_nodes_that_left_before_do_not_leave_again():
    record = document(NOTICE, NOTICE, "Lorem ipsum stands in for the text, which is still to come from us.")
    *nodes, out = filter_document(record, CONFIG)
    assert [node.key for node in nodes] == ["k/0", "k/1"]
    assert (out.reason, out.nodes, len(record.nodes)) == (Reason.LOREM_IPSUM, 2, 4)


def test_no_text_left():
    record = document(NOTICE, NOTICE)
    *nodes, out = filter_document(record, CONFIG)
    assert len(nodes) == 2
    assert (out.unit, out.reason, out.nodes, out.detail) == (Unit.DOCUMENT, Reason.NO_TEXT_LEFT, 1, "2 of 2 texts left")


def test_a_document_without_text_is_judged_as_no_words():
    record = document(media=(IMAGE, VideoNode(url="https://a.example/v.mp4", position=51, caption="The boat")))
    (out,) = filter_document(record, CONFIG)
    assert (out.reason, out.says, out.nodes) == (Reason.TOO_FEW_WORDS, "words 0 < 10", 2)
    (kept,) = filter_document(record, FilterConfig())
    assert kept.language == "en" and kept.quality.words == 0
    (out,) = filter_document(document(media=()), FilterConfig())
    assert (out.reason, out.detail) == (Reason.WRONG_LANGUAGE, "none")


def test_a_sample_is_the_head_of_the_text():
    (out,) = filter_document(document(GERMAN * 9), CONFIG)
    assert out.sample == (GERMAN * 9)[:200]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENGLISH, "en"),
        (GERMAN, "de"),
        ("Le gardien du vieux phare montait chaque soir l'escalier, et personne ne lui demandait pourquoi.", "fr"),
        ("我们今天去公园散步，看见了很多花。", "zh"),
        ("灯台守は毎晩、古い灯台の階段を上った。", "ja"),
        ("Смотритель старого маяка каждый вечер поднимался по лестнице.", "ru"),
        (f"{ENGLISH}\r\n\x0b\x85\u2028{ENGLISH}", "en"),
        (f"\ud800{ENGLISH}\0", "en"),
    ],
)
def test_languages(text, code):
    found = detect_language(text)
    assert found.code == code
    assert 0.5 < found.score <= 1.0


@pytest.mark.parametrize("text", ["", " \n\t", "\0"])
def test_no_text_has_no_language(text):
    assert detect_language(text) == Language("", 0.0)


def test_the_stage_at_both_outputs():
    good, pruned, foreign = document(ENGLISH, key="a"), document(ENGLISH, NOTICE, key="b"), document(GERMAN, key="c")
    empty = document(NOTICE, key="d")
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        outcome = pipeline | beam.Create([good, pruned, foreign, empty]) | FilterDocuments(CONFIG)
        kept = outcome.kept | "Kept" >> beam.Map(lambda record: (record.key, len(record.nodes), record.language))
        rejected = outcome.rejected | "Gone" >> beam.Map(lambda out: (out.unit, out.key, out.reason, out.nodes))
        sums = (
            outcome.counters
            | beam.Map(lambda counter: ((str(counter.unit), str(counter.kind)), counter.count))
            | beam.CombinePerKey(sum)
        )
        assert_that(kept, equal_to([("a", 2, "en"), ("b", 2, "en")]), label="kept")
        gone = [
            (Unit.NODE, "b/1", Reason.BOILERPLATE_TEXT, 0),
            (Unit.DOCUMENT, "c", Reason.WRONG_LANGUAGE, 2),
            (Unit.NODE, "d/0", Reason.BOILERPLATE_TEXT, 0),
            (Unit.DOCUMENT, "d", Reason.NO_TEXT_LEFT, 1),
        ]
        assert_that(rejected, equal_to(gone), label="gone")
        # nodes: 9 in = 4 kept + 2 alone + 2 with c + 1 with d
        account = {("document", "in"): 4, ("document", "kept"): 2, ("node", "in"): 9, ("node", "kept"): 4}
        assert_that(sums, equal_to(list(account.items())), label="account")


def test_code_counts_in_no_ratio_of_the_prose_and_letters_in_the_same_element_do():
    code = TextNode(text="for (i = 0; i < 9; ++i) { a[i] = b[i] << 2; c[i] ^= 0xff; }\n" * 9, position=20, tag="pre")
    letter = TextNode(text=ENGLISH, position=21, tag="pre")
    limits = LimitsForText(min_alphabetic_words=0.8)
    config = FilterConfig(node=limits, document=limits)
    record = document(ENGLISH)
    (kept,) = filter_document(replace(record, nodes=with_phi((*record.nodes, code))), config)
    assert kept.quality == TextMeasures([ENGLISH], "en").quality()
    assert code.text in kept.text
    (kept,) = filter_document(replace(record, nodes=with_phi((*record.nodes, letter))), config)
    assert kept.quality == TextMeasures([ENGLISH, ENGLISH], "en").quality()


def test_a_document_of_code_alone_is_judged_by_it():
    code = TextNode(text="a[i] = b[i] << 2; c[i] ^= 0xff;", position=1, tag="pre")
    config = FilterConfig(languages=None, document=LimitsForText(min_alphabetic_words=0.8))
    found = list(filter_document(replace(document(), nodes=with_phi((code, IMAGE))), config))
    assert [one.reason for one in found] == [Reason.TOO_FEW_ALPHABETIC_WORDS]
