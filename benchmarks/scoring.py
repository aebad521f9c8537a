"""Pictures and texts -> pairs that CLIP scores a second: `python -m benchmarks.scoring [--pictures N] [--model NAME] ...`.

The scorer of `lamella run` (precision auto, texts at their own length, each picture and text once) beside open_clip's own loop
in fp32 at batch 32, over the same JPEGs and alt texts, on the CPU. Weights are drawn at random: they cost what trained ones do.
The two take turns, so that whatever else the machine does falls on both; CPU seconds are this process's own, and the decoder's
process is not among them. Promised: 2.5 times the pairs a second, scores within 0.003.
"""

import argparse
import io
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from lamella.schemas.config import FetchConfig, ModelConfig, ReadConfig
from lamella.schemas.keys import stable_int
from lamella.schemas.media import BlobRef, Container, Media, MediaKind
from lamella.transforms.base.memory import Request
from lamella.transforms.media.frames import Frame
from lamella.transforms.media.store import MediaStore
from lamella.transforms.score.embeddings import PictureEmbeddings, TextEmbeddings
from lamella.weights.precision import pick_precision

BATCH = 32
PACK = "pack.tar"
_ALT = "a red fox in snow near the old wooden house with two children and one dog on summer morning by river"
PROMISED_PACE, PROMISED_SCORE = 2.5, 0.003
_WORDS = tuple(_ALT.split())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=256)
    parser.add_argument("--model", default="ViT-B-32")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--precision", default="auto")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    import open_clip

    torch.manual_seed(0)
    model, _, preprocess = open_clip.create_model_and_transforms(asked.model)
    model.eval()
    tokenizer = open_clip.get_tokenizer(asked.model)
    with tempfile.TemporaryDirectory() as folder:
        frames, jpegs = _pictures(Path(folder), asked.pictures)
        texts = [_text(number) for number in range(asked.pictures)]
        ours = _Ours(asked.model, _saved(model, Path(folder)), folder, asked.precision)
        spent, scores = {"open_clip": np.zeros(2), "lamella": np.zeros(2)}, {"open_clip": [], "lamella": []}
        ours.scores(frames[:BATCH], texts[:BATCH])  # the decoder's process starts, and kernels are chosen
        _theirs(model, preprocess, tokenizer, jpegs[:BATCH], texts[:BATCH])
        step = BATCH * 8
        for at in range(0, asked.pictures, step):
            part = slice(at, at + step)
            for name, scored in (
                ("open_clip", lambda part=part: _theirs(model, preprocess, tokenizer, jpegs[part], texts[part])),
                ("lamella", lambda part=part: ours.scores(frames[part], texts[part])),
            ):
                start = _clocks()
                scores[name] += scored()
                spent[name] += _clocks() - start
    apart = np.abs(np.subtract(scores["open_clip"], scores["lamella"])).max()
    pace = {name: asked.pictures / seconds for name, seconds in spent.items()}  # by the clock, and by this process's CPU
    print(f"{asked.model}, {asked.pictures} pairs, {torch.get_num_threads()} threads, precision {ours.precision}")
    for name, found in pace.items():
        print(f"{name:<10} {found[0]:7.1f} pairs/s, {found[1]:7.1f} a CPU second")
    clock, cpu = pace["lamella"] / pace["open_clip"]
    print(f"{clock:.2f} times, {cpu:.2f} by CPU seconds (promised {PROMISED_PACE})")
    print(f"scores at most {apart:.5f} apart (promised {PROMISED_SCORE})")


def _clocks() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time()])


class _Ours:
    """The measures of `lamella run`, without Beam."""

    def __init__(self, name: str, weights: Path, root: str, precision: str):
        self.precision = pick_precision(precision, "cpu")
        config = ModelConfig(name=name, weights=str(weights), precision=self.precision, device="cpu", batch=BATCH, threads=None)
        store = MediaStore.of(root, ReadConfig(), FetchConfig())
        self._pictures = PictureEmbeddings(model=config, identity="benchmark", store=store)
        self._texts = TextEmbeddings(model=config, identity="benchmark")
        self._loaded = self._pictures.load()

    def scores(self, frames: list[Frame], texts: list[str]) -> list[float]:
        found = {}
        for measure, what in ((self._pictures, frames), (self._texts, texts)):
            requests = [Request(f"{measure.name} {number}", one) for number, one in enumerate(what)]
            for at in range(0, len(requests), measure.lot):
                found |= {one.key: one.values for one in measure.measure(requests[at : at + measure.lot], self._loaded)}
        return [float(found[f"pictures {number}"] @ found[f"texts {number}"]) for number in range(len(frames))]


def _theirs(model, preprocess, tokenizer, jpegs: list[bytes], texts: list[str]) -> list[float]:
    """open_clip's README as a loop: fp32, a batch of pictures and a batch of texts at a time."""
    scores = []
    with torch.inference_mode():
        for at in range(0, len(jpegs), BATCH):
            part = slice(at, at + BATCH)
            pixels = torch.stack([preprocess(Image.open(io.BytesIO(data)).convert("RGB")) for data in jpegs[part]])
            seen = model.encode_image(pixels, normalize=True)
            said = model.encode_text(tokenizer(texts[part]), normalize=True)
            scores += (seen * said).sum(dim=-1).tolist()
    return scores


def _saved(model, folder: Path) -> Path:
    from safetensors.torch import save_file

    path = folder / "random.safetensors"
    save_file({key: tensor.clone().contiguous() for key, tensor in model.state_dict().items()}, path)
    return path


def _pictures(folder: Path, count: int) -> tuple[list[Frame], list[bytes]]:
    """Views into a pack, and the same JPEGs of 640 x 480."""
    frames, jpegs, pack = [], [], b""
    for number in range(count):
        data = _jpeg(number)
        blob = BlobRef(path=PACK, offset=len(pack), length=len(data), container=Container.RAW)
        facts = {"sha256": str(number), "mime": "image/jpeg", "bytes": len(data), "width": 640, "height": 480, "source": "http"}
        frames.append(Frame(Media(url=f"https://x.example/{number}", kind=MediaKind.IMAGE, blob=blob, **facts)))
        jpegs.append(data)
        pack += data
    (folder / PACK).write_bytes(pack)
    return frames, jpegs


def _jpeg(number: int) -> bytes:
    """Shapes on coarse noise, so that decoding costs what a photograph's costs."""
    noise = np.random.default_rng(number).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((640, 480), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for shape in range(5):
        x, y, side = (stable_int(number, shape, axis) % most for axis, most in (("x", 560), ("y", 400), ("side", 200)))
        draw.ellipse((x, y, x + side + 20, y + side + 20), fill=tuple(stable_int(number, shape, c) % 256 for c in "rgb"))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()


def _text(number: int) -> str:
    """Five to twenty words: ALIGN's alts have twelve tokens on average (Flamingo)."""
    return " ".join(_WORDS[stable_int(number, at) % len(_WORDS)] for at in range(5 + stable_int(number) % 16))


if __name__ == "__main__":
    main()
