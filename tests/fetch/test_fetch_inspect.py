"""Bytes -> Media or the reason."""

from hashlib import sha256

import pytest
from fetch_media import VTT, captured, film, picture, plain
from store_world import store_at

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import BlobRef, Container, Cue, MediaKind
from lamella.schemas.rejection import Reason
from lamella.transforms.fetch.hash_list import read_hashes
from lamella.transforms.fetch.inspect import judge_bytes, read_media
from lamella.transforms.fetch.tracks import BadTrack, track_cues

CONFIG = FetchConfig()


def test_a_picture_is_measured():
    data = picture(1, (200, 160), "JPEG")
    media = judge_bytes(captured(data, robots_txt="robots.txt: allowed"), data, CONFIG)
    assert (media.mime, media.width, media.height, media.bytes) == ("image/jpeg", 200, 160, len(data))
    assert media.sha256 == media.cluster == sha256(data).hexdigest()
    assert len(media.phash) == 16
    assert media.phash_version.startswith("phash64 pillow-")
    assert 30 < media.measured["colour_spread"] < 90
    assert media.robots_evidence == "robots.txt: allowed; no opt-out header"
    assert media.source == "http"


def test_the_hash_survives_scaling_and_coding():
    def bits(data):
        return int(judge_bytes(captured(data), data, CONFIG).phash, 16)

    original = bits(picture(2, (640, 512)))
    for size, kind in (((640, 512), "JPEG"), ((320, 256), "WEBP"), ((200, 160), "PNG"), ((1600, 1280), "JPEG")):
        assert (original ^ bits(picture(2, size, kind))).bit_count() <= CONFIG.phash_distance
    assert (original ^ bits(picture(3, (640, 512)))).bit_count() > 2 * CONFIG.phash_distance


def test_a_film_is_probed_and_a_track_is_read():
    data = film()
    media = judge_bytes(captured(data, MediaKind.VIDEO), data, CONFIG)
    assert (media.mime, media.width, media.height, media.duration_s, media.fps) == ("video/mp4", 64, 48, 3.0, 5.0)
    assert len(media.phash) == 16
    media = judge_bytes(captured(VTT, MediaKind.TRACK), VTT, CONFIG)
    assert (media.mime, media.width) == ("text/vtt", 0)
    assert media.cues == (
        Cue(start_s=0.0, end_s=1.0, text="Hello & welcome"),
        Cue(start_s=1.0, end_s=2.0, text="to\nus"),
    )


