"""Pictures and clips that mean harm, or were damaged: each is sound, or a reason, within bounds on memory and work."""

import os
import struct
from dataclasses import replace

import pytest
from PIL import Image

from lamella.schemas.rejection import Reason
from lamella.transforms.base.killable import ChildLimits, Killable, TooCostly
from lamella.transforms.media.clips import BadVideo, decode_frames, probe
from lamella.transforms.media.codestream import claims_of
from lamella.transforms.media.decode_limits import DEFAULT_LIMITS
from lamella.transforms.media.decoding import (
    decode_clip,
    decode_image,
    encode_clip,
    encode_image,
    measure_image,
    measure_video,
)
from lamella.transforms.media.encode import encode_jpeg
from lamella.transforms.media.pixels import BadImage, decode_rgb, image_header, shrunk_jpeg
from tests.faults import clips, pictures

PICTURE_REASONS = {
    Reason.BROKEN_IMAGE,
    Reason.NOT_AN_IMAGE,
    Reason.FORMAT_NOT_SUPPORTED,
    Reason.TOO_MANY_PIXELS,
    Reason.MEDIA_TOO_COSTLY,
}
CLIP_REASONS = {
    Reason.BROKEN_VIDEO,
    Reason.NOT_A_VIDEO,
    Reason.TOO_MANY_PIXELS,
    Reason.MEDIA_TOO_COSTLY,
    Reason.TRUNCATED_MEDIA,
}
# What of HOSTILE is refused, and why; the rest is a sound picture with much beside it.
REFUSED = {
    "scans": Reason.MEDIA_TOO_COSTLY,
    "hidden scans": Reason.MEDIA_TOO_COSTLY,
    "jpeg frame": Reason.TOO_MANY_PIXELS,
    "avif says less": Reason.BROKEN_IMAGE,
    "avif says more": Reason.TOO_MANY_PIXELS,
    "png header": Reason.TOO_MANY_PIXELS,
    "gif screen": Reason.TOO_MANY_PIXELS,
    "gif frame": Reason.TOO_MANY_PIXELS,
    "ico": Reason.FORMAT_NOT_SUPPORTED,
}


def picture_end(data: bytes) -> Reason | None:
    try:
        decode_rgb(data, 64)
    except BadImage as error:
        return error.reason
    return None


def clip_end(data: bytes) -> Reason | None:
    try:
        header, _ = probe(data, 64)
        decode_frames(data, [0.0, header.duration_s / 2], 64)
    except BadVideo as error:
        return error.reason
    return None


@pytest.mark.parametrize("seed", range(2 * len(pictures.HOSTILE)))
def test_hostile_pictures_end_by_what_they_claim(seed):
    name, data = pictures.hostile(seed)
    end = picture_end(data)
    if name.startswith("webp in") or name == "webp of one colour":
        assert end in PICTURE_REASONS
    else:
        assert end == REFUSED.get(name)
    assert picture_end(data) == end


def test_damaged_pictures_are_sound_or_have_a_reason():
    for seed in range(90):
        _, data = pictures.damaged(seed)
        assert picture_end(data) in {None, *PICTURE_REASONS}


def test_every_cut_picture_is_found():
    for seed in range(60):
        name, data = pictures.cut(seed)
        assert picture_end(data) is Reason.BROKEN_IMAGE, (seed, name)


def test_hostile_and_damaged_clips_are_sound_or_have_a_reason():
    for seed in range(2 * len(clips.HOSTILE)):
        name, data = clips.hostile(seed)
        assert clip_end(data) in {None, *CLIP_REASONS}, name
    for seed in range(40):
        assert clip_end(clips.damaged(seed)[1]) in {None, *CLIP_REASONS}


def test_every_cut_clip_is_found():
    for seed in range(20):
        assert clip_end(clips.cut(seed)[1]) in CLIP_REASONS, seed


def test_scans_are_counted_where_the_decoder_would_find_them():
    plain = pictures.sound("JPEG")
    assert claims_of(plain).scans == 1
    few = claims_of(pictures.sound("JPEG", progressive=True)).scans
    assert claims_of(pictures.many_scans(90)).scans == few + 90
    assert claims_of(pictures.hidden_scans(90)).scans == few + 90
    hidden = plain[:2] + b"\xff\xfe" + struct.pack(">H", 2002) + b"\xff\xda" * 1000 + plain[2:]
    assert claims_of(hidden).scans == 1  # a comment is stepped over
    assert claims_of(plain + b"\xff\xda" * 1000).scans == 1  # what follows the picture is none of it
    assert decode_rgb(hidden).size == decode_rgb(plain + b"\xff\xda" * 1000).size == (160, 144)
    with pytest.raises(BadImage, match="scans 20010 > 100"):
        decode_rgb(pictures.many_scans(20_000))
    assert decode_rgb(pictures.many_scans(90)).size == (160, 144)


