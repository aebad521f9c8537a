"""A folder -> a run of 5 documents, 6 pictures and 4 pairs in it, whose sums add up."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from run_folder import Pack, counters, document, image_pair, media, picture, put_shards, rejection, synthetic_pair, write_run

from lamella.schemas.account import Counter
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode
from lamella.schemas.media import Alias, ArchiveMedia, Media, MediaKind
from lamella.schemas.opt_out import OptOut
from lamella.schemas.pair import CandidatePair, CaptionSource, Dataset, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Rejection

# (stage, unit, in, made, kept) of `small_run`. With its rejections, every sum adds up.
SMALL_COUNTERS = (
    ("read", "record", 20, 0, 15),
    ("read", "page", 0, 10, 10),
    ("extract", "page", 10, 0, 8),
    ("extract", "document", 0, 8, 8),
    ("extract", "node", 0, 40, 40),
    ("filter", "document", 8, 0, 6),
    ("filter", "node", 40, 0, 30),
    ("dedup", "document", 6, 0, 5),
    ("dedup", "node", 30, 0, 25),
    ("propose", "pair", 0, 9, 7),
    ("fetch", "media", 0, 9, 6),
    ("assemble", "document", 5, 0, 4),
    ("assemble", "node", 25, 0, 19),
    ("pair", "pair", 7, 0, 7),
    ("score", "document", 4, 0, 4),
    ("score", "node", 19, 0, 18),
    ("score", "pair", 7, 0, 5),
    ("caption", "pair", 5, 1, 4),
    ("shard", "document", 4, 0, 4),
    ("shard", "node", 18, 0, 18),
    ("shard", "pair", 4, 0, 4),
)

SITE = "https://example.org"


def small_rejections() -> dict[str, list[Rejection]]:
    """By job; each with the text, URL and detail that its stage would give."""
    archive = "/data/web-00000.warc.gz"
    documents = [
        *(rejection("read", "record", "not_html", f"r{n}", archive=archive, offset=n * 100) for n in range(4)),
        rejection("read", "record", "damaged_record", "r9", archive=archive, offset=900, detail="bad header"),
        *(rejection("extract", "page", "no_content", f"p{n}", url=f"{SITE}/empty-{n}") for n in range(2)),
        rejection(
            "filter",
            "document",
            "too_few_words",
            "d1",
            url=f"{SITE}/short",
            measure="words",
            value=9.0,
            limit=50.0,
            sample="Nine words.",
            nodes=4,
        ),
        rejection(
            "filter",
            "document",
            "wrong_language",
            "d2",
            url=f"{SITE}/kurz",
            measure="foreign_language",
            detail="de",
            sample="Guten Tag",
            nodes=3,
        ),
        *(rejection("filter", "node", "boilerplate_text", f"n{n}", sample="We use cookies") for n in range(3)),
        rejection("dedup", "document", "near_duplicate", "d3", url=f"{SITE}/copy", nodes=5),
        rejection(
            "propose",
            "pair",
            "alt_too_short",
            "q1",
            url=f"{SITE}/a.jpg",
            measure="words",
            value=1.0,
            limit=3.0,
            sample="circle",
        ),
        rejection(
            "propose",
            "pair",
            "alt_too_long",
            "q2",
            url=f"{SITE}/b.jpg",
            measure="words",
            value=31.0,
            limit=20.0,
            sample="word " * 31,
        ),
    ]
    media = [
        rejection(
            "fetch",
            "media",
            "image_too_small",
            f"{SITE}/tiny.jpg",
            url=f"{SITE}/tiny.jpg",
            measure="shorter_side",
            value=24.0,
            limit=64.0,
            detail="32 x 24",
        ),
        rejection("fetch", "media", "unsafe_image", f"{SITE}/unsafe.jpg", url=f"{SITE}/unsafe.jpg"),
        rejection("fetch", "media", "opted_out", f"{SITE}/mine.jpg", url=f"{SITE}/mine.jpg", detail="X-Robots-Tag: noai"),
    ]
    pairs = [
        rejection(
            "assemble", "document", "no_image_left", "d4", url=f"{SITE}/bare", measure="images", value=0.0, limit=1.0, nodes=4
        ),
        rejection("assemble", "node", "unusable_media", "d5/3", url=f"{SITE}/unsafe.jpg", detail="unsafe_image"),
        rejection("assemble", "node", "unusable_media", "d5/4", url=f"{SITE}/tiny.jpg", detail="image_too_small"),
        rejection(
            "score",
            "pair",
            "low_clip_score",
            "q3",
            url=f"{SITE}/a.jpg",
            measure="clip_score",
            value=0.21,
            limit=0.25,
            sample="a green square",
        ),
        rejection(
            "score",
            "pair",
            "low_clip_score",
            "q4",
            url=f"{SITE}/b.jpg",
            measure="clip_score",
            value=-0.05,
            limit=0.25,
            sample="a blue ring",
        ),
        rejection("score", "node", "low_clip_score", "d6/2", url=f"{SITE}/c.jpg", measure="clip_score", value=0.11, limit=0.15),
        rejection(
            "caption",
            "pair",
            "no_caption_matches",
            "q5",
            url=f"{SITE}/c.jpg",
            measure="match",
            value=0.3,
            limit=0.5,
            sample="a star",
        ),
        rejection(
            "caption",
            "pair",
            "no_caption_matches",
            "q6",
            url=f"{SITE}/a.jpg",
            measure="match",
            value=0.2,
            limit=0.5,
            sample="a picture of a blue ring",
        ),
    ]
    return {"documents": documents, "media": media, "pairs": pairs, "shards": []}


def small_run(folder: Path, **facts: Any) -> str:
    """A run of 5 documents, 6 pictures and 4 pairs that is finished and whose sums add up."""
    pack = Pack(folder)
    pictures = [media(pack, f"{SITE}/{name}.jpg", 300 + 40 * at, 240) for at, name in enumerate("abcdef")]
    documents = [
        document(
            f"{SITE}/page-{n}",
            (
                TextNode(text=f"Heading {n}", position=0, tag="h1"),
                TextNode(text="Paper is folded twice before the ink is dry. " * 9, position=1),
                *(
                    ImageNode(url=one.url, position=2 + at, alt="a red circle", media=one)
                    for at, one in enumerate(pictures[: n + 1])
                ),
                TextNode(text="The end of it.", position=20),
            ),
            words=60 + 30 * n,
        )
        for n in range(5)
    ]
    images = [
        synthetic_pair(pictures[0], "a red circle on a white background", 0.9),
        image_pair(pictures[1], "two blue stars on grey", clip_score=0.29, match=0.8, matcher="matcher"),
        image_pair(pictures[2], "A long caption that says more than ten words of the picture.", dataset=Dataset.LTIP),
    ]
    clip = VideoTextPair(
        key="v1",
        document=documents[0].key,
        page_url=documents[0].url,
        media=replace(pictures[3], kind=MediaKind.VIDEO, duration_s=5.0),
        text="a circle that moves to the right",
        source=CaptionSource.CAPTION,
        end_s=5.0,
        clip_score=0.3,
    )
    tiny = ArchiveMedia(url=f"{SITE}/tiny.jpg", blob=pack.add(picture("tiny", 32, 24)), mime="image/jpeg")
    unsafe = ArchiveMedia(url=f"{SITE}/unsafe.jpg", blob=pack.add(picture("unsafe")), mime="image/jpeg")
    mine = ArchiveMedia(url=f"{SITE}/mine.jpg", blob=pack.add(picture("mine")), mime="image/jpeg")
    candidates = [
        CandidatePair(
            key=f"c{n}",
            dataset=Dataset.ALIGN,
            document=documents[0].key,
            page_url=documents[0].url,
            url=pictures[n % 6].url,
            kind=MediaKind.IMAGE,
            text=f"a picture of {n + 2} red circles",
            source=CaptionSource.ALT,
        )
        for n in range(7)
    ]
    tables: dict[str, tuple[type, Iterable[Any]]] = {
        "documents": (InterleavedDocument, documents),
        "candidates": (CandidatePair, candidates),
        "archive_media": (ArchiveMedia, [tiny, unsafe, mine]),
        "archive_aliases": (Alias, []),
        "opt_outs": (OptOut, []),
        "media": (Media, pictures),
        "interleaved": (InterleavedDocument, documents[:4]),
        "pairs/images": (ImageTextPair, images),
        "pairs/videos": (VideoTextPair, [clip]),
    }
    stages = {"documents": ("read", "extract", "filter", "dedup", "propose"), "media": ("fetch",), "shards": ("shard",)}
    stages["pairs"] = ("assemble", "pair", "score", "caption")
    for job, names in stages.items():
        tables[f"counters/{job}"] = (Counter, counters(row for row in SMALL_COUNTERS if row[0] in names))
        tables[f"rejections/{job}"] = (Rejection, small_rejections()[job])
    for dataset, samples in ((Dataset.M3W, 4), (Dataset.ALIGN, 2), (Dataset.LTIP, 1), (Dataset.VTP, 1)):
        put_shards(folder, dataset, samples)
    return write_run(folder, tables, **facts)
