"""A good page -> the page with a picture, film, alt, caption or paragraph that is rejected; one function for each reason.

A fixture takes a page and returns it with one more thing. Fixtures of a group are on several pages and share a key: the picture
that is on more than ten pages, the alt text that ten pictures share.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lamella.sample.captions import GROUND_WORDS, alt_text, caption, long_caption, mention
from lamella.sample.clips import clip_caption, make_clip
from lamella.sample.edge_cases_media import short_clip
from lamella.sample.edge_cases_texts import NODE_TEXTS
from lamella.sample.image_bank import Film, Picture, Shown, alt_phrase
from lamella.sample.markup import Block
from lamella.sample.pages import Draft, with_blocks
from lamella.sample.paint import encode, paint
from lamella.sample.prose import Writer
from lamella.sample.rng import Rng
from lamella.sample.scenes import SceneKind, contrast_scene, make_scene

SHARED_HOST = "commons.sample.example"  # of pictures that several sites show
COMMON_ALT = "our picture of the week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixture:
    """One fixture on one page. `group` names what it shares with fixtures on other pages, `place` is its number among them."""

    reason: str
    key: str  # of this fixture alone
    group: str
    place: int


def with_fixture(page: Draft, fixture: Fixture) -> Draft:
    """The page with its fixture."""
    if fixture.reason in NODE_TEXTS:
        text = NODE_TEXTS[fixture.reason]
        page = replace(page, node_outcomes=(*page.node_outcomes, (fixture.reason, text)))
        return with_blocks(page, Block(kind="p", text=text))
    return (_FIXTURES | _STORED)[fixture.reason](page, fixture)


def reasons() -> tuple[str, ...]:
    return (*_FIXTURES, *NODE_TEXTS, *_STORED)  # the last: the others keep their slots


def _stem(page: Draft, fixture: Fixture) -> str:
    return f"https://{page.host}/fate/{fixture.reason}/sheet-{page.index}"


def _add(page: Draft, shown: Shown, phrase: bool = True, node: bool = True) -> Draft:
    """The picture with a sentence of its own, and the NODE rejection that follows where the file is refused.

    `node`: the picture is a node of the document at all.
    """
    rng = Rng("rider", page.url, shown.picture.url)
    blocks = [Block(kind="image", shown=shown)]
    if phrase:
        blocks.append(Block(kind="p", text=Writer(page.genre, rng).mention(shown.phrase)))
    if node and shown.picture.outcome and shown.alt:
        page = replace(page, node_outcomes=(*page.node_outcomes, ("unusable_media", shown.alt)))
    return with_blocks(page, *blocks)


def _true(url: str, key: str, **more: Any) -> Shown:
    """A picture with one true alt text and no caption."""
    scene, rng = make_scene(key), Rng("true", key)
    picture = Picture(url=url, scene=scene, size=(300, 240), **more)
    return Shown(picture=picture, alt=alt_text(scene, rng), phrase=alt_phrase(scene, rng), style="plain")


def _refused(page: Draft, fixture: Fixture) -> Draft:
    """A picture whose file is refused for the fixture's reason."""
    size = {"image_too_small": (48, 40), "odd_aspect": (840, 210)}.get(fixture.reason)
    shown = _true(f"{_stem(page, fixture)}.jpg", fixture.key, outcome=fixture.reason)
    return _add(page, replace(shown, picture=replace(shown.picture, size=size)) if size else shown)


def _stored(page: Draft, fixture: Fixture) -> Draft:
    """A good picture that the archive holds under another address."""
    return _add(page, _true(f"{_stem(page, fixture)}.jpg", fixture.key, stored=fixture.reason))


def _png(page: Draft, fixture: Fixture) -> Draft:
    return _add(page, _true(f"{_stem(page, fixture)}.png", fixture.key, outcome=fixture.reason, extension="png"))


def _bad_url(page: Draft, fixture: Fixture) -> Draft:
    """An address of more than 4,096 characters: the picture leaves before there is a document."""
    shown = _true(f"{_stem(page, fixture)}.jpg?variation={'0123456789abcdef' * 260}", fixture.key, outcome=fixture.reason)
    return _add(page, shown, node=False)


def _blocked_url(page: Draft, fixture: Fixture) -> Draft:
    return _add(
        page, _true(f"https://{page.host}/fate/blocked_url/site-logo-{page.index}.jpg", fixture.key, outcome=fixture.reason)
    )


