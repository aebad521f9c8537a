"""The attributes of an HTML element -> the one URL to fetch for its image or video, and the size that the page gives it.

Finds what OBELICS loses: srcset and picture, lazy loading under the names that it reads and more, CSS backgrounds, `<base>`,
and references as RFC 3986 resolves them. data: URIs and tracking pixels are left out.
"""

import re
from functools import lru_cache
from urllib.parse import unquote

from lamella.transforms.extract.dom.blocks import Video
from lamella.transforms.extract.dom.late_addresses import late_address
from lamella.transforms.extract.dom.placeholders import is_placeholder
from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS
from lamella.transforms.formats.urls import join_url

Attributes = dict[str, str | None]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Lazy loaders keep the real address in these and a placeholder in `src` (OBELICS reads eleven of them).
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-src-set")
_OWN_SETS, _SOURCE_SETS = (*_LAZY_SETS, "srcset"), ("srcset", *_LAZY_SETS)
_SETS = frozenset(_OWN_SETS)
_LAZY = (
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-lazy",
    "data-src-fg",
    "data-scroll-image",
    "data-lateloadsrc",
    "data-img-src",
    "data-gt-lazy-src",
    "src2",
    "data-hi-res-src",
    "data-full-src",
    "data-echo",
    "data-image",
    "data-original-src",
    "data-bg",
    "data-background-image",
)
_IS_LAZY = frozenset(_LAZY)
_LAZY_CLASS = re.compile(r"lazy|defer|unveil", re.IGNORECASE)
_INLINE = re.compile(r"data:image/(?!svg)[\w.+-]{1,40}[;,]", re.IGNORECASE)
_LAZY_BACKGROUNDS = ("data-bg", "data-background", "data-background-image", "data-bg-src", "data-background-src", "data-bgset")
_IS_LAZY_BACKGROUND = frozenset(_LAZY_BACKGROUNDS)
BACKGROUNDS = frozenset(("style", *_LAZY_BACKGROUNDS))  # attributes that may hold one
# Neither reads on over the next bracket or quote: a page of unclosed ones would take time in its square.
_CSS_URL = r"url\(\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^()\"']*+))\s*+\)"
_URL = re.compile(_CSS_URL, re.IGNORECASE)
_BACKGROUND = re.compile(r"background(?:-image)?\s*+:[^;:]{0,500}?" + _CSS_URL, re.IGNORECASE)
_STYLE_SIZE = re.compile(r"(?:^|[;\s])(width|height)\s*:\s*(\d+)(?:\.\d+)?px", re.IGNORECASE)
_LENGTH = re.compile(r"\d{1,5}(?:\.\d+)?")
_IMAGE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)
_VIDEO_NAME = re.compile(r"\.(?:mp4|webm|m4v|mov|ogv)$", re.IGNORECASE)
_THUMBNAIL_NAME = re.compile(r"thumb|small|preview|[_\-]\d{2,3}x\d{2,3}\.|[_\-](?:sm|s|th|tn)\.", re.IGNORECASE)
_THUMBNAIL_FOLDER = re.compile(
    r"(?:^|/)(?:(?=[\w-]*thumb)[\w-]*+|small|s|t|th|tn|preview|\d{2,3}x\d{2,3})(?:/|$)", re.IGNORECASE
)
_VIEWER = re.compile(
    r"/(?:blob|src/(?:branch|commit|tag|master|main|[0-9a-f]{6,40}))/"
)  # git hosts show a file's page under these
_WORD_TRACKS = frozenset(("subtitles", "captions", "descriptions"))
_UNREADABLE = frozenset(("image/jxl", "image/jp2", "image/jpx", "image/vnd.ms-photo"))


def image_url(attributes: Attributes, sources: list[Attributes], max_px: int) -> str:
    """The largest sensible address of an `img` and of the `source`s of its `picture`; "" where it has none."""
    sets = [_first(source, _SOURCE_SETS) for source in sources if source.get("type") not in _UNREADABLE] if sources else []
    own = "" if _SETS.isdisjoint(attributes) else _first(attributes, _OWN_SETS)
    lazy, plain = "", _reference(attributes.get("src"))
    if not _IS_LAZY.isdisjoint(attributes):
        lazy = next((url for name in _LAZY if name in attributes and (url := _reference(attributes[name]))), "")
    if not lazy and (not plain or is_placeholder(plain) or _LAZY_CLASS.search(attributes.get("class") or "")):
        lazy, own_set = late_address(attributes)
        lazy = _reference(lazy)
        own = own or own_set
    plain = lazy or plain
    if own or sets:
        best_of_own, *best = [_best(one, max_px) if one else None for one in (own, *sets)]
        if by_width := [one for one in (best_of_own, *best) if one and one[0]]:
            return _sensible(by_width, max_px)
        if best_of_own:
            return best_of_own[1]
        for offered, one in zip(sets, best, strict=True):
            if one and (not plain or (one[1] != plain and _offers(offered, plain))):
                return one[1]
    return plain or inline_image(attributes.get("src"))