@pytest.mark.parametrize(
    "data, kind, reason",
    [
        (b"", MediaKind.IMAGE, Reason.EMPTY_BODY),
        (b"<html>not found</html>", MediaKind.IMAGE, Reason.NOT_AN_IMAGE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", MediaKind.IMAGE, Reason.FORMAT_NOT_SUPPORTED),
        (film(), MediaKind.IMAGE, Reason.NOT_AN_IMAGE),
        (picture()[:-200], MediaKind.IMAGE, Reason.BROKEN_IMAGE),
        (picture(size=(63, 80)), MediaKind.IMAGE, Reason.IMAGE_TOO_SMALL),
        (picture(size=(60, 400)), MediaKind.IMAGE, Reason.IMAGE_TOO_SMALL),  # size before aspect
        (picture(size=(64, 193)), MediaKind.IMAGE, Reason.ODD_ASPECT),
        (picture(size=(193, 64)), MediaKind.IMAGE, Reason.ODD_ASPECT),
        (plain(), MediaKind.IMAGE, Reason.SINGLE_COLOUR),
        (plain(size=(20_001, 64)), MediaKind.IMAGE, Reason.IMAGE_TOO_LARGE),
        (plain("white", (9000, 9000), mode="1"), MediaKind.IMAGE, Reason.TOO_MANY_PIXELS),
        (picture(), MediaKind.VIDEO, Reason.NOT_A_VIDEO),
        (film()[:-300], MediaKind.VIDEO, Reason.BROKEN_VIDEO),
        (film(seconds=1), MediaKind.VIDEO, Reason.ODD_DURATION),
        (b"1\n00:00.000 --> 00:01.000\nno signature\n", MediaKind.TRACK, Reason.NOT_A_TRACK),
        (b"WEBVTTX\n\n", MediaKind.TRACK, Reason.NOT_A_TRACK),
    ],
)
def test_each_reason(data, kind, reason):
    out = judge_bytes(captured(data, kind), data, CONFIG)
    assert out.reason is reason
    assert out.key == out.url == "https://a.org/1.png"


@pytest.mark.parametrize(("kind", "mime"), [("BMP", "image/bmp"), ("TIFF", "image/tiff")])
def test_a_rare_format_is_taken_where_it_is_asked_for(kind, mime):
    data = picture(kind=kind)
    link = captured(data)
    gone = judge_bytes(link, data, CONFIG)
    assert (gone.reason, gone.detail.split(",")[0]) == (Reason.FORMAT_NOT_SUPPORTED, f"format not supported: {kind}")
    assert judge_bytes(link, data, FetchConfig(rare_formats=True)).mime == mime


def test_limits_are_inclusive():
    for size in ((64, 64), (64, 192), (192, 64)):
        assert judge_bytes(captured(), picture(size=size), CONFIG).width == size[0]
    data = picture()
    assert judge_bytes(captured(), data, FetchConfig(max_image_bytes=len(data))).bytes == len(data)
    assert judge_bytes(captured(), data, FetchConfig(max_image_bytes=len(data) - 1)).reason is Reason.TOO_LARGE


def test_what_was_said_of_it_is_judged_before_it_is_read():
    nowhere = BlobRef(path="memory://nowhere", offset=0, length=31_000_000, container=Container.RAW)
    for fields, reason in (
        ({"robots_header": "noai"}, Reason.OPTED_OUT),
        ({"tdm_reservation": "1"}, Reason.OPTED_OUT),
        ({"truncated": True}, Reason.TRUNCATED_MEDIA),
        ({}, Reason.TOO_LARGE),
    ):
        (out,) = read_media(captured(blob=nowhere, **fields), CONFIG, store_at(""))
        assert out.reason is reason


def test_a_store_that_fails_is_no_fault_of_the_picture(tmp_path):
    with pytest.raises(OSError):
        list(read_media(captured(b"x"), CONFIG, store_at(str(tmp_path))))


def test_listed_files_are_not_even_decoded(tmp_path):
    data = picture()[:-200]  # it would be broken
    listed = tmp_path / "hashes.txt"
    listed.write_text(f"{sha256(data).hexdigest().upper()}  some file\n# comment\n{'0' * 64}\n")
    config = FetchConfig(unsafe_hashes=str(listed))
    assert len(read_hashes(str(listed))) == 2
    assert judge_bytes(captured(), data, config).reason is Reason.UNSAFE_IMAGE
    with pytest.raises(OSError):
        read_hashes(str(tmp_path / "missing.txt"))


def said(data, most=100):
    return [cue.text for cue in track_cues(data, most)]


def test_tracks():
    assert said(b"WEBVTT") == []
    named = b"\xef\xbb\xbfWEBVTT - title\r\n\r\nname\r\n00:00.000 --> 00:01.000 align:start\r\n<i>a</i> b"
    assert said(named) == ["a b"]
    styled = b"WEBVTT\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:1\n\n00:01.000 --> 00:02.000\nx --> y"
    assert said(styled) == ["x --> y"]
    assert said(b"WEBVTT" + b"\n\n00:01.000 --> 00:02.000\nword" * 100_000, 14) == ["word", "word"]
    with pytest.raises(BadTrack):
        said(b"SRT")


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("2 < 3 and 5 > 4, <b>sure</b>", "2 < 3 and 5 > 4, sure"),
        ("<v.loud Ada Quill>come <00:00:01.500><c>in</c>", "come in"),
        ("<ruby>山<rt>yama</rt></ruby>の上", "山の上"),
        ("above<br/>below", "above\nbelow"),
        ("{\\an8}{\\i1}up there", "up there"),
        ("{braces} stay", "{braces} stay"),
        ("it&amp;lt;s", "it&lt;s"),
        (f"a &#{'9' * 50_000}; b", "a \ufffd b"),
        (f"a &#x{'f' * 50_000} b", "a \ufffd b"),
    ],
)
def test_what_is_no_word_of_a_cue(payload, words):
    assert said(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{payload}".encode(), 100_000) == [words]


def test_cues_that_were_turned_from_other_formats():
    """Commas and short hours of SubRip; no blank line before the next cue; times that never come."""
    track = (
        b"WEBVTT\n\n1\n0:00:01,000 --> 0:00:02,500\none\n0:00:03,000 --> 0:00:04,000\ntwo\nlines\n\n"
        b"3\n00:00:09.000 --> 00:00:08.000\nnever\n\n00:05.000 --> 00:05.000\nnor this"
    )
    assert track_cues(track, 100) == (
        Cue(start_s=1.0, end_s=2.5, text="one"),
        Cue(start_s=3.0, end_s=4.0, text="two\nlines"),
    )


def test_a_number_before_the_next_cue_is_no_word():
    track = b"WEBVTT\n\n1\n00:01.000 --> 00:02.000\none\n2\n00:02.000 --> 00:03.000\nin\n1999\n"
    assert said(track) == ["one", "in\n1999"]
    assert said(track.replace(b"1\n00:01", b"00:01", 1)) == ["one\n2", "in\n1999"]


def test_of_a_block_without_end_the_beginning_is_read():
    assert said(b"WEBVTT\n\n00:01.000 --> 00:02.000\nin\n00:02.000 --> 00:03.000\n" + b"&amp;" * 1000, 100) == ["in"]
    assert said(b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<i></i>" * 60 + b"in", 100) == ["in"]
    assert said(b"WEBVTT\n\n" + b"words\n" * 1000 + b"00:02.000 --> 00:03.000\nlate", 100) == []


def test_a_note_may_speak_of_times():
    track = b"WEBVTT\n\nNOTE 00:01.000 --> 00:02.000\nhidden\n\nNOTE\nwas 00:05.000 --> 00:06.000\nhidden\n\n"
    assert said(track + b"NOTE\n  00:01.000 --> 00:02.000\nshown") == ["shown"]


@pytest.mark.parametrize(
    ("charset", "words"),
    [
        ("cp1252", "l’été “à Nîmes”"),
        ("cp1251", "Лиса бежит по снегу."),
        ("shift_jis", "狐が雪の上にいる。"),
        ("utf-8", "l’été"),
    ],
)
def test_words_of_a_track_of_another_charset_are_read(charset, words):
    assert said(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{words}\n".encode(charset)) == [words]


def test_a_broken_letter_does_not_change_the_charset():
    track = "WEBVTT\n\n00:01.000 --> 00:02.000\nl’été à Nîmes\n".encode()
    assert said(track.replace("î".encode(), b"\xc3")) == ["l’été à N\ufffdmes"]


def test_cues_have_times():
    track = b"WEBVTT\n\n01:02:03.004-->99:00:00.000\nlate\n\n00:01 --> 00:02\nno time\n\n00:01.500 --> 00:02.250 line:0\nsoon"
    assert track_cues(track, 100) == (
        Cue(start_s=3723.004, end_s=356400.0, text="late"),
        Cue(start_s=1.5, end_s=2.25, text="soon"),
    )
