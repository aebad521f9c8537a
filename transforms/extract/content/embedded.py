"""A parsed page says nearly nothing -> HTML of what its embedded state says: the page that a script would draw.

Applications send their content as JSON: in scripts, in JSON-LD (schema.org: articleBody, text, description), in an attribute.
Of all strings there that are prose, those under one key that say most are the content: the posts of a thread, a body of text.
"""

import json
from collections.abc import Iterator
from html import escape

from selectolax.lexbor import LexborHTMLParser

from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

_SCRIPTS = 'script[type*="json" i]'
_HOLDERS = "div, main, section, article, astro-island"  # HTML elements whose attributes may hold the state


def embedded_html(dom: LexborHTMLParser, title: str) -> str:
    """The strings under the key that says most, as a page of its own; "" where there are none."""
    said: dict[str, dict[str, int]] = {}
    left = INPUT_LIMITS.max_state_values
    for state in _states(dom):
        for key, text in _strings(state):
            left -= 1
            if left < 0:
                break
            words = len(text.split())
            if words >= HEURISTICS.min_state_words and not text.startswith(("http", "function", "data:")):
                said.setdefault(key, {}).setdefault(text, words)
    if not said:
        return ""
    best = max(said.values(), key=lambda texts: (sum(texts.values()), len(texts)))
    parts = "".join(f"<div>{text if '<' in text else _paragraphs(text)}</div>" for text in best)
    return f"<html><head><title>{escape(title)}</title></head><body><main><h1>{escape(title)}</h1>{parts}</main></body></html>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in text.split("\n") if line.strip())


def _states(dom: LexborHTMLParser) -> Iterator[object]:
    left = INPUT_LIMITS.max_state
    texts = [node.text() or "" for node in dom.css(_SCRIPTS)]
    for node in dom.css(_HOLDERS)[: INPUT_LIMITS.max_state_holders]:
        texts += [
            value
            for value in node.attributes.values()
            if value and len(value) >= HEURISTICS.min_state_characters and value[0] in "{["
        ]
    for text in texts:
        left -= len(text)
        if left < 0:
            return
        if (state := _loaded(text)) is not None:
            yield state


def _loaded(text: str) -> object | None:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _strings(state: object) -> Iterator[tuple[str, str]]:
    """(key, string) of all that is nested, in order. A stack of its own: states are deep."""
    stack: list[tuple[str, object, int]] = [("", state, 0)]
    while stack:
        key, value, nested = stack.pop()
        if isinstance(value, dict):
            stack += [(str(name), one, nested) for name, one in reversed(value.items())]
        elif isinstance(value, list):
            stack += [(key, one, nested) for one in reversed(value)]
        elif isinstance(value, str) and value:
            inner = _loaded(value) if value[0] in "{[" and nested < INPUT_LIMITS.max_state_nested else None
            if isinstance(inner, dict | list):
                stack.append((key, inner, nested + 1))
            else:
                yield key, value