def plain_url(attributes: Attributes) -> str:
    """The address that an `img` has for browsers that know neither scripts nor srcset; "" where that only holds a place."""
    plain = _reference(attributes.get("src"))
    if not plain or is_placeholder(plain) or not _IS_LAZY.isdisjoint(attributes):
        return ""
    return "" if _LAZY_CLASS.search(attributes.get("class") or "") else plain


def inline_image(value: str | None) -> str:
    """A data: URI that holds a picture, "" for one so short that it holds a place."""
    value = (value or "").strip()
    return value if len(value) >= HEURISTICS.min_inline_characters and _INLINE.match(value) else ""


def is_inline(url: str) -> bool:
    return url[:5].lower() == "data:"


def background_url(attributes: Attributes) -> str:
    """The image that a style attribute, or a lazy loader's, puts behind an HTML element."""
    style = attributes.get("style") or ""
    if "url(" in style and (found := _BACKGROUND.search(style)) and (url := _reference(found[found.lastindex or 0])):
        return url
    lazy = "" if _IS_LAZY_BACKGROUND.isdisjoint(attributes) else _first(attributes, _LAZY_BACKGROUNDS)
    if not lazy:
        return ""
    found = _URL.search(lazy)
    return _reference(found[found.lastindex or 0] if found else lazy)


def linked_image(href: str | None, shown: str, size: tuple[int, int]) -> str:
    """The large picture behind a thumbnail, where the picture shown plainly is one; else the picture shown.

    An address that ends like a picture's may lead to a page about it: "File:Mill.jpg" of a wiki, a viewer of a repository's
    files. A page about the very file that is shown has its name, and another place than "thumbnails".
    """
    linked = _reference(href)
    if not linked or not is_image_name(linked):
        return shown
    if not shown or is_inline(shown):
        return shown if _leads_to_page(linked) else linked
    folder, _, name = shown.partition("?")[0].rpartition("/")
    named_small = _THUMBNAIL_NAME.search(name) or _THUMBNAIL_FOLDER.search(folder)
    small = 0 < max(size) < HEURISTICS.max_thumbnail_px or (not max(size) and named_small)
    if not small or _leads_to_page(linked):
        return shown
    same_name = linked.partition("?")[0].rpartition("/")[2] == name
    return shown if same_name and not named_small and _host(linked) != _host(shown) else linked


def _leads_to_page(url: str) -> bool:
    """Whether the address is a page's about a picture: a wiki's namespace before its name, or a viewer of a repository."""
    path = unquote(url.partition("?")[0])
    return ":" in path.rpartition("/")[2] or bool(_VIEWER.search(path))


def _host(url: str) -> str:
    return url.partition("//")[2].partition("/")[0].lower() if "//" in url else ""


def object_url(attributes: Attributes) -> tuple[str, str]:
    """(kind, URL) of an `object` or `embed`: kind is "image", "video" or ""."""
    url = _reference(attributes.get("data") or attributes.get("src"))
    mime = (attributes.get("type") or "").lower()
    if url and (mime.startswith("image/") or (not mime and is_image_name(url))):
        return "image", url
    if url and (mime.startswith("video/") or (not mime and is_video_name(url))):
        return "video", url
    return "", ""


def add_source(video: Video, tag: str, attributes: Attributes) -> None:
    """Takes what a `video`, `source` or `track` adds: the first address, the first track of words, the poster."""
    url = _reference(attributes.get("src") or attributes.get("data-src"))
    if tag == "track":
        if url and not video.track and (attributes.get("kind") or "subtitles").lower() in _WORD_TRACKS:
            video.track = url
        return
    mime = (attributes.get("type") or "").lower()
    if url and not video.url and (not mime or mime.startswith("video/")):
        video.url = url
    if tag != "source":
        video.poster = _reference(attributes.get("poster") or attributes.get("data-poster"))


def is_image_name(url: str) -> bool:
    return bool(_IMAGE_NAME.search(url.partition("?")[0]))


def is_video_name(url: str) -> bool:
    return bool(_VIDEO_NAME.search(url.partition("?")[0]))


