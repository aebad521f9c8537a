"""FetchMedia in a pipeline: both outputs, and accounts that balance, from archives and from the web."""

import collections
import shutil
from dataclasses import replace
from hashlib import sha256
from typing import ClassVar

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that
from fetch_media import VTT, film, media_finder, memory_at, picture, plain
from fetch_server import Server

from lamella.pipeline.read import ReadTables
from lamella.schemas.account import CounterKind
from lamella.schemas.config import FetchConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, VideoNode
from lamella.schemas.media import Alias, AliasKind, ArchiveMedia, BlobRef, Container, Media
from lamella.schemas.page import Provenance
from lamella.schemas.pair import CandidatePair
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.blobs import read_blob
from lamella.transforms.base.memory import Memory

A = "https://a.org"


def document(key: str, *nodes, robots="") -> InterleavedDocument:
    provenance = Provenance(archive="a.warc", offset=0, length=1)
    return InterleavedDocument(key=key, url=f"{A}/{key}", nodes=nodes, provenance=provenance, robots=robots)


def shows(key: str, *urls: str, robots="") -> InterleavedDocument:
    return document(key, *(ImageNode(url=url, position=at) for at, url in enumerate(urls)), robots=robots)


class Store:
    """Bytes laid end to end in one file, as archived media."""

    def __init__(self, folder):
        self._path, self.media = folder / "media" / "store", []
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch()

    def add(self, url: str, data: bytes, **fields) -> None:
        offset = self._path.stat().st_size
        with self._path.open("ab") as out:
            out.write(data)
        blob = BlobRef(path=f"media/{self._path.name}", offset=offset, length=len(data), container=Container.RAW)
        self.media.append(ArchiveMedia(url=url, blob=blob, mime="image/png", **fields))


_inspected: list[int] = []  # by the last `fetch`: files that were asked about, and those that had to be decoded


def fetch(
    documents, archived, config=None, root="", aliases=(), candidates=(), memory=None
) -> tuple[dict[str, Media], dict[str, Rejection]]:
    """Kept media and rejections by URL; the accounts are checked on the way."""
    # The runner is in this process: what a check sees, the test sees.
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        inputs = {
            "documents": pipeline | "d" >> beam.Create(documents, reshuffle=False).with_output_types(InterleavedDocument),
            "candidates": pipeline | "c" >> beam.Create(candidates, reshuffle=False).with_output_types(CandidatePair),
            "archived": pipeline | "a" >> beam.Create(archived, reshuffle=False).with_output_types(ArchiveMedia),
            "aliases": pipeline | "l" >> beam.Create(aliases, reshuffle=False).with_output_types(Alias),
        }
        finder = media_finder(config or FetchConfig(), root, memory)
        known = pipeline | ReadTables({}, memory or memory_at(root), finder.measures)
        out = {**inputs, **known} | finder
        for output in ("kept", "rejected", "counters", "counts"):
            assert_that(getattr(out, output), _Remember(output), label=output)
    seen = {output: _Remember.seen.pop(output) for output in ("kept", "rejected", "counters", "counts")}
    _inspected[:] = [sum(one.asked for one in seen["counts"]), sum(one.fresh for one in seen["counts"])]

    counts = collections.Counter()
    for counter in seen["counters"]:
        assert (counter.stage, counter.unit) == (Stage.FETCH, Unit.MEDIA)
        counts[counter.kind] += counter.count
    assert all((rejection.stage, rejection.unit) == (Stage.FETCH, Unit.MEDIA) for rejection in seen["rejected"])
    assert counts[CounterKind.IN] == 0
    assert counts[CounterKind.KEPT] == len(seen["kept"])
    assert counts[CounterKind.MADE] == len(seen["kept"]) + len(seen["rejected"])
    kept = {media.url: media for media in seen["kept"]}
    rejected = {rejection.key: rejection for rejection in seen["rejected"]}
    assert len(kept) + len(rejected) == counts[CounterKind.MADE]
    return kept, rejected