def _unsafe_image(page: Draft, fixture: Fixture) -> Draft:
    return _add(
        page, _true(f"https://{page.host}/fate/unsafe_image/xxx/sheet-{page.index}.jpg", fixture.key, outcome=fixture.reason)
    )


def _not_an_image(page: Draft, fixture: Fixture) -> Draft:
    """A page in place of the picture; and, beside it, a drawing."""
    page = _refused(page, fixture)
    drawing = f"https://{page.host}/fate/format_not_supported/drawing-{page.index}.svg"
    return _add(page, _true(drawing, fixture.key + "/svg", outcome="format_not_supported"))


def _size_of_another(page: Draft, fixture: Fixture) -> Draft:
    """A small picture, and further down the same one as it is shown when it is pressed."""
    small = _true(f"{_stem(page, fixture)}-150x120.jpg", fixture.key, outcome=fixture.reason)
    large = replace(
        small, picture=replace(small.picture, url=f"{_stem(page, fixture)}-600x480.jpg", size=(600, 480), outcome="")
    )
    return _add(_add(page, small, node=False), large, phrase=False)


def _inline_image(page: Draft, fixture: Fixture) -> Draft:
    """A picture that the page brings along in its own text."""
    picture = encode(paint(make_scene(fixture.key), (300, 240)), "jpg")
    address = f"data:image/jpeg;base64,{b64encode(picture).decode()}"
    return with_blocks(page, Block(kind="raw", text=f'<p><img src="{address}" alt="a picture in the page"></p>'))


