"""A link -> its bytes in a file, fetched over HTTP within the site's rules, or Refused with the reason.

One request at a time to a registered domain; robots.txt before every hop; the address guard at every connect; the body is
streamed and bounded, and its first bytes are judged before the rest arrives. An encoded body, which nobody asked for, is
decoded under the limits of archives.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from lamella.schemas.config import FetchConfig, ReadConfig
from lamella.schemas.media import MediaLink
from lamella.schemas.rejection import Reason
from lamella.transforms.fetch.guard import ForbiddenAddress, Guard
from lamella.transforms.fetch.opt_out import media_opt_out, product_of
from lamella.transforms.fetch.rate_limit import RateLimit
from lamella.transforms.fetch.refused import Refused
from lamella.transforms.fetch.robots import MAX_ROBOTS_BYTES, Verdict
from lamella.transforms.fetch.save_body import CHUNK_BYTES, save_body
from lamella.transforms.fetch.site_cache import SiteCache
from lamella.transforms.formats.content_encoding import BadRecord, SizeLimits, decode, media_size_limits
from lamella.transforms.formats.credentials import without_redacted
from lamella.transforms.formats.http_message import REDIRECTS, gives_all
from lamella.transforms.formats.urls import canonical_url, host_of, join_url, registered_domain, safe_text, safe_url, whole_url
from lamella.transforms.formats.use_headers import licence_in, use_text

_COME_BACK_LATER = (429, 503)
_MAX_DATE = 100  # characters of a header
_MAX_LICENCE = 200  # characters of an address in a detail
_ROBOTS_SIZES = SizeLimits(max_bytes=64 * MAX_ROBOTS_BYTES, max_expansion=64.0, expansion_floor_bytes=MAX_ROBOTS_BYTES)
_BROKEN = (Reason.CONNECTION_FAILED, Reason.TIMED_OUT)  # and statuses from 500: what counts against a host


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A response whose body is in the given file."""

    final_url: str
    robots_header: str
    tdm_reservation: str
    robots_txt: str
    time: str = ""  # ISO time of a response that was not asked for just now
    through: tuple[str, ...] = ()  # addresses that redirects led to before the last


class _Budget:
    """Seconds left for a URL: turns at a site are waited for on nobody's account, requests on the URL's."""

    def __init__(self, seconds: float):
        self.left = seconds

    async def __aenter__(self):
        self._started = asyncio.get_running_loop().time()
        self._timeout = asyncio.timeout(self.left)
        await self._timeout.__aenter__()

    async def __aexit__(self, *error):
        self.left = max(0.0, self.left - (asyncio.get_running_loop().time() - self._started))
        return await self._timeout.__aexit__(*error)


