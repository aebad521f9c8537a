"""The rule tables of ALIGN, LTIP and VTP, what a document proposes, and where the vocabulary ends."""

from dataclasses import replace

import pytest

from lamella.schemas.config import PairConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, VideoNode
from lamella.schemas.keys import stable_key
from lamella.schemas.media import BlobRef, Container, Cue, Media, MediaKind
from lamella.schemas.page import Provenance
from lamella.schemas.pair import CaptionSource, Dataset, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.pair.corpus import HEAD_TOKENS, Candidate, Floors, copy_key, floors_of, tokens_of
from lamella.transforms.pair.judge import judge_candidate, propose_pairs, with_survivor

CONFIG = PairConfig()
BLOB = BlobRef(path="a.warc", offset=0, length=9, container=Container.WARC)
IMAGE = Media(
    url="https://x.org/a",
    kind=MediaKind.IMAGE,
    blob=BLOB,
    sha256="aa",
    mime="image/png",
    bytes=9,
    width=400,
    height=300,
    source="archive",
)
VIDEO = replace(IMAGE, url="https://x.org/v", kind=MediaKind.VIDEO, sha256="vv", duration_s=30.0)
CAPTION = "A red fox stands in deep snow and looks at us"


def align(text="a red fox", **media):
    return ImageTextPair(
        key="k",
        dataset=Dataset.ALIGN,
        document="d",
        page_url="https://x.org/d",
        media=replace(IMAGE, **media),
        text=text,
        source=CaptionSource.ALT,
    )


def ltip(text=CAPTION, **media):
    return replace(align(text, **media), dataset=Dataset.LTIP, source=CaptionSource.FIGCAPTION)


SLUG = "a-red-fox-stands-in-deep-snow-and-looks-at-us"


def vtp(text="a fox runs", **media):
    return VideoTextPair(
        key="k",
        document="d",
        page_url="https://x.org/d",
        media=replace(VIDEO, **media),
        text=text,
        source=CaptionSource.CAPTION,
        end_s=22.0,
    )


def judged(candidate, config=CONFIG):
    (output,) = judge_candidate(candidate, config)
    return (output.reason, output.says) if isinstance(output, Rejection) else None


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (Candidate(pair=align()), None),
        (Candidate(pair=align("IMG_1234.jpg")), (Reason.ALT_IS_FILE_NAME, "IMG_1234.jpg")),
        (Candidate(pair=align("red fox")), (Reason.ALT_TOO_SHORT, "words 2 < 3")),
        (Candidate(pair=align("fox " * 21)), (Reason.ALT_TOO_LONG, "words 21 > 20")),
        (Candidate(pair=align("fox " * 20)), None),
        (Candidate(pair=align(height=199)), (Reason.IMAGE_TOO_SMALL, "shorter_side_px 199 < 200")),
        (Candidate(pair=align(height=200)), None),
        (Candidate(pair=align(width=601, height=200)), (Reason.ODD_ASPECT, "aspect 3.005 > 3")),
        (Candidate(pair=align(width=600, height=200)), None),
        (Candidate(pair=align(), alt_images=11), (Reason.ALT_TOO_COMMON, "images_of_alt 11 > 10")),
        (Candidate(pair=align(), alt_images=10), None),
        (Candidate(pair=align(), image_alts=1001), (Reason.TOO_MANY_ALTS, "alts_of_image 1001 > 1000")),
        (Candidate(pair=align(), rare_token="red fox"), (Reason.RARE_TOKEN, "red fox")),
        (Candidate(pair=align(), survivor="j"), (Reason.DUPLICATE_PAIR, "j")),
        (Candidate(pair=align(), survivor="k"), None),
        (Candidate(pair=align("red fox"), survivor="j"), (Reason.ALT_TOO_SHORT, "words 2 < 3")),
        (Candidate(pair=ltip()), None),
        (Candidate(pair=ltip("a red fox")), (Reason.CAPTION_TOO_SHORT, "words 3 < 10")),
        (Candidate(pair=ltip("x" * 2001)), (Reason.CAPTION_TOO_LONG, "characters 2001 > 2000")),
        (
            Candidate(pair=ltip(SLUG)),
            (Reason.ALT_IS_FILE_NAME, SLUG),
        ),
        (Candidate(pair=ltip(width=90)), (Reason.IMAGE_TOO_SMALL, "shorter_side_px 90 < 200")),
        (Candidate(pair=ltip(), survivor="j"), (Reason.DUPLICATE_PAIR, "j")),
        (Candidate(pair=vtp()), None),
        (Candidate(pair=vtp(duration_s=1.9)), (Reason.ODD_DURATION, "duration_s 1.9 < 2")),
        (Candidate(pair=vtp(duration_s=60.1)), (Reason.ODD_DURATION, "duration_s 60.1 > 60")),
        (Candidate(pair=vtp("a fox")), (Reason.CAPTION_TOO_SHORT, "words 2 < 3")),
        (Candidate(pair=vtp("x" * 2001)), (Reason.CAPTION_TOO_LONG, "characters 2001 > 2000")),
    ],
)
def test_rules(candidate, expected):
    assert judged(candidate) == expected


def test_a_rejection_says_what_left():
    (gone,) = judge_candidate(Candidate(pair=align("red fox")), CONFIG)
    assert gone == Rejection(
        stage=Stage.PAIR,
        unit=Unit.PAIR,
        key="k",
        reason=Reason.ALT_TOO_SHORT,
        url="https://x.org/a",
        measure="words",
        value=2.0,
        limit=3.0,
        sample="red fox",
    )


def test_no_vocabulary_no_rare_tokens():
    assert judged(Candidate(pair=align(), rare_token="fox"), PairConfig(max_vocabulary=None)) is None


