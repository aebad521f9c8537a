"""The rule tables of ALIGN, LTIP and VTP, what a document proposes, and where the vocabulary ends."""

from dataclasses import replace

import pytest

from lamella.schemas.config import PairConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode
from lamella.schemas.keys import stable_key
from lamella.schemas.media import BlobRef, Container, Cue, Media, MediaKind
from lamella.schemas.page import Provenance
from lamella.schemas.pair import CandidatePair, CaptionSource, Dataset, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.pair.corpus import HEAD_TOKENS, Candidate, Floors, copy_key, floors_of, tokens_of
from lamella.transforms.pair.judge import judge_candidate, judge_pair, propose_pairs, with_survivor
from lamella.transforms.pair.place import Joined, place_pair

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


def wanted(dataset=Dataset.ALIGN, text="a red fox", **fields):
    known = {"key": "k", "document": "d", "page_url": "https://x.org/d", "url": IMAGE.url, "kind": MediaKind.IMAGE}
    said = {"source": CaptionSource.ALT, "language": "en", "language_score": 0.9}
    return CandidatePair(dataset=dataset, text=text, **(known | said | fields))


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
    judge = judge_candidate if isinstance(candidate.pair, CandidatePair) else judge_pair
    (output,) = judge(candidate, config)
    return (output.reason, output.says) if isinstance(output, Rejection) else None


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (Candidate(pair=wanted()), None),
        (Candidate(pair=wanted(text="IMG_1234.jpg")), (Reason.ALT_IS_FILE_NAME, "IMG_1234.jpg")),
        (Candidate(pair=wanted(text="red fox")), (Reason.ALT_TOO_SHORT, "words 2 < 3")),
        (Candidate(pair=wanted(text="fox " * 21)), (Reason.ALT_TOO_LONG, "words 21 > 20")),
        (Candidate(pair=wanted(text="fox " * 20)), None),
        (Candidate(pair=wanted(), alt_images=11), (Reason.ALT_TOO_COMMON, "images_of_alt 11 > 10")),
        (Candidate(pair=wanted(), alt_images=10), None),
        (Candidate(pair=wanted(), rare_token="red fox"), (Reason.RARE_TOKEN, "red fox")),
        (Candidate(pair=wanted(language="de")), (Reason.WRONG_LANGUAGE, "de")),
        (Candidate(pair=wanted(language="")), (Reason.WRONG_LANGUAGE, "no language")),
        (Candidate(pair=wanted(language_score=0.4)), (Reason.WRONG_LANGUAGE, "language_score 0.4 < 0.5")),
        (Candidate(pair=wanted(), unsafe="flagged_words 0.2 > 0.01"), (Reason.UNSAFE_TEXT, "flagged_words 0.2 > 0.01")),
        (Candidate(pair=wanted(Dataset.LTIP, CAPTION)), None),
        (Candidate(pair=wanted(Dataset.LTIP)), (Reason.CAPTION_TOO_SHORT, "words 3 < 10")),
        (Candidate(pair=wanted(Dataset.LTIP, "x" * 2001)), (Reason.CAPTION_TOO_LONG, "characters 2001 > 2000")),
        (Candidate(pair=wanted(Dataset.LTIP, SLUG)), (Reason.ALT_IS_FILE_NAME, SLUG)),
        (Candidate(pair=wanted(Dataset.VTP, "")), None),  # its track is not there yet
        (Candidate(pair=wanted(Dataset.VTP, language="de")), (Reason.WRONG_LANGUAGE, "de")),
        (Candidate(pair=align()), None),
        (Candidate(pair=align(height=199)), (Reason.IMAGE_TOO_SMALL, "shorter_side_px 199 < 200")),
        (Candidate(pair=align(height=200)), None),
        (Candidate(pair=align(width=601, height=200)), (Reason.ODD_ASPECT, "aspect 3.005 > 3")),
        (Candidate(pair=align(width=600, height=200)), None),
        (Candidate(pair=align(), image_alts=1001), (Reason.TOO_MANY_ALTS, "alts_of_image 1001 > 1000")),
        (Candidate(pair=align(), survivor="j"), (Reason.DUPLICATE_PAIR, "j")),
        (Candidate(pair=align(), survivor="k"), None),
        (Candidate(pair=align(height=9), survivor="j"), (Reason.IMAGE_TOO_SMALL, "shorter_side_px 9 < 200")),
        (Candidate(pair=ltip()), None),
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
    (gone,) = judge_candidate(Candidate(pair=wanted(text="red fox")), CONFIG)
    assert gone == Rejection(
        stage=Stage.PROPOSE,
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
    assert judged(Candidate(pair=wanted(), rare_token="fox"), PairConfig(max_vocabulary=None)) is None
    assert judged(Candidate(pair=wanted(language="de", language_score=0.1)), PairConfig(languages=None)) is None


def test_the_copy_that_stays_breaks_no_rule():
    small, first, second = (replace(align(height=height), key=key) for key, height in (("a", 100), ("b", 300), ("c", 300)))
    copies = with_survivor([Candidate(pair=pair) for pair in (second, small, first)], CONFIG)
    assert {it.key: judged(it) for it in copies} == {
        "a": (Reason.IMAGE_TOO_SMALL, "shorter_side_px 100 < 200"),
        "b": None,
        "c": (Reason.DUPLICATE_PAIR, "b"),
    }


def test_copies_share_image_and_text_in_whatever_dataset():
    same = [align(), align("A  red FOX"), align(sha256="bb", cluster="aa"), ltip("a red fox")]
    assert len({copy_key(pair) for pair in same}) == 1
    assert len({copy_key(pair) for pair in (align(), align("a fox"), align(sha256="bb"))}) == 3


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
    return ImageNode(url=IMAGE.url, position=30, **fields)


def video(**fields):
    return VideoNode(url=VIDEO.url, position=40, **fields)


LONG_ALT = f"{CAPTION} while the sun goes down behind the hills of a country far away from here"


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (image(), []),
        (image(alt=" a red\nfox "), [(Dataset.ALIGN, CaptionSource.ALT, "a red fox")]),
        (image(alt=CAPTION), [(Dataset.ALIGN, CaptionSource.ALT, CAPTION)]),
        (image(alt=CAPTION, caption=CAPTION.upper()), [(Dataset.ALIGN, CaptionSource.ALT, CAPTION)]),
        (
            image(alt=LONG_ALT, caption=LONG_ALT),
            [(Dataset.ALIGN, CaptionSource.ALT, LONG_ALT), (Dataset.LTIP, CaptionSource.FIGCAPTION, LONG_ALT)],
        ),
        (
            image(caption="A fox, 12 May 2020", description=CAPTION),
            [(Dataset.LTIP, CaptionSource.FIGCAPTION, "A fox"), (Dataset.LTIP, CaptionSource.DESCRIPTION, CAPTION)],
        ),
        (image(caption=CAPTION, description=CAPTION), [(Dataset.LTIP, CaptionSource.FIGCAPTION, CAPTION)]),
        (image(caption="12 May 2020"), []),
        (image(title="a red fox"), []),
        (image(title=CAPTION), [(Dataset.LTIP, CaptionSource.TITLE, CAPTION)]),
        (video(), [(Dataset.VTP, CaptionSource.TITLE, "All about foxes")]),
        (video(caption="Foxes", nearest_text="How foxes live"), [(Dataset.VTP, CaptionSource.NEARBY, "How foxes live")]),
        (video(caption="A fox runs"), [(Dataset.VTP, CaptionSource.CAPTION, "A fox runs")]),
    ],
)
def test_what_a_node_proposes(node, expected):
    assert proposed(document(node, title="All about foxes")) == expected


