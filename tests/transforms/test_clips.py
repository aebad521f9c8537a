"""Bytes -> header and frames or BadVideo: containers, seeking, rotation, damage, and files that point elsewhere."""

import io
from dataclasses import replace

import av
import numpy as np
import pytest

from lamella.schemas.rejection import Reason
from lamella.transforms.media.clips import BadVideo, decode_frames, probe, video_mime
from lamella.transforms.media.decode_limits import DEFAULT_LIMITS

FORMATS = {
    "video/mp4": ("mp4", "libx264"),
    "video/quicktime": ("mov", "mpeg4"),
    "video/webm": ("webm", "libvpx"),
    "video/x-matroska": ("matroska", "libx264"),
}

QUICK = {"libvpx": {"deadline": "realtime", "cpu-used": "8"}}


def clip(mime="video/mp4", seconds=20, fps=10, size=(64, 48), options=None, out=None) -> bytes:
    """A film whose frames grow brighter from black to white."""
    container_name, codec = FORMATS[mime]
    target = io.BytesIO() if out is None else str(out)
    with av.open(target, "w", format=container_name, options={"movflags": "faststart"} if out else {}) as container:
        stream = container.add_stream(codec, rate=fps, options=options or QUICK.get(codec, {}))
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        total = seconds * fps
        for number in range(total):
            pixels = np.full((size[1], size[0], 3), number * 255 // total, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return out.read_bytes() if out else target.getvalue()


def brightness(image) -> float:
    return float(np.asarray(image).mean())


@pytest.mark.parametrize("mime", FORMATS)
def test_each_container_is_probed(mime):
    header, first = probe(clip(mime), 32)
    assert header.mime == mime
    assert (header.width, header.height) == (64, 48)
    assert header.duration_s == pytest.approx(20.0, abs=0.11)
    assert header.fps == pytest.approx(10.0, abs=0.1)
    assert first.size == (32, 24)
    assert brightness(first) < 8


@pytest.mark.parametrize("mime", FORMATS)
def test_frames_are_those_shown_then(mime):
    data = clip(mime)
    frames = decode_frames(data, [0, 1, 1.05, 9, 19.95, 60])
    shown = [0, 10, 10, 90, 199, 199]
    for frame, number in zip(frames, shown, strict=True):
        assert brightness(frame) == pytest.approx(number * 255 / 200, abs=5)
    assert frames[0].size == (64, 48)


def test_a_late_frame_is_the_same_with_and_without_seeking():
    for options in ({}, {"x264-params": "open-gop=1:keyint=10:bframes=3"}):
        data = clip(options=options)
        alone = decode_frames(data, [13.0], 32)[0]
        after = decode_frames(data, [float(second) for second in range(14)], 32)[-1]
        assert brightness(alone) == brightness(after)


def test_seconds_must_ascend():
    with pytest.raises(ValueError, match="ascend"):
        decode_frames(clip(seconds=1), [1, 0])


@pytest.mark.parametrize("mime", FORMATS)
def test_cut_files_are_found(mime):
    data = clip(mime)
    for share in (0.02, 0.3, 0.6, 0.9):
        with pytest.raises(BadVideo):
            probe(data[: int(len(data) * share)])


def test_a_fast_start_film_cut_short_is_found(tmp_path):
    data = clip(out=tmp_path / "film.mp4")
    assert data.find(b"moov") < data.find(b"mdat")
    for share in (0.5, 0.9, 0.99):
        with pytest.raises(BadVideo):
            probe(data[: int(len(data) * share)])


def test_damage_is_never_a_frame():
    data, rng = clip(), np.random.default_rng(3)
    caught = 0
    for _ in range(20):
        mutant = bytearray(data)
        for at in rng.integers(len(data) // 4, len(data) * 3 // 4, 10):
            mutant[at] ^= 0xFF
        try:
            decode_frames(bytes(mutant), [float(second) for second in range(20)], 32)
        except BadVideo:
            caught += 1
    assert caught == 20


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:1/a.ts\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"GIF89a" + b"\0" * 60,
        b"\0\0\0\x1cftypavif" + b"\0" * 60,
    ],
)
def test_playlists_and_other_types_are_no_videos(data):
    assert video_mime(data) == ""
    with pytest.raises(BadVideo) as error:
        probe(data)
    assert error.value.reason is Reason.NOT_A_VIDEO


def test_a_film_larger_than_the_limit_is_refused():
    with pytest.raises(BadVideo) as error:
        probe(clip(seconds=1), limits=replace(DEFAULT_LIMITS, max_pixels=64 * 48 - 1))
    assert error.value.reason is Reason.TOO_MANY_PIXELS
    assert probe(clip(seconds=1), limits=replace(DEFAULT_LIMITS, max_pixels=64 * 48))[0].width == 64


def test_sound_alone_is_no_video():
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(BadVideo) as error:
        probe(out.getvalue())
    assert error.value.reason is Reason.NOT_A_VIDEO


@pytest.mark.parametrize("name", [b"free", b"skip", b"wide"])
def test_space_may_stand_before_an_mp4(name):
    data = clip(seconds=2)
    assert probe(data[:4] + name + data[8:])[0].mime == "video/quicktime"
    assert video_mime(b"Get free films here") == ""
