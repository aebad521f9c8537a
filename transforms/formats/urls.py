"""URLs as text -> one canonical spelling each; references joined to their base; the host and the registered domain.

Canonical means: scheme and host in lower case, host in IDNA, no user, default port, fragment or empty query, dot segments
resolved, escapes in upper case and only where they are needed. It is idempotent. What is no http(s) URL becomes "".
Canonical is also what may be kept: the values of tokens, keys, signatures and sessions are taken out (`credentials`).
After RFC 3986 (section 5 and 6.2.2) and, where browsers differ, the WHATWG URL standard (backslashes, tabs, line breaks).
"""

import re
from functools import cache, lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import unquote

import idna

from lamella.transforms.formats.credentials import without_credentials

_PARTS = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.\-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?", re.DOTALL)  # RFC 3986, B
_BEFORE_QUERY = re.compile(r"[^?#]*")
_EDGES = "".join(map(chr, range(0x21)))  # C0 controls and space
_BREAKS = str.maketrans("", "", "\t\r\n")
_DEFAULT_PORTS = {"http": "80", "https": "443"}

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_ODD_IN_PATH = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]")
_ODD_IN_QUERY = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_URL_IN_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s'\"<>]+")
_DOTS = re.compile(r"/\.{1,2}(?:/|$)")

_HOST = re.compile(r"[a-z0-9_~!$&'()*+,;=\-]+(?:\.[a-z0-9_~!$&'()*+,;=\-]+)*")
_MAX_HOST_CHARACTERS = 253  # RFC 1035

# What campaigns and click counters add to a page's address; the page is the same without them.
_TRACKING = re.compile(
    r"(?:utm_[^=]*|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|igshid|mc_cid|mc_eid|_ga|_gl)(?:=|$)", re.I
)


def canonical_url(url: str) -> str:
    """The one spelling of an absolute http(s) URL, media and pages alike; "" where it is none."""
    return _canonical(*_split(url))


def page_url(url: str) -> str:
    """The canonical URL of a page: tracking parameters (utm_*, fbclid, gclid ...) dropped as well."""
    canonical = canonical_url(url)
    path, mark, query = canonical.partition("?")
    if not mark:
        return canonical
    kept = [pair for pair in query.split("&") if not _TRACKING.match(pair)]
    return f"{path}?{'&'.join(kept)}" if any(kept) else path


def join_url(base: str, reference: str) -> str:
    """A reference as its base resolves it (RFC 3986, 5.2.2), canonical; "" where that is no http(s) URL."""
    return _joined(base, reference)


def whole_url(base: str, reference: str) -> str:
    """As `join_url`, with all that the reference says: to ask with in this moment, for a redirect, and never to be kept."""
    return _joined(base, reference, whole=True)


def safe_url(url: str) -> str:
    """A URL as it is written, where it holds nothing that lets somebody in; else its canonical form, which holds none.

    Idempotent. Of what is no http(s) URL and holds a user, a fragment or a token, scheme and host are left.
    """
    scheme, authority, path, query = _split(url)
    path, query = _escaped(path, _ODD_IN_PATH), _escaped(query, _ODD_IN_QUERY) if query else query
    if "#" not in url and "@" not in (authority or "") and without_credentials(path, query) == (path, query):
        return url
    bare = f"{scheme}://{(authority or '').rpartition('@')[2]}" if scheme else without_credentials(path, None)[0]
    return canonical_url(url) or bare


def safe_text(text: str) -> str:
    """A message of a library with each URL in it made safe."""
    return _URL_IN_TEXT.sub(lambda match: safe_url(match[0]), text)


def host_of(url: str) -> str:
    """The canonical host, without port and brackets; "" where it is no http(s) URL."""
    host, _ = _host_and_port(canonical_url(url).partition("://")[2].partition("/")[0])
    return host.strip("[]")


def registered_domain(url: str) -> str:
    """The domain that somebody registered: one label more than the public suffix list has (`bbc.co.uk`).

    Under a suffix that the list lacks (`garden.example`) the last label is the suffix, as the list's rule `*` says. An
    address is its own domain. "" where it is no http(s) URL.
    """
    return _registered(host_of(url))