def test_the_copy_that_stays_breaks_no_rule():
    small, first, second = (replace(align(height=height), key=key) for key, height in (("a", 100), ("b", 300), ("c", 300)))
    copies = with_survivor([Candidate(pair=pair) for pair in (second, small, first)], CONFIG)
    assert {it.key: judged(it) for it in copies} == {
        "a": (Reason.IMAGE_TOO_SMALL, "shorter_side_px 100 < 200"),
        "b": None,
        "c": (Reason.DUPLICATE_PAIR, "b"),
    }


def test_copies_share_dataset_image_and_text():
    same = [align(), align("A  red FOX"), align(sha256="bb", cluster="aa")]
    assert len({copy_key(pair) for pair in same}) == 1
    assert len({copy_key(pair) for pair in (align(), align("a fox"), align(sha256="bb"), ltip("a red fox"))}) == 4


def test_tokens():
    assert list(tokens_of("A red, red FOX")) == ["a", "red", "fox", "a red", "red red", "red fox"]
    assert list(tokens_of("")) == []


@pytest.mark.parametrize(
    ("kinds", "most", "least", "vocabulary"),
    [
        ({}, 10, 2, 2),
        ({1: 100}, 1000, 2, 2),
        ({1: 100, 2: 5, 9: 1}, 1000, 2, 2),
        ({1: 100, 2: 5, 9: 1}, 6, 2, 2),
        ({1: 100, 2: 5, 9: 1}, 5, 2, 9),  # the five that tie at the cut fall together
        ({1: 100, 2: 5, 9: 1}, 6, 3, 9),
        ({3: 5, 9: 2}, 1, 2, 10),
        ({1: 3}, 3, 1, 1),
    ],
)
def test_where_the_vocabulary_ends(kinds, most, least, vocabulary):
    floor = floors_of(kinds, most, least).vocabulary
    assert {count for count in kinds if count >= floor} == {count for count in kinds if count >= vocabulary}
    assert floor >= least


def test_the_head_fits_in_memory_and_holds_no_rare_token():
    assert floors_of({1: HEAD_TOKENS, 5: HEAD_TOKENS, 7: 10}, 10**9, 2) == Floors(2, 7)
    assert floors_of({1: 10, 5: 10}, 10**9, 3).head >= 3


def document(*nodes, title="", url="https://www.x.org/d"):
    return InterleavedDocument(
        key="d",
        url=url,
        nodes=nodes,
        title=title,
        provenance=Provenance(archive="a.warc", offset=0, length=9),
    )


def proposed(made, config=CONFIG):
    return [(pair.dataset, pair.source, pair.text) for pair in propose_pairs(made, config)]


def image(**fields):
    return ImageNode(url=IMAGE.url, position=30, media=IMAGE, **fields)


def cue(text, start_s=0.0):
    return Cue(start_s=start_s, end_s=start_s + 2.0, text=text)


def video(duration_s=30.0, **fields):
    return VideoNode(url=VIDEO.url, position=40, media=replace(VIDEO, duration_s=duration_s), **fields)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (image(), []),
        (replace(image(alt="a red fox"), media=None), []),
        (image(alt=" a red\nfox "), [(Dataset.ALIGN, CaptionSource.ALT, "a red fox")]),
        (
            image(alt=CAPTION),
            [(Dataset.ALIGN, CaptionSource.ALT, CAPTION), (Dataset.LTIP, CaptionSource.ALT, CAPTION)],
        ),
        (
            image(caption="A fox, 12 May 2020", description=CAPTION),
            [(Dataset.LTIP, CaptionSource.FIGCAPTION, "A fox"), (Dataset.LTIP, CaptionSource.DESCRIPTION, CAPTION)],
        ),
        (image(caption=CAPTION, description=CAPTION), [(Dataset.LTIP, CaptionSource.FIGCAPTION, CAPTION)]),
        (image(caption="12 May 2020"), []),
        (video(), [(Dataset.VTP, CaptionSource.TITLE, "All about foxes")]),
        (video(caption="Foxes", nearest_text="How foxes live"), [(Dataset.VTP, CaptionSource.NEARBY, "How foxes live")]),
        (video(caption="A fox runs", cues=(cue("hello"),)), [(Dataset.VTP, CaptionSource.CAPTION, "A fox runs")]),
        (
            video(cues=(cue("one fox\ntwo foxes"), cue("too late", 22.0))),
            [(Dataset.VTP, CaptionSource.TRACK, "one fox two foxes")],
        ),
    ],
)
def test_what_a_node_proposes(node, expected):
    assert proposed(document(node, title="All about foxes")) == expected


@pytest.mark.parametrize(("sites", "count"), [(None, 1), (("x.org",), 1), (("www.x.org",), 1), (("y.org",), 0), ((), 0)])
def test_sites_for_ltip(sites, count):
    assert len(proposed(document(image(caption=CAPTION)), PairConfig(ltip_sites=sites))) == count


def test_clips_keys_and_provenance():
    (long_clip,) = propose_pairs(document(video(), title="All about foxes"), CONFIG)
    assert (long_clip.start_s, long_clip.end_s) == (0.0, 22.0)
    (clip,) = propose_pairs(document(video(duration_s=9.5, caption="a fox runs")), CONFIG)
    assert clip == replace(
        vtp(duration_s=9.5), key=stable_key("d", 40, "vtp", "caption"), page_url="https://www.x.org/d", end_s=9.5
    )
    (pair,) = propose_pairs(document(image(alt="a red fox")), CONFIG)
    assert pair == replace(align(), key=stable_key("d", 30, "align", "alt"), page_url="https://www.x.org/d")
