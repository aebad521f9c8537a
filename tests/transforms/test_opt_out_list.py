"""A list of later opt-outs -> whether an address or a file is on it."""

import pytest

from lamella.schemas.errors import ConfigError
from lamella.schemas.opt_out import OptOut, opt_out_of
from lamella.transforms.base.opt_out_list import read_opt_outs

DIGEST = "ab" * 32
LIST = f"""\ufeff# what came in since May
https://Pond.example/a%7Eb.png#x  the painter, 2026-05-01
https://reeds.example/page?utm_source=x&id=3

marsh.example   by letter   # a remark
*.fen.example
sha256:{DIGEST.upper()} 2026-06-02
"""


@pytest.fixture
def listed(tmp_path):
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    read_opt_outs.cache_clear()
    return read_opt_outs(str(tmp_path / "list.txt"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://pond.example/a~b.png", "listed: https://pond.example/a~b.png (the painter, 2026-05-01)"),
        ("http://pond.example/a~b.png", ""),
        ("https://pond.example/", ""),
        ("https://reeds.example/page?utm_source=x&id=3", "listed: https://reeds.example/page?utm_source=x&id=3"),
        ("http://marsh.example:8080/x/y.png?z", "listed: marsh.example (by letter)"),
        ("https://a.b.marsh.example/", "listed: marsh.example (by letter)"),
        ("https://fen.example/", "listed: fen.example"),
        ("https://nomarsh.example/", ""),
        ("https://marsh.example.org/", ""),
        ("", ""),
    ],
)
def test_addresses(listed, url, said):
    assert listed.address(url) == said


def test_files(listed):
    assert listed.file(DIGEST) == f"listed: {DIGEST} (2026-06-02)"
    assert listed.file("cd" * 32) == ""


@pytest.mark.parametrize("line", ["ab" * 31, "file:///etc/passwd", "just", "@", "a b"])
def test_a_line_that_names_nothing_is_told(tmp_path, line):
    (tmp_path / "list.txt").write_text(f"marsh.example\n{line}\n")
    with pytest.raises(ConfigError, match="line 2: neither a URL"):
        read_opt_outs(str(tmp_path / "list.txt"))


def test_no_list_and_no_file(tmp_path):
    assert read_opt_outs(None).address("https://marsh.example/") == ""
    with pytest.raises(FileNotFoundError):
        read_opt_outs(str(tmp_path / "never.txt"))


def test_a_rejection_says_its_signal():
    row = opt_out_of("https://a.example/1.png", "media", "content-usage: train-ai=n, in robots.txt", "2025-01-01")
    assert row == OptOut(
        url="https://a.example/1.png",
        removed="media",
        signal="content-usage",
        words="train-ai=n, in robots.txt",
        date="2025-01-01",
    )