@lru_cache(maxsize=65536)
def _registered(host: str) -> str:
    if not host or ":" in host or _is_ipv4(host):
        return host
    return _suffixes()(host).top_domain_under_public_suffix or ".".join(host.split(".")[-2:])


@cache
def _suffixes():
    import tldextract  # late: the list takes 40 ms to load

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)  # the snapshot in the package, never the network


def _is_ipv4(host: str) -> bool:
    try:
        IPv4Address(host)
    except AddressValueError:
        return False
    return True


def _joined(base: str, reference: str, whole: bool = False) -> str:
    scheme, authority, path, query = _split(reference)
    if scheme is not None:
        return _canonical(scheme, authority, path, query, whole=whole)
    base_scheme, base_authority, base_path, base_query = _split_base(base)
    if authority is None:
        authority = base_authority
        if not path:
            path, query = base_path, base_query if query is None else query
        elif not path.startswith("/"):
            path = base_path.rpartition("/")[0] + "/" + path
    return _canonical(base_scheme, authority, path, query, whole=whole)


def _split(url: str) -> tuple[str | None, str | None, str, str | None]:
    """(scheme, authority, path, query) as browsers read them; None for what is absent, which is not the same as empty."""
    url = url.strip(_EDGES)
    if "\t" in url or "\n" in url or "\r" in url:
        url = url.translate(_BREAKS)
    before = _BEFORE_QUERY.match(url)
    end = before.end() if before else 0
    if "\\" in url[:end]:
        url = url[:end].replace("\\", "/") + url[end:]
    parts = _PARTS.match(url)
    return (parts[1], parts[2], parts[3], parts[4]) if parts else (None, None, url, None)


_split_base = lru_cache(maxsize=16)(_split)  # a page's references have one


def _canonical(scheme: str | None, authority: str | None, path: str, query: str | None, *, whole: bool = False) -> str:
    scheme = (scheme or "").lower()
    if scheme not in _DEFAULT_PORTS or not authority:
        return ""
    host, port = _host_and_port(authority.rpartition("@")[2])
    host = _canonical_host(host)
    if not host or (port and not (port.isascii() and port.isdigit() and int(port[:6]) < 65536)):
        return ""
    port = str(int(port)) if port else ""
    if port and port != _DEFAULT_PORTS[scheme]:
        host = f"{host}:{port}"
    path, query = _escaped(path, _ODD_IN_PATH), _escaped(query, _ODD_IN_QUERY) if query else query
    if not whole:
        path, query = without_credentials(path, query)
    return f"{scheme}://{host}{_without_dots(path) or '/'}" + (f"?{query}" if query else "")


def _host_and_port(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        host, bracket, port = authority.partition("]")
        return host + bracket, port.removeprefix(":")
    host, _, port = authority.partition(":")
    return host, port


@lru_cache(maxsize=65536)
def _canonical_host(host: str) -> str:
    """ASCII, lower case, valid; "" where it is no host."""
    if host.startswith("["):
        try:
            return f"[{IPv6Address(host[1:-1]).compressed}]" if host.endswith("]") and "%" not in host else ""
        except AddressValueError:
            return ""
    if "%" in host:
        host = unquote(host)
    host = host.lower() if host.isascii() else _to_ascii(host)
    host = host.removesuffix(".")
    return host if len(host) <= _MAX_HOST_CHARACTERS and _HOST.fullmatch(host) else ""


def _to_ascii(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode("ascii").lower()
    except UnicodeError:  # IDNAError is one. Emoji domains are IDNA 2003 only, and they are in use
        try:
            return host.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return ""


def _escaped(text: str, odd: re.Pattern) -> str:
    """Everything that must be escaped, escaped; everything that need not be, not."""
    text = odd.sub(_escape, text)
    return _ESCAPE.sub(_unescape, text) if "%" in text else text


def _escape(match: re.Match) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


def _unescape(match: re.Match) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4, for paths that start with a slash."""
    if not _DOTS.search(path):
        return path
    out: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del out[-1:]
        elif segment != ".":
            out.append(segment)
    if segments[-1] in (".", ".."):
        out.append("")
    return "/" + "/".join(out)
