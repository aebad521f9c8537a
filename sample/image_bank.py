"""Media as a page shows them: pictures and clips with URLs, alts and captions, what is true of them, and their outcome."""

from dataclasses import dataclass, field

from lamella.sample.captions import alt_text, caption, long_caption, wrong_alt
from lamella.sample.clips import Clip, encode_clip
from lamella.sample.paint import MIME, encode, paint, texture
from lamella.sample.rng import Rng
from lamella.sample.scenes import Scene, make_scene

WRONG_ALTS = 0.25  # share of alt texts that say what is not so
ALTS, FIGCAPTIONS = 0.85, 0.4  # shares of pictures that have one
DESCRIBED = 0.06  # share of pictures without a caption that a paragraph describes
SIZES = (
    (256, 256),
    (240, 240),
    (300, 200),
    (280, 210),
    (210, 280),
    (320, 240),
    (220, 330),
    (360, 270),
    (420, 280),
    (264, 220),
)
_EXTENSIONS = ("jpg",) * 14 + ("png", "webp", "webp", "gif")
# Real places and days, which a cleaner of captions takes out again.
_PLACES = (
    "Lisbon, Portugal", "Hamburg, Germany", "Bergen, Norway", "Porto, Portugal", "Ghent, Belgium", "Turin, Italy",
    "Oslo, Norway", "Dublin, Ireland", "Vienna, Austria", "Madrid, Spain",
)  # fmt: skip
_MONTHS = ("March", "April", "May", "June", "July", "August", "September", "October")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture in one place of the web. Its pixels follow from the scene and the size."""

    url: str
    scene: Scene
    size: tuple[int, int]  # px
    extension: str = "jpg"
    outcome: str = ""  # the reason why the file itself is refused
    stored: str = ""  # "moved": a redirect leads to it; "revisited": the archive refers to bytes that it had; "": as it is
    texture: str = ""  # key of a bare ground that stands in place of the scene: nothing lies on it

    def data(self) -> bytes:
        return encode(texture(self.texture, self.size) if self.texture else paint(self.scene, self.size), self.extension)

    @property
    def mime(self) -> str:
        return MIME[self.extension]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture as one page shows it. `alt` None is no attribute at all."""

    picture: Picture
    alt: str | None = None
    alt_wrong: bool = False
    alt_outcome: str = ""
    figcaption: str = ""
    description: str = ""  # a text that aria-describedby names
    caption_outcome: str = ""  # of figcaption or description
    phrase: str = ""  # the scene as part of a sentence
    style: str = ""  # one of `sample.markup.STYLES`; "" lets the page choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A clip as one page shows it, with its track where it has one."""

    url: str
    clip: Clip
    caption: str
    track: str = ""  # URL
    poster: str = ""
    outcome: str = ""
    track_outcome: str = ""
    size: tuple[int, int] = field(default=(160, 120))

    def data(self) -> bytes:
        return encode_clip(self.clip)


def show(url_stem: str, key: str) -> Shown:
    """The picture of a key at `url_stem` plus an extension, with what a page says of it."""
    rng = Rng("show", key)
    scene = make_scene(key)
    extension = rng.pick(_EXTENSIONS)
    picture = Picture(url=f"{url_stem}.{extension}", scene=scene, size=rng.pick(SIZES), extension=extension)
    wrong = rng.chance(WRONG_ALTS)
    alt = wrong_alt(scene, key) if wrong else alt_text(scene, rng)
    phrase = alt_phrase(scene, rng)
    if not rng.chance(ALTS):
        return Shown(
            picture=picture, alt=rng.pick((None, "")), phrase=phrase, figcaption=dated(scene, rng) if rng.chance(0.6) else ""
        )
    figcaption = dated(scene, rng) if rng.chance(FIGCAPTIONS) else ""
    described = long_caption(scene, rng) if not figcaption and rng.chance(DESCRIBED) else ""
    return Shown(picture=picture, alt=alt, alt_wrong=wrong, figcaption=figcaption, description=described, phrase=phrase)


def alt_phrase(scene: Scene, rng: Rng) -> str:
    """The scene as running text names it: no capital, no full stop."""
    return caption(scene) if rng.chance(0.3) else caption(scene).rpartition(" on a")[0]


def dated(scene: Scene, rng: Rng) -> str:
    """A long caption; one in five also says where and when, as press agencies do."""
    text = long_caption(scene, rng)
    if not rng.chance(0.2):
        return text
    place, month, day, year = rng.pick(_PLACES), rng.pick(_MONTHS), rng.between(1, 28), rng.between(2015, 2021)
    when = rng.pick((f"{day} {month} {year}", f"{month} {day}, {year}"))
    return rng.pick((f"{text} {place}, {when}.", f"{place}, {when}: {text}", f"{text} ({place}, {when})"))