class Client:
    """An HTTP client for one worker and one event loop; its turns, robots rules and given-up hosts last as long as it."""

    def __init__(
        self,
        config: FetchConfig,
        resolver: AbstractResolver | None = None,
        reading: ReadConfig = ReadConfig(),
    ):
        self._config, self._size_limits = config, media_size_limits(reading)
        self._product = product_of(config.user_agent)
        self._guard = Guard(config)
        self._rate_limit = RateLimit(config.min_delay_s, config.connections, config.max_host_failures)
        self._sites = SiteCache(self._site_file, config, lambda site, s: self._rate_limit.slow_down(registered_domain(site), s))
        connector = aiohttp.TCPConnector(
            limit=config.connections,
            resolver=resolver,
            socket_factory=self._guard.socket,
            happy_eyeballs_delay=None,  # one address after the other: a forbidden one ends the request
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": config.user_agent, "Accept-Encoding": "identity"},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            trust_env=False,
        )
        # aiohttp asks again, at once, where a kept connection breaks: every request must wait for its turn. A test sees it.
        self._session._retry_connection = False

    async def close(self) -> None:
        await self._session.close()

    async def fetch(self, link: MediaLink, target: Path, licence: str = "") -> Body:
        """Writes the body to `target`; raises Refused. Retries as the configuration says, within the site's turns.

        Args:
            licence: of RSL, that a page names which shows the link: its address, a space, and the page's.
        """
        if licence:
            await self._within_licence(link.url, *licence.split(" ", 1))
        host, domain = host_of(link.url), registered_domain(link.url)
        for attempt in range(self._config.retries + 1):
            if self._rate_limit.is_closed(host):
                raise Refused(Reason.CONNECTION_FAILED, f"{host} was given up")
            try:
                body = await self._follow(link, target)
            except Refused as refusal:
                if refusal.reason not in _BROKEN and not refusal.again:
                    self._rate_limit.answered(host)
                    raise
                if refusal.wait_s is not None and refusal.wait_s > self._config.timeout_s:
                    self._rate_limit.close(host)  # it asked for more time than any URL gets: then it is not asked again
                    raise
                last = attempt == self._config.retries
                if refusal.wait_s is not None or not last:
                    backoff = self._config.min_delay_s * 2 ** (attempt + 1)
                    self._rate_limit.hold(domain, backoff if refusal.wait_s is None else refusal.wait_s)
                if last or not refusal.again:
                    self._rate_limit.failed(host)
                    raise
            else:
                self._rate_limit.answered(host)
                return body
        raise AssertionError("the last attempt returns or raises")

    async def still_allows(self, url: str, body: Body, licence: str = "") -> Body:
        """A body that the URL gave before, with what the sites say today of every address on the way to it; raises Refused.

        Args:
            licence: as for `fetch`.
        """
        if licence:
            await self._within_licence(url, *licence.split(" ", 1))
        evidence = ""
        for address in dict.fromkeys((without_redacted(url), *body.through, body.final_url)):
            evidence = (await self._allowed(address)).evidence
        if named := licence_in(body.robots_header):
            await self._within_licence(body.final_url, join_url(body.final_url, named))
        return replace(body, robots_txt=evidence)

    async def _follow(self, link: MediaLink, target: Path) -> Body:
        budget, url = _Budget(self._config.timeout_s), without_redacted(link.url)
        led_to: list[str] = []
        for _ in range(self._config.max_redirects + 1):
            verdict = await self._allowed(url)
            answer = await self._ask(url, budget, lambda response: self._take(response, link, target))
            if isinstance(answer, dict):
                if named := licence_in(answer["robots_header"]):
                    await self._within_licence(url, join_url(url, named))
                final_url = led_to.pop() if led_to else canonical_url(url)
                return Body(final_url=final_url, through=tuple(led_to), robots_txt=verdict.evidence, **answer)
            url = answer
            led_to.append(canonical_url(url))
        raise Refused(Reason.TOO_MANY_REDIRECTS, f"more than {self._config.max_redirects}, then {canonical_url(url)}"[:300])

    async def _allowed(self, url: str) -> Verdict:
        """The site's verdict; raises Refused where it says no, or cannot be asked."""
        if not self._config.robots_txt and not self._config.honour_opt_outs:
            return Verdict(True, "")
        try:
            verdict = await self._sites.verdict(url)
        except Refused as refusal:
            reason = Reason.CONNECTION_FAILED if refusal.reason is Reason.TRUNCATED_MEDIA else refusal.reason
            raise Refused(reason, f"robots.txt: {refusal.detail}", again=refusal.again) from refusal
        if not verdict.allowed:
            raise Refused(Reason.OPTED_OUT, verdict.evidence)
        if verdict.delay_s > self._config.timeout_s:
            raise Refused(Reason.OPTED_OUT, f"robots.txt: crawl-delay {verdict.delay_s:g} s")
        self._rate_limit.slow_down(registered_domain(url), verdict.delay_s)
        return verdict

    async def _within_licence(self, url: str, licence: str, page: str = "") -> None:
        """Raises Refused where a licence prohibits what we do with the URL, or with the page that shows it."""
        if not (licence and self._config.honour_opt_outs and self._config.opt_outs.rsl):
            return
        if words := await self._sites.licence_opt_out(licence, *filter(None, (url, page))):
            raise Refused(Reason.OPTED_OUT, f"rsl: {words}, in {licence[:_MAX_LICENCE]}" + (", of a page" if page else ""))

    async def _site_file(self, url: str) -> tuple[int, bytes]:
        budget = _Budget(self._config.timeout_s)

        async def first_bytes(response) -> tuple[int, bytes] | str:
            if response.status in REDIRECTS and (onward := _location(url, response)[: self._config.max_url_characters]):
                return onward
            body = bytearray()
            async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                body += chunk
                if len(body) > MAX_ROBOTS_BYTES:
                    break
            coding = response.headers.get("Content-Encoding", "")
            try:
                return response.status, decode(bytes(body), "", coding, _ROBOTS_SIZES).data
            except BadRecord as error:
                raise Refused(Reason.HTTP_ERROR, error.detail) from error

        for _ in range(self._config.max_redirects + 1):
            answer = await self._ask(url, budget, first_bytes)
            if not isinstance(answer, str):
                return answer
            url = answer
        return 0, b""  # RFC 9309, 2.3.1.2: as if there were none

    async def _ask(self, url: str, budget: _Budget, take):
        """One request, one turn: what `take(response)` makes of it; every failure as Refused."""
        try:
            parsed = URL(url, encoded=True)
            self._guard.check_port(parsed.port)
            async with self._rate_limit.turn(registered_domain(url)), budget:
                response = await self._session.get(parsed, allow_redirects=False)
                try:
                    return await take(response)
                finally:
                    response.close() if not response.content.is_eof() else response.release()
        except ForbiddenAddress as error:
            raise Refused(Reason.FORBIDDEN_ADDRESS, str(error)) from error
        except TimeoutError as error:
            raise Refused(Reason.TIMED_OUT, f"more than {self._config.timeout_s:g} s") from error
        except aiohttp.ClientPayloadError as error:
            raise Refused(Reason.TRUNCATED_MEDIA, _said(error), again=True) from error
        except (aiohttp.InvalidURL, UnicodeError) as error:  # a label of more than 63 characters
            raise Refused(Reason.BAD_URL, _said(error)) from error
        except (aiohttp.ClientConnectorDNSError, aiohttp.ClientSSLError) as error:  # a second try finds the same
            raise Refused(Reason.CONNECTION_FAILED, _said(error)) from error
        except aiohttp.ClientResponseError as error:
            raise Refused(Reason.HTTP_ERROR, _said(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise Refused(Reason.CONNECTION_FAILED, _said(error), again=True) from error

    async def _take(self, response: aiohttp.ClientResponse, link: MediaLink, target: Path) -> dict | str:
        """The headers that count, the body in `target`; or the URL that a redirect points to."""
        most, heard = self._config.max_robots_characters, self._config.opt_outs
        robots = use_text(lambda name: ", ".join(response.headers.getall(name, ())), most)
        reserved = ", ".join(response.headers.getall("TDM-Reservation", ()))[:most]
        taken = response.status in REDIRECTS or gives_all(response.status, response.headers.get("Content-Range", ""))
        if taken and self._config.honour_opt_outs and (directive := media_opt_out(robots, reserved, self._product, heard)):
            raise Refused(Reason.OPTED_OUT, directive)
        if response.status in REDIRECTS:
            return self._onward(response)
        if not taken:
            again = response.status >= 500 or response.status in _COME_BACK_LATER
            wait_s = _retry_after(response) if response.status in _COME_BACK_LATER else None
            lacks = "" if without_redacted(link.url) == link.url else ", asked without the token in its address"
            raise Refused(Reason.HTTP_ERROR, f"{response.status}{lacks}", again=again, wait_s=wait_s)
        await save_body(response, link, target, self._config, limits=self._size_limits)
        return {"robots_header": robots, "tdm_reservation": reserved}

    def _onward(self, response: aiohttp.ClientResponse) -> str:
        """Where a redirect points."""
        onward = _location(str(response.url), response)
        if len(onward) > self._config.max_url_characters:
            raise Refused(Reason.BAD_URL, f"a redirect to {len(onward)} > {self._config.max_url_characters} characters")
        if onward:
            return onward
        onward = safe_url(response.headers.get("Location", ""))
        raise Refused(Reason.HTTP_ERROR, f"{response.status} to {onward[:200]!r}")


def _location(url: str, response: aiohttp.ClientResponse) -> str:
    """Where a redirect points, whole, since a signature may be what opens it; "" where that is no http(s) URL."""
    return whole_url(url, response.headers.get("Location", "")) if response.headers.get("Location") else ""


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Seconds, from a number or a date; None if neither can be read."""
    value = response.headers.get("Retry-After", "")[:_MAX_DATE].strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    with suppress(ValueError, TypeError, OverflowError, IndexError):  # years and zones that no clock knows
        at = parsedate_to_datetime(value)
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return None


def _said(error: BaseException) -> str:
    return safe_text(f"{type(error).__name__}: {error}")[:200]
