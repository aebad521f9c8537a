"""An index -> a good page: its blocks, pictures, films and HTML, in one of six genres of English page.

A page depends on (seed, index) alone. `draft` makes the content, `sample.markup` the HTML; pages with an outcome start from a
draft. Their addresses say `/fate/`: another word would move every record, and with its offset every key and every choice by
hash.
"""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from lamella.sample.catalogue import GENRE as CATALOGUE
from lamella.sample.catalogue import catalogue, is_catalogue
from lamella.sample.clips import clip_caption, make_clip
from lamella.sample.image_bank import Film, Shown, show
from lamella.sample.markup import Block, SiteFrame, page_html
from lamella.sample.prose import GENRES, Writer
from lamella.sample.rng import Rng

SITES = {
    "article": (("news-harbor.example", "Harbor News"), ("town-ledger.example", "The Town Ledger")),
    "gallery": (("quiet-prints.example", "Quiet Prints"), ("gallery-nine.example", "Gallery Nine")),
    "shop": (("paper-stall.example", "Paper Stall"), ("wall-and-frame.example", "Wall and Frame")),
    "blog": (("slow-pencil.example", "Slow Pencil"), ("ferry-notes.example", "Ferry Notes")),
    "recipe": (("kitchen-lamp.example", "Kitchen Lamp"), ("bread-bell.example", "Bread and Bell")),
    CATALOGUE: (("plate-index.example", "Plate Index"), ("drawer-and-label.example", "Drawer and Label")),
}
FOLDERS = {
    "article": "2021/05",
    "gallery": "prints",
    "shop": "shop/item",
    "blog": "notes",
    "recipe": "recipes",
    CATALOGUE: "plates",
}
FILMS = 0.16  # share of pages with a film
LICENCES = ("https://creativecommons.org/licenses/by/4.0/", "https://creativecommons.org/publicdomain/zero/1.0/")
_WORD = re.compile(r"[a-z0-9]+")
_WRAPPERS = ("article", "article", "div.content", "div.post-body", "section.entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A page before it is HTML."""

    index: int
    url: str
    host: str
    site: str
    genre: str
    title: str
    blocks: tuple[Block, ...]
    frame: SiteFrame
    language: str = "en"
    outcome: str = ""  # the reason why the page or its document leaves
    twin: str = ""  # URL of the page that this one copies
    node_outcomes: tuple[tuple[str, str], ...] = ()  # (reason, first words) of paragraphs that leave alone
    asks: str = ""  # of a catalogue: what its lines say of their pictures

    @property
    def shown(self) -> list[Shown]:
        return [block.shown for block in self.blocks if block.shown]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Of a catalogue: each picture's URL, and the line that follows it."""
        return [(a.shown.picture.url, b.text) for a, b in pairwise(self.blocks) if a.shown and b.kind == "line"]

    @property
    def films(self) -> list[Film]:
        return [block.film for block in self.blocks if block.film]

    def html(self, seed: int) -> str:
        return page_html(self.url, self.title, list(self.blocks), self.frame, rng=Rng("html", seed, self.index))


def draft(seed: int, index: int, outcome: str = "") -> Draft:
    """The good page of an index, with 2 to 10 pictures; with an outcome, its URL names it, and it is no catalogue."""
    rng = Rng("page", seed, index)
    genre = CATALOGUE if not outcome and is_catalogue(seed, index) else GENRES[rng.below(len(GENRES))]
    writer = Writer(genre, rng)
    host, site = rng.pick(SITES[genre])
    title = writer.title()
    folder = f"fate/{outcome}" if outcome else FOLDERS[genre]
    url = f"https://{host}/{folder}/{slug(title)}-{index}.html"
    media_host = host if rng.chance(0.7) else f"static.{host}"
    stem = f"https://{media_host}/img/{outcome + '/' if outcome else ''}sheet-{index}"
    asks, headed = "", True
    if genre == CATALOGUE:
        listed = catalogue(writer, stem, f"{seed}/{index}")
        asks, headed, blocks = listed.wording.attribute, listed.headed, list(listed.blocks)
    else:
        pictures = [show(f"{stem}-{n}", f"{seed}/{index}/{n}") for n in range(rng.between(2, 6))]
        blocks = _body(genre, writer, pictures, rng)
    if rng.chance(FILMS):
        blocks.insert(
            len(blocks) - 1, Block(kind="film", film=film(f"https://{media_host}/film/scene-{index}", f"{seed}/{index}", rng))
        )
    related = tuple(writer.title() for _ in range(4)) if rng.chance(0.6) else ()
    comments = tuple(("reader" + str(rng.below(90)), writer.comment()) for _ in range(rng.between(1, 4)))
    frame = SiteFrame(
        site=site,
        related=related,
        comments=comments if genre == "blog" else (),
        banner=rng.chance(0.7),
        share=rng.chance(0.5),
        logo=rng.chance(0.4),
        base=f"https://{media_host}/img/" if rng.chance(0.1) else "",
        licence=rng.pick(LICENCES) if rng.chance(0.1) else "",
        wrapper=rng.pick(_WRAPPERS),
        headed=headed,
    )
    return Draft(
        index=index,
        url=url,
        host=host,
        site=site,
        genre=genre,
        title=title,
        blocks=tuple(blocks),
        frame=frame,
        outcome=outcome,
        asks=asks,
    )


def film(stem: str, key: str, rng: Rng) -> Film:
    """The clip of a key at `stem`.mp4, half of the time with a track."""
    clip = make_clip(key)
    text = f"{clip_caption(clip).capitalize()}, filmed in one take."
    return Film(url=f"{stem}.mp4", clip=clip, caption=text, track=f"{stem}.vtt" if rng.chance(0.5) else "", size=clip.size)


def with_blocks(page: Draft, *blocks: Block) -> Draft:
    """The page with more blocks, before its last."""
    return replace(page, blocks=(*page.blocks[:-1], *blocks, page.blocks[-1]))


def slug(title: str) -> str:
    return "-".join(_WORD.findall(title.lower())[:6])


def _body(genre: str, writer: Writer, pictures: list[Shown], rng: Rng) -> list[Block]:
    blocks = [Block(kind="p", text=writer.paragraph(3))]
    headings = rng.shuffled(HEADINGS[genre])
    for place, shown in enumerate(pictures):
        if place and headings and rng.chance(0.4):
            blocks.append(Block(kind="h2", text=headings.pop()))
        said = f"{writer.mention(shown.phrase)} {writer.sentence()}"
        picture, text = Block(kind="image", shown=shown), Block(kind="p", text=said)
        blocks += [picture, text] if rng.chance(0.7) else [text, picture]
        if rng.chance(0.5) or place == 0:
            blocks.append(Block(kind="p", text=writer.paragraph(rng.between(2, 4))))
    blocks += _extras(genre, writer, rng)
    blocks.append(Block(kind="p", text=writer.paragraph(3)))
    return blocks


def _extras(genre: str, writer: Writer, rng: Rng) -> list[Block]:
    """What the genre is known by: ingredients, a table of measures, a list, a block of plain text."""
    if genre == "recipe":
        amounts = tuple(f"{rng.between(1, 9) * 25} g of {name}" for name in rng.sample(_INGREDIENTS, rng.between(4, 7)))
        steps = tuple(writer.sentence() for _ in range(3))
        return [Block(kind="h2", text="What you need"), Block(kind="ul", items=amounts), Block(kind="ol", items=steps)]
    if genre == "shop":
        size = f"{rng.between(2, 7) * 10} by {rng.between(2, 9) * 10} cm"
        rows = (
            f"Size|{size}",
            f"Weight|{rng.between(8, 90) * 5} g",
            f"Paper|{rng.pick(_PAPERS)}",
            f"Price|{rng.between(9, 80)} euros",
        )
        return [Block(kind="table", items=rows)]
    if genre == "blog" and rng.chance(0.4):
        return [Block(kind="pre", text="\n".join(writer.sentence() for _ in range(2)))]
    if genre in ("article", "gallery") and rng.chance(0.4):
        return [Block(kind="ul", items=tuple(writer.sentence() for _ in range(3)))]
    return []


HEADINGS = {
    "article": (
        "What happens next",
        "A slow beginning",
        "Voices from the street",
        "The numbers",
        "How it was done",
        "Looking back",
    ),
    "gallery": ("The first room", "The long wall", "On paper", "A few words on colour", "The second room", "Visiting"),
    "shop": ("About this print", "Care", "Good to know", "Delivery and returns", "From our workshop", "How to hang it"),
    "blog": ("Before breakfast", "In the afternoon", "What I would change", "A small failure", "Tools", "Until next time"),
    "recipe": ("Before you start", "The slow part", "Serving", "What can go wrong", "Leftovers", "A note on the pan"),
}
_INGREDIENTS = [
    "flour",
    "butter",
    "sugar",
    "onions",
    "carrots",
    "barley",
    "oats",
    "cheese",
    "plums",
    "pears",
    "apples",
    "ginger",
    "honey",
    "walnuts",
    "rye",
    "bread",
    "peas",
]
_PAPERS = ("cotton, heavy", "cotton, light", "recycled, rough", "bamboo, smooth", "birch, smooth")