def test_one_text_is_not_handed_to_every_video():
    beside = [VideoNode(url=f"https://x.org/{at}", position=at, nearest_text="How foxes live") for at in range(3)]
    told = VideoNode(url="https://x.org/9", position=9, track="https://x.org/9.vtt")
    found = proposed(document(*beside, told, title="All about foxes"))
    assert found == [(Dataset.VTP, CaptionSource.NEARBY, "How foxes live"), (Dataset.VTP, CaptionSource.TRACK, "")]


@pytest.mark.parametrize(("sites", "count"), [(None, 1), (("x.org",), 1), (("www.x.org",), 1), (("y.org",), 0), ((), 0)])
def test_sites_for_ltip(sites, count):
    assert len(proposed(document(image(caption=CAPTION)), PairConfig(ltip_sites=sites))) == count


@pytest.mark.parametrize(("people", "text"), [(15000, f"{CAPTION} in Seberi"), (5000, CAPTION)])
def test_towns_in_captions_are_of_so_many_people(people, text):
    found = proposed(document(image(caption=f"{CAPTION} in Seberi")), PairConfig(min_place_people=people))
    assert [said for dataset, _, said in found if dataset is Dataset.LTIP] == [text]


def test_the_language_is_that_of_the_page_or_of_its_alts():
    german = image(alt="Ein roter Fuchs steht im tiefen Schnee und schaut uns an")
    english = TextNode(text=f"{CAPTION}. {LONG_ALT}.", position=1)
    for nodes, language in (((german,), "de"), ((english, german), "en")):
        (pair,) = propose_pairs(document(*nodes), CONFIG)
        assert pair.language == language and pair.language_score > 0.5


