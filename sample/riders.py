"""What rides on a good page, and most of it leaves alone: pictures, films, alts, captions and paragraphs, a function a reason.

A rider takes the page and gives it back with one thing more. Riders of a group stand on several pages and share a key:
the picture that is on more than ten pages, the alt text that ten pictures share.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from lamella.sample.album import Film, Picture, Shown, alt_phrase
from lamella.sample.captions import alt_text, caption, long_caption
from lamella.sample.clips import clip_caption, make_clip
from lamella.sample.dice import Dice
from lamella.sample.markup import Block
from lamella.sample.odd_media import short_clip
from lamella.sample.odd_texts import NODE_TEXTS
from lamella.sample.pages import Draft, with_blocks
from lamella.sample.prose import Writer
from lamella.sample.scenes import SceneKind, contrast_scene, make_scene

SHARED_HOST = "commons.sample.example"  # of pictures that several sites show
COMMON_ALT = "our picture of the week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """One rider on one page. `group` names what it shares with riders on other pages, `place` is its number among them."""

    reason: str
    key: str  # of this rider alone
    group: str
    place: int


def ride(page: Draft, rider: Ride) -> Draft:
    """The page with its rider."""
    if rider.reason in NODE_TEXTS:
        text = NODE_TEXTS[rider.reason]
        page = replace(page, node_fates=(*page.node_fates, (rider.reason, text)))
        return with_blocks(page, Block(kind="p", text=text))
    return (_RIDERS | _STORED)[rider.reason](page, rider)


def reasons() -> tuple[str, ...]:
    return (*_RIDERS, *NODE_TEXTS, *_STORED)  # the last: the others keep their slots


def _stem(page: Draft, rider: Ride) -> str:
    return f"https://{page.host}/fate/{rider.reason}/sheet-{page.index}"


def _add(page: Draft, shown: Shown, phrase: bool = True, node: bool = True) -> Draft:
    """The picture with a sentence of its own, and the NODE rejection that follows where the file is refused.

    `node`: the picture is a node of the document at all.
    """
    dice = Dice("rider", page.url, shown.picture.url)
    blocks = [Block(kind="image", shown=shown)]
    if phrase:
        blocks.append(Block(kind="p", text=Writer(page.genre, dice).mention(shown.phrase)))
    if node and shown.picture.fate and shown.alt:
        page = replace(page, node_fates=(*page.node_fates, ("unusable_media", shown.alt)))
    return with_blocks(page, *blocks)


def _true(url: str, key: str, **more: object) -> Shown:
    """A picture with one true alt text and no caption."""
    scene, dice = make_scene(key), Dice("true", key)
    picture = Picture(url=url, scene=scene, size=(300, 240), **more)
    return Shown(picture=picture, alt=alt_text(scene, dice), phrase=alt_phrase(scene, dice), style="plain")


def _refused(page: Draft, rider: Ride) -> Draft:
    """A picture whose file is refused for the rider's reason."""
    size = {"image_too_small": (48, 40), "odd_aspect": (840, 210)}.get(rider.reason)
    shown = _true(f"{_stem(page, rider)}.jpg", rider.key, fate=rider.reason)
    return _add(page, replace(shown, picture=replace(shown.picture, size=size)) if size else shown)


def _stored(page: Draft, rider: Ride) -> Draft:
    """A good picture that the archive holds under another address."""
    return _add(page, _true(f"{_stem(page, rider)}.jpg", rider.key, stored=rider.reason))


def _png(page: Draft, rider: Ride) -> Draft:
    return _add(page, _true(f"{_stem(page, rider)}.png", rider.key, fate=rider.reason, extension="png"))


def _bad_url(page: Draft, rider: Ride) -> Draft:
    """An address of more than 4,096 characters: the picture leaves before there is a document."""
    shown = _true(f"{_stem(page, rider)}.jpg?variation={'0123456789abcdef' * 260}", rider.key, fate=rider.reason)
    return _add(page, shown, node=False)


def _blocked_url(page: Draft, rider: Ride) -> Draft:
    return _add(page, _true(f"https://{page.host}/fate/blocked_url/site-logo-{page.index}.jpg", rider.key, fate=rider.reason))


