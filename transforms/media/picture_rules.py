"""What is measured on the pixels of a picture, and the rules on it. A measure is a function, and its row is below it.

A measure takes a small RGB copy of the picture (`media.inspection.MEASURED_SIDE_PX`) and is made where that copy is decoded,
once. Its value is remembered and stored with the Media under the function's name; a row reads it there, so that a limit moves
without a decode.
"""

from collections.abc import Callable

from PIL import Image

from lamella.schemas.media import Media
from lamella.schemas.rejection import Reason
from lamella.transforms.base.rule import Under
from lamella.transforms.media.rule_scope import MEDIA_SCOPE
from lamella.transforms.media.spread import colour_deviation

PIXEL_MEASURES: dict[str, Callable[[Image.Image], float]] = {}


def of_pixels(measure: Callable[[Image.Image], float]) -> Callable[[Media], float]:
    """A measure by pixels, as a rule's row takes it: one that reads the stored value of a Media."""

    def stored(media: Media) -> float:
        return media.measured[measure.__name__]

    stored.__name__ = measure.__name__
    PIXEL_MEASURES[measure.__name__] = measure
    return stored


@of_pixels
def colour_spread(picture: Image.Image) -> float:
    """Standard deviation of the pixels, of 255, the largest of the channels."""
    return round(colour_deviation(picture), 3)


# On a Media that is a picture.
IMAGE_RULES = MEDIA_SCOPE.book("picture", Under(Reason.SINGLE_COLOUR, colour_spread, "min_colour_spread"))
