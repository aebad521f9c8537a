"""A seed in, the bytes of a page that is meant to cost time, memory or sense, and how the server calls them, out.

Small ones, so that hundreds fit into a test run: what grows with the square is found by size, in `tests/extract`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lamella.sample.dice import Dice
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
    dice = Dice("page", seed)
    name = dice.pick(tuple(FAULTS))
    found = FAULTS[name](dice)
    data = found if isinstance(found, bytes) else found.encode("utf-8", "surrogatepass")
    mime = "text/html"
    if name == "charset":
        mime = f"text/html; charset={dice.pick(_CHARSETS)}"
    if dice.chance(0.2):
        more, data = mutate.mutated(data, dice)
        name += f"+{more}"
    return BadPage(name=name, data=data, mime=mime)


def _within(text: str) -> str:
    """The sound page with `text` in the middle of its article."""
    return SOUND.replace("</figure>", "</figure>" + text)


def _times(piece: str, dice: Dice, most: int = 200_000) -> str:
    """Many of a piece, up to `most` characters."""
    return piece * max(1, int(most * (0.02 + 0.98 * dice.fraction() ** 3)) // len(piece))


def _many(make: Callable[[int], str], dice: Dice, most: int = 4000) -> str:
    return "".join(make(n) for n in range(dice.between(50, most)))


def _nested(dice: Dice) -> str:
    tag = dice.pick(
        ("div", "b", "table", "ul", "a", "font", "p", "span", "svg", "math", "template", "select", "button", "object")
    )
    return _within(_times(f"<{tag}>", dice) + "deep " * 20 + (f"</{tag}>" * 50 if dice.chance(0.5) else ""))


def _adoption(dice: Dice) -> str:
    return _within(_times("<a><b><i><p>", dice, 40_000) + "</a></b></i>" * dice.between(1, 300))


def _unclosed(dice: Dice) -> str:
    start = dice.pick(
        ("<!--", "<script>", "<style>", "<textarea>", "<title>", "<p class='", "<svg><![CDATA[", "<!doctype", "<plaintext>")
    )
    return _within(start + _times("never closed ", dice))


def _attributes(dice: Dice) -> str:
    return _within("<p " + " ".join(f"a{n}=1" for n in range(dice.between(100, 6000))) + ">words</p>")


def _attribute(dice: Dice) -> str:
    name = dice.pick(
        ("alt", "src", "srcset", "class", "id", "style", "title", "data-src", "aria-label", "href", "width", "sizes")
    )
    piece = dice.pick(
        ("a", "word ", "_", "1 ", ", ", "a.jpg 1x, ", "%20", "/../", "&amp;", "'x' ", "http://a/", "\u0301", "(", "- ")
    )
    return _within(f'<img {name}="{_times(piece, dice)}"><a {name}="{_times(piece, dice, 5000)}">x</a>')


def _base(dice: Dice) -> str:
    href = dice.pick(
        ("//", "http://[", "javascript:", "data:text/html,x", "http://" + "a." * 3000, "/" + "b/" * 4000, "\\\\x", "")
    )
    images = _many(lambda n: f"<img src='i{n}.jpg' alt='picture number {n} of many'>", dice, 400)
    return _within(images).replace("<head>", f"<head><base href='{href}'>")


def _srcset(dice: Dice) -> str:
    return _within("<img srcset='" + _many(lambda n: f"i{n}.jpg {n}w, ", dice) + "'>")


def _alts(dice: Dice) -> str:
    alt = _times(dice.pick(("long ", "_", "-", "a-b", "x.jpg ", "1_2_", "(", "©")), dice, 20_000)
    return _within(_many(lambda n: f"<img src='{n}.jpg' alt='{alt[: 500 + n]}'>", dice, 100))


def _described(dice: Dice) -> str:
    text = _times("described ", dice, 20_000)
    return _within(f"<p id=d>{text}</p>" + _many(lambda n: f"<img src={n}.png aria-describedby=d>", dice, 60))


def _entities(dice: Dice) -> str:
    title = _times(dice.pick(("&amp;", "&lt;b&gt;", "&#60;", "&NotEqualTilde;", "&;", "&#9999999999;")), dice)
    return SOUND.replace("<title>", f"<title>{title}").replace("</h1>", title[:5000] + "</h1>")


def _meta(dice: Dice) -> str:
    name = dice.pick(("robots", "og:image", "og:title", "description", "tdm-reservation", "refresh"))
    content = _times(dice.pick(("noai, ", "none:", "http://a/", "0;url=", "a: b, ", " ")), dice, 30_000)
    metas = f"<meta name='{name}' property='{name}' http-equiv='{name}' content='{content}'>" * dice.between(1, 4)
    return SOUND.replace("<head>", "<head>" + metas)


def _json_ld(dice: Dice) -> str:
    value = dice.pick(
        ("[" * 9000, '{"@type":"Article","articleBody":"' + "x" * 40_000 + '"}', "{" * 100, "nul", '{"a":1e999999}', "9" * 9000)
    )
    return SOUND.replace("<head>", f"<head><script type='application/ld+json'>{value}</script>")


def _tables(dice: Dice) -> str:
    cell = dice.pick(("<td colspan=9000000000000000>a</td>", "<td rowspan=65535>a", "<th>x", "<td><table><tr><td>y"))
    return _within("<table><tr>" + _times(cell, dice, 60_000) + "</table>")


def _style(dice: Dice) -> str:
    return _within(f'<p style="{_times("background:url(x.png);", dice)}">x</p><style>{_times("a{b:url(c)}", dice)}</style>')


def _text(dice: Dice) -> str:
    piece = dice.pick(
        ("word ", "a", "<br>", "\n", ". ", "字", "www.a.example ", "http://a/ ", "_", "!", "#a ", "{", "0", "\u00a0", "- ")
    )
    return _within(f"<p>{_times(piece, dice, 400_000)}</p>")


def _odd(dice: Dice) -> str:
    """Odd characters in text, attributes and addresses of a page that is sound otherwise."""
    words = SOUND.split(" ")
    for _ in range(dice.between(1, 12)):
        at = dice.below(len(words))
        words[at] += dice.pick(_ODD_CHARACTERS)
    return " ".join(words) + "\ud800" * dice.below(3)


def _charset(dice: Dice) -> bytes:
    """A page in one charset that says another, or none."""
    text = SOUND.replace("tide", dice.pick(("tide", "marée", "прилив", "潮汐", "満潮", "παλίρροια")))
    text = text.replace("<head>", f"<head><meta charset='{dice.pick(_CHARSETS)}'>")
    coding = dice.pick(
        ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "koi8-r", "gb18030", "shift_jis")
    )
    return text.encode(coding, "replace")


def _tags(dice: Dice) -> str:
    """Text that is mostly the beginnings of markup."""
    return _within("".join(dice.pick(("<", ">", "</", "<a", "<!", "&", "'", '"', "=", "p", " ", "--")) for _ in range(3000)))


def _noise(dice: Dice) -> bytes:
    return dice.pick((b"", b"<html>", SOUND.encode()[:200])) + dice.bytes(dice.between(1, 20_000))


FAULTS: dict[str, Callable[[Dice], str | bytes]] = {
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
    "mutated": lambda dice: mutate.mutated(SOUND.encode(), dice)[1],
}
