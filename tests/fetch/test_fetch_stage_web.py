"""FetchMedia in a pipeline that asks the web: archives first, no URL twice, and a smaller picture where a large one is gone."""

from fetch_media import picture
from fetch_pipeline import Store, fetch, reasons, shows
from fetch_server import Server

from lamella.schemas.media import Alias, AliasKind
from lamella.schemas.rejection import Reason
from lamella.transforms.base.blobs import read_blob
from lamella.transforms.base.memory import Memory


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
