"""A seed -> the bytes of a page that is meant to cost time, memory or sense, and the type that its server declares.

Small ones, so that hundreds fit into a test run: what grows with the square is found by size, in `tests/extract`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lamella.sample.rng import Rng
from tests.faults import mutate

SOUND = (
    '<!DOCTYPE html><html lang="en"><head><title>The tide table of a small harbour</title></head><body><nav>'
    "<a href='/'>Home</a></nav><article><h1>The tide table of a small harbour</h1><p>The tide comes in twice a day, and the "
    "old keeper writes down when it does, as his father did before him.</p><figure><img src='/tide.jpg' alt='a wooden board "
    "with the hours of the tide'><figcaption>The board by the northern gate.</figcaption></figure><p>Nobody has ever asked "
    "him why, and he would not know what to say if they did.</p><video src='/tide.mp4'></video></article>"
    "<footer>All rights reserved</footer></body></html>"
)
_ODD_CHARACTERS = (
    "\0", "\x1b[31m", "\x08", "\u202e", "\u2066", "\u200b", "\ufeff", "\ufffe", "\u0300" * 60, "\U000e0041", "&#0;", "&#xD800;",
    "&#x110000;", "&#27;[2J", "&amp;" * 40, "\x85", "\u2028", "<![CDATA[", "]]>", "<?php", "%00", "\r", "\x7f", "🏳️‍🌈" * 9,
)  # fmt: skip
_CHARSETS = (
    "utf-8", "UTF-16", "utf-16le", "utf-7", "iso-2022-jp", "gb18030", "shift_jis", "big5", "euc-kr", "koi8-r", "windows-1252",
    "x-user-defined", "replacement", "utf-32", "none", "\xff", "a" * 3000, "utf-8; charset=latin-1", "ibm866", "hz-gb-2312",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BadPage:
    name: str
    data: bytes
    mime: str = "text/html"


def page(seed: int) -> BadPage:
    rng = Rng("page", seed)
    name = rng.pick(tuple(FAULTS))
    found = FAULTS[name](rng)
    data = found if isinstance(found, bytes) else found.encode("utf-8", "surrogatepass")
    mime = "text/html"
    if name == "charset":
        mime = f"text/html; charset={rng.pick(_CHARSETS)}"
    if rng.chance(0.2):
        more, data = mutate.mutated(data, rng)
        name += f"+{more}"
    return BadPage(name=name, data=data, mime=mime)


def _within(text: str) -> str:
    """The sound page with `text` in the middle of its article."""
    return SOUND.replace("</figure>", "</figure>" + text)


def _times(piece: str, rng: Rng, most: int = 200_000) -> str:
    """Many of a piece, up to `most` characters."""
    return piece * max(1, int(most * (0.02 + 0.98 * rng.fraction() ** 3)) // len(piece))


def _many(make: Callable[[int], str], rng: Rng, most: int = 4000) -> str:
    return "".join(make(n) for n in range(rng.between(50, most)))


def _nested(rng: Rng) -> str:
    tag = rng.pick(
        ("div", "b", "table", "ul", "a", "font", "p", "span", "svg", "math", "template", "select", "button", "object")
    )
    return _within(_times(f"<{tag}>", rng) + "deep " * 20 + (f"</{tag}>" * 50 if rng.chance(0.5) else ""))


def _adoption(rng: Rng) -> str:
    return _within(_times("<a><b><i><p>", rng, 40_000) + "</a></b></i>" * rng.between(1, 300))


def _unclosed(rng: Rng) -> str:
    start = rng.pick(
        ("<!--", "<script>", "<style>", "<textarea>", "<title>", "<p class='", "<svg><![CDATA[", "<!doctype", "<plaintext>")
    )
    return _within(start + _times("never closed ", rng))


def _attributes(rng: Rng) -> str:
    return _within("<p " + " ".join(f"a{n}=1" for n in range(rng.between(100, 6000))) + ">words</p>")


def _attribute(rng: Rng) -> str:
    name = rng.pick(
        ("alt", "src", "srcset", "class", "id", "style", "title", "data-src", "aria-label", "href", "width", "sizes")
    )
    piece = rng.pick(
        ("a", "word ", "_", "1 ", ", ", "a.jpg 1x, ", "%20", "/../", "&amp;", "'x' ", "http://a/", "\u0301", "(", "- ")
    )
    return _within(f'<img {name}="{_times(piece, rng)}"><a {name}="{_times(piece, rng, 5000)}">x</a>')


def _base(rng: Rng) -> str:
    href = rng.pick(
        ("//", "http://[", "javascript:", "data:text/html,x", "http://" + "a." * 3000, "/" + "b/" * 4000, "\\\\x", "")
    )
    images = _many(lambda n: f"<img src='i{n}.jpg' alt='picture number {n} of many'>", rng, 400)
    return _within(images).replace("<head>", f"<head><base href='{href}'>")


def _srcset(rng: Rng) -> str:
    return _within("<img srcset='" + _many(lambda n: f"i{n}.jpg {n}w, ", rng) + "'>")


def _alts(rng: Rng) -> str:
    alt = _times(rng.pick(("long ", "_", "-", "a-b", "x.jpg ", "1_2_", "(", "©")), rng, 20_000)
    return _within(_many(lambda n: f"<img src='{n}.jpg' alt='{alt[: 500 + n]}'>", rng, 100))


def _described(rng: Rng) -> str:
    text = _times("described ", rng, 20_000)
    return _within(f"<p id=d>{text}</p>" + _many(lambda n: f"<img src={n}.png aria-describedby=d>", rng, 60))


def _entities(rng: Rng) -> str:
    title = _times(rng.pick(("&amp;", "&lt;b&gt;", "&#60;", "&NotEqualTilde;", "&;", "&#9999999999;")), rng)
    return SOUND.replace("<title>", f"<title>{title}").replace("</h1>", title[:5000] + "</h1>")


def _meta(rng: Rng) -> str:
    name = rng.pick(("robots", "og:image", "og:title", "description", "tdm-reservation", "refresh"))
    content = _times(rng.pick(("noai, ", "none:", "http://a/", "0;url=", "a: b, ", " ")), rng, 30_000)
    metas = f"<meta name='{name}' property='{name}' http-equiv='{name}' content='{content}'>" * rng.between(1, 4)
    return SOUND.replace("<head>", "<head>" + metas)


def _json_ld(rng: Rng) -> str:
    value = rng.pick(
        ("[" * 9000, '{"@type":"Article","articleBody":"' + "x" * 40_000 + '"}', "{" * 100, "nul", '{"a":1e999999}', "9" * 9000)
    )
    return SOUND.replace("<head>", f"<head><script type='application/ld+json'>{value}</script>")


def _tables(rng: Rng) -> str:
    cell = rng.pick(("<td colspan=9000000000000000>a</td>", "<td rowspan=65535>a", "<th>x", "<td><table><tr><td>y"))
    return _within("<table><tr>" + _times(cell, rng, 60_000) + "</table>")


def _style(rng: Rng) -> str:
    return _within(f'<p style="{_times("background:url(x.png);", rng)}">x</p><style>{_times("a{b:url(c)}", rng)}</style>')


def _text(rng: Rng) -> str:
    piece = rng.pick(
        ("word ", "a", "<br>", "\n", ". ", "字", "www.a.example ", "http://a/ ", "_", "!", "#a ", "{", "0", "\u00a0", "- ")
    )
    return _within(f"<p>{_times(piece, rng, 400_000)}</p>")


def _odd(rng: Rng) -> str:
    """Odd characters in text, attributes and addresses of a page that is sound otherwise."""
    words = SOUND.split(" ")
    for _ in range(rng.between(1, 12)):
        at = rng.below(len(words))
        words[at] += rng.pick(_ODD_CHARACTERS)
    return " ".join(words) + "\ud800" * rng.below(3)


def _charset(rng: Rng) -> bytes:
    """A page in one charset that says another, or none."""
    text = SOUND.replace("tide", rng.pick(("tide", "marée", "прилив", "潮汐", "満潮", "παλίρροια")))
    text = text.replace("<head>", f"<head><meta charset='{rng.pick(_CHARSETS)}'>")
    coding = rng.pick(
        ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "koi8-r", "gb18030", "shift_jis")
    )
    return text.encode(coding, "replace")


def _tags(rng: Rng) -> str:
    """Text that is mostly the beginnings of markup."""
    return _within("".join(rng.pick(("<", ">", "</", "<a", "<!", "&", "'", '"', "=", "p", " ", "--")) for _ in range(3000)))


def _noise(rng: Rng) -> bytes:
    return rng.pick((b"", b"<html>", SOUND.encode()[:200])) + rng.bytes(rng.between(1, 20_000))


FAULTS: dict[str, Callable[[Rng], str | bytes]] = {
    "nested": _nested,
    "adoption": _adoption,
    "unclosed": _unclosed,
    "attributes": _attributes,
    "attribute": _attribute,
    "base": _base,
    "srcset": _srcset,
    "alts": _alts,
    "described": _described,
    "entities": _entities,
    "meta": _meta,
    "json-ld": _json_ld,
    "tables": _tables,
    "style": _style,
    "text": _text,
    "odd": _odd,
    "charset": _charset,
    "tags": _tags,
    "noise": _noise,
    "mutated": lambda rng: mutate.mutated(SOUND.encode(), rng)[1],
}
