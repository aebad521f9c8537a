"""Clips whose clock is odd: sound that outlasts the picture, a late start, frames out of order, ends hidden by an edit list."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from lamella.schemas.rejection import Reason
from lamella.transforms.media.clips import BadVideo, decode_frames, probe
from lamella.transforms.media.matroska import lacks_bytes
from tests.faults import clips

FPS = 8
VIDEO = {"mp4": "libx264", "mov": "libx264", "webm": "libvpx", "matroska": "libx264"}
SOUND = {"mp4": "aac", "mov": "aac", "webm": "libopus", "matroska": "aac"}
QUICK = {"libx264": {"preset": "veryfast", "g": str(FPS)}, "libvpx": {"deadline": "realtime", "cpu-used": "8"}}
STEP = 24  # levels of grey from one second to the next


def film(kind="mp4", seconds=4, sound_s=0.0, start_s=0.0, options=None, gap_s=0.0) -> bytes:
    """A picture that grows lighter once a second, and a tone. `gap_s`: the second half comes later."""
    out = io.BytesIO()
    codec = VIDEO[kind]
    with av.open(out, "w", format=kind) as container:
        picture = container.add_stream(codec, rate=FPS, options=QUICK[codec] | (options or {}))
        picture.width, picture.height, picture.pix_fmt, picture.time_base = 64, 48, "yuv420p", Fraction(1, 1000)
        tone = container.add_stream(SOUND[kind], rate=48000) if sound_s else None
        packets = []
        for number in range(seconds * FPS):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 + STEP * (number // FPS), np.uint8), format="rgb24")
            late_s = start_s + gap_s * (number >= seconds * FPS // 2)
            frame.pts, frame.time_base = round(1000 * (late_s + number / FPS)), Fraction(1, 1000)
            packets += picture.encode(frame)
        packets += picture.encode()
        if tone:
            wave = np.sin(np.arange(960) / 20).astype(np.float32)[None] / 4
            for number in range(round(sound_s * 50)):
                frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = 48000, 960 * number, Fraction(1, 48000)
                packets += tone.encode(frame)
            packets += tone.encode()
        packets = [packet for packet in packets if packet.size]
        packets.sort(key=lambda packet: packet.dts * packet.time_base)
        for packet in packets:
            container.mux(packet)
    return out.getvalue()


def shown(data: bytes, seconds) -> list[int]:
    """The second of the film that each frame is of."""
    return [round((float(np.asarray(frame).mean()) - 20) / STEP) for frame in decode_frames(data, seconds, 32)]


@pytest.mark.parametrize("kind", VIDEO)
def test_sound_may_outlast_the_picture(kind):
    data = film(kind, seconds=3, sound_s=9.0)
    header, _ = probe(data)
    assert header.duration_s == pytest.approx(3.0, abs=0.02)
    assert shown(data, [0.1, 1.1, 2.1, 8.0]) == [0, 1, 2, 2]


@pytest.mark.parametrize("kind", ("webm", "matroska", "mp4"))
@pytest.mark.parametrize("sound_s", (0.0, 12.0))
def test_a_picture_may_start_late(kind, sound_s):
    data = film(kind, seconds=4, start_s=7.0, sound_s=sound_s)
    assert probe(data)[0].duration_s == pytest.approx(4.0, abs=0.02)
    assert shown(data, [0.1, 1.1, 3.1]) == [0, 1, 3]


@pytest.mark.parametrize("kind", ("matroska", "mp4"))
def test_frames_may_be_stored_out_of_order(kind):
    data = film(kind, seconds=4, options={"bf": "3", "x264-params": "b-adapt=0"})
    assert probe(data)[0].duration_s == pytest.approx(4.0, abs=0.02)
    assert shown(data, [0.1, 1.1, 2.1, 3.1]) == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", ("matroska", "mp4"))
@pytest.mark.parametrize("bf", "03")
def test_a_screen_may_stand_still(kind, bf):
    """Frames that come when something moves; in the order of decoding a length is not that of the frame it stands at."""
    data = film(kind, seconds=4, gap_s=6.0, options={"bf": bf, "x264-params": "b-adapt=0"})
    assert probe(data)[0].duration_s == pytest.approx(10.0, abs=0.13)
    assert shown(data, [0.1, 1.1, 5.0, 8.2, 9.2, 60.0]) == [0, 1, 1, 2, 3, 3]


@pytest.mark.parametrize("kind", VIDEO)
def test_a_cut_is_found_with_sound_beside_the_picture(kind):
    data = film(kind, seconds=8, sound_s=8.0)
    for share in (0.3, 0.6):
        with pytest.raises(BadVideo) as error:
            probe(data[: int(len(data) * share)])
        assert error.value.reason in (Reason.TRUNCATED_MEDIA, Reason.BROKEN_VIDEO)


def edited(data: bytes, start: int, length: int) -> bytes:
    """An MP4 whose one edit (elst, ISO 14496-12, 8.6.6) shows `length` ms from `start` ms on, as a lossless cut does."""
    at = data.index(b"elst")
    scale = int.from_bytes(data[data.index(b"mdhd") + 16 :][:4], "big")
    movie = int.from_bytes(data[data.index(b"mvhd") + 16 :][:4], "big")
    old_start = int.from_bytes(data[at + 16 : at + 20], "big")
    out = bytearray(data)
    out[at + 12 : at + 16] = (length * movie // 1000).to_bytes(4, "big")
    out[at + 16 : at + 20] = (old_start + start * scale // 1000).to_bytes(4, "big")
    mvhd, tkhd = data.index(b"mvhd"), data.index(b"tkhd")
    out[mvhd + 20 : mvhd + 24] = (length * movie // 1000).to_bytes(4, "big")
    out[tkhd + 24 : tkhd + 28] = (length * movie // 1000).to_bytes(4, "big")
    return bytes(out)


@pytest.mark.parametrize(
    ("start", "length", "seconds"), [(0, 5000, [0, 1, 2, 3, 4]), (2500, 3500, [2, 3, 4, 5]), (3000, 2000, [3, 4])]
)
def test_what_an_edit_list_hides_is_not_shown(start, length, seconds):
    data = edited(film(seconds=6, options={"g": "100"}), start, length)
    assert probe(data)[0].duration_s == pytest.approx(length / 1000, abs=0.13)
    assert shown(data, [0.1 + number for number in range(len(seconds) - 1)] + [60.0]) == [*seconds[:-1], seconds[-1]]


def test_an_edit_list_hides_no_cut():
    data = edited(film(seconds=6, options={"movflags": "faststart"}), 1000, 4000)
    with pytest.raises(BadVideo):
        probe(data[: len(data) // 2])


@pytest.mark.parametrize("kind", ("mp4", "mov"))
def test_an_edit_of_no_length_hides_nothing(kind):
    """Some muxers write 0 where they do not know the end."""
    data = edited(film(kind), 0, 0)
    assert probe(data)[0].duration_s == pytest.approx(4.0, abs=0.02)
    assert shown(data, [0.1, 1.1, 3.1, 60.0]) == [0, 1, 3, 3]


def test_a_short_matroska_that_was_cut_is_found_and_one_that_lacks_its_index_alone_is_sound():
    """Less is missing than headers and sound may differ by; but the file ends before it says."""
    data = clips.sound("webm", 2)
    index = data.rindex(b"\x1c\x53\xbb\x6b")
    assert probe(data[:index])[0] == probe(data)[0]
    assert probe(data + b"\r\n")[0] == probe(data)[0]
    for share in (0.75, 0.9, 0.95):
        with pytest.raises(BadVideo) as caught:
            probe(data[: int(index * share)])
        assert caught.value.reason is Reason.TRUNCATED_MEDIA


def test_a_segment_of_unknown_length_lacks_nothing():
    for size in (b"\xff", b"\x01" + b"\xff" * 7):
        assert not lacks_bytes(b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67" + size)
    assert lacks_bytes(b"\x1a\x45\xdf\xa3\x81x" + b"\xec\x80" + b"\x18\x53\x80\x67\x83ab")
    assert not lacks_bytes(b"\x1a\x45\xdf\xa3\x81x" + b"\x18\x53\x80\x67\x82ab")
    for broken in (b"", b"\x1a", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3\xc8", bytes(40), b"\x1a\x45\xdf\xa3\x40"):
        assert not lacks_bytes(broken)
