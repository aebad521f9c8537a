"""The items of a document -> the same with each picture once, in the largest of the sizes that it comes in."""

import re

from lamella.transforms.extract.dom.blocks import Image, Item

# What an address says of a size: "photo-300x200.jpg", "photo@2x.jpg", "photo-large.jpg", "/w_300,h_200/photo.jpg",
# "/max/800/photo.jpg", "/300px-photo.jpg", "?w=300".
_SIZES = re.compile(
    r"[-_]\d{2,4}x\d{2,4}(?=\.\w+$|/)|@[23]x(?=\.\w+$)|[-_](?:scaled|[a-z]{0,9}(?:large|medium|small|thumb|jumbo)\w{0,12})(?=\.\w+$)"
    r"|/(?:max|width|resize)/\d+(?=/)|/w/\d+/h/\d+(?=/)|/\d{2,4}x\d{2,4}(?=/)|/\d{2,4}px-[^/]+$"
    r"|/(?:[a-z]{1,2}_[\w.:]+,)*[wh]_\d+(?:,[a-z]{1,2}_[\w.:]+)*(?=/)",
    re.IGNORECASE,
)
_SIZE_NAMES = frozenset(
    ("w", "h", "width", "height", "size", "sz", "quality", "fit", "crop", "resize", "imwidth", "auto", "dpr")
)
_NUMBER = re.compile(r"\d+")
_MAX_URL = 2000  # characters; the sizes in a longer address are not looked for


def without_copies(items: list[Item]) -> list[Item]:
    """Each picture stays where it stands first, in the largest size that the page shows."""
    out: list[Item] = []
    seen: dict[str, Image] = {}
    for item in items:
        if isinstance(shown := item.media, Image):
            first = seen.setdefault(picture_of(shown.url), shown)
            # The very same address, or a caption of its own, is a picture shown twice: `assemble` says which one goes.
            if shown.url != first.url and not (first.caption and shown.caption):
                _take_over(first, shown)
                continue
        out.append(item)
    return out


def picture_of(url: str) -> str:
    """An address without what it says of a size: equal for two sizes of one picture."""
    if len(url) > _MAX_URL:
        return url
    path, _, query = url.partition("#")[0].partition("?")
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0].lower() not in _SIZE_NAMES]
    return "?".join([_SIZES.sub("", path), *kept])


def _take_over(first: Image, copy: Image) -> None:
    if _size(copy) > _size(first):
        first.url, first.width, first.height = copy.url, copy.width, copy.height
    first.caption = first.caption or copy.caption
    first.alt = first.alt or copy.alt


def _size(image: Image) -> int:
    """In px as far as the address says it: the largest number in what is not the picture's name."""
    path, _, query = image.url.partition("?")
    said = [number for found in _SIZES.findall(path) for number in _NUMBER.findall(found)] + _NUMBER.findall(query)
    return max((int(number) for number in said if len(number) < 5), default=0)