def size_of(attributes: Attributes) -> tuple[int, int]:
    """(width, height) in px as the attributes or the style give them; 0 for what they do not give."""
    width, height = _pixels(attributes.get("width")), _pixels(attributes.get("height"))
    if not (width and height) and (style := attributes.get("style")):
        styled = {name.lower(): int(value[:6]) for name, value in _STYLE_SIZE.findall(style)}
        width, height = width or styled.get("width", 0), height or styled.get("height", 0)
    return width, height


def _pixels(value: str | None) -> int:
    if not value:
        return 0
    if len(value) <= 5 and value.isdecimal():
        return int(value)
    value = value.strip().lower().removesuffix("px")
    return int(float(value)) if _LENGTH.fullmatch(value) else 0


def _first(attributes: Attributes, names: tuple[str, ...]) -> str:
    for name in names:
        if value := attributes.get(name):
            return value
    return ""


def joined(base: str, reference: str) -> str:
    """The absolute URL of a reference; "" where it is no http(s) URL."""
    return _join(base, reference)


_join = lru_cache(maxsize=4096)(join_url)  # what a site shows on each of its pages is joined once


def _reference(value: str | None) -> str:
    """A value that looks like a reference; "" for data: URIs, template leftovers and other junk."""
    value = (value or "").strip()
    if (
        not value
        or value[0] in "[<#"
        or "{" in value
        or value[:5].lower() == "data:"
        or ("." not in value and "/" not in value)
    ):
        return ""
    return value


def _best(srcset: str, max_px: int) -> tuple[int, str] | None:
    """(width in px or 0, URL) of the largest sensible candidate of a srcset."""
    by_width, by_density = [], []
    for url, descriptor in candidates(srcset):
        if descriptor[-1:] == "w":
            by_width.append((int(descriptor[:-1][:6]), url))
        else:
            density = float(descriptor[:-1] or 1)
            by_density.append((density <= HEURISTICS.max_density, density, url))
    # Most often the best of them shows something: the others are asked only where it does not.
    if by_width and not _shows(_sensible(by_width, max_px)):
        by_width = [one for one in by_width if _shows(one[1])]
    if by_width:
        url = _sensible(by_width, max_px)
        return next(width for width, found in by_width if found == url), url
    if by_density and not _shows(max(by_density)[2]):
        by_density = [one for one in by_density if _shows(one[2])]
    return (0, max(by_density)[2]) if by_density else None


def _shows(url: str) -> bool:
    return _reference(url) != "" and not is_placeholder(url)


def _offers(srcset: str, plain: str) -> bool:
    """Whether the plain address is one of a srcset's, too: then what it offers is the same picture."""
    return plain in srcset and any(_reference(url) == plain for url, _ in candidates(srcset))


def _sensible(by_width: list[tuple[int, str]], max_px: int) -> str:
    """The widest within the limit, or the narrowest beyond it; the first of equals."""
    within = [width for width, _ in by_width if width <= max_px]
    wanted = max(within) if within else min(width for width, _ in by_width)
    return next(url for width, url in by_width if width == wanted)


def candidates(srcset: str) -> list[tuple[str, str]]:
    """(URL, descriptor) pairs as HTML parses them: a URL may hold commas, so only white space ends it; one with a descriptor
    that is none, as the rest of a name with a space in it, is left out."""
    if len(srcset) > INPUT_LIMITS.max_srcset:
        srcset = srcset[: INPUT_LIMITS.max_srcset].rpartition(",")[0]
    out = []
    for url, described in _CANDIDATES.findall(srcset):
        descriptor = (_known_descriptor if len(described) < _SHORT_DESCRIPTOR else _descriptor)(described)
        if descriptor is not None:
            out.append((url.rstrip(",") if url[-1] == "," else url, descriptor))
    return out


def _descriptor(text: str) -> str | None:
    """The width or density of a candidate, "" where it has none; None where one part is neither: the candidate is void."""
    said = ""
    for part in text.lower().split():
        if not _IS_DESCRIPTOR.fullmatch(part) or (said and part[-1] != "h"):
            return None
        said = said if part[-1] == "h" else part
    return said


_known_descriptor = lru_cache(maxsize=1024)(_descriptor)  # a web of pictures has some dozens
_SHORT_DESCRIPTOR = 16
_IS_DESCRIPTOR = re.compile(r"0*[1-9]\d{0,8}[wh]|\d{0,9}\.?\d{1,30}x")
# An address that ends in a comma has no descriptor; commas within a descriptor's brackets end nothing.
_CANDIDATES = re.compile(r"([^\s,]\S*+)(?:(?<=,)|((?:[^,(]|\([^)]*+\)?)*+))")
