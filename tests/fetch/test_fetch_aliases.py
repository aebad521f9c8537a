"""FetchMedia in a pipeline: redirects, revisits and smaller pictures lead to what archives hold."""

from fetch_media import picture
from fetch_pipeline import A, Store, fetch, reasons, shows

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Alias, AliasKind
from lamella.schemas.rejection import Reason


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
