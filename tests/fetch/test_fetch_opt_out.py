"""Header shapes -> the directive that forbids or ""."""

import pytest

from lamella.transforms.fetch.opt_out import evidence, media_opt_out, page_opt_out, product_of

SHAPES = [
    ("noai", "noai"),
    ("NoAI", "noai"),
    ("noimageai", "noimageai"),
    ("noai, noimageai", "noai"),
    ("noai,noimageai", "noai"),
    (" noai ", "noai"),
    ("noml", "noml"),
    ("noindex", "noindex"),
    ("noimageindex", "noimageindex"),
    ("none", "none"),
    ("all", ""),
    ("", ""),
    ("index, follow", ""),
    ("nofollow", ""),
    ("noarchive, nosnippet", ""),
    ("max-image-preview:large", ""),
    ("max-image-preview: none", ""),
    ("max-image-preview:none, noai", "noai"),
    ("max-image-preview: large, noindex", "noindex"),
    ("max-snippet:-1, max-video-preview:-1, noimageai", "noimageai"),
    ("unavailable_after: 25 Jun 2030 15:00:00 PST", ""),
    ("unavailable_after: 25 Jun 2030 15:00:00 PST, noai", "noai"),
    ("noai, unavailable_after: Sat, 25 Jun 2030 15:00:00 GMT", "noai"),
    ("unavailable_after: Sat, 25 Jun 2030 15:00:00 GMT, noindex", "noindex"),
    ("googlebot: noindex", ""),
    ("googlebot: nofollow, noindex", "noindex"),  # two headers, joined: the second may be for all
    ("otherbot: noai", "noai"),
    ("lamella: noindex", "noindex"),
    ("Lamella: none", "none"),
    ("*: noindex", "noindex"),
    ("robots: noindex", "noindex"),
    ("googlebot: index, lamella: noimageindex", "noimageindex"),
    ("googlebot:noindex,otherbot:none", ""),
    ("bingbot: noarchive, googlebot: nofollow, noai", "noai"),
    ("X-Robots-Tag: noai", "noai"),
    ("noai; noimageai", "noai"),
    ("noai noimageai", "noai"),
    ("noaircraft, nonesuch, noindexing", ""),
    ("x-noai", ""),
    ("follow, index, noai, max-image-preview:large", "noai"),
]


def test_forty_shapes():
    assert len(SHAPES) == 40


@pytest.mark.parametrize("header, directive", SHAPES)
def test_each_directive_is_read_alone(header, directive):
    said = media_opt_out(header, "", "lamella")
    assert said == (f"x-robots-tag: {directive}" if directive else "")


@pytest.mark.parametrize(
    "value, reserved", [("1", True), (" 1 ", True), ('"1"', True), ("0", False), ("", False), ("yes", False)]
)
def test_reservation(value, reserved):
    assert bool(media_opt_out("", value, "lamella")) is reserved


def test_pages_speak_of_their_media_and_of_themselves():
    assert page_opt_out("noai", "lamella") == ("robots of a page: noai", "")
    assert page_opt_out("noindex, follow", "lamella") == ("", "robots of a page: noindex")
    assert page_opt_out("noindex, noimageindex", "lamella") == ("robots of a page: noimageindex", "robots of a page: noindex")
    assert page_opt_out("tdm-reservation: 1", "lamella") == ("tdm-reservation: 1", "")
    assert page_opt_out("tdm-reservation: 0, index", "lamella") == ("", "")
    assert page_opt_out("tdm-reservation: 0, 1", "lamella") == ("tdm-reservation: 1", "")
    assert page_opt_out("tdm-reservation: 1, index", "lamella") == ("tdm-reservation: 1", "")
    assert page_opt_out("tdm-reservation: 0, 10, index", "lamella") == ("", "")
    assert page_opt_out("", "lamella") == ("", "")


def test_product_and_evidence():
    assert product_of("lamella/0.1 (+https://example.org)") == "lamella"
    assert evidence("max-snippet:-1", "0") == "x-robots-tag: max-snippet:-1; tdm-reservation: 0"
    assert evidence("", "") == ""


@pytest.mark.parametrize(
    "flood", ["." * 30_000, "*" * 30_000, "a:" * 20_000, "x " * 20_000 + ":", "noai" * 8_000, ": " * 20_000]
)
def test_no_header_is_too_long_to_read(flood):
    assert media_opt_out(flood, "", "lamella") == ""
    assert media_opt_out(f"{flood}, noai", "", "lamella") == "x-robots-tag: noai"
    assert page_opt_out(f"{flood}, noindex", "lamella").page == "robots of a page: noindex"


def test_a_directive_counts_behind_one_that_is_for_others():
    assert media_opt_out("noai: noindex", "", "lamella") == "x-robots-tag: noai"


@pytest.mark.parametrize(
    ("reserved", "forbids"),
    [("1", True), ('"1"', True), ("1; x=2", True), ("0, 1", True), ("0", False), ("10", False), ("", False), ("0; n=1", False)],
)
def test_tdm_reservation_of_one_header_or_several(reserved, forbids):
    assert bool(media_opt_out("", reserved, "lamella")) is forbids
