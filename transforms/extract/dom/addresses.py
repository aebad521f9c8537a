"""The attributes of an element -> the one URL to fetch for its image or video, and the size that the page gives it.

Finds what OBELICS loses: srcset and picture, lazy loading under the names that it reads and more, CSS backgrounds, `<base>`,
and references as RFC 3986 resolves them. data: URIs and tracking pixels are left out.
"""

import re
from functools import lru_cache

from lamella.transforms.extract.dom.blocks import Video
from lamella.transforms.urls import join_url

Attributes = dict[str, str | None]

# Lazy loaders keep the real address in these and a placeholder in `src` (OBELICS reads eleven of them).
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-src-set")
_OWN_SETS, _SOURCE_SETS = (*_LAZY_SETS, "srcset"), ("srcset", *_LAZY_SETS)
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
_LAZY_BACKGROUNDS = ("data-bg", "data-background", "data-background-image", "data-bg-src", "data-background-src", "data-bgset")
BACKGROUNDS = frozenset(("style", *_LAZY_BACKGROUNDS))  # attributes that may hold one
# Neither reads on over the next bracket or quote: a page of unclosed ones would take time in its square.
_CSS_URL = r"url\(\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^()\"']*+))\s*+\)"
_URL = re.compile(_CSS_URL, re.IGNORECASE)
_PIXEL = re.compile(
    r"(?:^|[/_.\-])(?:spacer|blank|clear|transparent|pixel|1x1|1px|tracking|beacon|loading|loader|spinner)[\d_\-]*\.(?:gif|png|svg)(?:$|\?)",
    re.IGNORECASE,
)
_DRAWN = re.compile(r"\.(?:gif|png|svg)(?:$|\?)", re.IGNORECASE)  # a pixel's name ends so; found at once
_COUNTER = re.compile(
    r"//(?:pixel|stats|b\.scorecardresearch|www\.facebook\.com/tr|[\w.]*doubleclick\.net)[./?]|/pixel(?:$|[/?])",
    re.IGNORECASE,
)
_BACKGROUND = re.compile(r"background(?:-image)?\s*+:[^;]{0,500}?" + _CSS_URL, re.IGNORECASE)
_STYLE_SIZE = re.compile(r"(?:^|[;\s])(width|height)\s*:\s*(\d+)(?:\.\d+)?px", re.IGNORECASE)
_IMAGE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)
_VIDEO_NAME = re.compile(r"\.(?:mp4|webm|m4v|mov|ogv)$", re.IGNORECASE)
_THUMBNAIL_NAME = re.compile(r"thumb|small|preview|[_\-]\d{2,3}x\d{2,3}\.|[_\-](?:sm|s|th|tn)\.", re.IGNORECASE)
_WORD_TRACKS = frozenset(("subtitles", "captions", "descriptions"))
_UNREADABLE = frozenset(("image/jxl", "image/jp2", "image/jpx", "image/vnd.ms-photo"))
_THUMBNAIL_PX = 200
_MAX_SRCSET = 10_000  # characters that are read
_MAX_DENSITY = 3.0  # beyond it, srcset offers what no screen shows


def image_url(attributes: Attributes, sources: list[Attributes], max_px: int) -> str:
    """The largest sensible address of an `img` and of the `source`s of its `picture`; "" where it has none."""
    sets = [_first(source, _SOURCE_SETS) for source in sources if source.get("type") not in _UNREADABLE]
    own = _first(attributes, _OWN_SETS)
    lazy = ""
    if not _IS_LAZY.isdisjoint(attributes):
        lazy = next((url for name in _LAZY if name in attributes and (url := _reference(attributes[name]))), "")
    plain = lazy or _reference(attributes.get("src"))
    by_width = [best for candidates in (own, *sets) if (best := _best(candidates, max_px)) and best[0]]
    if by_width:
        return _sensible(by_width, max_px)
    if own and (best := _best(own, max_px)):
        return best[1]
    return plain or next((best[1] for candidates in sets if (best := _best(candidates, max_px))), "")