class _Remember:
    """A check that keeps what it sees with its class, for it is pickled itself."""

    seen: ClassVar[dict[str, list]] = {}

    def __init__(self, output: str):
        self._output = output

    def __call__(self, records):
        self.seen[self._output] = list(records)


def test_two_runs_of_one_memory_fetch_a_url_once(tmp_path):
    """Where a page shows it smaller, too. What was refused, each run asks for itself."""
    server, memory = Server(), Memory(root=str(tmp_path / "memory"))
    try:
        gone, small = server.url("/status/404"), server.url("/ok/small.png")
        documents = [shows("1", gone, *map(server.url, ("/ok/1.png", "/ok/2.png")))]
        aliases = [Alias(url=gone, target=small, kind=AliasKind.SMALLER, archive="a.warc", offset=0)]
        runs = []
        for name in ("one", "two"):
            root, requests = str(tmp_path / name), len(server.log)
            kept, rejected = fetch(documents, [], server.config(retries=0), root, aliases, memory=memory)
            runs.append((kept, reasons(rejected), sorted(server.paths()[requests:])))
            assert all(read_blob(media.blob, root) for media in kept.values())
        (kept, rejected, asked), (again, rejected_again, asked_again) = runs
        assert asked == ["/ok/1.png", "/ok/2.png", "/ok/small.png", "/robots.txt", "/status/404"]
        assert asked_again == ["/robots.txt", "/status/404"]
        assert again == kept and len(kept) == 3 and rejected == rejected_again == {}
    finally:
        server.close()


def reasons(rejected) -> dict[str, Reason]:
    return {url: rejection.reason for url, rejection in rejected.items()}


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


def test_the_web_second_and_never_twice(tmp_path):
    server = Server()
    try:
        store = Store(tmp_path / "run")
        archived = server.url("/ok/archived.png")
        store.add(archived, picture(50))
        urls = [archived, *map(server.url, ("/ok/1.png", "/ok/2.png", "/status/404", "/late", "/html", "/missing-logo.png"))]
        documents = [shows("1", *urls), shows("2", urls[1])]
        config = server.config(retries=0)
        kept, rejected = fetch(documents, store.media, config, str(tmp_path / "run"))
        assert {url: media.source for url, media in kept.items()} == {
            urls[0]: "archive",
            urls[1]: "http",
            urls[2]: "http",
        }
        assert reasons(rejected) == {
            urls[3]: Reason.HTTP_ERROR,
            urls[4]: Reason.TIMED_OUT,
            urls[5]: Reason.NOT_AN_IMAGE,
            urls[6]: Reason.BLOCKED_URL,
        }
        assert kept[urls[1]].documents == 2
        assert kept[urls[1]].robots_evidence == "robots.txt: none (404); no opt-out header"
        assert archived not in [server.url(path) for path in server.paths()]

        requests = len(server.log)
        more = [*documents, shows("3", server.url("/ok/3.png"))]
        kept_more, rejected_more = fetch(more, store.media, config, str(tmp_path / "run"))
        assert server.paths()[requests:] == ["/robots.txt", "/ok/3.png"]
        assert {url: kept_more[url] for url in kept} == kept
        assert rejected_more == rejected
    finally:
        server.close()


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


