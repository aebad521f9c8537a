"""Paths of this machine are read without fsspec, and as fsspec would; so are stretches of files that lie elsewhere."""

import fsspec
import pytest
from fsspec.core import url_to_fs

from lamella.transforms.base.files import local_path, open_binary, read_range


@pytest.mark.parametrize(
    "path", ["/a/b.gz", "b.gz", "/a/../b", "~/b", "/a b/%20", "/a:b", "file:///a/b", "local:///a", "file:/a"]
)
def test_a_path_of_this_machine_is_what_fsspec_makes_of_it(path):
    assert local_path(path) == url_to_fs(path)[1]


@pytest.mark.parametrize("path", ["memory://a/b", "data:,abc", "simplecache::memory://a"])
def test_a_path_elsewhere_is_none_of_this_machine(path):
    assert local_path(path) is None


def test_an_unknown_scheme_is_refused():
    with pytest.raises(ValueError, match="nowhere"):
        local_path("nowhere://a")


@pytest.mark.parametrize(
    ("offset", "length", "read"), [(0, 3, b"abc"), (2, 2, b"cd"), (4, 9, b"ef"), (9, 1, b""), (1, -1, b"")]
)
def test_a_stretch_is_read_alike_here_and_elsewhere(tmp_path, offset, length, read):
    (tmp_path / "x").write_bytes(b"abcdef")
    assert read_range(str(tmp_path / "x"), offset, length) == read
    if length >= 0:
        fsspec.filesystem("memory").pipe_file("/stretch", b"abcdef")
        assert read_range("memory://stretch", offset, length) == read


def test_a_file_that_is_not_there_is_named(tmp_path):
    for read in (lambda path: read_range(path, 0, 1), open_binary):
        with pytest.raises(FileNotFoundError, match="none"):
            read(str(tmp_path / "none"))
