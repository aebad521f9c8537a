"""The files in which a site speaks of its use, by address and type; an address -> its site."""

from urllib.parse import urlsplit

ROBOTS, TDM_FILE, AI_TXT = "/robots.txt", "/.well-known/tdmrep.json", "/ai.txt"
RSL_TYPE = "application/rsl+xml"
_PATHS = (ROBOTS, TDM_FILE, AI_TXT)


def is_site_file(url: str, mime: str) -> bool:
    """Whether a canonical address, or a type, is that of such a file."""
    return mime == RSL_TYPE or (url.endswith(_PATHS) and _path(url) in _PATHS)


def site_file_path(url: str, mime: str) -> str:
    """Which of the files it is: its path, or the type of RSL's licences, which lie anywhere."""
    return RSL_TYPE if mime == RSL_TYPE else _path(url)


def site_of(url: str) -> str:
    """Host and port. An archive often has a site's files by one scheme alone, and they are its owner's words by either."""
    return urlsplit(url).netloc


def _path(url: str) -> str:
    parts = urlsplit(url)
    return "" if parts.query else parts.path
