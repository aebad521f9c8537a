"""The loader: what it gives, what it refuses, and that it is light."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

import lamella.weights.own
from lamella.weights import WeightsMissing, load
from lamella.weights.coca import CoCa
from lamella.weights.loader import ROLES
from lamella.weights.own import HERE, own_config

ROOT = Path(__file__).parents[2]
NAME = "lamella-coca"


@pytest.fixture(scope="module")
def scorer():
    return load(NAME, "bundled", "scorer", device="cpu")


def test_what_is_loaded_can_be_used(scorer):
    pixels = scorer.preprocess(Image.new("RGB", (300, 200), "red"))
    tokens = scorer.tokenize(["a large red circle", ""])
    size = scorer.image_size
    assert pixels.shape == (3, size, size) and pixels.dtype == torch.float32
    assert tokens.dtype == torch.int64 and tokens[0, 0] == scorer.bos and scorer.eos in tokens[0]
    assert tokens[1].tolist()[:3] == [scorer.bos, scorer.eos, scorer.pad]
    assert scorer.decode(tokens[0].tolist()) == "a large red circle"
    image, text = scorer.model.encode_image(pixels[None]), scorer.model.encode_text(tokens)
    assert image.shape[1] == text.shape[1]
    assert not any(parameter.requires_grad for parameter in scorer.model.parameters()) and not scorer.model.training


def test_labels_name_model_weights_and_digest(scorer):
    labels = {load(NAME, "bundled", role, device="cpu").label for role in ROLES}
    assert len(labels) == 3
    name, rest = scorer.label.split("/")
    weights_name, digest = rest.split("@")
    assert (name, weights_name, len(digest)) == (NAME, "bundled-scorer", 12)
    assert json.loads((HERE / "manifest.json").read_text())["models"][NAME]["scorer"]["sha256"].startswith(digest)


def test_only_the_matcher_has_a_verdict_and_it_is_on_fused_features(scorer):
    matcher = load(NAME, "bundled", "matcher", device="cpu")
    assert matcher.fusion.in_features == matcher.model.fused_width and scorer.fusion is None
    assert {(one.match_scale, one.match_bias) for one in (matcher, scorer)} == {(None, None)}


def test_bf16(scorer):
    half = load(NAME, "bundled", "scorer", precision="bf16", device="cpu")
    pixels = half.preprocess(Image.new("RGB", (64, 64), "blue"))
    assert pixels.dtype == torch.bfloat16
    out = half.model.encode_image(pixels[None], normalize=True)
    same = scorer.model.encode_image(scorer.preprocess(Image.new("RGB", (64, 64), "blue"))[None], normalize=True)
    assert (out.float() * same).sum() > 0.99


def test_loading_leaves_the_random_state_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    load(NAME, "bundled", "scorer", device="cpu")
    assert torch.equal(torch.get_rng_state(), before)


def test_heavy_imports_stay_away():
    """The bundled models need torch, and neither open_clip nor what it brings along: that is 5 seconds a process."""
    code = (
        "import sys\nfrom lamella import weights\n"
        "assert 'torch' not in sys.modules\n"
        "weights.load('lamella-coca', 'bundled', 'scorer', device='cpu')\n"
        "print([name for name in ('open_clip', 'transformers', 'torchvision', 'torch._dynamo') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_same_numbers_as_open_clip():
    import open_clip

    config = {key: value for key, value in own_config(NAME).items() if key != "preprocess_cfg"}
    flat = {key: value for key, value in config["vision_cfg"].items() if key != "stem"}
    config["vision_cfg"] = flat | {"pool_type": "avg"}  # the stem and its maximum are ours alone
    torch.manual_seed(0)
    ours, theirs = CoCa(config).eval(), open_clip.CoCa(**config).eval()
    theirs.load_state_dict(ours.state_dict())
    size, context = config["vision_cfg"]["image_size"], config["text_cfg"]["context_length"]
    images, tokens = torch.randn(3, 3, size, size), torch.randint(3, 300, (3, context))
    tokens[0, 9:], tokens[1, -1], tokens[2, 20:] = 0, 2, 0
    tokens[0, 8], tokens[2, 19] = 2, 2
    with torch.no_grad():
        a, b = ours(images, tokens), theirs(images, tokens)
        for key in ("image_features", "text_features", "logits", "labels", "logit_scale"):
            torch.testing.assert_close(a[key], b[key], atol=2e-5, rtol=2e-5)
        # open_clip takes only texts of the full length in this config; ours may be shorter, and says the same.
        short, full = (ours(images, text, output_labels=False)["logits"] for text in (tokens[:, :7], tokens))
        torch.testing.assert_close(short, full[:, :7], atol=2e-5, rtol=2e-5)
        for one, other in zip(ours._encode_image(images), theirs._encode_image(images), strict=True):
            torch.testing.assert_close(one, other, atol=2e-5, rtol=2e-5)


def test_an_option_that_ours_lacks_is_refused():
    config = own_config(NAME)
    with pytest.raises(ValueError, match="attentional_pool must be False"):
        CoCa(config | {"vision_cfg": config["vision_cfg"] | {"attentional_pool": True}})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pool_type": "avg"}, "pool_type must be 'max' with a stem"),
        ({"stem": None}, "pool_type must be 'avg' without a stem"),
        ({"stem": [16, 128]}, "stem must end at width=128 and halve down to patch_size=16"),
    ],
)
def test_a_stem_that_does_not_fit_is_refused(changed, said):
    config = own_config(NAME)
    with pytest.raises(ValueError, match=said):
        CoCa(config | {"vision_cfg": config["vision_cfg"] | changed})


def test_patch_tokens_lie_where_the_picture_has_them(scorer):
    """A grid of tokens, row by row: what changes in a corner of the picture changes that corner's token most."""
    picture, side = torch.zeros(1, 3, scorer.image_size, scorer.image_size), own_config(NAME)["vision_cfg"]["patch_size"]
    changed = picture.clone()
    changed[..., -side:, -side:] = 2.0
    with torch.no_grad():
        before, after = (scorer.model._encode_image(pixels)[1][0] for pixels in (picture, changed))
    assert before.shape == ((scorer.image_size // side) ** 2, 128)
    assert (after - before).norm(dim=-1).argmax() == len(before) - 1


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The bundled files where a test may harm them."""
    folder = tmp_path / "weights"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.setattr(lamella.weights.own, "HERE", folder)
    return folder


@pytest.mark.parametrize("file", ["lamella-coca-scorer.safetensors", "tokenizer.json"])
def test_a_tampered_file_is_refused(copied, file):
    data = bytearray((copied / file).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / file).write_bytes(data)
    with pytest.raises(WeightsMissing, match=f"{file} is not the file whose SHA-256"):
        load(NAME, "bundled", "scorer", device="cpu")


def test_a_missing_file_names_itself_and_the_two_ways_out(copied):
    (copied / "lamella-coca-captioner.safetensors").unlink()
    with pytest.raises(WeightsMissing) as caught:
        load(NAME, "bundled", "captioner")
    said = str(caught.value)
    assert "\n" not in said and "lamella-coca-captioner.safetensors" in said
    assert "give the path of" in said and "'bundled'" in said


def test_another_models_tensors_are_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(2)}, tmp_path / "model.safetensors")
    shutil.copy(HERE / "tokenizer.json", tmp_path)
    with pytest.raises(WeightsMissing, match="another model's tensors"):
        load(NAME, str(tmp_path), "scorer")
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(WeightsMissing, match="no safetensors file"):
        load(NAME, str(tmp_path), "scorer")
    with pytest.raises(WeightsMissing, match=r"no file .*nowhere"):
        load(NAME, "nowhere", "scorer")


def test_a_folder_gives_the_file_of_a_role(tmp_path, scorer):
    shutil.copy(HERE / "lamella-coca-matcher.safetensors", tmp_path / "matcher.safetensors")
    shutil.copy(HERE / "lamella-coca-scorer.safetensors", tmp_path / "model.safetensors")
    shutil.copy(HERE / "tokenizer.json", tmp_path)
    assert load(NAME, str(tmp_path), "matcher").fusion is not None
    same = load(NAME, str(tmp_path), "scorer", device="cpu")
    assert same.label == f"{NAME}/{tmp_path.name}@{scorer.label.split('@')[1]}"


def test_open_clip_from_a_file_and_what_is_refused(tmp_path):
    import open_clip
    from safetensors.torch import save_file

    name = "ViT-S-32-alt"
    torch.manual_seed(0)
    model = open_clip.create_model(name, load_weights=False)
    save_file({key: tensor.contiguous() for key, tensor in model.state_dict().items()}, tmp_path / "a.safetensors")
    loaded = load(name, str(tmp_path / "a.safetensors"), "scorer", device="cpu")
    tokens = loaded.tokenize(["a red bus"])
    assert loaded.decode(tokens[0].tolist()) == "a red bus"
    assert loaded.label.startswith(f"{name}/a.safetensors@")
    pixels = loaded.preprocess(Image.new("RGB", (300, 200), "red"))
    assert pixels.shape == (3, loaded.image_size, loaded.image_size)
    with torch.no_grad():
        expected = model.eval().encode_image(pixels[None], normalize=True)
        torch.testing.assert_close(loaded.model.encode_image(pixels[None], normalize=True), expected)
    (tmp_path / "a.pt").write_bytes(b"\x80\x04")
    with pytest.raises(WeightsMissing, match="a pickle can run code"):
        load(name, str(tmp_path / "a.pt"), "scorer")
    with pytest.raises(WeightsMissing, match="no-such-tag"):
        load(name, "no-such-tag", "scorer")
    with pytest.raises(WeightsMissing, match="only lamella-coca is bundled"):
        load(name, "bundled", "scorer")


def test_words_that_do_not_exist():
    with pytest.raises(ValueError, match="role must be one of"):
        load(NAME, "bundled", "judge")
    with pytest.raises(ValueError, match="precision must be"):
        load(NAME, "bundled", "scorer", precision="fp8")
