"""What is stripped from captions, what counts as a file name, and that no text is slow."""

import pytest
from growth import is_linear

from lamella.schemas.config import PairConfig
from lamella.transforms.pair.captions import clean, is_file_name, normalised, without_dates_and_places

PEOPLE = PairConfig().min_place_people


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("LONDON, England — A fox crosses a street on 12 March 2019. (c) Jane Doe", "A fox crosses a street."),
        ("PARIS (AP) — Two men play chess in a park (AP Photo/John Smith)", "Two men play chess in a park"),
        ("A dog runs along the beach in Sydney, Australia, on Monday, March 12, 2019.", "A dog runs along the beach."),
        ("Photo by Jane Doe/Getty Images. Red kites over a field near Lyon, France", "Red kites over a field"),
        ("A woman walks her dog in New Zealand in 1987 under an umbrella", "A woman walks her dog under an umbrella"),
        ("A dog, 2019-03-12, on grass. © 2019 Jane. All rights reserved", "A dog, on grass."),
        ("The bridge (1932) at dawn. Photo: Max Mustermann", "The bridge at dawn."),
        ("A view of Austin, TX from the river at night", "A view from the river at night"),
        ("Sunset over the lake near Zürich, Switzerland.", "Sunset over the lake."),
        ("Image credit: NASA/JPL", ""),
        ("A bridge in steel [CC BY-SA 4.0]", "A bridge in steel"),
        ("A red circle on a plain ground. Ghent, Belgium, 15 September 2018.", "A red circle on a plain ground."),
        ("Two blue squares, Lisbon, 3 May 2021", "Two blue squares"),
        # and what stays
        ("Red, White and Blue flags may 5 people hold", "Red, White and Blue flags may 5 people hold"),
        ("Photo: a dog runs after the ball.", "Photo: a dog runs after the ball."),
        ("March of the penguins across the ice", "March of the penguins across the ice"),
        ("Source: the spring beneath the old oak", "Source: the spring beneath the old oak"),
        ("A turkey, a goose and 12 ducks", "A turkey, a goose and 12 ducks"),
        ("Ein roter Fuchs im Schnee", "Ein roter Fuchs im Schnee"),
        ("", ""),
    ],
)
def test_dates_places_and_credits_leave(text, left):
    assert without_dates_and_places(text, PEOPLE) == left
    assert without_dates_and_places(left, PEOPLE) == left


@pytest.mark.parametrize(
    ("text", "is_name"),
    [
        ("IMG_1234", True),
        ("holiday photo.JPG", True),
        ("red-fox-in-snow", True),
        ("DSC01234", True),
        ("image 12", True),
        ("Screenshot 2020-01-01 (2)", True),
        ("abc_12", True),
        ("d41d8cd98f00b204e9800998", True),
        ("20190312", True),
        ("banner.png?v=3", True),
        ("Photo of a dog", False),
        ("well-known fox", False),
        ("A 3d model", False),
        ("Saint-Jean-de-Luz by night", False),
        ("fox", False),
    ],
)
def test_file_names(text, is_name):
    assert is_file_name(text) is is_name


def test_clean_and_normalised():
    assert clean(" a\x00 red\u200b\n\tfox ") == "a red fox"
    assert (
        clean("sal\u00adt and\u200bpepper\ufeff, \u202ereversed\u202c \u2068isolated\u2069")
        == "salt and pepper, reversed isolated"
    )
    assert clean("a family \U0001f468\u200d\U0001f469\u200d\U0001f467") == "a family \U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert normalised("Ａ  Red\nFOX") == "a red fox"


@pytest.mark.parametrize(
    ("escaped", "read"),
    [
        ("fish &amp; chips", "fish & chips"),
        ("fish &amp;amp; chips", "fish & chips"),
        ("&amp;quot;Hi&amp;quot;", '"Hi"'),
        ("caf&eacute; &#8211; o&#x2019;clock", "café – o’clock"),
        ("50&nbsp;km", "50 km"),
        ("a&#0;b &nosuch; AT&T R&D; x &copy y", "a\ufffdb &nosuch; AT&T R&D; x &copy y"),
        ("one & two", "one & two"),
    ],
)
def test_entities_that_were_escaped_again_are_read(escaped, read):
    assert clean(escaped) == read


@pytest.mark.parametrize(
    "piece",
    ["Aa ", "in ", "(c) ", "Photo by ", "1", "(", "Aa, ", "[ , ", "A.-", ",; ", "May ", "A-", "1-", "on Monday, ", "a_"],
)
def test_no_text_is_slow(piece):
    def read(size: int) -> None:
        text = (piece * size)[:size]
        without_dates_and_places(text, PEOPLE)
        is_file_name(text)

    assert is_linear(read, 2000)
