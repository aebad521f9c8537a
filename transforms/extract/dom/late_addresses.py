"""The attributes of an image that shows nothing yet -> the address, or the srcset, that a script would put in its place."""

import re

from lamella.transforms.extract.input_limits import INPUT_LIMITS

Attributes = dict[str, str | None]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Loaders have a name each for the attribute that holds the address. Where `src` shows nothing, any attribute whose value is
# the address of a picture is believed, but for what stands in while it loads, or when it fails.
_STANDS_IN = re.compile(r"placeholder|fallback|error|default|thumb|lqip|preview|low|tiny|blur|poster|icon|avatar|^on|pin-media")
_NAMES_ADDRESS = re.compile(r"(?:^|-)(?:src|lazy\w*|original)(?:$|-)|lazyload|lazysrc")
_LOOKS_LIKE_ADDRESS = re.compile(r"(?:https?:)?/{1,2}[^\s<>{}\"'()]{1,2000}")  # of no page: what a path ends in is asked, too
_PAGE_NAME = re.compile(r"\.(?:html?|php|aspx?|jsp|js|css|json|mp4|webm)(?:$|[?#])|/(?:$|[?#])", re.IGNORECASE)
_NO_ADDRESS = _words("alt title class id style width height src srcset sizes href loading usemap longdesc name role decoding")
_LOOKS_LIKE_IMAGE = re.compile(  # in full: a path that ends like a picture's, whatever its query says; or a query that ends so
    r"[^\s<>{}\"'()?#]{1,2000}\.(?:jpe?g|png|gif|webp|avif)(?:[?#][^\s<>]*)?|[^\s<>{}\"'()]{1,2000}\.(?:jpe?g|png|gif|webp|avif)",
    re.IGNORECASE,
)
_LOOKS_LIKE_SET = re.compile(r"\s*[^\s<>{}\"'()]+\s+\d+(?:\.\d+)?[wx]\s*(?:,|$)")


def late_address(attributes: Attributes) -> tuple[str, str]:
    """(address, srcset) in an attribute of any name whose value looks like one; "" for what there is not."""
    address = srcset = named = ""
    for name, value in list(attributes.items())[: INPUT_LIMITS.max_attributes]:
        if not value or name in _NO_ADDRESS or _STANDS_IN.search(name):
            continue
        value = value.strip()
        if not address and _LOOKS_LIKE_IMAGE.fullmatch(value):
            address = value
        elif not srcset and _LOOKS_LIKE_SET.match(value):
            srcset = value
        elif (
            not named and _NAMES_ADDRESS.search(name) and _LOOKS_LIKE_ADDRESS.fullmatch(value) and not _PAGE_NAME.search(value)
        ):
            named = value
    return address or (named if not srcset else ""), srcset
