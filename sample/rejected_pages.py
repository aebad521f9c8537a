"""A good draft -> a page that breaks exactly one rule, one function for each reason. Its URL names the reason.

`extract` finds nothing on some, `filter` rejects the words of most, `dedup` has seen two of them before, and `assemble` finds
no picture left, or too much of everything.
"""

from collections.abc import Callable
from dataclasses import replace

from lamella.sample import edge_cases_texts
from lamella.sample.banks import languages
from lamella.sample.edge_cases_texts import Blocks
from lamella.sample.image_bank import Shown, show
from lamella.sample.markup import Block
from lamella.sample.pages import Draft, draft
from lamella.sample.prose import Writer, compiled, compiled_lines, fill
from lamella.sample.rng import Rng

BOMB_ATTRIBUTES = 120_000  # distinct ones on one tag: every parser we know is quadratic in them
TOO_MANY_IMAGES = 33
TRACKING = ("?utm_source=letter&utm_medium=mail", "?fbclid=IwAR0sample", "#comments")

Text = Callable[[Writer, Rng], Blocks]

_TEXTS: dict[str, Text] = {
    "too_few_words": edge_cases_texts.too_few_words,
    "too_many_words": edge_cases_texts.too_many_words,
    "odd_word_length": edge_cases_texts.odd_word_length,
    "too_many_symbols": edge_cases_texts.too_many_symbols,
    "too_many_bullets": edge_cases_texts.too_many_bullets,
    "too_many_ellipses": edge_cases_texts.too_many_ellipses,
    "too_few_alphabetic_words": edge_cases_texts.too_few_alphabetic_words,
    "too_few_stop_words": edge_cases_texts.too_few_stop_words,
    "repeated_lines": edge_cases_texts.repeated_lines,
    "repeated_paragraphs": edge_cases_texts.repeated_paragraphs,
    "repeated_ngrams": edge_cases_texts.repeated_ngrams,
    "repeated_words": edge_cases_texts.repeated_words,
    "too_little_punctuation": edge_cases_texts.too_little_punctuation,
    "lorem_ipsum": edge_cases_texts.lorem_ipsum,
    "curly_bracket": edge_cases_texts.curly_bracket,
    "too_few_ended_lines": edge_cases_texts.too_few_ended_lines,
    "too_many_short_lines": edge_cases_texts.too_many_short_lines,
    "no_text_left": edge_cases_texts.no_text_left,
}
_NAMED = {"no_text_left": "Privacy policy"}  # a title that leaves too


def rejected_page(seed: int, index: int, outcome: str) -> Draft:
    """The page of an index that leaves for `outcome`; `wrong_language/de` and its like name the language too."""
    outcome, _, variant = outcome.partition("/")
    if outcome in _TEXTS:
        return _with_text(draft(seed, index, outcome), _TEXTS[outcome], seed)
    return _PAGES[outcome](seed, index, variant)


def reasons() -> tuple[str, ...]:
    return (*_TEXTS, *_PAGES)


def _with_text(page: Draft, text: Text, seed: int) -> Draft:
    """The page with other words around its first two pictures."""
    rng = Rng("fate", seed, page.index)
    blocks = text(Writer(page.genre, rng), rng)
    for place, shown in enumerate(_plain(page.shown[:2])):
        blocks.insert(min(len(blocks), 1 + 2 * place), Block(kind="image", shown=shown))
    title = _NAMED.get(page.outcome, page.title)
    frame = replace(page.frame, comments=(), related=(), banner=False, share=False)
    return replace(page, title=title, blocks=tuple(blocks), frame=frame)


def _plain(pictures: list[Shown]) -> list[Shown]:
    """Without captions, which are text as well."""
    return [replace(shown, figcaption="", description="", style="plain") for shown in pictures]


def _wrong_language(seed: int, index: int, language: str) -> Draft:
    page = draft(seed, index, "wrong_language")
    rng = Rng("language", seed, index)
    sentences = rng.shuffled(compiled_lines(languages.SENTENCES[language]))
    join = "" if language == "zh" else " "
    host, site = languages.SITES[language]
    blocks = []
    for place in range(4):
        text = join.join(fill(sentences.pop(), rng) for _ in range(3))
        blocks.append(Block(kind="p", text=text))
        if place < 2:
            stem = f"https://{host}/img/wrong_language/sheet-{index}-{place}"
            shown = show(stem, f"{seed}/{index}/{place}")
            shape, colour = rng.pick(languages.SHAPES[language]), rng.pick(languages.COLOURS[language])
            alt = languages.ALTS[language].format(shape=shape, colour=colour)
            blocks.append(
                Block(kind="image", shown=replace(shown, alt=alt, alt_wrong=True, figcaption="", description="", style="plain"))
            )
    return replace(
        page,
        url=f"https://{host}/fate/wrong_language/{language}-{index}.html",
        host=host,
        site=site,
        title=fill(compiled(languages.TITLES[language]), rng),
        language=language,
        blocks=tuple(blocks),
        frame=replace(page.frame, language=language, site=site, base="", comments=(), related=()),
    )


