"""A web server on 127.0.0.1 in a thread, whose paths misbehave in named ways and which writes down every request.

No client that a test starts here is bound in seconds of its machine, which may be busy: `timeout_s` is ten minutes, and a path
whose answer is to take longer moves the clock of all who ask on.
"""

import asyncio
import gzip
import threading
import time
import zlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import brotli
import zstandard
from aiohttp import web
from fetch_media import VTT, film, picture

from lamella.schemas.config import FetchConfig, OptOutConfig

TIMEOUT_S = 600.0
PACKERS = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "deflate": zlib.compress,
    "raw": lambda data: zlib.compress(data)[2:-4],
    "cut": lambda data: gzip.compress(data)[:-200],
    "twice": lambda data: brotli.compress(gzip.compress(data)),
    "noise": lambda data: b"\x1f\x8b\x08" + bytes(7) + b"\xff" * 99,
}


class Server:
    """`log` holds (clock, host header, path) of each request; `robots` what robots.txt says, as (status, body)."""

    def __init__(self):
        self.log: list[tuple[float, str, str]] = []
        self.robots: dict[str, tuple[int, bytes]] = {}
        self.files: dict[str, bytes] = {}  # other files of a site, by path
        self.tries: dict[str, int] = defaultdict(int)
        self._loop = asyncio.new_event_loop()
        self._ahead_s, self._time = 0.0, asyncio.BaseEventLoop.time
        asyncio.BaseEventLoop.time = lambda loop: self._time_of(loop)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def config(self, **fields) -> FetchConfig:
        """A configuration that may ask this server, and quickly."""
        defaults = {
            "http": True,
            "allowed_private_addresses": ("127.0.0.1/32",),
            "allowed_ports": (self.port,),
            "min_delay_s": 0.001,
            "timeout_s": TIMEOUT_S,
            "opt_outs": OptOutConfig(tdm_file=False, ai_txt=False),  # requests of their own, which most tests do not count
        }
        return FetchConfig(**defaults | fields)

    def paths(self) -> list[str]:
        return [path for _, _, path in self.log]

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        asyncio.BaseEventLoop.time = self._time

    def _time_of(self, loop: asyncio.BaseEventLoop) -> float:
        """This server's own connections stay as they are."""
        return self._time(loop) + (0.0 if loop is self._loop else self._ahead_s)

    async def _start(self) -> int:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return site._server.sockets[0].getsockname()[1]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path, host = request.path, request.host.partition(":")[0]
        self.log.append((time.monotonic(), host, request.raw_path))
        self.tries[path] += 1
        if path in self.files:
            return web.Response(body=self.files[path])
        match path.strip("/").split("/"):
            case ["robots.txt"]:
                status, body = self.robots.get(host, (404, b""))
                return web.Response(status=status, body=body)
            case ["ok", *_]:
                return web.Response(body=picture(sum(path.encode())), content_type="image/png")
            case ["film.mp4"]:
                return web.Response(body=film())
            case ["track.vtt"]:
                return web.Response(body=VTT)
            case ["html"]:
                return web.Response(text="<html>" + "x" * 100_000, content_type="image/png")
            case ["empty"]:
                return web.Response(body=b"")
            case ["status", status, *_]:
                return web.Response(status=int(status))
            case ["later", status, when]:  # once; then a picture
                if self.tries[path] == 1:
                    dated = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
                    return web.Response(status=int(status), headers={"Retry-After": dated if when == "dated" else when})
                return web.Response(body=picture())
            case ["flaky", times]:
                return web.Response(status=500) if self.tries[path] <= int(times) else web.Response(body=picture())
            case ["to", status, *_]:
                more = {name: value for name, value in request.query.items() if name != "url"}
                return web.Response(status=int(status), headers={"Location": request.query["url"], **more})
            case ["hops", left]:
                onward = f"/hops/{int(left) - 1}" if int(left) else "/ok/end.png"
                return web.Response(status=302, headers={"Location": onward})
            case ["loop"]:
                return web.Response(status=301, headers={"Location": "/loop"})
            case ["says", *_]:
                return web.Response(body=picture(), headers=[(name, value) for name, value in request.query.items()])
            case ["coded", packer, name]:
                body = picture() if packer == "plain" else PACKERS[packer](picture())
                return web.Response(body=body, headers={"Content-Encoding": name})
            case ["range", first, last, length]:
                data, said = picture(), f"bytes {first}-{last}/{length}"
                return web.Response(status=206, body=data, headers={"Content-Range": said.replace("N", str(len(data)))})
            case ["gzip"]:
                bomb = gzip.compress(b"\x89PNG\r\n\x1a\n" + bytes(20_000_000))
                return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})
            case ["huge"]:  # says so
                return web.Response(body=picture() + bytes(3_000_000))
            case ["endless"]:
                return await self._stream(request, picture() + bytes(1 << 16), pause_s=0.0)
            case ["drip"]:
                return await self._stream(request, b"\x89", pause_s=0.05)
            case ["late"]:
                self._ahead_s += TIMEOUT_S
                return await self._stream(request, b"\x89", pause_s=0.05)
            case ["cut"]:
                response = web.StreamResponse(headers={"Content-Length": "100000"})
                await response.prepare(request)
                await response.write(picture())
                request.transport.close()
                return response
            case ["hang"]:
                request.transport.close()
                return web.Response()
            case ["headers"]:
                return web.Response(body=picture(), headers={f"X-{number}": "x" * 10_000 for number in range(80)})
        return web.Response(status=404)

    async def _stream(self, request, chunk: bytes, pause_s: float) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(chunk)
            await asyncio.sleep(pause_s)
        return response