@pytest.mark.parametrize("kind", pictures.FORMATS)
def test_claims_are_what_the_decoder_finds(kind):
    data = pictures.sound(kind, 1)
    claims = claims_of(data)
    assert claims.size == decode_rgb(data).size
    assert not claims.lies


@pytest.mark.parametrize("options", ({"lossless": True}, {"exact": True, "alpha_quality": 40}))
def test_webp_claims_of_each_coding(options):
    image = Image.new("RGBA", (301, 203), (9, 90, 200, 120))
    claims = claims_of(pictures.encoded(image, "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0", **options))
    assert (claims.size, claims.lies) == ((301, 203), "")


def test_avif_claims_of_alpha_and_of_sequences():
    image = Image.new("RGBA", (300, 200), (9, 90, 200, 120))
    assert claims_of(pictures.encoded(image, "AVIF")).size == (300, 200)
    frames = [Image.new("RGB", (640, 400), colour) for colour in ("red", "blue")]
    data = pictures.encoded(frames[0], "AVIF", save_all=True, append_images=frames[1:])
    assert claims_of(data).size == (640, 400)
    assert decode_rgb(data, 64).size == (64, 40)


def test_what_the_stream_says_counts_where_the_container_says_less():
    with pytest.raises(BadImage, match="the container says 300 x 300, the stream 640 x 640"):
        decode_rgb(pictures.avif_that_says(300, 300))
    with pytest.raises(BadImage) as error:
        decode_rgb(pictures.avif_that_says(300, 300), limits=replace(DEFAULT_LIMITS, max_pixels=640 * 639))
    assert error.value.violation == (Reason.TOO_MANY_PIXELS, "pixels", 409600, 408960, "640 x 640")


def test_the_bound_on_memory_is_by_what_is_held_for_a_pixel():
    tight = replace(DEFAULT_LIMITS, max_decode_bytes=160 * 144 * 10)
    assert image_header(pictures.sound("PNG"), tight).width == 160
    for kind in ("WEBP", "AVIF", "GIF"):
        with pytest.raises(BadImage) as error:
            image_header(pictures.sound(kind), tight)
        assert error.value.reason is Reason.MEDIA_TOO_COSTLY
        assert (error.value.violation.measure, error.value.violation.limit) == ("decode_bytes", 230400)


@pytest.mark.parametrize(
    "head, part",
    [
        (b"\xff\xd8", b"\xff\xe0\x00\x02"),
        (b"RIFF\xff\xff\xff\x0fWEBP", b"JUNK\0\0\0\0"),
        (b"GIF89a\x40\0\x40\0\0\0\0\x21\xfe", b"\x01x"),
        (b"\0\0\0\x10ftypavif\0\0\0\0", b"\0\0\0\x08free"),
    ],
)
def test_a_file_of_countless_parts_is_given_up(head, part):
    assert claims_of(head + part * 1_000_000).lies == "more than 50000 parts"


def test_budgets_of_a_clip():
    data = clips.sound()  # 32 frames of 96 x 64 px
    few = replace(DEFAULT_LIMITS, max_video_packets=31)
    with pytest.raises(BadVideo, match="packets 32 > 31"):
        probe(data, limits=few)
    with pytest.raises(BadVideo, match="packets 32 > 31"):
        probe(clips.sound("webm"), limits=few)
    dear = replace(DEFAULT_LIMITS, max_decoded_pixels=20 * 96 * 64)
    assert len(decode_frames(data, [0.0, 1.0], limits=dear)) == 2
    with pytest.raises(BadVideo) as error:
        decode_frames(data, [0.0, 3.0], limits=dear)
    assert error.value.violation == (Reason.MEDIA_TOO_COSTLY, "decoded_pixels", 129024, 122880, "")
    with pytest.raises(BadVideo, match="decoded_frames 11 > 10"):
        decode_frames(data, [3.0], limits=replace(DEFAULT_LIMITS, max_decoded_frames=10))
    with pytest.raises(BadVideo) as error:
        probe(data, limits=replace(DEFAULT_LIMITS, max_decode_bytes=96 * 64))
    assert error.value.reason is Reason.MEDIA_TOO_COSTLY
    with pytest.raises(BadVideo):
        probe(data, limits=replace(DEFAULT_LIMITS, max_video_streams=0))