def _no_content(seed: int, index: int, _: str) -> Draft:
    """What a server sends where a script makes the page: an empty element."""
    page = draft(seed, index, "no_content")
    empty = Block(kind="raw", text='<div id="app"></div>')
    return replace(page, title="", blocks=(empty,), frame=replace(page.frame, bare=True))


def _no_media(seed: int, index: int, _: str) -> Draft:
    page = draft(seed, index, "no_media")
    return replace(page, blocks=tuple(block for block in page.blocks if not block.shown and not block.film))


def _page_too_costly(seed: int, index: int, _: str) -> Draft:
    page = draft(seed, index, "page_too_costly")
    bomb = " ".join(f"a{number}=1" for number in range(BOMB_ATTRIBUTES))
    return replace(page, blocks=(*page.blocks, Block(kind="raw", text=f"<div {bomb}></div>")))


def _same_url(seed: int, index: int, which: str) -> Draft:
    """An earlier page again, at an address that differs in its tracking or fragment only."""
    first = draft(seed, index - 1)
    return replace(first, url=first.url + TRACKING[int(which or 0)], outcome="same_url", twin=first.url)


def _near_duplicate(seed: int, index: int, _: str) -> Draft:
    """An earlier page on another site, with one sentence more."""
    first = draft(seed, index - 1)
    host = f"mirror.{first.host}"
    blocks = (*first.blocks, Block(kind="p", text="This text was sent to us by a reader."))
    url = f"https://{host}/fate/near_duplicate/copy-{index}.html"
    return replace(first, index=index, url=url, host=host, outcome="near_duplicate", twin=first.url, blocks=blocks)


def _no_image_left(seed: int, index: int, _: str) -> Draft:
    """A good text whose pictures were never captured."""
    page = draft(seed, index, "no_image_left")
    return replace(page, blocks=_without_films(_refused(page, "not_captured")))


def _opted_out(seed: int, index: int, _: str) -> Draft:
    """A good page whose robots meta keeps its pictures out of training; no picture is left."""
    page = draft(seed, index, "no_image_left")
    page = replace(page, blocks=_without_films(_refused(page, "opted_out")))
    return replace(page, frame=replace(page.frame, robots="noai, noimageai, max-image-preview:large"))


def _too_many_images(seed: int, index: int, _: str) -> Draft:
    page = draft(seed, index, "too_many_images")
    stem = f"https://{page.host}/img/too_many_images/sheet-{index}"
    more = [show(f"{stem}-more-{n}", f"{seed}/{index}/more/{n}") for n in range(TOO_MANY_IMAGES - len(page.shown))]
    return replace(page, blocks=(*page.blocks, *(Block(kind="image", shown=shown) for shown in _plain(more))))


def _too_many_characters(seed: int, index: int, _: str) -> Draft:
    page = draft(seed, index, "too_many_characters")
    return replace(page, blocks=(*page.blocks, *edge_cases_texts.million_characters(Rng("million", seed, index))))


def _refused(page: Draft, outcome: str) -> tuple[Block, ...]:
    """The page's blocks with every picture marked."""

    def marked(block: Block) -> Block:
        if not block.shown:
            return block
        return replace(block, shown=replace(block.shown, picture=replace(block.shown.picture, outcome=outcome)))

    return tuple(map(marked, page.blocks))


def _without_films(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    return tuple(block for block in blocks if not block.film)


_PAGES: dict[str, Callable[[int, int, str], Draft]] = {
    "no_content": _no_content,
    "no_media": _no_media,
    "page_too_costly": _page_too_costly,
    "wrong_language": _wrong_language,
    "same_url": _same_url,
    "near_duplicate": _near_duplicate,
    "no_image_left": _no_image_left,
    "opted_out": _opted_out,
    "too_many_images": _too_many_images,
    "too_many_characters": _too_many_characters,
}
