"""A Picture or a Film with an expected outcome -> the response that has it: one function for each reason of refusal.

Files are small on disk, whatever they claim: a header may promise 144 megapixels, and padding that compresses well may fill 31
MB.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

from PIL import Image

from lamella.sample.clips import encode_clip, make_clip
from lamella.sample.image_bank import Film, Picture
from lamella.sample.paint import paint
from lamella.sample.rng import Rng
from lamella.sample.warc import Exchange

TOO_LARGE_BYTES = 31_000_000
_PLAIN_PAGE = b"<!DOCTYPE html><html><head><title>Gone</title></head><body><p>The file has moved.</p></body></html>\n"
_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><rect width="300" height="300" fill="#eee"/>'
    b'<circle cx="150" cy="150" r="90" fill="#2453d0"/></svg>\n'
)
NOT_IN_ARCHIVES = ("not_captured", "bad_url", "blocked_url", "unsafe_image")  # judged by their address alone


def picture_response(picture: Picture) -> Exchange | None:
    """What the web answers for a picture with an outcome; None where the archives hold no answer."""
    if picture.outcome in NOT_IN_ARCHIVES:
        return None
    make = _PICTURES.get(picture.outcome)
    return make(picture) if make else _as(picture, picture.data())


def picture_responses(picture: Picture) -> list[Exchange]:
    """All that the archives hold of a picture: its answer, or a redirect and what it leads to, or the bytes and a revisit."""
    answer = picture_response(picture)
    if answer is None or not picture.stored:
        return [answer] if answer else []
    elsewhere = replace(answer, url=picture.url.replace("/fate/", "/kept/"))
    if picture.stored == "moved":
        moved = Exchange(
            url=picture.url, body=b"", mime="text/html", status="301 Moved", headers=(("Location", elsewhere.url),)
        )
        return [moved, elsewhere]
    return [elsewhere, replace(answer, revisit=True)]


def film_response(film: Film) -> Exchange:
    """What the web answers for a film with an outcome."""
    if film.outcome == "not_a_video":
        return Exchange(url=film.url, body=_PLAIN_PAGE, mime="video/mp4")
    data = encode_clip(film.clip)
    if film.outcome == "broken_video":  # the index stands at an MP4's end
        data = data[: len(data) // 2]
    return Exchange(url=film.url, body=data, mime="video/mp4")


def track_response(film: Film) -> Exchange:
    """A page of HTML where a track was promised."""
    return Exchange(url=film.track, body=_PLAIN_PAGE, mime="text/vtt")


def short_clip(key: str):
    """A clip of one second."""
    return make_clip(key, duration_s=1.0)


def resized(picture: Picture) -> bytes:
    """The picture again, at four fifths of its size and as a plainer JPEG: the same to the eye."""
    out = BytesIO()
    original = replace(picture, size=(picture.size[0] * 5 // 4, picture.size[1] * 5 // 4))
    paint(original.scene, original.size).resize(picture.size, Image.Resampling.LANCZOS).save(out, "JPEG", quality=70)
    return out.getvalue()


def _as(picture: Picture, body: bytes, **more: Any) -> Exchange:
    return Exchange(url=picture.url, body=body, mime=picture.mime, **more)


def _opted_out(picture: Picture) -> Exchange:
    """The directive follows a date, whose colons must not hide it. For other pictures the page forbids."""
    if "/fate/" not in picture.url:
        return _as(picture, picture.data())
    said = (("X-Robots-Tag", "unavailable_after: 25 Jun 2030 15:00:00 GMT, noai"), ("X-Served-By", "cache-7: hit: 1"))
    return _as(picture, picture.data(), headers=said)


def _too_large(picture: Picture) -> Exchange:
    """A good picture, then padding that packs a hundredfold, not a thousandfold: a bomb would be refused as a record."""
    rng = Rng("padding", picture.url)
    data = picture.data()
    step = 1600
    noise = rng.bytes((TOO_LARGE_BYTES - len(data)) // step * 8)
    gap = b"\0" * (step - 8)
    padding = b"".join(noise[at : at + 8] + gap for at in range(0, len(noise), 8))
    return _as(picture, data + padding + b"\0" * step, level=6)


def _truncated(picture: Picture) -> Exchange:
    data = picture.data()
    return _as(picture, data[: len(data) // 2], truncated="length", headers=(("Content-Length", str(len(data))),))


def _broken(picture: Picture) -> Exchange:
    data = picture.data()
    return _as(picture, data[: len(data) // 3])


def _too_many_pixels(picture: Picture) -> Exchange:
    return _as(picture, png((12_000, 12_000), b"\0" * 64))


def _too_costly(picture: Picture) -> Exchange:
    """A progressive JPEG with its last scan repeated 200 times: each is a pass over the picture."""
    out = BytesIO()
    paint(picture.scene, picture.size).save(out, "JPEG", quality=70, progressive=True)
    data = out.getvalue()
    scan = data[data.rindex(b"\xff\xda") : -2]
    return _as(picture, data[:-2] + scan * 200 + data[-2:])


def _too_wide(picture: Picture) -> Exchange:
    """20,500 by 300 px, striped, one bit a pixel."""
    width, height = 20_500, 300
    row = b"\0" + (b"\xff\x00\xf0\x0f" * (width // 32 + 1))[: -(-width // 8)]
    return _as(picture, png((width, height), row * height))


def _flat(picture: Picture) -> Exchange:
    out = BytesIO()
    Image.new("RGB", picture.size, (188, 170, 150)).save(out, "JPEG", quality=85)
    return _as(picture, out.getvalue())


def png(size: tuple[int, int], rows: bytes) -> bytes:
    """A PNG of one bit a pixel whose header says `size` and whose pixels are `rows`, as many as there are."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", *size, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


_PICTURES: dict[str, Callable[[Picture], Exchange]] = {
    "opted_out": _opted_out,
    "too_large": _too_large,
    "truncated_media": _truncated,
    "broken_image": _broken,
    "too_many_pixels": _too_many_pixels,
    "media_too_costly": _too_costly,
    "image_too_large": _too_wide,
    "single_colour": _flat,
    "duplicate_image": lambda picture: _as(picture, resized(picture)),
    "not_an_image": lambda picture: _as(picture, _PLAIN_PAGE),
    "format_not_supported": lambda picture: Exchange(url=picture.url, body=_SVG, mime="image/svg+xml"),
    "empty_body": lambda picture: _as(picture, b""),
}
