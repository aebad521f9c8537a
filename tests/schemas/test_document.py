"""Documents, keys and accounts: phi worked by hand, keys that never change, counts of each record."""

import pytest

from lamella.schemas.account import units_of
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode, with_phi
from lamella.schemas.keys import stable_fraction, stable_int, stable_key
from lamella.schemas.page import Page, Provenance
from lamella.schemas.rejection import Unit

PROVENANCE = Provenance(archive="a", offset=0, length=1)


def nodes_of(letters: str):
    made = {
        "t": lambda at: TextNode(text="t", position=at, previous_image=9, next_image=9),
        "i": lambda at: ImageNode(url="u", position=at),
        "v": lambda at: VideoNode(url="u", position=at),
    }
    return tuple(made[letter](at) for at, letter in enumerate(letters))


@pytest.mark.parametrize(
    ("letters", "previous", "following"),
    [
        ("", [], []),
        ("t", [0], [0]),
        ("i", [], []),
        ("tit", [0, 1], [1, 0]),
        ("ittitt", [1, 1, 2, 2], [2, 2, 0, 0]),
        ("iit", [2], [0]),
        ("tii", [0], [1]),
        ("tvtit", [0, 0, 1], [1, 1, 0]),  # videos carry no phi
    ],
)
def test_phi(letters, previous, following):
    texts = [node for node in with_phi(nodes_of(letters)) if isinstance(node, TextNode)]
    assert [text.previous_image for text in texts] == previous
    assert [text.next_image for text in texts] == following


def test_phi_changes_nothing_else():
    nodes = nodes_of("tiv")
    assert with_phi(nodes)[1:] == nodes[1:]
    assert with_phi(with_phi(nodes)) == with_phi(nodes)


def test_parts_of_a_document():
    document = InterleavedDocument(key="k", url="u", nodes=nodes_of("tivt"), provenance=PROVENANCE)
    assert document.text == "t\nt"
    assert document.images == (document.nodes[1],)
    assert document.videos == (document.nodes[2],)
    assert units_of(document) == ((Unit.DOCUMENT, 1), (Unit.NODE, 4))


def test_what_is_not_counted_is_named():
    assert units_of(Page(key="k", url="u", html="", provenance=PROVENANCE)) == ((Unit.PAGE, 1),)
    with pytest.raises(TypeError, match="str is not counted"):
        units_of("page")


def test_keys_never_change():
    """These values are in tables on disk: another hash would be another dataset."""
    assert stable_key("a.warc.gz", 5) == "fb3dad7fa2e6ddd5d2fd9e7fbe9e2d01"
    assert stable_int("a") == 4681665781835383343
    assert stable_fraction("a") == 0.2537936105758485


def test_keys_tell_their_parts_apart():
    assert stable_key("ab", "c") != stable_key("a", "bc")
    assert stable_key("1") == stable_key(1)
    assert len(stable_key("\ud800")) == 32
    assert all(0.0 <= stable_fraction(index) < 1.0 for index in range(100))
