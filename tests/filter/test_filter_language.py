"""What the model alone takes for another language: capitals, one sentence in Han characters, and pages in two languages."""

import pytest

from lamella.transforms.formats.language import detect_language

ENGLISH = "The birds stand in shallow water and strain their food through the fine comb in their beaks. "
GERMAN = "Die Vögel stehen im flachen Wasser und seihen ihre Nahrung durch den feinen Kamm im Schnabel. "


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENGLISH.upper(), "en"),
        (GERMAN.upper(), "de"),
        ("红色的鸟站在水边。", "zh"),
        ("赤い鳥が水辺に立っています。", "ja"),
        ("NASA und ESA bauen ein neues Teleskop für die Beobachtung der Sterne.", "de"),
    ],
)
def test_language(text, code):
    found = detect_language(text)
    assert found.code == code
    assert found.score >= 0.65


def test_the_score_of_a_page_in_two_languages_is_that_of_its_larger_part():
    whole, half, most = (detect_language(text) for text in (ENGLISH * 4, ENGLISH * 2 + GERMAN * 2, ENGLISH * 7 + GERMAN))
    assert half.score <= 0.55
    assert whole.code == most.code == "en"
    assert most.score >= 0.65
