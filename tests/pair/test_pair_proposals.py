"""What the nodes of a page propose to each dataset, and the pairs with their pictures and clips in place."""

from dataclasses import replace

import pytest
from candidates_world import CAPTION, CONFIG, IMAGE, VIDEO, align, wanted

from lamella.schemas.config import PairConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode
from lamella.schemas.keys import stable_key
from lamella.schemas.media import Cue, MediaKind
from lamella.schemas.page import Provenance
from lamella.schemas.pair import CaptionSource, Dataset
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.pair.judge import propose_pairs
from lamella.transforms.pair.place import Joined, place_pair


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
