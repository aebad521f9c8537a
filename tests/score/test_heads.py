"""Heads on embeddings: numbers worked by hand, who leaves where, and wrong files in one line."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from lamella.schemas.config import ModelConfig, ScoreConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode, with_phi
from lamella.schemas.errors import ConfigError
from lamella.schemas.media import BlobRef, Container, Media, MediaKind, PixelMeasure
from lamella.schemas.page import Provenance
from lamella.schemas.pair import CaptionSource, ImageTextPair
from lamella.schemas.rejection import Reason, Rejection, Unit
from lamella.transforms.score.embeddings import Embedding, picture_key, text_key
from lamella.transforms.score.heads import check_heads, load_head, measures_of, unsafe
from lamella.transforms.score.judge import judge_document, judge_pair
from lamella.transforms.score.questions import Answer, Scored, keys_of, pictures_of, score
from lamella.transforms.shard.metadata import pair_facts

EYE = np.array([0.6, 0.8])

MEDIA = Media(
    url="https://x.org/a.jpg",
    kind=MediaKind.IMAGE,
    blob=BlobRef(path="p", offset=0, length=9, container=Container.RAW),
    sha256="a" * 64,
    mime="image/jpeg",
    bytes=9,
    width=320,
    height=240,
    source="http",
)


def head(path, layers=(((2.0, 1.0),), (0.5,)), **said) -> str:
    """A head of weights and biases in turn."""
    tensors = {}
    for at in range(0, len(layers), 2):
        tensors[f"layers.{at}.weight"] = np.array(layers[at], np.float32)
        tensors[f"layers.{at}.bias"] = np.array(layers[at + 1], np.float32)
    save_file(tensors, path, metadata={"name": "harm", "model": "ViT-B-32"} | said)
    return str(path)


def test_a_linear_head_and_an_mlp_by_hand(tmp_path):
    linear = head(tmp_path / "a.safetensors")
    assert load_head(linear).value(EYE) == pytest.approx(2 * 0.6 + 0.8 + 0.5)
    sigmoid = head(tmp_path / "b.safetensors", output="sigmoid")
    assert load_head(sigmoid).value(EYE) == pytest.approx(1 / (1 + np.exp(-2.5)), abs=1e-6)
    layers = (((1.0, -1.0), (1.0, 1.0)), (0.0, 0.0), ((10.0, 1.0),), (0.0,))
    assert load_head(head(tmp_path / "c.safetensors", layers)).value(EYE) == pytest.approx(-2.0 + 1.4)
    assert load_head(head(tmp_path / "d.safetensors", layers, activation="relu")).value(EYE) == pytest.approx(1.4)


def test_layers_come_in_their_natural_order(tmp_path):
    path = tmp_path / "many.safetensors"
    tensors = {f"{at}.weight": np.array([[2.0]], np.float32) for at in range(11)}
    tensors["10.weight"], tensors["0.weight"] = np.array([[1.0]], np.float32), np.array([[1.0, 0.0]], np.float32)
    save_file(tensors, path, metadata={"name": "deep", "model": "m"})
    assert load_head(str(path)).value(EYE) == pytest.approx(0.6 * 2**9, rel=1e-6)


def test_a_head_with_a_threshold_judges_and_one_without_measures(tmp_path):
    judge = head(tmp_path / "judge.safetensors", threshold="2.0", name="harm")
    measure = head(tmp_path / "measure.safetensors", name="beauty")
    measures = measures_of(EYE, (measure, judge))
    assert measures == (PixelMeasure(name="beauty", value=2.5), PixelMeasure(name="unsafe/harm", value=2.5))
    violation = unsafe(measures, (measure, judge))
    assert violation[:4] == (Reason.UNSAFE_IMAGE, "unsafe/harm", 2.5, 2.0)
    assert unsafe(measures, (measure,)) is None
    assert unsafe(measures_of(-EYE, (judge,)), (judge,)) is None


def test_a_head_is_of_the_scorers_model(tmp_path):
    model = ModelConfig(name="ViT-B-32", weights="openai")
    check_heads(
        (head(tmp_path / "a.safetensors", model="ViT-B-32/openai"), head(tmp_path / "b.safetensors", name="other")), model
    )
    with pytest.raises(
        ConfigError, match=r"^score\.heads: .*c\.safetensors is of ViT-L-14, and score\.model is ViT-B-32/openai$"
    ):
        check_heads((head(tmp_path / "c.safetensors", model="ViT-L-14"),), model)
    with pytest.raises(ConfigError, match="two heads are named harm"):
        check_heads((head(tmp_path / "d.safetensors"), head(tmp_path / "e.safetensors")), model)
    with pytest.raises(ValueError, match="documents=true"):
        ScoreConfig(heads=("x",), documents=False)


@pytest.mark.parametrize(
    ("layers", "said", "says"),
    [
        (((1.0, 2.0), (0.0,)), {}, "does not follow"),
        ((((1.0, 2.0), (3.0, 4.0)), (0.0, 0.0)), {}, "no layer of one output"),
        ((((1.0, 2.0),), (0.0,)), {"output": "softmax"}, "output=softmax is none of none, sigmoid"),
        ((((1.0, 2.0),), (0.0,)), {"threshold": "high"}, "could not convert"),
        ((((1.0, 2.0),), (0.0,)), {"name": ""}, "lack name"),
    ],
)
def test_a_wrong_head_is_one_line(tmp_path, layers, said, says):
    path = head(tmp_path / "bad.safetensors", layers, **said)
    with pytest.raises(ConfigError, match=rf"^score\.heads: .*bad\.safetensors: .*{says}"):
        load_head(path)
    with pytest.raises(ConfigError, match=r"score\.heads: .*gone"):
        load_head(str(tmp_path / "gone"))


def test_a_node_leaves_and_the_document_goes_on(tmp_path):
    judge = head(tmp_path / "judge.safetensors", threshold="2.0")
    nodes = tuple(
        TextNode(text=f"text {at}", position=at)
        if at % 2
        else ImageNode(url=f"https://x.org/{at}.jpg", position=at, media=MEDIA)
        for at in range(5)
    )
    document = InterleavedDocument(
        key="d", url="https://x.org/d", nodes=with_phi(nodes), provenance=Provenance(archive="a.warc", offset=3, length=9)
    )
    seen = [Embedding(key="", model="m", vector=values.astype(np.float16).tobytes()) for values in (-EYE, EYE, -EYE)]
    answers = tuple(Answer(0.3, measures=measures_of(one.values, (judge,))) for one in seen)
    gone, left = judge_document(Scored(record=document, answers=answers, model="m"), ScoreConfig(heads=(judge,)))
    assert (gone.unit, gone.key, gone.reason, gone.measure) == (Unit.NODE, "d/2", Reason.UNSAFE_IMAGE, "unsafe/harm")
    assert [node.position for node in left.nodes] == [0, 1, 3, 4]
    assert [(node.previous_image, node.next_image) for node in left.nodes if isinstance(node, TextNode)] == [(1, 2), (1, 2)]
    assert all(node.media.measured["unsafe/harm"] < 2.0 for node in left.images)


def test_a_video_leaves_by_the_worst_of_its_frames(tmp_path):
    judge, measure = head(tmp_path / "judge.safetensors", threshold="2.0"), head(tmp_path / "measure.safetensors", name="mood")
    films = [replace(MEDIA, kind=MediaKind.VIDEO, sha256=digit * 64, duration_s=8.0) for digit in "ab"]
    nodes = [TextNode(text="text", position=0), ImageNode(url="https://x.org/i.jpg", position=1, media=MEDIA)]
    nodes += [VideoNode(url=f"https://x.org/{at}.mp4", position=at, media=film) for at, film in enumerate(films, 2)]
    document = InterleavedDocument(
        key="d",
        url="https://x.org/d",
        nodes=with_phi(tuple(nodes)),
        provenance=Provenance(archive="a.warc", offset=3, length=9),
    )
    heads = (judge, measure)
    asked = [request.what for request in pictures_of(document, heads)]
    assert [(frame.media.sha256[0], frame.at_s) for frame in asked[1:]] == [
        (film, at) for film in "ab" for at in (2.0, 4.0, 6.0)
    ]
    assert len(list(pictures_of(document))) == 1
    harm = f"picture {films[0].sha256}@4.000"
    embeddings = {
        key: Embedding(key=key, model="m", vector=(EYE if key == harm else -EYE).astype(np.float16).tobytes())
        for key in (*(picture_key(frame) for frame in asked), text_key("text"))
    }
    gone, left = judge_document(score(document, embeddings, heads), ScoreConfig(heads=heads, min_node_score=None))
    assert (gone.unit, gone.key, gone.reason, gone.measure) == (Unit.NODE, "d/2", Reason.UNSAFE_IMAGE, "unsafe/harm")
    (film,) = left.videos
    assert film.position == 3 and set(film.media.measured) >= {"unsafe/harm", "mood"}


def test_a_pair_is_judged_by_what_its_picture_is_remembered_as(tmp_path):
    judge = head(tmp_path / "judge.safetensors", threshold="2.0")
    record = ImageTextPair(
        key="k",
        dataset=Dataset.ALIGN,
        document="d",
        page_url="https://x.org/d",
        media=MEDIA,
        text="a fox",
        source=CaptionSource.ALT,
    )
    config = ScoreConfig(heads=(judge,), min_score=None)
    for values, leaves in ((EYE, True), (-EYE, False)):
        vector = values.astype(np.float16).tobytes()
        keys = tuple(keys_of(record))
        scored = score(record, {key: Embedding(key=key, model="m", vector=vector) for key in keys}, heads=(judge,))
        (out,) = judge_pair(scored, config)
        assert isinstance(out, Rejection) is leaves
        assert getattr(out, "reason", None) == (Reason.UNSAFE_IMAGE if leaves else None)
        if not leaves:
            facts = pair_facts(out, (320, 240))
            assert facts["punsafe"] == out.media.measured["unsafe/harm"] == pytest.approx(-1.5, abs=1e-3)
