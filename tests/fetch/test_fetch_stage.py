"""FetchMedia in a pipeline: both outputs, and accounts that balance, from archives and from the web."""

import shutil
from dataclasses import replace
from hashlib import sha256

from fetch_media import VTT, film, memory_at, picture, plain
from fetch_pipeline import A, Store, _inspected, document, fetch, reasons, shows

from lamella.schemas.config import FetchConfig
from lamella.schemas.document import VideoNode
from lamella.schemas.media import Alias, AliasKind, Media
from lamella.schemas.rejection import Reason


def test_archives_first(tmp_path):
    store = Store(tmp_path)
    store.add(f"{A}/good.png", picture(1, (128, 96)), crawl_time="2025-01-01T00:00:00Z", truncated=True)
    store.add(f"{A}/good.png", picture(1, (160, 120)), crawl_time="2025-06-01T00:00:00Z")
    store.add(f"{A}/small-copy.png", picture(1, (120, 90)))
    store.add(f"{A}/byte-copy.png", picture(1, (160, 120)))
    store.add(f"{A}/other.png", picture(2))
    store.add(f"{A}/cut.png", picture(3), truncated=True)
    store.add(f"{A}/noai.png", picture(4), robots_header="max-snippet:-1, noai")
    store.add(f"{A}/noai-page.png", picture(5))
    store.add(f"{A}/everywhere.png", picture(6))
    store.add(f"{A}/flat.png", plain())
    store.add(f"{A}/unlinked.png", picture(7))
    store.add(f"{A}/v.mp4", film())
    store.add(f"{A}/v.vtt", VTT)
    video = VideoNode(url=f"{A}/v.mp4", position=9, track=f"{A}/v.vtt")
    documents = [
        shows("1", f"{A}/good.png", f"{A}/good.png", f"{A}/other.png", f"{A}/cut.png", f"{A}/noai.png", f"{A}/flat.png"),
        shows("2", f"{A}/small-copy.png", f"{A}/good.png", f"{A}/missing.png", f"{A}/logo.png"),
        shows("3", f"{A}/byte-copy.png", f"{A}/everywhere.png"),
        shows("4", f"{A}/noai-page.png", f"{A}/everywhere.png", robots="noai"),
        shows("5", f"{A}/noai-page.png"),
        document("6", video),
        *(shows(f"many {number}", f"{A}/everywhere.png") for number in range(9)),
    ]
    kept, rejected = fetch(documents, store.media, root=str(tmp_path))

    assert reasons(rejected) == {
        f"{A}/small-copy.png": Reason.DUPLICATE_IMAGE,
        f"{A}/good.png": Reason.DUPLICATE_IMAGE,
        f"{A}/cut.png": Reason.TRUNCATED_MEDIA,
        f"{A}/noai.png": Reason.OPTED_OUT,
        f"{A}/noai-page.png": Reason.OPTED_OUT,
        f"{A}/everywhere.png": Reason.OPTED_OUT,  # one of its pages says noai
        f"{A}/flat.png": Reason.SINGLE_COLOUR,
        f"{A}/missing.png": Reason.NOT_CAPTURED,
        f"{A}/logo.png": Reason.BLOCKED_URL,
    }
    assert set(kept) == {f"{A}/byte-copy.png", f"{A}/other.png", f"{A}/v.mp4", f"{A}/v.vtt"}
    survivor = kept[f"{A}/byte-copy.png"]  # as large and as many bytes as good.png: the first by URL
    assert (survivor.width, survivor.documents, survivor.cluster) == (160, 3, survivor.sha256)
    assert rejected[f"{A}/good.png"].detail == f"copy of {A}/byte-copy.png"
    assert kept[f"{A}/other.png"].documents == 1
    assert [cue.text for cue in kept[f"{A}/v.vtt"].cues] == ["Hello & welcome", "to\nus"]
    assert {type(media) for media in kept.values()} == {Media}


