"""Blocks -> HTML as the web writes it: figures, lazy pictures, srcset, menus, banners, share bars, comments.

Every style of picture names one content image, whatever comes with it (placeholders, `noscript` copies, `source`s).
"""

from dataclasses import dataclass
from html import escape
from posixpath import relpath
from urllib.parse import urlsplit

from lamella.sample.image_bank import Film, Shown
from lamella.sample.rng import Rng

STYLES = (
    "plain",
    "plain",
    "plain",
    "sized",
    "picture",
    "srcset",
    "lazy-src",
    "lazy-original",
    "lazy-lazy-src",
    "noscript",
    "linked",
)
_BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
_LAZY = {"lazy-src": "data-src", "lazy-original": "data-original", "lazy-lazy-src": "data-lazy-src"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of the main content: `kind` is h2, p, line, ul, ol, table, pre, image, film or raw."""

    kind: str
    text: str = ""
    items: tuple[str, ...] = ()  # of lists; of tables "name|value"
    shown: Shown | None = None
    film: Film | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFrame:
    """What stands around the main content."""

    site: str
    related: tuple[str, ...] = ()  # titles of other pages
    comments: tuple[tuple[str, str], ...] = ()  # (name, text)
    banner: bool = True
    share: bool = True
    logo: bool = False
    base: str = ""  # href of <base>
    language: str = "en"
    robots: str = ""  # content of the robots meta
    licence: str = ""
    wrapper: str = "article"  # element, or element.class, around the content
    bare: bool = False  # none of it
    headed: bool = True  # the title stands over the content


class Refs:
    """Writes references as the page does: relative to it or to its <base>, from the root, or in full."""

    def __init__(self, page_url: str, base: str, rng: Rng):
        self._from = urlsplit(base or page_url)
        self._way = "relative" if base else rng.pick(("relative", "root", "full", "scheme"))

    def __call__(self, url: str) -> str:
        to = urlsplit(url)
        if self._way == "full" or to.scheme not in ("http", "https"):
            return url
        if self._way == "scheme" and to.scheme == self._from.scheme:
            return url.partition(":")[2]
        if to.netloc != self._from.netloc or to.scheme != self._from.scheme:
            return url
        tail = to.path + (f"?{to.query}" if to.query else "")
        if self._way in ("root", "scheme"):
            return tail
        return relpath(to.path, self._from.path.rpartition("/")[0] or "/") + (f"?{to.query}" if to.query else "")


def page_html(url: str, title: str, blocks: list[Block], frame: SiteFrame, *, rng: Rng) -> str:
    """The whole page."""
    refs = Refs(url, frame.base, rng)
    main = "\n".join(block_html(block, refs, rng) for block in blocks)
    element, _, css = frame.wrapper.partition(".")
    attributes = f' class="{css}"' if css else ""
    return "\n".join(
        part
        for part in (
            f'<!DOCTYPE html>\n<html lang="{frame.language}">\n<head>\n<meta charset="utf-8">',
            f"<title>{escape(title)} - {escape(frame.site)}</title>",
            f'<base href="{escape(frame.base)}">' if frame.base else "",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta name="robots" content="{frame.robots}">' if frame.robots else "",
            f'<link rel="license" href="{frame.licence}">' if frame.licence else "",
            '<link rel="stylesheet" href="/assets/site.css">',
            "<style>body { max-width: 60em } .share a { color: inherit }</style>",
            "<script>window.dataLayer = window.dataLayer || []; function track(e) { dataLayer.push(e) }</script>",
            "</head>\n<body>",
            _banner() if frame.banner and not frame.bare else "",
            "" if frame.bare else _header(frame),
            f"<main>\n<{element}{attributes}>",
            f"<h1>{escape(title)}</h1>" if frame.headed else "",
            main,
            f"</{element}>\n</main>",
            _share() if frame.share and not frame.bare else "",
            _comments(frame.comments) if frame.comments and not frame.bare else "",
            _related(frame.related) if frame.related and not frame.bare else "",
            "" if frame.bare else _footer(frame),
            "</body>\n</html>\n",
        )
        if part
    )


def block_html(block: Block, refs: Refs, rng: Rng) -> str:
    if block.shown:
        return image_html(block.shown, refs, rng)
    if block.film:
        return film_html(block.film, refs)
    if block.kind == "raw":
        return block.text
    if block.kind == "line":  # what a catalogue says of the picture before it
        return f"<ul><li>{escape(block.text)}</li></ul>"
    if block.kind in ("ul", "ol"):
        items = "".join(f"<li>{escape(item)}</li>\n" for item in block.items)
        return f"<{block.kind}>\n{items}</{block.kind}>"
    if block.kind == "table":
        rows = (item.partition("|") for item in block.items)
        return "<table>\n" + "".join(f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>\n" for a, _, b in rows) + "</table>"
    return f"<{block.kind}>{escape(block.text)}</{block.kind}>"


def image_html(shown: Shown, refs: Refs, rng: Rng) -> str:
    """The picture in its style, within a figure where it has a caption."""
    style = shown.style or rng.pick(STYLES)
    src = escape(refs(shown.picture.url))
    alt = "" if shown.alt is None else f' alt="{escape(shown.alt)}"'
    about = "about-" + shown.picture.url.rpartition("/")[2].partition(".")[0]
    if shown.description:
        alt += f' aria-describedby="{about}"'
    width, height = shown.picture.size
    plain = f'<img src="{src}"{alt}>'
    if style == "sized":
        html = f'<img src="{src}"{alt} width="{width}" height="{height}" loading="lazy">'
    elif style == "picture":
        html = f'<picture><source srcset="{src}" media="(min-width: 40em)">{plain}</picture>'
    elif style == "srcset":
        html = f'<img srcset="{src} {width}w" sizes="100vw"{alt}>'
    elif style in _LAZY:
        html = f'<img class="lazyload" src="{_BLANK}" {_LAZY[style]}="{src}"{alt}>'
    elif style == "noscript":
        html = f'<img class="lazyload" src="{_BLANK}" data-src="{src}"{alt}><noscript>{plain}</noscript>'
    elif style == "linked":
        html = f'<a href="{src}" class="zoom">{plain}</a>'
    else:
        html = plain
    if shown.description:
        return f'{html}<p id="{about}">{escape(shown.description)}</p>'
    if shown.figcaption:
        return f"<figure>{html}<figcaption>{escape(shown.figcaption)}</figcaption></figure>"
    return (
        rng.pick((f"<p>{html}</p>", f'<div class="picture">{html}</div>', html))
        if style != "figure"
        else f"<figure>{html}</figure>"
    )


def film_html(film: Film, refs: Refs) -> str:
    width, height = film.size
    track = f'<track kind="captions" srclang="en" src="{escape(refs(film.track))}" default>' if film.track else ""
    poster = f' poster="{escape(refs(film.poster))}"' if film.poster else ""
    video = (
        f'<video controls width="{width}" height="{height}"{poster}>'
        f'<source src="{escape(refs(film.url))}" type="video/mp4">{track}<p>Your browser shows no films.</p></video>'
    )
    return f"<figure>{video}<figcaption>{escape(film.caption)}</figcaption></figure>" if film.caption else video


def _banner() -> str:
    return (
        '<div class="cookie-banner" role="dialog" aria-label="Cookies"><p>We use cookies to make this site better. '
        'Read our <a href="/privacy">privacy policy</a>.</p><button type="button">Accept all</button></div>'
    )


def _header(frame: SiteFrame) -> str:
    logo = '<a href="/"><img src="/assets/logo.png" alt="Logo" width="120" height="40"></a>' if frame.logo else ""
    items = "".join(f'<li><a href="/{name.lower()}/">{name}</a></li>' for name in ("Home", "News", "Prints", "Shop", "Contact"))
    return f'<header>{logo}<p class="site">{escape(frame.site)}</p><nav><ul>{items}</ul></nav></header>'


def _share() -> str:
    links = "".join(
        f'<a href="https://share.example/{to}" rel="nofollow">{to.title()}</a> ' for to in ("mail", "chirp", "pinboard")
    )
    return f'<div class="share-bar">Share: {links}</div>'


def _comments(comments: tuple[tuple[str, str], ...]) -> str:
    items = "".join(f'<div class="comment"><b>{escape(name)}</b><p>{escape(text)}</p></div>\n' for name, text in comments)
    return f'<section id="comments" class="comments"><h2>Comments</h2>\n{items}</section>'


def _related(titles: tuple[str, ...]) -> str:
    items = "".join(f'<li><a href="/archive/{i}.html">{escape(title)}</a></li>' for i, title in enumerate(titles))
    return f'<aside class="related"><h2>Read also</h2><ul>{items}</ul></aside>'


def _footer(frame: SiteFrame) -> str:
    return (
        f"<footer><p>Copyright 2021 {escape(frame.site)}. All rights reserved.</p>"
        '<p><a href="/privacy">Privacy policy</a> <a href="/terms">Terms of use</a> <a href="/contact">Contact</a></p></footer>'
    )