def test_a_candidate_knows_its_page():
    (pair,) = propose_pairs(replace(document(image(alt=CAPTION)), robots="noai"), CONFIG)
    same = {"key": stable_key("d", 30, "align", "alt"), "page_url": "https://www.x.org/d", "robots": "noai"}
    assert replace(pair, language_score=0.9) == wanted(text=CAPTION, **same)


def placed(candidate, *found):
    (output,) = place_pair(Joined(candidate=candidate, found=found), CONFIG)
    return output


def gone(reason):
    return Rejection(stage=Stage.FETCH, unit=Unit.MEDIA, key=IMAGE.url, url=IMAGE.url, reason=reason)


def test_a_pair_needs_its_picture():
    assert placed(wanted(), IMAGE) == align()
    assert placed(wanted(), VIDEO).detail == "no media record"
    assert placed(wanted(), gone(Reason.OPTED_OUT)).says == "opted_out"
    assert placed(wanted(), replace(VIDEO, url=IMAGE.url)).says == "video, and no image"
    left = placed(wanted())
    assert (left.stage, left.unit, left.reason) == (Stage.PAIR, Unit.PAIR, Reason.UNUSABLE_MEDIA)


def clip_of(*cues, text="", source=CaptionSource.TRACK, duration_s=30.0):
    track = replace(IMAGE, url="https://x.org/v.vtt", kind=MediaKind.TRACK, cues=cues)
    fields = {"url": VIDEO.url, "kind": MediaKind.VIDEO, "track": track.url, "source": source}
    clip = placed(wanted(Dataset.VTP, text, **fields), replace(VIDEO, duration_s=duration_s), track)
    return clip.source, clip.text, clip.end_s


def cue(text, start_s=0.0):
    return Cue(start_s=start_s, end_s=start_s + 2.0, text=text)


def test_what_is_said_in_a_clip_is_its_text_where_it_has_no_caption():
    assert clip_of(cue("one fox\ntwo foxes"), cue("too late", 22.0)) == (CaptionSource.TRACK, "one fox two foxes", 22.0)
    assert clip_of(cue("hello there you"), text="A fox runs", source=CaptionSource.CAPTION)[1] == "A fox runs"
    assert clip_of(cue("hello there you"), text="Foxes", source=CaptionSource.CAPTION)[:2] == (
        CaptionSource.TRACK,
        "hello there you",
    )
    assert clip_of(cue("[Music]"), text="How foxes live", source=CaptionSource.NEARBY, duration_s=9.5) == (
        CaptionSource.NEARBY,
        "How foxes live",
        9.5,
    )
