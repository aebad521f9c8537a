"""A page's bytes -> the same with what a parser would not enter opened: declared shadow roots, and the rest behind an iframe,
a field, a list of choices, a title or a button that was never closed. Bytes that hold none of them come back as they are."""

import re

_ROOT = b"shadowroot"  # of `shadowrootmode`, and of the older `shadowroot`
_TEMPLATE = re.compile(rb"<(/?)template\b([^<>]*+)>", re.IGNORECASE)
# A comment that was never closed goes on to the end, as for a parser: else each list would look for its end anew.
_CHOICES = re.compile(
    rb"<select\b[^<>]*+>(?:[^<]++|</?(?:option|optgroup|hr)\b[^<>]*+>|<!--.*?(?:-->|\Z))*+", re.IGNORECASE | re.DOTALL
)
_BUTTON_ENDS = re.compile(rb"</?(?:p|div|h[1-6]|ul|ol|li|dl|table|section|article|main|figure|form|body)\b", re.IGNORECASE)
_FRAME = re.compile(rb"<iframe\b[^<>]*+>", re.IGNORECASE)


def opened(html: bytes, swallowed: bool) -> bytes:
    """`swallowed` says that something which was never closed may have taken what follows it."""
    if _ROOT in html:
        html = _with_shadow_roots(html)
    if not swallowed:
        return html
    if b"<iframe" in html and html.count(b"<iframe") > html.count(b"</iframe"):
        html = _with_closed_frames(html)
    if b"<select" in html and html.count(b"<select") > html.count(b"</select"):
        html = _CHOICES.sub(_closed_choices, html)
    for open_tag, close_tag in ((b"<title", b"</title"), (b"<textarea", b"</textarea")):
        if open_tag in html and html.count(open_tag) > html.count(close_tag):
            html = _with_closed_text(html, open_tag, close_tag)
    return html


def _with_shadow_roots(html: bytes) -> bytes:
    """`template`s that declare a shadow root become `div`, which a reader sees where it stands."""
    open_roots: list[bool] = []

    def renamed(found: re.Match[bytes]) -> bytes:
        if not found[1]:
            open_roots.append(_ROOT in found[2].lower())
            return b"<div%b>" % found[2] if open_roots[-1] else found[0]
        return b"</div>" if open_roots and open_roots.pop() else found[0]

    return _TEMPLATE.sub(renamed, html)


def _with_closed_frames(html: bytes) -> bytes:
    """An iframe that ends nowhere before the next one holds nothing: what follows it is the page."""
    out, at = [], 0
    frames = list(_FRAME.finditer(html))
    for index, frame in enumerate(frames):
        end = frames[index + 1].start() if index + 1 < len(frames) else len(html)
        out.append(html[at : frame.end()])
        at = frame.end()
        if html.find(b"</iframe", at, end) < 0:
            out.append(b"</iframe>")
    return b"".join([*out, html[at:]])


def with_closed_buttons(html: bytes) -> bytes:
    """A button that ends nowhere before the next one ends where a block begins or ends. Where each is closed, `html` itself."""
    if html.count(b"<button") <= html.count(b"</button"):
        return html
    out, parts = [], html.split(b"<button")
    for part in parts[1:]:
        ends = None if b"</button" in part else _BUTTON_ENDS.search(part)
        out.append(part if ends is None else part[: ends.start()] + b"</button>" + part[ends.start() :])
    return b"<button".join([parts[0], *out])


def _closed_choices(found: re.Match[bytes]) -> bytes:
    """A list of choices ends where something else begins."""
    closed = found.string[found.end() : found.end() + 8].lower() == b"</select"
    return found[0] if closed else found[0] + b"</select>"


def _with_closed_text(html: bytes, open_tag: bytes, close_tag: bytes) -> bytes:
    """An element of plain text that ends nowhere before the next of its kind ends at the next tag."""
    out, parts = [], html.split(open_tag)
    for part in parts[1:]:
        if close_tag in part or (end := part.find(b"<", part.find(b">") + 1)) < 0:
            out.append(part)
        else:
            out.append(part[:end] + close_tag + b">" + part[end:])
    return open_tag.join([parts[0], *out])