def test_redirects_and_revisits_lead_to_what_archives_hold(tmp_path):
    store = Store(tmp_path)
    store.add(f"{A}/end.png", picture(1), digest="sha1:1", record_id="urn:uuid:1", crawl_time="2024-05-01T10:00:00Z")
    store.add(f"{A}/noai-end.png", picture(2), robots_header="noai")
    store.add(f"{A}/both.png", picture(3))
    number = iter(range(99))

    def alias(kind: AliasKind, name: str, **fields) -> Alias:
        return Alias(url=f"{A}/{name}.png", kind=kind, archive="other.warc", offset=next(number), **fields)

    def moved(name: str, target: str, **fields) -> Alias:
        return alias(AliasKind.REDIRECT, name, target=f"{A}/{target}.png", **fields)

    def again(name: str, **fields) -> Alias:
        return alias(AliasKind.REVISIT, name, **fields)

    aliases = [
        moved("once", "end"),
        *(moved(f"hop{left}", f"hop{left - 1}" if left else "once") for left in range(6)),
        moved("hops-to-noai", "noai-end"),
        moved("says-noai", "end", robots_header="noai"),
        moved("to-nowhere", "never"),
        moved("loop", "pool"),
        moved("pool", "loop"),
        moved("both", "never"),
        moved("to-revisit", "by-digest"),
        again("by-digest", digest="sha1:1"),
        again("by-record", record_id="urn:uuid:1"),
        again("by-time", target=f"{A}/end.png", target_time="2024-05-01T10:00:00.5Z"),
        again("of-another", target=f"{A}/end.png", target_time="2020-05-01T10:00:00Z"),
        again("of-nothing", digest="sha1:2"),
        again("noai-again", digest="sha1:1", robots_header="noai"),
        again("of-revisit", target=f"{A}/by-digest.png"),
        again("of-its-revisit", target=f"{A}/of-revisit.png"),
        again("of-later-revisit", target=f"{A}/by-digest.png", target_time="2030-05-01T10:00:00Z"),
        again("of-other-bytes", target=f"{A}/by-digest.png", digest="sha1:3"),
        again("of-noai", target=f"{A}/noai-again.png"),
        again("itself", target=f"{A}/itself.png"),
        moved("to-revisit-of-revisit", "of-revisit"),
    ]
    names = [one.url for one in aliases]
    kept, rejected = fetch([shows("1", *names)], store.media, FetchConfig(one_of_each=False), str(tmp_path), aliases)
    assert {url.removeprefix(f"{A}/").removesuffix(".png") for url in kept} == {
        "once", "hop0", "hop1", "hop2", "hop3", "both", "to-revisit", "by-digest", "by-record", "by-time",
        "of-revisit", "of-its-revisit", "to-revisit-of-revisit",
    }  # fmt: skip
    assert {url.removeprefix(f"{A}/").removesuffix(".png"): reason for url, reason in reasons(rejected).items()} == {
        "hop4": Reason.TOO_MANY_REDIRECTS,
        "hop5": Reason.TOO_MANY_REDIRECTS,
        "loop": Reason.TOO_MANY_REDIRECTS,
        "pool": Reason.TOO_MANY_REDIRECTS,
        "hops-to-noai": Reason.OPTED_OUT,
        "says-noai": Reason.OPTED_OUT,
        "noai-again": Reason.OPTED_OUT,
        "to-nowhere": Reason.NOT_CAPTURED,
        "of-another": Reason.NOT_CAPTURED,
        "of-nothing": Reason.NOT_CAPTURED,
        "of-later-revisit": Reason.NOT_CAPTURED,
        "of-other-bytes": Reason.NOT_CAPTURED,
        "of-noai": Reason.OPTED_OUT,
        "itself": Reason.NOT_CAPTURED,
    }
    assert {kept[url].blob for url in kept if "both" not in url} == {store.media[0].blob}


def test_a_picture_that_no_archive_holds_is_taken_smaller(tmp_path):
    """Where the web can be asked, the large one is asked for."""
    store = Store(tmp_path)
    store.add(f"{A}/thumb.png", picture(1))
    store.add(f"{A}/held.png", picture(2))
    store.add(f"{A}/held-thumb.png", picture(2, (64, 64)))
    store.add(f"{A}/moved-to.png", picture(3))

    def smaller(name: str, target: str, **fields) -> Alias:
        kind = fields.pop("kind", AliasKind.SMALLER)
        return Alias(url=f"{A}/{name}.png", kind=kind, archive="a.warc", offset=0, target=f"{A}/{target}.png", **fields)

    aliases = [
        smaller("large", "middle"),
        smaller("middle", "thumb"),
        smaller("held", "held-thumb"),
        smaller("moved", "thumb", crawl_time="2026-01-01T00:00:00Z"),
        smaller("moved", "moved-to", kind=AliasKind.REDIRECT),
        smaller("lost", "lost-thumb"),
    ]
    documents = [shows("1", *(f"{A}/{name}.png" for name in ("large", "held", "moved", "lost")))]
    kept, rejected = fetch(documents, store.media, root=str(tmp_path), aliases=aliases)
    assert {url.removeprefix(A): media.blob for url, media in kept.items()} == {
        "/large.png": store.media[0].blob,
        "/held.png": store.media[1].blob,
        "/moved.png": store.media[3].blob,
    }
    assert reasons(rejected) == {f"{A}/lost.png": Reason.NOT_CAPTURED}


