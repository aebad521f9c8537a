"""The elements of a document -> the same with each picture once, in the largest of the sizes that it comes in."""

import re

from lamella.transforms.extract.dom.blocks import Element, Image
from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

# What an address says of a size: "photo-300x200.jpg", "photo_400x.jpg", "photo@2x.jpg", "photo-large.jpg",
# "/w_300,h_200/photo.jpg", "/max/800/photo.jpg", "/300px-photo.jpg", "?w=300".
_SIZES = re.compile(
    r"[-_@/](?:"  # the one set that each of them begins with: most of an address is passed over at once
    r"(?<=[-_])(?:"
    r"\d{2,4}x\d{2,4}(?=\.\w+$|/)|\d{3,4}x(?=\.\w+$)"
    r"|(?:scaled|(?:x-?|extra-?|medium-?)?large|medium|small|thumb(?:nail)?s?|(?:super)?jumbo)(?=\.\w+$)"
    r"|(?-i:[a-z]{1,9}(?:Large|Medium|Small|Thumb|Jumbo)(?:[A-Z]\w{0,12})?)(?=\.\w+$))"
    r"|(?<=@)[23]x(?=\.\w+$)"
    r"|(?<=/)(?:"
    r"(?:max|width|resize)/\d+(?=/)|w/\d+/h/\d+(?=/)|\d{2,4}x\d{2,4}(?=/)|\d{2,4}px-[^/]+$"
    r"|(?:[a-z]{1,2}_[\w.:]++,){0,9}[wh]_\d++(?:,[a-z]{1,2}_[\w.:]++){0,9}+(?=/)))",
    re.IGNORECASE,
)
_SIZE_NAMES = frozenset(("w", "h", "width", "height", "size", "sz", "resize", "imwidth"))
_RENDERING_NAMES = frozenset(("quality", "fit", "crop", "auto", "dpr"))
_NUMBER = re.compile(r"\d+")
# Of words: an address that says nothing of a size is a picture as it was put up, and so are those of twice its pixels.
_WORD_PX = {"thumb": 100, "small": 300, "medium": 600, "large": 1200, "jumbo": 2000, "scaled": 2560}
_SIZE_WORD = re.compile("|".join(_WORD_PX), re.IGNORECASE)
_AS_PUT_UP, _DOUBLED_PX = 10_000, 20_000


def without_copies(elements: list[Element]) -> list[Element]:
    """Each picture stays where it stands first, in the largest size that the page shows. Pictures of which the page says
    different things are different, whatever their addresses say: a small egg and a large one."""
    out: list[Element] = []
    seen: dict[str, list[Image]] = {}
    for element in elements:
        if isinstance(shown := element.media, Image):
            sizes = seen.setdefault(picture_of(shown.url), [])
            first = next((one for one in sizes[: INPUT_LIMITS.max_sizes] if _is_size_of(shown, one)), None)
            if first:
                _take_over(first, shown)
                continue
            sizes.append(shown)
        out.append(element)
    return out


def _is_size_of(shown: Image, first: Image) -> bool:
    """The very same address, or a caption of its own, is a picture shown twice: `assemble` says which one goes."""
    said_twice = first.caption and shown.caption
    return shown.url != first.url and not said_twice and (not first.alt or not shown.alt or first.alt == shown.alt)


def picture_of(url: str) -> str:
    """An address without what it says of a size: equal for two sizes of one picture."""
    if len(url) > INPUT_LIMITS.max_sized_url:
        return url
    path, _, query = url.partition("#")[0].partition("?")
    kept = [pair for pair in query.split("&") if pair and not _is_size(*pair.lower().partition("=")[::2])]
    return "?".join([_SIZES.sub("", path), *kept])


def _is_size(name: str, value: str) -> bool:
    if name in _RENDERING_NAMES:
        return True
    return name in _SIZE_NAMES and not (value.isdecimal() and int(value[:6]) < HEURISTICS.min_size_px)


def _take_over(first: Image, copy: Image) -> None:
    if _size(copy) > _size(first):
        first.other_sizes.append(first.url)
        first.url, first.smaller, first.width, first.height = copy.url, copy.smaller, copy.width, copy.height
    else:
        first.other_sizes.append(copy.url)
    first.caption = first.caption or copy.caption
    first.alt = first.alt or copy.alt


def _size(image: Image) -> int:
    """In px as far as the address says it: the largest number in what is not the picture's name, else a word's rank."""
    path, _, query = image.url.partition("?")
    parts = [found[0] for found in _SIZES.finditer(path)]
    if any(part[0] == "@" for part in parts):
        return _DOUBLED_PX
    told = [pair for pair in query.split("&") if pair and _is_size(*pair.lower().partition("=")[::2])]
    said = [number for part in (*parts, *told) for number in _NUMBER.findall(part) if len(number) < 5]
    if said:
        return max(map(int, said))
    words = [_WORD_PX[word.lower()] for part in parts for word in _SIZE_WORD.findall(part)]
    return max(words, default=0 if told else _AS_PUT_UP)
