"""S10: secrets planted all over a small web, and a whole run over it: no file of the run and no line of it holds one."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pyarrow.parquet as pq
import pytest

from lamella.pipeline.config.resolution import resolve
from lamella.pipeline.folder_lock import own_folder
from lamella.pipeline.preflight import find_archives
from lamella.pipeline.run import run
from lamella.pipeline.tables import read_records
from lamella.reporting.report import write_report
from lamella.reporting.verify import verify
from lamella.runners.local import local_execute
from lamella.sample.clips import encode_clip, make_clip, vtt
from lamella.sample.paint import draw, encode
from lamella.sample.warc import Exchange, WarcWriter, pack, response_record
from lamella.schemas.errors import ConfigError
from lamella.schemas.media import Media
from lamella.schemas.pair import ImageTextPair
from lamella.schemas.rejection import Rejection

PLANTED = 40
SITE = "garden.example"
PROSE = (
    "The old garden lies behind the stone house, and every summer the painter comes here to look at the shapes that the "
    "light leaves on the wall. She writes down what she sees before she mixes any colour.",
    "Yesterday there was a circle above the door, and two boys from the village asked whether it had been painted there. "
    "It was only the sun, which came through a hole in the roof of the barn and moved on after an hour.",
    "When the evening is clear, a row of stars can be seen over the orchard. The painter counts them, gives each a name in "
    "her notebook, and waits until the lamps of the road are lit before she walks home with her brushes.",
)


class Secrets:
    """Markers, each planted once: a letter case, digits, and a length that no word of the page has."""

    def __init__(self):
        self.planted: list[str] = []

    def __call__(self) -> str:
        self.planted.append(f"Zx9kQ{len(self.planted):02d}mV7bTr4Lw8Hs")
        return self.planted[-1]


class Origin(BaseHTTPRequestHandler):
    """Gives a picture for a token, and the token in a redirect; remembers what it was asked."""

    asked: tuple[str, ...] = ()
    token = ""

    def do_GET(self):
        type(self).asked += (self.path,)
        moved = self.path.startswith("/moved")
        sound = self.path.startswith("/open") and self.token in self.path
        self.send_response(302 if moved else 200 if sound else 403)
        if moved:
            self.send_header("Location", f"/open.png?w=3&token={self.token}")
        body = encode(draw("served")[0], "png") if sound else b""
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture(scope="module")
def finished(tmp_path_factory, secrets):
    """The folder of a run over archives and a server that are full of secrets."""
    folder = tmp_path_factory.mktemp("secrets")
    Origin.token, Origin.asked = secrets(), ()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    (folder / "web").mkdir()
    write_web(folder / "web", secrets, f"http://127.0.0.1:{server.server_port}")
    words = ["caption.on=false", "score.min_score=null", "fetch.http=true", "fetch.min_delay_s=0", "fetch.retries=0"]
    words += ["fetch.allowed_private_addresses=[127.0.0.0/8]", f"fetch.allowed_ports=[80, 443, {server.server_port}]"]
    words += [
        "pair.min_token_count=1",
        "fetch.phash_distance=null",
        "filter.languages=null",
        "fetch.timeout_s=2",
        "fetch.robots_txt=false",
    ]
    archives = find_archives([str(folder / "web" / "*.warc.gz")])
    run(resolve("demo", words), archives, str(folder / "run"), local_execute(1), say=print, processes=None)
    write_report(str(folder / "run"))
    server.shutdown()
    thread.join()
    server.server_close()
    return folder / "run"


def write_web(folder: Path, secret: Secrets, origin: str) -> None:
    """One page with a secret wherever a URL can stand, the media that it shows, and records that are rejected."""
    clip = make_clip("clip", 6.0)
    pictures = {name: f"https://{SITE}/{name}.png" for name in ("plain", "user", "set", "linked", "posted", "based", "keyed")}
    page = f"""<html><head><title>The garden of shapes</title>
<base href="https://u:{secret()}@{SITE}/?token={secret()}">
<link rel="canonical" href="https://{SITE}/story?sessionid={secret()}">
<link rel="license" href="https://{SITE}/licence?access_token={secret()}#{secret()}">
<meta property="og:image" content="{pictures["plain"]}?sig={secret()}">
<meta http-equiv="refresh" content="900;url=https://{SITE}/?api_key={secret()}">
<script type="application/ld+json">{{"@type": "VideoObject", "contentUrl": "https://{SITE}/clip.mp4?token={secret()}",
 "thumbnailUrl": "{pictures["posted"]}?key=AIzaSy{secret()}0123456789"}}</script></head><body><article>
<h1>The garden of shapes</h1><p>{PROSE[0]}</p>
<img src="https://me:{secret()}@{SITE}/user.png" alt="the wall of the garden as seen from the house">
<p>{PROSE[1]}</p>
<img srcset="{pictures["set"]}?password={secret()} 900w, {pictures["set"]}?auth={secret()} 400w"
 alt="a row of stars upon the wall">
<a href="https://{SITE}/gallery;jsessionid={secret()}?code={secret()}&state={secret()}">
<img src="{pictures["linked"]}?X-Amz-Signature={secret()}&X-Amz-Credential={secret()}&X-Amz-Security-Token={secret()}"
 alt="one large circle in the evening sun"></a>
