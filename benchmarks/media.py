"""JPEGs made here -> the cost of a JPEG of 320 px and of a perceptual hash: ours, OpenCV, Pillow with imagehash.

    python -m benchmarks.media

Ours is what a run does: claims, limits, damage and profiles checked, in a process that can be killed, whose CPU time is
counted too. OpenCV and Pillow do none of that. Figures are CPU time: the least of some turns, arm by arm, on one thread each.
The gate: pictures no worse than OpenCV's against all pixels through Lanczos, and hashes within 2 bits of those of the whole
picture. It exits with 1 where the gate does not hold.

Needs `opencv-python-headless` (extra `bench`).
"""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import imagehash
import numpy as np
from PIL import Image

from lamella.schemas.config import FetchConfig
from lamella.transforms.media.decode_limits import DecodeLimits
from lamella.transforms.media.decoding import encode_image, measure_image
from lamella.transforms.media.inspection import MEASURED_SIDE_PX
from lamella.transforms.media.pixels import scaled_size

SIDE_PX, QUALITY = 320, 90
TURNS = 15
MOST_BITS = 2  # of 64, between a hash of ours and one of all pixels
SLACK_DB = 1.0  # below OpenCV
LIMITS = DecodeLimits.of(FetchConfig())
PICTURES = {"50 kB": ((800, 600), 52, 0), "1 MB": ((2400, 1800), 66, 1)}  # size, quality, seed


def main() -> None:
    cv2.setNumThreads(1)
    sound = True
    for name, (size, quality, seed) in PICTURES.items():
        data = _jpeg(_picture(size, seed), quality)
        print(f"{name}: {size[0]} x {size[1]} px, {len(data):,} bytes")
        resized = {"ours": lambda d=data: _ours(d), "OpenCV": lambda d=data: _opencv(d), "Pillow": lambda d=data: _pillow(d)}
        hashed = {"ours": lambda d=data: _our_hash(d), "Pillow + imagehash": lambda d=data: _plain_hash(d)}
        _compare("to a JPEG of 320 px", resized)
        _compare("to a perceptual hash", hashed)
        off = {arm: _decibels(make(), data) for arm, make in resized.items()}
        bits = _our_hash(data) - _plain_hash(data)
        print(
            "    against all pixels: " + ", ".join(f"{arm} {db:.1f} dB" for arm, db in off.items()) + f"; hash {bits} bits off"
        )
        sound = sound and off["ours"] >= off["OpenCV"] - SLACK_DB and bits <= MOST_BITS
    sys.exit(not sound)


def _ours(data: bytes) -> bytes:
    return encode_image(data, SIDE_PX, QUALITY, LIMITS).jpeg


def _opencv(data: bytes) -> bytes:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    size = scaled_size(image.shape[1], image.shape[0], SIDE_PX)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def _pillow(data: bytes) -> bytes:
    image = Image.open(io.BytesIO(data))
    return _jpeg(image.resize(scaled_size(*image.size, SIDE_PX), Image.Resampling.BICUBIC), QUALITY)


def _our_hash(data: bytes) -> imagehash.ImageHash:
    looks = measure_image(data, MEASURED_SIDE_PX, LIMITS).looks
    return imagehash.hex_to_hash(looks.phash)


def _plain_hash(data: bytes) -> imagehash.ImageHash:
    return imagehash.phash(Image.open(io.BytesIO(data)))


def _compare(what: str, arms: dict[str, Callable[[], object]]) -> None:
    least = dict.fromkeys(arms, float("inf"))
    for _ in range(TURNS):
        for arm, make in arms.items():
            start = _cpu_s()
            for _ in range(4):
                make()
            least[arm] = min(least[arm], (_cpu_s() - start) / 4)
    ours = least["ours"]
    others = ", ".join(f"{arm} {s * 1e3:.2f} ms ({s / ours:.1f}x)" for arm, s in least.items() if arm != "ours")
    print(f"    {what}: ours {ours * 1e3:.2f} ms; {others}")


def _cpu_s() -> float:
    """Of this process and of its decoder's; in nanoseconds where the kernel counts them."""
    own = [int((task / "schedstat").read_text().split()[0]) for task in Path("/proc/self/task").iterdir()]
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return (sum(own) + sum(int(Path(f"/proc/{child}/schedstat").read_text().split()[0]) for child in children)) / 1e9


def _picture(size: tuple[int, int], seed: int) -> Image.Image:
    """A picture with the statistics of photographs: amplitudes fall with frequency, channels go together (Field 1987)."""
    rng, (width, height) = np.random.default_rng(seed), size
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1.0
    layers = []
    for _ in range(3):
        waves = (rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)) / frequency**1.2
        layer = np.fft.irfft2(waves, s=(height, width))
        layers.append((layer - layer.mean()) / layer.std())
    levels = [128 + 45 * (0.9 * layers[0] + 0.35 * layer) for layer in layers]
    return Image.fromarray(np.stack(levels, axis=-1).clip(0, 255).astype(np.uint8))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _decibels(jpeg: bytes, original: bytes) -> float:
    """How near a small JPEG comes to all pixels of the original through Lanczos (PSNR)."""
    whole = Image.open(io.BytesIO(original))
    best = whole.resize(scaled_size(*whole.size, SIDE_PX), Image.Resampling.LANCZOS)
    error = np.asarray(Image.open(io.BytesIO(jpeg))).astype(float) - np.asarray(best)
    return 10 * np.log10(255**2 / (error**2).mean())


if __name__ == "__main__":
    main()