@pytest.mark.parametrize("form", clips.FORMATS)
def test_a_title_of_odd_letters_does_not_spoil_a_clip(form):
    assert probe(clips.odd_title(form))[0] == probe(clips.sound(form))[0]


def test_the_child_sees_what_the_decoder_sees():
    for kind in pictures.FORMATS:
        data = pictures.sound(kind, 2)
        assert decode_image(data, 96, DEFAULT_LIMITS).tobytes() == decode_rgb(data, 96).tobytes()
        assert encode_image(data, 96, 90, DEFAULT_LIMITS) == shrunk_jpeg(data, 96, 90)
        assert measure_image(data, 64, DEFAULT_LIMITS).header == image_header(data)
    for form in clips.FORMATS:
        data = clips.sound(form)
        there, here = decode_clip(data, [0.0, 2.5], 48, DEFAULT_LIMITS), decode_frames(data, [0.0, 2.5], 48)
        assert [image.tobytes() for image in there] == [image.tobytes() for image in here]
        jpegs = encode_clip(data, [0.0, 2.5], 48, quality=90, limits=DEFAULT_LIMITS)
        assert jpegs == [encode_jpeg(image, 90) for image in here]
        assert measure_video(data, 64, DEFAULT_LIMITS)[0] == probe(data, 64)[0]


def test_hostile_media_fit_a_process_of_little_memory():
    """Under RLIMIT_AS: 64 MiB for a decode, and what libraries and the file take. No bound of ours comes after the fact."""
    tight = replace(DEFAULT_LIMITS, max_decode_bytes=64 << 20)
    for seed in range(len(pictures.HOSTILE)):
        name, data = pictures.hostile(seed)
        try:
            decode_image(data, 64, tight)
        except BadImage as error:
            assert error.reason in PICTURE_REASONS
            assert "process" not in error.detail and "of memory" not in error.detail, name
    for seed in range(len(clips.HOSTILE)):
        name, data = clips.hostile(seed)
        try:
            measure_video(data, 64, tight)
        except BadVideo as error:
            assert error.reason in CLIP_REASONS, name


class TestKillable:
    """A child that hangs, dies or grows costs its request, and the next one is answered."""

    @pytest.fixture
    def child(self, tmp_path, monkeypatch):
        (tmp_path / "odd_child.py").write_text(
            "import os, time\n"
            "from lamella.transforms.base.killable_worker import serve\n"
            "def answer(request):\n"
            "    match bytes(request):\n"
            "        case b'spin':\n"
            "            while True: pass\n"
            "        case b'abort': os.abort()\n"
            "        case b'grow': return [bytes(1 << 30)]\n"
            "        case b'long': return [bytes(1 << 20)]\n"
            "        case b'wait': time.sleep(3600)\n"
            "    print('to nobody')\n"
            "    return [b'pid %d ' % os.getpid(), bytes(request)]\n"
            "serve(answer)\n"
        )
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
        child = Killable("odd_child", ChildLimits(max_memory_bytes=256 << 20, max_cpu_s=0.1, max_reply_bytes=1 << 16))
        yield child
        child.close()

    @pytest.mark.parametrize(
        "request_, says",
        [
            (b"spin", "more than 0.1 s of CPU"),
            (b"abort", "killed its process: SIGABRT"),
            (b"grow", "more than 268435456 bytes of memory"),
            (b"long", "a reply of 1048576 > 65536 bytes"),
            (b"wait", "no answer after 3 s"),
        ],
    )
    def test_a_request_that_costs_too_much(self, child, request_, says):
        first = child.ask(b"good")
        assert child.ask(b"g", b"ood") == first
        with pytest.raises(TooCostly, match=says):
            child.ask(request_)
        second = child.ask(b"good")
        assert second.endswith(b"good") and second != first

    def test_a_child_that_does_not_start(self):
        with pytest.raises(OSError, match="does not start"):
            Killable("no_such_module", ChildLimits(max_memory_bytes=1, max_cpu_s=1, max_reply_bytes=1)).ask(b"")
