"""A small web server for what only a network can do: pictures in no archive, slow and broken answers, loops, robots.txt.

`SampleServer` listens on a free port of 127.0.0.1 within a `with` block. `http_page` is the page that shows its pictures.
"""

from collections import Counter
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

from lamella.sample.captions import alt_text
from lamella.sample.image_bank import Picture, Shown, alt_phrase
from lamella.sample.markup import Block
from lamella.sample.pages import Draft
from lamella.sample.rng import Rng
from lamella.sample.scenes import make_scene

FORBIDDEN_URL = "http://10.0.0.1/fate/forbidden_address/sheet.jpg"
HUGE_BYTES = 31_000_000
SLOW_S = 120.0  # longer than any sensible limit; ends early when the server is closed
GOOD_PICTURES = 3
ROBOTS = b"User-agent: *\nDisallow: /fate/opted_out/\n"
_CHUNK = b"\0" * 65536

# What `http_page` shows beside the good pictures: the outcome of each path `/fate/<outcome>/sheet.jpg`.
OUTCOMES = (
    "timed_out",
    "connection_failed",
    "http_error",
    "too_many_redirects",
    "too_large",
    "opted_out",
    "not_an_image",
)


def http_page(page: Draft, base: str) -> Draft:
    """A good page whose pictures lie at `base` only: three good ones, and one for each outcome."""
    shows = [_shown(f"{base}/pictures/sheet-{n}.jpg", "") for n in range(GOOD_PICTURES)]
    shows += [_shown(f"{base}/fate/{outcome}/sheet.jpg", outcome) for outcome in OUTCOMES]
    shows.append(_shown(FORBIDDEN_URL, "forbidden_address"))
    texts = [block for block in page.blocks if not block.shown and not block.film]
    blocks = (*texts, *(Block(kind="image", shown=shown) for shown in shows))
    url = f"https://{page.host}/fate/http/page-{page.index}.html"
    return replace(page, url=url, blocks=blocks, frame=replace(page.frame, base=""))


class SampleServer:
    """Serves the pictures and outcomes of `http_page`. `requests` counts paths, so that tests can see what was asked for.

    >>> with SampleServer() as server:
    ...     server.base == f"http://127.0.0.1:{server.port}"
    True
    """

    def __init__(self, slow_s: float = SLOW_S):
        self._closing = Event()
        self._lock = Lock()
        self._slow_s = slow_s
        self.requests: Counter[str] = Counter()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "SampleServer":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked(self, path: str) -> None:
        with self._lock:
            self.requests[path] += 1

    def wait(self) -> None:
        """As long as a slow answer takes."""
        self._closing.wait(self._slow_s)


def picture_at(path: str) -> Picture:
    """The good picture of a path."""
    return Picture(url=path, scene=make_scene(f"http{path}"), size=(300, 240))


def _shown(url: str, outcome: str) -> Shown:
    path = "/" + url.split("/", 3)[3]
    picture = replace(picture_at(path), url=url, outcome=outcome)
    rng = Rng("http", path)
    return Shown(picture=picture, alt=alt_text(picture.scene, rng), phrase=alt_phrase(picture.scene, rng), style="plain")


class _Handler(BaseHTTPRequestHandler):
    """One answer. A path `/fate/OUTCOME/...` is answered by the method `_OUTCOME`."""

    protocol_version = "HTTP/1.1"

    def __init__(self, sample: SampleServer, *args: Any):
        self.sample = sample
        super().__init__(*args)  # answers the request

    def do_GET(self) -> None:
        self.sample.asked(self.path)
        if self.path == "/robots.txt":
            return self._answer(ROBOTS, "text/plain")
        if self.path.startswith("/pictures/"):
            return self._answer(picture_at(self.path).data(), "image/jpeg")
        outcome = self.path.split("/")[2] if self.path.startswith("/fate/") else ""
        return getattr(self, f"_{outcome}", self._lost)()

    def _timed_out(self) -> None:
        self.sample.wait()
        self.close_connection = True

    def _connection_failed(self) -> None:
        """Hangs up without a word."""
        self.close_connection = True

    def _http_error(self) -> None:
        self._answer(b"Something broke.\n", "text/plain", 500)

    def _too_many_redirects(self) -> None:
        turn = int(self.path.partition("?turn=")[2] or 0) + 1
        self.send_response(302)
        self.send_header("Location", f"/fate/too_many_redirects/sheet.jpg?turn={turn}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _too_large(self) -> None:
        """A body without a declared length that does not end before 31 MB."""
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            self.wfile.write(picture_at(self.path).data())  # a picture, as far as its first bytes tell
            for _ in range(HUGE_BYTES // len(_CHUNK) + 1):
                self.wfile.write(_CHUNK)
        except OSError:  # the reader had enough, as it should
            return

    def _opted_out(self) -> None:
        """Asked for by nobody who reads robots.txt."""
        self._answer(picture_at(self.path).data(), "image/jpeg")

    def _not_an_image(self) -> None:
        self._answer(b"<!DOCTYPE html><html><body><p>Sign in to see this picture.</p></body></html>\n", "text/html")

    def _lost(self) -> None:
        self._answer(b"Not here.\n", "text/plain", 404)

    def _answer(self, body: bytes, mime: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", mime)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing: tests read `requests`."""
