"""Documents and pairs to samples: order, phi, pictures, facts, and what is left out."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from store_world import store_at

from lamella.schemas.config import FetchConfig, ReadConfig, ShardConfig
from lamella.schemas.document import ImageNode, TextNode, VideoNode, with_phi
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.schemas.sample import load_json
from lamella.transforms.base.blobs import BlobError
from lamella.transforms.media.store import ChangedBlob, MediaStore
from lamella.transforms.shard.pictures import Pictures
from lamella.transforms.shard.samples import FalsePhi, frame_seconds, to_sample

CONFIG = ShardConfig(max_side_px=100)


@pytest.fixture
def pictures(world) -> Pictures:
    return Pictures(CONFIG, store_at(str(world.root)))


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(BytesIO(jpeg))
    image.load()
    return image


def test_a_document_becomes_texts_images_and_phi(world, pictures):
    (sample,) = to_sample(world.document(0), pictures)
    assert sample.texts == ("Opening 0", None, "Between", None, "End \u2028 ünï")
    assert sample.image_index == (None, 0, None, 1, None)
    assert sample.previous == (0, 0, 1, 0, 2)
    assert sample.next == (1, 0, 2, 0, 0)
    assert [opened(image).size for image in sample.images] == [(100, 50), (100, 50)]
    assert [fact["alt"] for fact in sample.image_facts] == ["first", "second"]
    assert sample.image_facts[0]["clip_score"] == 0.5
    assert (sample.image_facts[1]["clip_score"], sample.image_facts[1]["clip_model"]) == (0.0, "")
    assert (sample.image_facts[0]["width"], sample.image_facts[0]["original_width"]) == (100, 500)
    videos = load_json({"json": sample.facts["videos"].encode()})
    assert videos[0] == {
        "before": 3,
        "caption": "a film",
        "position": 6,
        "sha256": world.video.sha256,
        "url": "https://example.org/9",
    }
    assert type(sample).decode(sample.encode()) == sample


def test_facts_have_the_same_keys_and_types_whatever_is_known(world, pictures):
    def types(facts):
        return {name: type(value) for name, value in facts.items()}

    (bare,) = to_sample(replace(world.pair(1), match=None, matcher="", clip_score=None, clip_model=""), pictures)
    (full,) = to_sample(world.pair(1), pictures)
    (made,) = to_sample(world.synthetic(1), pictures)
    assert types(bare.facts) == types(full.facts) == types(made.facts)
    assert None not in bare.facts.values()
    assert [(one.text, one.facts["source"], one.facts["captioner"], one.facts["match"]) for one in (bare, full, made)] == [
        ("picture 1", "alt", "", 0.0),
        ("picture 1", "alt", "", 0.75),
        ("synthetic 1", "synthetic", "c", 0.75),
    ]


def test_a_caption_follows_its_image(world, pictures):
    document = world.document(0)
    nodes = tuple(replace(n, caption="") if isinstance(n, ImageNode) else n for n in document.nodes)
    (bare,) = to_sample(replace(document, nodes=nodes), pictures)
    first = next(at for at, node in enumerate(nodes) if isinstance(node, ImageNode))
    nodes = (*nodes[:first], replace(nodes[first], caption="Said of it"), *nodes[first + 1 :])
    (sample,) = to_sample(replace(document, nodes=nodes), pictures)
    at = sample.texts.index(None) + 1
    assert sample.texts == (*bare.texts[:at], "Said of it", *bare.texts[at:])
    assert (sample.previous[at], sample.next[at]) == (1, 2 if len(sample.images) > 1 else 0)


def test_an_image_that_fails_is_taken_out_and_phi_is_set_anew(world, pictures):
    broken = world.add(b"\x89PNG\r\n\x1a\n" + b"nothing", 7)
    document = world.document(0)
    nodes = tuple(replace(node, media=broken) if node.position == 2 else node for node in document.nodes)
    rejection, sample = to_sample(replace(document, nodes=nodes), pictures)
    assert (rejection.stage, rejection.unit, rejection.reason) == (Stage.SHARD, Unit.NODE, Reason.BROKEN_IMAGE)
    assert rejection.key == f"{document.key}/2"
    assert sample.texts == ("Opening 0", "Between", None, "End \u2028 ünï")
    assert (sample.previous, sample.next) == ((0, 0, 0, 1), (1, 1, 0, 0))


@pytest.mark.parametrize(
    ("kept", "reason"), [((TextNode, VideoNode), Reason.NO_IMAGE_LEFT), ((ImageNode,), Reason.NO_TEXT_LEFT)]
)
def test_a_document_without_image_or_text_is_rejected(world, pictures, kept, reason):
    document = world.document(0)
    nodes = with_phi(tuple(node for node in document.nodes if isinstance(node, kept)))
    (rejection,) = to_sample(replace(document, nodes=nodes), pictures)
    assert isinstance(rejection, Rejection)
    assert (rejection.unit, rejection.reason, rejection.nodes) == (Unit.DOCUMENT, reason, len(nodes))


def test_false_phi_is_an_error(world, pictures):
    document = world.document(0)
    nodes = (replace(document.nodes[0], next_image=2), *document.nodes[1:])
    with pytest.raises(FalsePhi, match=document.key):
        list(to_sample(replace(document, nodes=nodes), pictures))


def test_lost_and_changed_bytes_are_infrastructure(world, pictures):
    pair = world.pair(0)
    with pytest.raises(ChangedBlob, match="not the bytes"):
        list(to_sample(replace(pair, media=replace(pair.media, sha256="0" * 64)), pictures))
    world.pack.unlink()
    with pytest.raises(BlobError):
        list(to_sample(pair, pictures))


def test_clip_frames_run_from_the_start_and_repeat_the_last(world, pictures):
    (sample,) = to_sample(world.film(0), pictures)
    assert len(sample.frames) == 8
    assert sample.facts["distinct_frames"] == 3  # seconds 1, 2 and 3 of a clip that ends at 4
    greys = [round(float(np.asarray(opened(frame)).mean()), -1) for frame in sample.frames]
    assert greys == [40, 60, 80, 80, 80, 80, 80, 80]
    assert sample.frames[3] == sample.frames[2]


def test_frame_seconds(world):
    film = world.film(0)
    assert frame_seconds(film, CONFIG) == [1.0, 2.0, 3.0]
    assert frame_seconds(replace(film, end_s=22.0), CONFIG) == [1.0 + index for index in range(8)]
    assert frame_seconds(replace(film, start_s=0.0, end_s=0.0), CONFIG) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert frame_seconds(replace(film, end_s=1.5), CONFIG) == [1.0]
    twice = ShardConfig(clip_frames=4, clip_fps=2.0)
    assert frame_seconds(film, twice) == [1.0, 1.5, 2.0, 2.5]


def test_a_broken_clip_is_a_rejected_pair(world, pictures):
    broken = world.add(b"\x00\x00\x00\x18ftypisom" + b"\x00" * 40, 8)
    (rejection,) = to_sample(world.film(0, media=broken), pictures)
    assert (rejection.unit, rejection.reason) == (Unit.PAIR, Reason.BROKEN_VIDEO)


def test_the_limit_of_the_fetch_arrives_at_the_shard(world):
    """A picture that was let through with a limit of its own is decoded with that limit, not with the default."""
    tight = MediaStore.of(str(world.root), ReadConfig(), FetchConfig(max_pixels=64 * 64))
    (rejection,) = to_sample(world.pair(1), Pictures(CONFIG, tight))
    assert (rejection.reason, rejection.measure, rejection.limit) == (Reason.TOO_MANY_PIXELS, "pixels", 64 * 64)