def test_what_the_web_has_no_more_is_asked_for_where_a_page_shows_it_smaller(tmp_path):
    """Once each, within the same rules; a run that follows asks for nothing of it again."""
    server, root = Server(), str(tmp_path / "run")
    try:
        server.robots["127.0.0.1"] = (200, b"User-agent: *\nDisallow: /ok/closed\n")
        server.files["/soft404"] = b"<html>no such picture"

        def smaller(url: str, target: str, **fields) -> Alias:
            fields = {"kind": AliasKind.SMALLER, "archive": "a.warc", "offset": 0, **fields}
            return Alias(url=server.url(url), target=target if "://" in target else server.url(target), **fields)

        aliases = [
            smaller("/status/404", "/ok/1.png"),
            smaller("/status/410", "/ok/1.png"),
            smaller("/soft404", "/ok/wanted.png"),
            smaller("/html", "/ok/2.png", crawl_time="2026-01-01T00:00:00Z"),
            smaller("/html", "/ok/old.png", crawl_time="2020-01-01T00:00:00Z"),
            smaller("/status/404/no", "/ok/closed.png"),
            smaller("/status/404/gone", "/status/404/too"),
            smaller("/status/403", "/ok/kept-from-us.png"),
            smaller("/ok/large.png", "/ok/not-asked.png"),
            smaller("/status/404/elsewhere", "http://other.example/ok/1.png"),
            smaller("/status/404/word", "/ok/sex/1.png"),
        ]
        names = [alias.url.removeprefix(server.url("")) for alias in aliases if "2020" not in alias.crawl_time]
        documents = [shows("1", *map(server.url, [*names, "/ok/wanted.png"]))]
        config = server.config(retries=0, one_of_each=False)
        kept, rejected = fetch(documents, [], config, root, aliases)
        assert {url.removeprefix(server.url("")) for url in kept} == {
            "/status/404", "/status/410", "/soft404", "/html", "/ok/large.png", "/ok/wanted.png",
        }  # fmt: skip
        assert kept[server.url("/status/404")].blob == kept[server.url("/status/410")].blob
        assert {url.removeprefix(server.url("")): (gone.reason, gone.detail) for url, gone in rejected.items()} == {
            "/status/404/no": (Reason.OPTED_OUT, "robots.txt: disallowed"),
            "/status/404/gone": (Reason.HTTP_ERROR, "404"),
            "/status/403": (Reason.HTTP_ERROR, "403"),
            "/status/404/elsewhere": (Reason.HTTP_ERROR, "404"),
            "/status/404/word": (Reason.HTTP_ERROR, "404"),
        }
        assert not {"/ok/old.png", "/ok/kept-from-us.png", "/ok/not-asked.png", "/ok/closed.png"} & set(server.paths())
        assert set(server.tries.values()) == {1}
        known = len(server.log)
        assert fetch(documents, [], config, root, aliases) == (kept, rejected)
        assert len(server.log) == known

        (tmp_path / "list.txt").write_text(server.url("/ok/1.png"))
        listed = server.config(retries=0, one_of_each=False, opt_out_list=str(tmp_path / "list.txt"))
        _, without = fetch(documents, [], listed, root, aliases)
        assert {without[server.url(f"/status/{code}")].reason for code in (404, 410)} == {Reason.OPTED_OUT}
        assert len(server.log) == known
    finally:
        server.close()


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