def _duplicate_image(page: Draft, fixture: Fixture) -> Draft:
    """The first fixture of a group brings the picture, the second a smaller copy of it."""
    shown = _true(f"https://{SHARED_HOST}/copies/{slugged(fixture.group)}.jpg", fixture.group)
    if fixture.place == 0:
        return _add(page, shown)
    width, height = shown.picture.size
    copy = replace(
        shown.picture, url=f"{_stem(page, fixture)}.jpg", size=(width * 4 // 5, height * 4 // 5), outcome=fixture.reason
    )
    return _add(page, replace(shown, picture=copy))


def _repeated_image(page: Draft, fixture: Fixture) -> Draft:
    """One picture on more than ten pages."""
    return _add(
        page,
        _true(f"https://{SHARED_HOST}/fate/repeated_image/{slugged(fixture.group)}.jpg", fixture.group, outcome=fixture.reason),
    )


def _repeated_in_document(page: Draft, fixture: Fixture) -> Draft:
    shown = _true(f"{_stem(page, fixture)}.jpg", fixture.key)
    page = replace(page, node_outcomes=(*page.node_outcomes, (fixture.reason, shown.alt)))
    return _add(_add(page, shown), shown, phrase=False)


def _alt(page: Draft, fixture: Fixture) -> Draft:
    """A good picture whose alt text is no use."""
    rng = Rng("alt", fixture.key)
    shown = _true(f"{_stem(page, fixture)}.jpg", fixture.key)
    scene = shown.picture.scene
    alt = {
        "alt_too_short": lambda: rng.pick(("image", "photo", "a picture")),
        "alt_too_long": lambda: f"{caption(scene)}, {long_caption(scene, rng).rstrip('.')}, {caption(scene)} and so on",
        "alt_is_file_name": lambda: rng.pick((f"IMG_{rng.between(1000, 9999)}.jpg", f"DSC0{rng.between(1000, 9999)}.JPG")),
        "rare_token": lambda: (
            f"{caption(scene)} at Zyx{rng.pick('abcdefghij')}{rng.pick('klmnopqrst')}quill{rng.below(10**6):06d}"
        ),
        "alt_too_common": lambda: COMMON_ALT,
    }[fixture.reason]()
    wrong = fixture.reason == "alt_too_common"
    return _add(page, replace(shown, alt=alt, alt_outcome=fixture.reason, alt_wrong=wrong))


def _low_clip_score(page: Draft, fixture: Fixture) -> Draft:
    """Words in which nothing is right, neither shape, colour, size, number nor ground; and none of them is rare."""
    key = next(key for n in range(10_000) if _is_checkered_pair(key := f"{fixture.key}/{n}"))
    shown = _true(f"{_stem(page, fixture)}.jpg", key)
    scene = shown.picture.scene
    other = contrast_scene(scene, key).things[0]
    size = "large" if scene.things[0].size == "small" else "small"
    alt = f"a {size} {other.colour} {other.shape} on a white background"
    return _add(page, replace(shown, alt=alt, alt_wrong=True, alt_outcome=fixture.reason))


def _is_checkered_pair(key: str) -> bool:
    """Two things of one size on a checkered ground."""
    scene = make_scene(key)
    return scene.kind is SceneKind.PAIR and scene.background == "checkered" and len({t.size for t in scene.things}) == 1


def _no_caption_matches(page: Draft, fixture: Fixture) -> Draft:
    """A bare ground, on three pages, with words that are right about the ground and name a thing that is not on it.

    They are long enough for a caption, so that six pairs give the captioner six chances to find nothing either.
    """
    shown = _true(_shared(fixture), fixture.group)
    picture = replace(shown.picture, texture=fixture.group)
    colour = ("yellow", "black", "orange")[fixture.place]
    alt = f"a little {colour} circle on a dotted background or on a background with dots"
    return _add(page, replace(shown, picture=picture, alt=alt, alt_wrong=True, alt_outcome=fixture.reason))


def _too_many_alts(page: Draft, fixture: Fixture) -> Draft:
    """One picture, with another alt text on each of four pages: two ways to name what it shows, on two to name its ground.

    So each word, and each pair of words, stands in two of the four, and none of them is rare in a small web: an alt text that
    left as `rare_token` would take its picture's fourth alt with it.
    """
    shown = _true(_shared(fixture), fixture.group)
    scene = shown.picture.scene
    named = list(dict.fromkeys(mention(scene, Rng("alts", fixture.group, n)) for n in range(64)))[:2]
    alts = [f"{what} on {where}" for what in named for where in GROUND_WORDS[scene.background]]
    return _add(page, replace(shown, alt=alts[fixture.place], alt_outcome=fixture.reason))


def _duplicate_pair(page: Draft, fixture: Fixture) -> Draft:
    """The same picture with the same words on two pages; a hash decides which pair stays."""
    shown = _true(_shared(fixture), fixture.group)
    return _add(page, replace(shown, alt_outcome=fixture.reason if fixture.place else ""))


def _caption(page: Draft, fixture: Fixture) -> Draft:
    """A caption of four words, or a description of more than 2,000 characters."""
    rng = Rng("caption", fixture.key)
    shown = _true(f"{_stem(page, fixture)}.jpg", fixture.key)
    if fixture.reason == "caption_too_short":
        return _add(page, replace(shown, alt=None, figcaption="A print on paper.", caption_outcome=fixture.reason))
    return _add(page, replace(shown, alt=None, description=_endless(shown, page, rng), caption_outcome=fixture.reason))


def _endless(shown: Shown, page: Draft, rng: Rng) -> str:
    writer = Writer(page.genre, rng)
    return f"{caption(shown.picture.scene).capitalize()}. {writer.paragraph(24)}"


def _film(page: Draft, fixture: Fixture) -> Draft:
    stem = f"{_stem(page, fixture)}-film"
    clip = short_clip(fixture.key) if fixture.reason == "odd_duration" else make_clip(fixture.key)
    text = f"{clip_caption(clip).capitalize()}, filmed in one take."
    track = fixture.reason == "not_a_track"
    film = Film(
        url=f"{stem}.mp4",
        clip=clip,
        caption=text,
        size=clip.size,
        outcome="" if track else fixture.reason,
        track=f"{stem}.vtt" if track else "",
        track_outcome=fixture.reason if track else "",
    )
    return with_blocks(page, Block(kind="film", film=film))


def _shared(fixture: Fixture) -> str:
    return f"https://{SHARED_HOST}/fate/{fixture.reason}/{slugged(fixture.group)}.jpg"


def slugged(group: str) -> str:
    return "sheet-" + group.replace("/", "-")


_FIXTURES: dict[str, Callable[[Draft, Fixture], Draft]] = {
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
    **dict.fromkeys(("not_a_video", "broken_video", "odd_duration", "not_a_track"), _film),
    "repeated_image": _repeated_image,
    "duplicate_image": _duplicate_image,
    "repeated_in_document": _repeated_in_document,
    **dict.fromkeys(("alt_too_short", "alt_too_long", "alt_too_common", "alt_is_file_name", "rare_token"), _alt),
    "too_many_alts": _too_many_alts,
    "caption_too_short": _caption,
    "caption_too_long": _caption,
    "duplicate_pair": _duplicate_pair,
    "low_clip_score": _low_clip_score,
    "no_caption_matches": _no_caption_matches,
    "media_too_costly": _refused,  # last: the others keep their slots
}
_STORED: dict[str, Callable[[Draft, Fixture], Draft]] = {
    "moved": _stored,
    "revisited": _stored,
    "size_of_another": _size_of_another,
    "inline_image": _inline_image,
}