def test_boilerplate_is_counted_over_its_copies_and_documents_once(tmp_path):
    store = Store(tmp_path)
    urls, others = ([f"{A}/{name}{number}.png" for number in range(3)] for name in "ab")
    for at, url in enumerate(urls + others):
        store.add(url, picture(at // 3))
    documents = [shows(f"all {number}", *urls, *others) for number in range(3)]  # 9 links to each, of 3 documents
    documents.append(shows("one more", others[0]))
    kept, rejected = fetch(documents, store.media, FetchConfig(max_documents=3, phash_distance=None), str(tmp_path))
    assert {url: media.documents for url, media in kept.items()} == {urls[0]: 3}
    assert reasons(rejected) == dict.fromkeys(urls[1:], Reason.DUPLICATE_IMAGE) | dict.fromkeys(others, Reason.REPEATED_IMAGE)


def test_the_same_bytes_are_inspected_once_and_remembered(tmp_path):
    store = Store(tmp_path)
    for name, data in (("a", picture(1)), ("b", picture(1)), ("c", picture(2)), ("flat", plain()), ("cut", picture(3)[:-200])):
        store.add(f"{A}/{name}.png", data)
    store.add(f"{A}/v.mp4", film())
    store.add(f"{A}/v.vtt", VTT)
    video = VideoNode(url=f"{A}/v.mp4", position=9, track=f"{A}/v.vtt")
    documents = [shows("1", *(f"{A}/{name}.png" for name in ("a", "b", "c", "flat", "cut"))), document("2", video)]
    first = fetch(documents, store.media, root=str(tmp_path))
    assert _inspected == [5, 5]  # a and b are one file, and a track is read as it comes
    assert fetch(documents, store.media, root=str(tmp_path)) == first
    assert _inspected == [5, 0]

    strict = FetchConfig(min_image_side_px=90, min_video_s=5.0)
    moved = fetch(documents, store.media, strict, str(tmp_path))
    assert _inspected == [5, 0]
    shutil.rmtree(memory_at(str(tmp_path)).root)
    assert fetch(documents, store.media, strict, str(tmp_path)) == moved
    assert _inspected == [5, 5]
    assert reasons(moved[1])[f"{A}/v.mp4"] is Reason.ODD_DURATION


def test_no_documents_no_media(tmp_path):
    assert fetch([], []) == ({}, {})


def test_files_of_sites_in_archives_are_heard(tmp_path):
    """By every address on a link's way, and for the sites that they are of; the last that was crawled of each."""
    store = Store(tmp_path)
    names = ("open", "closed", "art/reserved", "train", "late")
    for number, name in enumerate(names):
        store.add(f"{A}/{name}.png", picture(number))
    store.add("https://b.org/closed.png", picture(9))
    store.add("https://b.org/dark.png", picture(10), tdm_reservation="0")

    def site_file(path: str, text: str, site: str = A, when: str = "2025-01-01T00:00:00Z", mime: str = "text/plain") -> None:
        store.add(f"{site}{path}", text.encode(), crawl_time=when)
        store.media[-1] = replace(store.media[-1], mime=mime)

    site_file("/robots.txt", "User-agent: *\nDisallow: /\n", when="2020-01-01T00:00:00Z")
    site_file("/robots.txt", "User-agent: *\nDisallow: /closed\nContent-Usage: /train train-ai=n\n")
    site_file("/.well-known/tdmrep.json", '[{"location": "/art/*", "tdm-reservation": 1}]')
    site_file("/.well-known/tdmrep.json", '[{"location": "/dark", "tdm-reservation": 1}]', site="https://b.org")
    moved = Alias(url="https://c.org/1.png", kind=AliasKind.REDIRECT, archive="a", offset=0, target=f"{A}/closed.png")
    urls = [*(f"{A}/{name}.png" for name in names), "https://b.org/closed.png", "https://b.org/dark.png", moved.url]
    kept, rejected = fetch([shows("1", *urls)], store.media, root=str(tmp_path), aliases=[moved])
    assert {url: gone.detail for url, gone in rejected.items()} == {
        f"{A}/closed.png": "robots.txt: disallowed",
        f"{A}/train.png": "content-usage: train-ai=n, in robots.txt",
        f"{A}/art/reserved.png": "tdmrep.json: tdm-reservation 1",
        moved.url: "robots.txt: disallowed",
    }
    assert set(reasons(rejected).values()) == {Reason.OPTED_OUT}
    assert kept[f"{A}/open.png"].robots_evidence == "robots.txt: allowed; no opt-out header"
    assert kept["https://b.org/dark.png"].robots_evidence == "tdm-reservation: 0"  # the response has said so itself
    config = FetchConfig(robots_txt=False, honour_opt_outs=False, one_of_each=False)
    assert reasons(fetch([shows("1", *urls)], store.media, config, str(tmp_path), [moved])[1]) == {}


def test_what_is_listed_later_leaves(tmp_path):
    """By its address, its host, or its bytes, whatever other address they have."""
    store = Store(tmp_path)
    for number, name in enumerate(("kept", "listed", "bytes")):
        store.add(f"{A}/{name}.png", picture(number))
    store.add("https://cdn.b.org/1.png", picture(7))
    digest = sha256(picture(2)).hexdigest()
    (tmp_path / "list.txt").write_text(f"{A}/listed.png\nb.org\n{digest}\n")
    config = FetchConfig(opt_out_list=str(tmp_path / "list.txt"))
    urls = [*(f"{A}/{name}.png" for name in ("kept", "listed", "bytes")), "https://cdn.b.org/1.png"]
    kept, rejected = fetch([shows("1", *urls)], store.media, config, str(tmp_path))
    assert set(kept) == {f"{A}/kept.png"}
    assert {gone.detail for gone in rejected.values()} == {f"listed: {A}/listed.png", "listed: b.org", f"listed: {digest}"}
    assert set(reasons(rejected).values()) == {Reason.OPTED_OUT}
