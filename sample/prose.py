"""A bank of sentences and an Rng -> varied prose: sentences that never repeat within a page, paragraphs, titles.

A template such as `The {trade} [lent|gave] us a {tool}.` has dozens to thousands of readings. A page draws its templates
without putting any back, so two pages of a genre share about a quarter of their templates and few of their 5-grams.
"""

import re
from functools import cache

from lamella.sample.banks import english, genres
from lamella.sample.rng import Rng

GENRES = ("article", "gallery", "shop", "blog", "recipe")
_TOKEN = re.compile(r"\{(\w+)\}|\[([^\[\]]*)\]")

_BEFORE_VOWEL = re.compile(r"\b([Aa]) (?=[aeiou])")

Template = tuple[str | tuple[str, ...], ...]  # literals, and sets of options


class Writer:
    """Writes one page's prose in English: each template is used at most once."""

    def __init__(self, genre: str, rng: Rng):
        self._dice = rng
        own, any_ = bank(genre, "sentences"), bank("", "anywhere")
        third = len(any_) // 3
        self._left = rng.shuffled(own + tuple(rng.sample(any_, 2 * third)))
        self._spare = rng.shuffled(bank(genre, "mentions"))
        self._genre = genre

    def title(self) -> str:
        return capital(fill(self._dice.pick(bank(self._genre, "titles")), self._dice))

    def sentence(self) -> str:
        """The next sentence. A page of more than about 45 starts the bank again, with other readings."""
        if not self._left:
            self._left = self._dice.shuffled(bank(self._genre, "sentences") + bank("", "anywhere"))
        return capital(fill(self._left.pop(), self._dice))

    def paragraph(self, sentences: int) -> str:
        return " ".join(self.sentence() for _ in range(sentences))

    def mention(self, scene: str) -> str:
        """A sentence that says what a picture shows; `scene` is a phrase without a full stop."""
        if not self._spare:
            self._spare = self._dice.shuffled(bank(self._genre, "mentions"))
        return capital(fill(self._spare.pop(), self._dice, {"scene": scene}))

    def comment(self) -> str:
        return capital(fill(self._dice.pick(bank("", "comments")), self._dice))


def fill(template: Template, rng: Rng, given: dict[str, str] | None = None) -> str:
    """One reading of a template."""
    parts = []
    for part in template:
        if isinstance(part, str):
            parts.append(part)
        else:
            choice = part[rng.below(len(part))]
            parts.append(given[choice] if given and choice in given else choice)
    text = "".join(parts)
    # An alternative may hold a slot of its own.
    return fill(compiled(text), rng, given) if "{" in text else _BEFORE_VOWEL.sub(r"\1n ", text)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@cache
def bank(genre: str, kind: str) -> tuple[Template, ...]:
    """The compiled templates of a kind: sentences, mentions, titles of a genre; anywhere, comments of none."""
    source = {
        "sentences": genres.SENTENCES,
        "mentions": genres.MENTIONS,
        "titles": genres.TITLES,
        "anywhere": {"": english.ANYWHERE},
        "comments": {"": genres.COMMENTS},
    }[kind][genre]
    return compiled_lines(source)


@cache
def compiled_lines(source: str) -> tuple[Template, ...]:
    return tuple(compiled(line) for line in source.strip().splitlines())


def compiled(line: str) -> Template:
    """A line with its choices laid out."""
    parts: list[str | tuple[str, ...]] = []
    end = 0
    for match in _TOKEN.finditer(line):
        if match.start() > end:
            parts.append(line[end : match.start()])
        name, options = match.groups()
        if options is not None:
            parts.append(tuple(options.split("|")))
        else:
            parts.append(tuple(english.LISTS.get(name, (name,))))
        end = match.end()
    parts.append(line[end:])
    return tuple(parts)