<img src="based.png?Expires=1700000000&GoogleAccessId={secret()}&Signature={secret()}" alt="a small square that nobody painted">
<img src="keyed.png?sv=2024&se={secret()}&sr=b&sp={secret()}&sig={secret()}" alt="the light of the morning on stones">
<img src="{origin}/moved.png?PHPSESSID={secret()}" alt="a picture that had to move to another house">
<img src="{origin}/closed.png?hmac={secret()}" alt="a picture that is shown to nobody at all">
<video src="https://{SITE}/clip.mp4?jwt=eyJhbGciOiJIUzI1NiJ9.{secret()}" poster="{pictures["posted"]}?apikey={secret()}">
<track kind="captions" src="https://{SITE}/clip.vtt?AWSAccessKeyId={secret()}&Expires=12&Signature={secret()}"></video>
<p>{PROSE[2]}</p></article></body></html>"""
    with WarcWriter(folder) as out:
        where = f"https://reader:{secret()}@{SITE}/story?utm_source=x&token={secret()}#{secret()}"
        out.write(Exchange(url=where, body=page.encode(), mime="text/html; charset=utf-8"))
        out.write(Exchange(url=f"ftp://u:{secret()}@{SITE}/x", body=page.encode(), mime="text/html"))
        out.write(Exchange(url=f"https://{SITE}/gone?secret={secret()}", body=b"no", mime="text/html", status="404 Not Found"))
        again = Exchange(url=f"https://{SITE}/again?oauth_token={secret()}", body=b"", mime="text/html", revisit=True)
        refers = f"WARC-Refers-To-Target-URI: https://u:{secret()}@{SITE}/first?refresh_token={secret()}\r\n".encode()
        out.member(pack(response_record(again, 99).replace(b"WARC-Date", refers + b"WARC-Date", 1), 6))
        for name, url in pictures.items():
            asked = f"{url}?Expires=1700000000&GoogleAccessId={secret()}&Signature={secret()}" if name == "based" else url
            asked = f"{url}?sv=2024&se=1&sr=b&sp=r&sig={secret()}" if name == "keyed" else asked
            asked = f"{url}?password={secret()}" if name == "set" else asked
            headers = (("Link", f"<{url}?token={secret()}>; rel=self"), ("Location", f"{url}?token={secret()}"))
            out.write(Exchange(url=asked, body=encode(draw(name)[0], "png"), mime="image/png", headers=headers))
        out.write(Exchange(url=f"https://{SITE}/clip.mp4?jwt=eyJhbGciOi{secret()}", body=encode_clip(clip), mime="video/mp4"))
        tokens = f"AWSAccessKeyId={secret()}&Expires=99&Signature={secret()}"
        out.write(Exchange(url=f"https://{SITE}/clip.vtt?{tokens}", body=vtt(clip), mime="text/vtt"))


def text_of(path: Path) -> str:
    """A file's contents, Parquet unpacked."""
    if path.suffix == ".parquet":
        return str(pq.ParquetFile(path).read().to_pylist())
    return path.read_bytes().decode("latin-1")


def test_no_file_of_the_run_holds_a_secret(finished, secrets, capfd):
    files = [path for path in finished.rglob("*") if path.is_file()]
    assert len(secrets.planted) >= PLANTED and len(files) > 30
    found = {
        (str(path.relative_to(finished)), marker)
        for path in files
        for text in [(text_of(path) + path.name).lower()]
        for marker in secrets.planted
        if marker.lower() in text
    }
    assert found == set()
    assert list(verify(str(finished))) == []
    said = capfd.readouterr()
    assert not [marker for marker in secrets.planted if marker in said.out + said.err]


def test_links_and_archives_meet_on_the_address_without_its_secrets(finished):
    urls = {media.url for media in read_records(str(finished / "media"), Media)}
    assert f"https://{SITE}/user.png" in urls
    assert f"https://{SITE}/set.png?password=redacted" in urls
    assert f"https://{SITE}/based.png?Expires=redacted&GoogleAccessId=redacted&Signature=redacted" in urls
    assert any("clip.mp4" in url for url in urls)
    pairs = list(read_records(str(finished / "pairs/images"), ImageTextPair))
    assert pairs and {pair.page_url for pair in pairs} == {f"https://{SITE}/story?utm_source=x&token=redacted"}


def test_a_redirect_is_followed_whole_and_a_lost_token_is_told(finished):
    assert f"/open.png?w=3&token={Origin.token}" in Origin.asked
    assert {"/moved.png", "/closed.png"} <= set(Origin.asked)  # what was taken out is not asked with
    gone = {one.url.rpartition("/")[2]: one.detail for one in read_records(str(finished / "rejections/media"), Rejection)}
    assert gone["closed.png?hmac=redacted"] == "403, asked without the token in its address"
    assert "moved.png?PHPSESSID=redacted" not in gone


@pytest.mark.parametrize("scheme", ["s3", "https", "ftp"])
def test_a_command_with_a_password_is_refused_and_not_repeated(scheme, tmp_path):
    secret = "Zx9kQmV7bTr4Lw8Hs"
    url = f"{scheme}://key:{secret}@bucket/web/*.warc.gz"
    for refuse in (
        lambda: find_archives([url]),
        lambda: find_archives([f"https://a.example/a.warc.gz?X-Amz-Signature={secret}"]),
        lambda: own_folder(url).__enter__(),
        lambda: resolve("demo", [f"fetch.user_agent=bot (+{scheme}://me:{secret}@a.example/about)"]),
        lambda: resolve("demo", [f"fetch.unsafe_hashes={url}"]),
    ):
        with pytest.raises(ConfigError, match="holds a password or a token") as refused:
            refuse()
        assert secret not in str(refused.value) and "\n" not in str(refused.value)


def test_a_name_alone_is_no_password(tmp_path):
    config = resolve("demo", ["fetch.unsafe_hashes=abfs://container@account.dfs.core.windows.net/list.txt"])
    assert config.fetch.unsafe_hashes.startswith("abfs://container@")
