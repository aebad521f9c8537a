"""Captioner and matcher of a few thousand random weights, and a run's folder with pictures and a clip in one pack."""

import io
import json

import pytest
from PIL import Image

from schemas.config import CaptionConfig, ModelConfig
from schemas.media import BlobRef, Container, Media, MediaKind

COLOURS = {"red": (200, 30, 30), "green": (30, 160, 40), "blue": (20, 60, 210), "grey": (120, 120, 120)}
TEXTS = ["a red square", "a green field in the sun", "a blue lake", "grey stones", "some words"]
CONFIG = {
    "embed_dim": 16,
    "vision_cfg": {
        "image_size": 32,
        "patch_size": 16,
        "width": 16,
        "head_width": 8,
        "layers": 1,
        "attentional_pool": False,
        "pool_type": "avg",
        "output_tokens": True,
    },
    "text_cfg": {
        "context_length": 16,
        "vocab_size": 400,
        "width": 16,
        "heads": 2,
        "layers": 1,
        "pad_id": 0,
        "eos_id": 2,
        "embed_cls": False,
        "pool_type": "eos",
        "output_tokens": True,
    },
    "multimodal_cfg": {"context_length": 16, "width": 16, "heads": 2, "layers": 1},
    "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]},
}


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> str:
    """A folder as the trainer writes it: a config, a captioner, a matcher with its calibration, a tokenizer."""
    import torch
    from safetensors.torch import save_file

    from weights.coca import CoCa
    from weights.tokens import train_tokenizer

    folder = tmp_path_factory.mktemp("models")
    (folder / "tiny.json").write_text(json.dumps(CONFIG))
    (folder / "tokenizer.json").write_bytes(train_tokenizer(TEXTS, CONFIG["text_cfg"]["vocab_size"]))
    before = torch.get_rng_state()
    for role, seed, beside in (
        ("captioner", 7, {}),
        ("matcher", 11, {"matching.scale": torch.tensor(9.0), "matching.bias": torch.tensor(0.5)}),
        ("scorer", 11, {}),
    ):
        torch.manual_seed(seed)
        state = {key: value.contiguous() for key, value in CoCa(CONFIG).state_dict().items()}
        save_file(state | beside, folder / f"{role}.safetensors")
    torch.set_rng_state(before)
    return str(folder)


@pytest.fixture(scope="session")
def config(models) -> CaptionConfig:
    model = ModelConfig(name=f"{models}/tiny.json", weights=models, batch=4)
    return CaptionConfig(captioner=model, matcher=model, min_tokens=3, max_tokens=8)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory) -> tuple[str, dict[str, Media]]:
    """The folder, and its media by name: four pictures, a clip of two colours, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("run")
    files = {name: _png(colour) for name, colour in COLOURS.items()}
    files |= {"clip": _mp4(), "broken": b"\x89PNG\r\n\x1a\n but no more"}
    media, pack = {}, b""
    for name, data in files.items():
        kind = MediaKind.VIDEO if name == "clip" else MediaKind.IMAGE
        blob = BlobRef(path="pack.tar", offset=len(pack), length=len(data), container=Container.RAW)
        media[name] = Media(
            url=f"https://x.org/{name}",
            kind=kind,
            blob=blob,
            sha256=name,
            mime="image/png",
            bytes=len(data),
            width=64,
            height=48,
            source="http",
            duration_s=4.0 if name == "clip" else 0.0,
        )
        pack += data
    (folder / "pack.tar").write_bytes(pack)
    return str(folder), media


def _png(colour) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "PNG")
    return out.getvalue()


def _mp4() -> bytes:
    """Four seconds at 2 fps: red, then blue from second 1 on."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=2)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(8):
            colour = COLOURS["red"] if index < 2 else COLOURS["blue"]
            container.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48), colour))))
        container.mux(stream.encode())
    return out.getvalue()