def _unsafe_image(page: Draft, rider: Ride) -> Draft:
    return _add(page, _true(f"https://{page.host}/fate/unsafe_image/xxx/sheet-{page.index}.jpg", rider.key, fate=rider.reason))


def _not_an_image(page: Draft, rider: Ride) -> Draft:
    page = _refused(page, rider)
    return _add(page, _true(f"{_stem(page, rider)}.svg", rider.key + "/svg", fate="format_not_supported"))


def _duplicate_image(page: Draft, rider: Ride) -> Draft:
    """The first rider of a group brings the picture, the second a smaller copy of it."""
    shown = _true(f"https://{SHARED_HOST}/copies/{slugged(rider.group)}.jpg", rider.group)
    if rider.place == 0:
        return _add(page, shown)
    width, height = shown.picture.size
    copy = replace(shown.picture, url=f"{_stem(page, rider)}.jpg", size=(width * 4 // 5, height * 4 // 5), fate=rider.reason)
    return _add(page, replace(shown, picture=copy))


def _repeated_image(page: Draft, rider: Ride) -> Draft:
    """One picture on more than ten pages."""
    return _add(
        page, _true(f"https://{SHARED_HOST}/fate/repeated_image/{slugged(rider.group)}.jpg", rider.group, fate=rider.reason)
    )


def _repeated_in_document(page: Draft, rider: Ride) -> Draft:
    shown = _true(f"{_stem(page, rider)}.jpg", rider.key)
    page = replace(page, node_fates=(*page.node_fates, (rider.reason, shown.alt)))
    return _add(_add(page, shown), shown, phrase=False)


def _alt(page: Draft, rider: Ride) -> Draft:
    """A good picture whose alt text is no use."""
    dice = Dice("alt", rider.key)
    shown = _true(f"{_stem(page, rider)}.jpg", rider.key)
    scene = shown.picture.scene
    alt = {
        "alt_too_short": lambda: dice.pick(("image", "photo", "a picture")),
        "alt_too_long": lambda: f"{caption(scene)}, {long_caption(scene, dice).rstrip('.')}, {caption(scene)} and so on",
        "alt_is_file_name": lambda: dice.pick((f"IMG_{dice.between(1000, 9999)}.jpg", f"DSC0{dice.between(1000, 9999)}.JPG")),
        "rare_token": lambda: (
            f"{caption(scene)} at Zyx{dice.pick('abcdefghij')}{dice.pick('klmnopqrst')}quill{dice.below(10**6):06d}"
        ),
        "alt_too_common": lambda: COMMON_ALT,
    }[rider.reason]()
    wrong = rider.reason == "alt_too_common"
    return _add(page, replace(shown, alt=alt, alt_fate=rider.reason, alt_wrong=wrong))


def _low_clip_score(page: Draft, rider: Ride) -> Draft:
    """Words in which nothing is right, neither shape, colour, size, number nor ground; and none of them is rare."""
    key = next(key for n in range(10_000) if _is_checkered_pair(key := f"{rider.key}/{n}"))
    shown = _true(f"{_stem(page, rider)}.jpg", key)
    scene = shown.picture.scene
    other = contrast_scene(scene, key).things[0]
    size = "large" if scene.things[0].size == "small" else "small"
    alt = f"a {size} {other.colour} {other.shape} on a white background"
    return _add(page, replace(shown, alt=alt, alt_wrong=True, alt_fate=rider.reason))


def _is_checkered_pair(key: str) -> bool:
    """Two things of one size on a checkered ground."""
    scene = make_scene(key)
    return scene.kind is SceneKind.PAIR and scene.background == "checkered" and len({t.size for t in scene.things}) == 1


def _no_caption_matches(page: Draft, rider: Ride) -> Draft:
    """A bare ground, on three pages, whose words are right about the ground and name a thing that does not lie on it.

    They are long enough for a caption, so that six pairs give the captioner six chances to find nothing either.
    """
    shown = _true(_shared(rider), rider.group)
    picture = replace(shown.picture, texture=rider.group)
    colour = ("yellow", "black", "orange")[rider.place]
    alt = f"a little {colour} circle on a dotted background or on a background with dots"
    return _add(page, replace(shown, picture=picture, alt=alt, alt_wrong=True, alt_fate=rider.reason))


def _too_many_alts(page: Draft, rider: Ride) -> Draft:
    """One picture, with another alt text on each of four pages."""
    shown = _true(_shared(rider), rider.group)
    scene = shown.picture.scene
    alts = dict.fromkeys(alt_text(scene, Dice("alts", rider.group, n)).lower() for n in range(64))
    return _add(page, replace(shown, alt=list(alts)[rider.place], alt_fate=rider.reason))


def _duplicate_pair(page: Draft, rider: Ride) -> Draft:
    """The same picture with the same words on two pages; a hash decides which pair stays."""
    shown = _true(_shared(rider), rider.group)
    return _add(page, replace(shown, alt_fate=rider.reason if rider.place else ""))


def _caption(page: Draft, rider: Ride) -> Draft:
    """A caption of four words, or a description of more than 2,000 characters."""
    dice = Dice("caption", rider.key)
    shown = _true(f"{_stem(page, rider)}.jpg", rider.key)
    if rider.reason == "caption_too_short":
        return _add(page, replace(shown, alt=None, figcaption="A print on paper.", caption_fate=rider.reason))
    return _add(page, replace(shown, alt=None, description=_endless(shown, page, dice), caption_fate=rider.reason))


def _endless(shown: Shown, page: Draft, dice: Dice) -> str:
    writer = Writer(page.genre, dice)
    return f"{caption(shown.picture.scene).capitalize()}. {writer.paragraph(24)}"


def _film(page: Draft, rider: Ride) -> Draft:
    stem = f"{_stem(page, rider)}-film"
    clip = short_clip(rider.key) if rider.reason == "odd_duration" else make_clip(rider.key)
    text = f"{clip_caption(clip).capitalize()}, filmed in one take."
    track = rider.reason == "not_a_track"
    film = Film(
        url=f"{stem}.mp4",
        clip=clip,
        caption=text,
        size=clip.size,
        fate="" if track else rider.reason,
        track=f"{stem}.vtt" if track else "",
        track_fate=rider.reason if track else "",
    )
    return with_blocks(page, Block(kind="film", film=film))


def _shared(rider: Ride) -> str:
    return f"https://{SHARED_HOST}/fate/{rider.reason}/{slugged(rider.group)}.jpg"


def slugged(group: str) -> str:
    return "sheet-" + group.replace("/", "-")


_RIDERS: dict[str, Callable[[Draft, Ride], Draft]] = {
    "bad_url": _bad_url,
    "blocked_url": _blocked_url,
    "unsafe_image": _unsafe_image,
    "not_captured": _refused,
    "opted_out": _refused,
    "too_large": _refused,
    "truncated_media": _refused,
    "not_an_image": _not_an_image,
    "broken_image": _refused,
    "too_many_pixels": _png,
    "image_too_small": _refused,
    "image_too_large": _png,
    "odd_aspect": _refused,
    "single_colour": _refused,
    "not_a_video": _film,
    "broken_video": _film,
    "odd_duration": _film,
    "not_a_track": _film,
    "repeated_image": _repeated_image,
    "duplicate_image": _duplicate_image,
    "repeated_in_document": _repeated_in_document,
    "alt_too_short": _alt,
    "alt_too_long": _alt,
    "alt_too_common": _alt,
    "alt_is_file_name": _alt,
    "rare_token": _alt,
    "too_many_alts": _too_many_alts,
    "caption_too_short": _caption,
    "caption_too_long": _caption,
    "duplicate_pair": _duplicate_pair,
    "low_clip_score": _low_clip_score,
    "no_caption_matches": _no_caption_matches,
    "media_too_costly": _refused,  # last: the others keep their slots
}
_STORED: dict[str, Callable[[Draft, Ride], Draft]] = {"moved": _stored, "revisited": _stored}
