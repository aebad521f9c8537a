"""A small web of 300 hosts on loopback addresses: what each says of use, how it breaks, its pages as an archive, its server.

Host `number` is of the kind `number % len(KINDS)`; every host shows three pictures on a page of its own.
"""

import asyncio
import io
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from fetch_media import picture
from PIL import Image

HOSTS, PICTURES = 300, 3
DELAY_S, CRAWL_DELAY_S, RETRY_S, TIMEOUT_S = 0.02, 0.2, 1, 3.0
RSL = """<rsl xmlns="https://rslstandard.org/rsl"><content url="/*"><license>
<prohibits type="usage">ai-train</prohibits></license></content></rsl>"""
RSL_LINK = '</licence.xml>; rel="license"; type="application/rsl+xml"'
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"
plus:DataMining="DMI-PROHIBITED-AIMLTRAINING"/></rdf:RDF></x:xmpmeta>"""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What hosts of a kind do, and what becomes of their pictures: "kept", or the reason."""

    outcome: str
    words: str = ""  # with which an opt-out's detail begins
    files: dict[str, str] | None = None  # path -> body
    headers: dict[str, str] | None = None  # of pictures
    head: str = ""  # of its page
    answers: Callable | None = None  # (request, data, tries) -> response to a picture
    robots_status: int = 200
    stalls: str = ""  # a path that is never answered
    never_asked: bool = True  # its pictures are never asked for, where the outcome is an opt-out


def robots(text: str) -> dict[str, str]:
    return {"/robots.txt": text}


async def stall(request, data, tries):
    await asyncio.sleep(10 * TIMEOUT_S)
    return web.Response()


async def hang_up(request, data, tries):
    request.transport.close()
    return web.Response()


async def unavailable(request, data, tries):
    return web.Response(status=503, headers={"Retry-After": "3600"})


async def come_back(request, data, tries):
    return web.Response(status=429, headers={"Retry-After": str(RETRY_S)}) if tries == 1 else web.Response(body=data)


async def cut(request, data, tries):
    response = web.StreamResponse(headers={"Content-Length": str(len(data))})
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    request.transport.close()
    return response


async def missing(request, data, tries):
    return web.Response(status=404)


async def loop(request, data, tries):
    return web.Response(status=302, headers={"Location": request.path})


async def inward(request, data, tries):
    return web.Response(status=302, headers={"Location": "http://10.0.0.1/a.png"})


async def page(request, data, tries):
    return web.Response(text="<html>none</html>" * 50, content_type="image/png")


async def large(request, data, tries):
    return web.Response(body=data + bytes(100_000))


KINDS = {
    "plain": Kind(outcome="kept"),
    "disallowed": Kind(outcome="opted_out", words="robots.txt: disallowed", files=robots("User-agent: *\nDisallow: /p/\n")),
    "robots broken": Kind(outcome="opted_out", words="robots.txt: 500", robots_status=500),
    "robots slow": Kind(outcome="timed_out", stalls="/robots.txt"),
    "usage": Kind(outcome="opted_out", words="content-usage:", files=robots("User-agent: *\nContent-Usage: train-ai=n\n")),
    "signal": Kind(outcome="opted_out", words="content-signal:", files=robots("User-agent: *\nContent-Signal: ai-train=no\n")),
    "prohibits": Kind(outcome="opted_out", words="rsl:", files=robots("User-agent: *\nProhibits: ai-train\n")),
    "licence": Kind(outcome="opted_out", words="rsl:", files={**robots("License: /licence.xml\n"), "/licence.xml": RSL}),
    "tdmrep": Kind(
        outcome="opted_out",
        words="tdmrep.json:",
        files={"/.well-known/tdmrep.json": '[{"location": "/", "tdm-reservation": 1}]'},
    ),
    "ai.txt": Kind(outcome="opted_out", words="ai.txt:", files={"/ai.txt": "User-agent: *\nDisallow: /\n"}),
    "x-robots-tag": Kind(outcome="opted_out", words="x-robots-tag:", headers={"X-Robots-Tag": "noai"}, never_asked=False),
    "tdm": Kind(outcome="opted_out", words="tdm-reservation:", headers={"TDM-Reservation": "1"}, never_asked=False),
    "usage header": Kind(
        outcome="opted_out", words="content-usage:", headers={"Content-Usage": "train-ai=n"}, never_asked=False
    ),
    "signal header": Kind(
        outcome="opted_out", words="content-signal:", headers={"Content-Signal": "ai-train=no"}, never_asked=False
    ),
    "licence header": Kind(
        outcome="opted_out", words="rsl:", headers={"Link": RSL_LINK}, files={"/licence.xml": RSL}, never_asked=False
    ),
    "xmp": Kind(outcome="opted_out", words="plus-data-mining:", never_asked=False),
    "page noai": Kind(outcome="opted_out", words="robots of a page:", head='<meta name="robots" content="noai">'),
    "page tdm": Kind(outcome="opted_out", words="tdm-reservation:", head='<meta name="tdm-reservation" content="1">'),
    "page licence": Kind(
        outcome="opted_out",
        words="rsl:",
        files={"/licence.xml": RSL},
        head='<link rel="license" type="application/rsl+xml" href="/licence.xml">',
    ),
    "slow": Kind(outcome="timed_out", answers=stall),
    "hangs up": Kind(outcome="connection_failed", answers=hang_up),
    "unavailable": Kind(outcome="http_error connection_failed", answers=unavailable),
    "come back": Kind(outcome="kept", answers=come_back),
    "cut": Kind(outcome="truncated_media", answers=cut),
    "missing": Kind(outcome="http_error", answers=missing),
    "loop": Kind(outcome="too_many_redirects", answers=loop),
    "inward": Kind(outcome="forbidden_address", answers=inward),
    "no picture": Kind(outcome="not_an_image", answers=page),
    "large": Kind(outcome="too_large", answers=large),
    "crawl-delay": Kind(outcome="kept", files=robots(f"User-agent: *\nCrawl-delay: {CRAWL_DELAY_S}\n")),
}
NAMES = tuple(KINDS)


