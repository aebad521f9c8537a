"""Texts that say nothing of their picture, and texts that look like them and stay."""

import pytest

from lamella.transforms.pair.boilerplate import boilerplate_of


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Insert picture description here",
            "image",
            "IMAGE 12",
            "[Placeholder image]",
            "No image available.",
            "Click to enlarge!",
        ),
        *(
            "在这里插入图片描述",
            "画像の説明を入力",
            "Kein Bild verfügbar",
            "Imagen no disponible",
            "изображение 3",
            "لا توجد صورة",
        ),
        *("Logo of the Red Fox Society", "the official logo for Acme & Sons", "Acme Tools logo", "site icon of a shop"),
        *("Picture of result.", "see caption", "Fig. 4a, 4b, 4c", "FIG. 12.", "Plate 3", "Abbildung 2", "图3"),
        *("[Transcriber's Note: You can hear this song.]", "You can play this song by clicking here.", "Click here to listen"),
        *("Smith et al.", "J. Smith, A. Jones, et al. (2019)", "van der Berg and Li et al., 2021"),
        *(
            "A fox <br/> in the snow",
            '<a href="x">A fox</a>',
            "[caption id=3]A fox in snow[/caption]",
            "{{ image.alt }} of a fox",
        ),
        *('a red fox" class="wide', "A fox ${title} in snow"),
    ],
)
def test_nobody_wrote_it_about_the_picture(text):
    assert boilerplate_of(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "A red fox stands in the snow",
            "Picture of a red fox",
            "Image of two blue squares on white",
            "A photo album on a table",
        ),
        *(
            "A logo is painted on the side of a red truck",
            "Two icons hang on the wall of a church",
            "a < b and b > c in a chart",
        ),
        *(
            "Smith et al. found that foxes sleep in the snow",
            "A fox [left] and a hare [right]",
            "Ein Bild von einem Fuchs im Schnee",
        ),
        *(
            "A child pushes the red button",
            "workers carry a long banner",
            "Icon of Saint Nicholas, tempera on wood",
            "Badge of a hotel porter, brass",
            "A truck with a faded logo",
        ),
        *("FIG. 12. CHAIN STITCH", "Figure 3: a fox", "Tab 4 of the window is open", "Table 2 of the hall, laid for tea"),
        *("A hand clicks on the icon", "Picture of results of a vote", "A fox asleep. Click here for more"),
        *("The banner says closed", "An image in a mirror", "图中有一只红色的狐狸", ""),
    ],
)
def test_what_describes_stays(text):
    assert boilerplate_of(text) == ""


@pytest.mark.parametrize("piece", ["<a ", "[caption ", "{{", "Aa, ", "logo ", "a " * 5, "image", "Fig. 1, ", "you can click "])
def test_any_repetition_is_answered(piece):
    assert isinstance(boilerplate_of(piece * 2000), str)
