"""Every pattern of the package takes time in proportion to its text, whatever the text; and no pattern hides from this test."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from find_patterns import ROOT, patterns, sources

from lamella.schemas.config import FetchConfig
from lamella.transforms.fetch.address_rules import _whole, _words_of

HERE = Path(__file__).parent
CEILING_S = 120  # for a pattern; one that takes longer has no end
SHARES = 8  # tests that the patterns are dealt out to
MADE_OF_CONFIG = ("_words_of", "_whole")  # alternations of escaped words, tried below

# Patterns that were once ours, or are known from books, and must be found slow: name -> (pattern, flags, anchored).
KNOWN = {
    "comments before a tag": (rb"\s*(?:<!--.*?(?:-->|\Z)\s*|<\?xml[^>]*>\s*)*<(?:html|p)[\s>]", re.I | re.S, True),
    "a slug": (r"\w+(?:[-_]\w+){2,}", re.I, True),
    "an identifier": (r"(?=\w*\d)(?:\w*_)\w*", 0, True),
    "a directive": (r"(?<![\w-])(?:([\w.*-]+)\s*:\s*)?(noai|none)(?![\w-])", re.I, False),
    "a tag": (r"<[^>]*>", 0, False),
    "an ARC line": (rb"([a-z]{1,20}:[^\n]{0,4096}?) +([0-9.:]{1,45}) +(\d{8,20}) +([^\n]{0,200}?) *(-?\d+)\r?\n", 0, True),
    "a charset": (r"charset\s*=\s*[\"']?\s*([a-z0-9]{2,40})", re.I, False),
    "space at the end": (r"\s+$", 0, False),
    "space before a mark": (r"\s+([,.;:!?)\]])", 0, False),
    "nested stars": (r"(a*)*b", 0, True),
    "alternatives that overlap": (r"(?:a|aa)+$", 0, True),
    "two of a kind": (r"\d*\d*x", 0, True),
    "in a lookahead": (r"q(?=(?:\w+\s?)*!)", 0, False),
    "a date": (r"(?:,?\s*(?:\d+)\s*)+of", 0, False),
}
SOUND = (r"(?<![a-z])[a-z]++\d", r"<[^<>]*>", r"(?:[-_][a-z]+)+", r"\s\S", r"(?:a|b)*c?", rb"\x1f\x8b")


@pytest.fixture(scope="module")
def timed():
    """Asks the process that tries patterns; ends it where it does not answer."""
    tries = [None]

    def ask(pattern: str | bytes, flags: int, anchored: bool) -> list[str] | None:
        if tries[0] is None or tries[0].poll() is not None:
            tries[0] = subprocess.Popen([sys.executable, HERE / "time_patterns.py"], stdin=-1, stdout=-1, text=True)
        source = pattern if isinstance(pattern, str) else pattern.decode("latin-1")
        try:
            tries[0].stdin.write(json.dumps([source, isinstance(pattern, bytes), flags, anchored]) + "\n")
            tries[0].stdin.flush()
            return json.loads(_line(tries[0]))
        except TimeoutError:
            return ["never ended"]

    yield ask
    if tries[0] is not None:
        tries[0].stdin.close()
        tries[0].wait()


def _line(process: subprocess.Popen) -> str:
    import select

    if not select.select([process.stdout], [], [], CEILING_S)[0]:
        process.kill()
        process.wait()
        raise TimeoutError
    return process.stdout.readline()


@pytest.mark.parametrize("name", KNOWN)
def test_slow_patterns_are_found(timed, name):
    assert timed(*KNOWN[name]) is not None


@pytest.mark.parametrize("pattern", SOUND)
def test_sound_patterns_pass(timed, pattern):
    assert timed(pattern, 0, False) is None


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_every_pattern_is_linear(timed, share):
    words = (FetchConfig().blocked_url_words, FetchConfig().unsafe_url_words)
    made = {make(some): (make.__name__, False) for make in (_words_of, _whole) for some in words}
    slow = {}
    for pattern, (name, anchored) in list((patterns() | made).items())[share::SHARES]:
        if attack := timed(pattern.pattern, pattern.flags, anchored):
            slow[name] = attack
    assert slow == {}


def test_every_pattern_can_be_found():
    """Compiled where a module is made, by `re.compile`: never on the way, where no introspection meets it."""
    hidden = []
    for path in sources():
        for function, call in _calls_of_re(ast.parse(path.read_text(encoding="utf-8")), ""):
            if call != "escape" and (function or call != "compile") and function not in MADE_OF_CONFIG:
                hidden.append(f"{path.relative_to(ROOT)}: re.{call} in {function or 'the module'}")
    assert hidden == []


def test_the_search_finds_what_it_is_for():
    names = {found.name for found in patterns().values()}
    assert {
        "lamella.transforms.formats.warc._VERSION",
        "lamella.transforms.pair.captions._FILE_NAME",
        "lamella.schemas.shards._MEMBER_NAME",
    } <= names


def _calls_of_re(node: ast.AST, function: str):
    """(the function that it stands in, which of re's functions) of every call."""
    for child in ast.iter_child_nodes(node):
        inside = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if isinstance(child, ast.Lambda):
            inside = function or "<lambda>"
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute):
            of = child.func.value
            if isinstance(of, ast.Name) and of.id in ("re", "regex"):
                yield function, child.func.attr
        yield from _calls_of_re(child, inside)