def host_of(number: int) -> str:
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


def kind_of(host: str) -> str:
    _, _, high, low = map(int, host.split("."))
    return NAMES[((high - 1) * 250 + low - 1) % len(NAMES)]


class CrawlServer:
    """All hosts on one port. `log` holds (monotonic clock, host, path) of every request."""

    def __init__(self):
        self.log: list[tuple[float, str, str]] = []
        self._tries: Counter[tuple[str, str]] = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    def url(self, host: str, path: str) -> str:
        return f"http://{host}:{self.port}{path}"

    def urls(self, number: int) -> list[str]:
        return [self.url(host_of(number), f"/p/{at}.png") for at in range(PICTURES)]

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> int:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "0.0.0.0", 0)
        await site.start()
        return site._server.sockets[0].getsockname()[1]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        host = request.host.partition(":")[0]
        self._tries[host, request.path] += 1
        self.log.append((time.monotonic(), host, request.path))
        name = kind_of(host)
        kind = KINDS[name]
        if request.path == kind.stalls:
            await asyncio.sleep(10 * TIMEOUT_S)
        if request.path == "/robots.txt" and kind.robots_status != 200:
            return web.Response(status=kind.robots_status)
        if request.path in (kind.files or {}):
            return web.Response(text=kind.files[request.path])
        if not request.path.startswith("/p/"):
            return web.Response(status=404)
        data = picture_of(host, request.path)
        if kind.answers:
            return await kind.answers(request, data, self._tries[host, request.path])
        return web.Response(body=data, headers=kind.headers or {}, content_type="image/png")


def picture_of(host: str, path: str) -> bytes:
    data = picture(sum(int(part) * 1000**at for at, part in enumerate(host.split(".")[2:])) * 10 + int(path[3]), (80, 64))
    if kind_of(host) != "xmp":
        return data
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "JPEG", xmp=XMP)
    return out.getvalue()


def write_pages(path: Path, server: CrawlServer) -> None:
    """An archive with a page a host, which shows its pictures."""
    records = []
    for number in range(HOSTS):
        url = server.url(host_of(number), "/page.html")
        shown = "".join(
            f"<p>The {_ORDER[at]} heron of pond {number} stands in shallow water and waits for fish that come with the tide."
            f'</p><img src="/p/{at}.png" alt="the {_ORDER[at]} heron of pond {number} in shallow water">'
            for at in range(PICTURES)
        )
        html = f"<!doctype html><head><title>Pond {number}</title>{KINDS[NAMES[number % len(NAMES)]].head}</head>"
        body = f"{html}<body><main><h1>Pond {number}</h1>{shown}</main></body>".encode()
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
        head = ["WARC/1.1", "WARC-Type: response", f"WARC-Target-URI: {url}", "WARC-Date: 2026-01-02T03:04:05Z"]
        head += ["Content-Type: application/http; msgtype=response", f"Content-Length: {len(block)}", "", ""]
        records.append("\r\n".join(head).encode() + block + b"\r\n\r\n")
    path.write_bytes(b"".join(records))


_ORDER = ("first", "second", "third")
