"""A number -> a document whose truth is known: text, headings, lists, tables, code and pictures in an invented order.

Everything is chosen by a hash of the number, so that two runs compare. A document is written as Markdown in the dialect of the
generator that renders it; what a reader should see, in which order, is `Document.blocks`.
"""

import hashlib
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.extraction_gold import Block
from benchmarks.interleaving_text import (
    KINDS,
    PLACES,
    THINGS,
    TRAITS,
    Chooser,
    code,
    heading,
    paragraph,
    sentence,
    table,
)

ADDRESS = "http://pictures.example/"  # under which the truth names a picture; only the name counts


@dataclass(frozen=True, slots=True)
class Picture:
    name: str  # of its file, without the ending
    alt: str
    caption: str  # "" where it has none


@dataclass(slots=True)
class Document:
    slug: str
    title: str
    parts: list[tuple] = field(default_factory=list)  # (kind, content), in order

    @property
    def pictures(self) -> list[Picture]:
        return [content for kind, content in self.parts if kind == "picture"]

    @property
    def blocks(self) -> list[Block]:
        """What a reader sees, in order; a caption is its picture's own."""
        out = [Block(text=self.title)]
        for kind, content in self.parts:
            if kind == "picture":
                out.append(Block(image=f"{ADDRESS}{content.name}", caption=content.caption))
            elif kind == "list" or kind == "steps":
                out += [Block(text=line) for line in content]
            elif kind == "table":
                out += [Block(text=" | ".join(row)) for row in content]
            else:
                out.append(Block(text=_plain(content)))
        return out


Figure = Callable[[Picture], str]  # a picture -> Markdown of it


def markdown(document: Document, figure: Figure) -> str:
    """The body of a document, without its title."""
    return "\n\n".join(_written(kind, content, figure) for kind, content in document.parts) + "\n"


def _written(kind: str, content: object, figure: Figure) -> str:
    match kind:
        case "picture":
            return figure(content)
        case "list":
            return "\n".join(f"- {line}" for line in content)
        case "steps":
            return "\n".join(f"{number}. {line}" for number, line in enumerate(content, 1))
        case "table":
            head, *rows = ["| " + " | ".join(row) + " |" for row in content]
            return "\n".join([head, "|" + " --- |" * len(content[0]), *rows])
        case "code":
            return f"```python\n{content}\n```"
        case "quote":
            return f"> {content}"
        case "section":
            return f"## {content}"
        case "subsection":
            return f"### {content}"
        case _:
            return content


def _plain(text: str) -> str:
    """Without Markdown's signs for links and strong words: the generator writes no others."""
    return text.replace("**", "").replace("[", "").replace("](https://links.example/more)", "")


def documents(count: int, seed: int = 0) -> list[Document]:
    return [_document(number, seed) for number in range(count)]


def _document(number: int, seed: int) -> Document:
    choose = Chooser(f"{seed}:{number}")
    place, kind = choose.of(PLACES), choose.of(KINDS)
    document = Document(slug=f"document-{number:02}", title=f"The {choose.of(TRAITS)} {kind} of {place}, part {number + 1}")
    wanted, parts = choose.below(13), document.parts
    if choose.below(4) == 0 and wanted:
        parts.append(("picture", _picture(document, choose)))
    parts.append(("text", paragraph(choose)))
    while len(parts) < 6 or len(document.pictures) < wanted:
        draw = choose.below(20)
        if draw < 6 and len(document.pictures) < wanted:
            parts.append(("picture", _picture(document, choose)))
        elif draw < 12:
            parts.append(("text", paragraph(choose)))
        elif draw < 14:
            parts += [("section", heading(choose)), ("text", paragraph(choose))]
        elif draw == 14:
            parts += [("subsection", heading(choose)), ("text", paragraph(choose))]
        elif draw == 15:
            parts.append(("list", [sentence(choose).rstrip(".") for _ in range(3 + choose.below(4))]))
        elif draw == 16:
            parts += [("text", paragraph(choose)), ("steps", [sentence(choose) for _ in range(3 + choose.below(3))])]
        elif draw == 17:
            parts += [("table", table(choose)), ("text", paragraph(choose))]
        elif draw == 18:
            parts += [("code", code(choose)), ("text", paragraph(choose))]
        else:
            parts.append(("quote", sentence(choose)))
    parts.append(("text", paragraph(choose)))
    document.parts[:] = _parted(parts)
    return document


def _parted(parts: list[tuple]) -> list[tuple]:
    """Two lists in a row would be one list to Markdown."""
    out: list[tuple] = []
    for kind, content in parts:
        if kind in ("list", "steps", "quote") and out and out[-1][0] in ("list", "steps", "quote"):
            continue
        out.append((kind, content))
    return out


def _picture(document: Document, choose: Chooser) -> Picture:
    kind, thing = choose.of(KINDS), choose.of(THINGS)
    name = f"{document.slug}-{len(document.pictures) + 1}-{kind}-{thing}"
    caption = f"{kind.capitalize()} number {choose.below(900) + 100} beside the {thing}" + choose.of([".", "", " at noon."])
    return Picture(name=name, alt=f"A {choose.of(TRAITS)} {kind} at a {thing}", caption=caption if choose.below(2) else "")


def png(name: str, width: int = 640, height: int = 400) -> bytes:
    """A picture of two colours that its name chooses: themes that look into a file find one."""
    colours = hashlib.blake2b(name.encode(), digest_size=6).digest()
    half = width // 2
    row = b"\0" + colours[:3] * half + colours[3:] * (width - half)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * height, 9)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