def background_url(attributes: Attributes) -> str:
    """The image that a style attribute, or a lazy loader's, puts behind an element."""
    style = attributes.get("style") or ""
    if "url(" in style and (found := _BACKGROUND.search(style)) and (url := _reference(found[found.lastindex])):
        return url
    lazy = _first(attributes, _LAZY_BACKGROUNDS)
    if not lazy:
        return ""
    found = _URL.search(lazy)
    return _reference(found[found.lastindex] if found else lazy)


def linked_image(href: str | None, shown: str, size: tuple[int, int]) -> str:
    """The large picture behind a thumbnail, where the picture shown plainly is one; else the picture shown."""
    linked = _reference(href)
    if not linked or not is_image_name(linked):
        return shown
    small = 0 < max(size) < _THUMBNAIL_PX or (not max(size) and _THUMBNAIL_NAME.search(shown.rpartition("/")[2]))
    return linked if small or not shown else shown


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
    """Takes what a `video`, `source` or `track` element adds: the first address, the first track of words, the poster."""
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


def is_tracker(url: str, size: tuple[int, int], attributes: Attributes) -> bool:
    """Whether an image is there to be asked for, or to keep a place, and not to be seen."""
    sizes = [attributes.get("width"), attributes.get("height")]
    if any(value and value.strip().removesuffix("px") in ("0", "1") for value in sizes):
        return True
    if 0 < max(size) <= 1 or _COUNTER.search(url):
        return True
    return bool(_DRAWN.search(url) and _PIXEL.search(url))


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
    return int(float(value)) if re.fullmatch(r"\d{1,5}(\.\d+)?", value) else 0


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
    if not value or value[0] in "{[<#" or value[:5].lower() == "data:" or ("." not in value and "/" not in value):
        return ""
    return value


def _best(srcset: str, max_px: int) -> tuple[int, str] | None:
    """(width in px or 0, URL) of the largest sensible candidate of a srcset."""
    by_width, by_density = [], []
    for url, descriptor in candidates(srcset):
        if not (url := _reference(url)):
            continue
        if descriptor.endswith("w") and descriptor[:-1].isdecimal():
            by_width.append((int(descriptor[:-1][:6]), url))
        elif re.fullmatch(r"(?:\d{0,9}\.?\d{1,30}x)?", descriptor):
            density = float(descriptor[:-1] or 1)
            by_density.append((density <= _MAX_DENSITY, density, url))
    if by_width:
        url = _sensible(by_width, max_px)
        return next(width for width, found in by_width if found == url), url
    return (0, max(by_density)[2]) if by_density else None


def _sensible(by_width: list[tuple[int, str]], max_px: int) -> str:
    """The widest within the limit, or the narrowest beyond it; the first of equals."""
    within = [width for width, _ in by_width if width <= max_px]
    wanted = max(within) if within else min(width for width, _ in by_width)
    return next(url for width, url in by_width if width == wanted)


def candidates(srcset: str) -> list[tuple[str, str]]:
    """(URL, descriptor) pairs as HTML parses them: a URL may hold commas, so only white space ends it."""
    out, at = [], 0
    if len(srcset) > _MAX_SRCSET:
        srcset = srcset[:_MAX_SRCSET].rpartition(",")[0]
    while found := _CANDIDATE.match(srcset, at):
        at = found.end()
        url, descriptor = found[1], ""
        if url.endswith(","):
            url = url.rstrip(",")
        else:
            end = srcset.find(",", at)
            end = len(srcset) if end < 0 else end
            descriptor, at = srcset[at:end].strip().lower(), end
            descriptor = next((part for part in descriptor.split() if part[-1] in "wx"), "")
        if url:
            out.append((url, descriptor))
    return out


_CANDIDATE = re.compile(r"[\s,]*([^\s,]\S*)")
