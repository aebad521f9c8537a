"""Models of a few thousand random weights, a run's folder with pictures and a clip in one pack, and pairs of them."""

import io
import json
from pathlib import Path

from PIL import Image

from lamella.schemas.media import BlobRef, Container, Media, MediaKind
from lamella.schemas.pair import CaptionSource, Dataset, ImageTextPair, VideoTextPair

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


def pair(key: str, media: Media, text: str = "a red square") -> ImageTextPair:
    return ImageTextPair(
        key=key,
        dataset=Dataset.ALIGN,
        document="d",
        page_url="https://x.org/d",
        media=media,
        text=text,
        source=CaptionSource.ALT,
    )


def clip(key: str, media: Media, text: str = "a blue lake") -> VideoTextPair:
    return VideoTextPair(
        key=key,
        document="d",
        page_url="https://x.org/d",
        media=media,
        text=text,
        source=CaptionSource.CAPTION,
        start_s=0.0,
        end_s=4.0,
    )


def write_models(folder: Path) -> str:
    """A folder as the trainer writes it: a config, a captioner, a scorer, a matcher with its calibration, a tokenizer."""
    import torch
    from safetensors.torch import save_file

    from lamella.weights.coca import CoCa
    from lamella.weights.tokens import train_tokenizer

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
        if role == "captioner":  # its captions end as soon as they may: none is cut
            state["text_decoder.ln_final.bias"][0] = 4.0
            state["text_decoder.text_projection"][0, CONFIG["text_cfg"]["eos_id"]] = 3.0
        save_file(state | beside, folder / f"{role}.safetensors")
    torch.set_rng_state(before)
    return str(folder)


def write_media(folder: Path) -> tuple[str, dict[str, Media]]:
    """The folder, and its media by name: four pictures, a clip of two colours, and a file that is no picture."""
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
