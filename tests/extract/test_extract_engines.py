"""The seam of extraction: either engine's text, with the same pictures in their places."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode
from lamella.transforms.extract.parse import parse_html

PROSE = "A flamingo strains its {} from the water through the fine comb of lamellae that stands in its beak, day and night."
PAGE = (
    "<html><head><title>Beaks</title></head><body><ul class=nav><li><a href=/x>Elsewhere</a></li></ul><article><h1>Beaks</h1>"
    f"<p>{PROSE.format('food')}</p><img src=a.png alt='a beak'><p>{PROSE.format('shrimps')}</p>"
    f"<ul><li>{PROSE.format('algae')}</li></ul><figure><img src=b.png><figcaption>Two feet.</figcaption></figure>"
    f"<p>{PROSE.format('salt')}</p></article></body></html>"
)


@pytest.mark.parametrize("engine", ["lamella", "trafilatura"])
def test_pictures_stand_where_they_stood_in_the_text_of_either_engine(engine):
    pytest.importorskip(engine)
    nodes = parse_html(PAGE, "https://a.example/", ExtractConfig(engine=engine)).nodes
    said = [node.url[-5:] if isinstance(node, ImageNode) else node.text for node in nodes]
    food, shrimps, algae, salt = (PROSE.format(word) for word in ("food", "shrimps", "algae", "salt"))
    assert [one for one in said if one not in ("Beaks", "Two feet.")] == [food, "a.png", shrimps, algae, "b.png", salt]
    assert [node.caption for node in nodes if isinstance(node, ImageNode)] == ["", "Two feet."]
    assert [node.position for node in nodes] == sorted(node.position for node in nodes)


def test_an_engine_that_does_not_exist_is_a_wrong_configuration():
    with pytest.raises(ValueError, match="engine"):
        ExtractConfig(engine="boilerpipe")
