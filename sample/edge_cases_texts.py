"""A Writer and an Rng -> blocks of text that break one rule of quality each.

Each breaks no other rule: a page without stop words still has its full stops, a page of bullets its variety.
"""

import re

from lamella.sample.banks.long_words import LONG_WORDS, PLAIN_WORDS
from lamella.sample.markup import Block
from lamella.sample.prose import Writer, capital
from lamella.sample.rng import Rng

_MARK = re.compile(r"[^\w\s]")

Blocks = list[Block]


def paragraphs(*texts: str) -> Blocks:
    return [Block(kind="p", text=text) for text in texts]


def too_few_words(writer: Writer, rng: Rng) -> Blocks:
    return paragraphs(writer.sentence())


def too_many_words(writer: Writer, rng: Rng) -> Blocks:
    """About 110,000 words in paragraphs of about 750."""
    return paragraphs(*(writer.paragraph(40) for _ in range(150)))


def odd_word_length(writer: Writer, rng: Rng) -> Blocks:
    """Words of 11.5 letters on average, a fifth of them short."""
    texts = []
    for _ in range(6):
        sentences = []
        for _ in range(5):
            one, two, three, *rest = (rng.pick(LONG_WORDS) for _ in range(12))
            sentences.append(capital(f"{one} {two} and {three} have {' '.join(rest[:4])} with the {' '.join(rest[4:])}."))
        texts.append(" ".join(sentences))
    return paragraphs(*texts)


def too_many_symbols(writer: Writer, rng: Rng) -> Blocks:
    """A hash mark before one word in six."""
    return paragraphs(*(_every(writer.paragraph(4), 6, "#{}") for _ in range(5)))


def too_many_bullets(writer: Writer, rng: Rng) -> Blocks:
    return paragraphs(*("• " + writer.sentence() for _ in range(24)))


def too_many_ellipses(writer: Writer, rng: Rng) -> Blocks:
    return paragraphs(*(writer.paragraph(2).rstrip('.?!"') + "..." for _ in range(9)))


def too_few_alphabetic_words(writer: Writer, rng: Rng) -> Blocks:
    """A number after every fifth word: with the marks, a quarter of all tokens have no letter."""
    return paragraphs(*(_numbered(writer.paragraph(3), rng) for _ in range(6)))


def too_few_stop_words(writer: Writer, rng: Rng) -> Blocks:
    """Lists of things for sale: English, but not a sentence among them."""
    return paragraphs(*(" ".join(_wares(rng) for _ in range(4)) for _ in range(8)))


def repeated_lines(writer: Writer, rng: Rng) -> Blocks:
    """A refrain after each line of a list, which is one paragraph."""
    refrain = "And the boats came home with the evening tide."
    lines = tuple(line for _ in range(12) for line in (writer.sentence(), refrain))
    return [*paragraphs(writer.paragraph(4)), Block(kind="ul", items=lines), *paragraphs(writer.paragraph(4))]


def repeated_paragraphs(writer: Writer, rng: Rng) -> Blocks:
    kept = [writer.paragraph(2) for _ in range(4)]
    return paragraphs(*(kept * 3), writer.paragraph(3))


def repeated_ngrams(writer: Writer, rng: Rng) -> Blocks:
    """One phrase of a dozen words in every second sentence."""
    phrase = "as the old people of the harbour town have always said about it"
    return paragraphs(
        *(" ".join(f"{writer.sentence().rstrip('.?!')}, {phrase}. {writer.sentence()}" for _ in range(2)) for _ in range(6))
    )


def repeated_words(writer: Writer, rng: Rng) -> Blocks:
    """Sentences of short words that come twice each, among others that come once and have long words."""
    twice = rng.sample(_SHORT_SENTENCES, 7)
    once = [_long_paragraph(rng, LONG_WORDS, 1, 3) for _ in range(11)]
    singles = [writer.sentence() for _ in range(4)]
    order = rng.shuffled([*twice, *twice, *once, *singles])
    return paragraphs(*(" ".join(order[at : at + 3]) for at in range(0, len(order), 3)))


def too_little_punctuation(writer: Writer, rng: Rng) -> Blocks:
    """Not a mark within the lines; one line in six ends with a full stop."""
    texts = [_MARK.sub("", writer.paragraph(6)) for _ in range(6)]
    return paragraphs(*(text + "." if at % 6 == 0 else text for at, text in enumerate(texts)))


def lorem_ipsum(writer: Writer, rng: Rng) -> Blocks:
    filler = "Lorem ipsum dolor sit amet will stand here until the text has come from the author."
    return paragraphs(writer.paragraph(4), f"{writer.sentence()} {filler}", writer.paragraph(3))


def curly_bracket(writer: Writer, rng: Rng) -> Blocks:
    broken = f"{writer.sentence()} Dear {{first_name}}, this template was never filled in."
    return paragraphs(writer.paragraph(4), broken, writer.paragraph(3))


def too_few_ended_lines(writer: Writer, rng: Rng) -> Blocks:
    return paragraphs(*(writer.paragraph(2).rstrip('.?!"') for _ in range(12)))


def too_many_short_lines(writer: Writer, rng: Rng) -> Blocks:
    """A poem between two paragraphs: lines of at most thirty characters."""
    return paragraphs(writer.paragraph(2), *rng.shuffled(_VERSES), writer.paragraph(2))


def no_text_left(writer: Writer, rng: Rng) -> Blocks:
    """Nothing but sentences that the rules for paragraphs take out."""
    return paragraphs(
        "We use cookies to remember what you have seen on these pages and to count our readers.",
        "Please enable javascript in your browser, since without javascript these pages cannot be shown.",
        "By reading on you accept our privacy policy, and the terms of use that stand beside it.",
    )


# Paragraphs that leave alone; the rest of their page is good.
NODE_TEXTS = {
    "boilerplate_text": "This site uses cookies, and by staying here you accept our privacy policy and the terms of use.",
    "unsafe_text": "Free porn and xxx videos: porn clips, xxx pictures and hot sex for everyone who clicks here tonight.",
    "too_many_special_characters": "*** >>> !!! 50% -- $$$ 19,99 $$$ -- 24/7 (!!!) +++ 0800/123-456 +++ ### call now ### <<<",
    "repeated_characters": "Hip hip hooray, hip hip hooray, hip hip hooray, hip hip hooray, hip hip hooray, hip hip hooray.",
}  # fmt: skip


def million_characters(rng: Rng) -> Blocks:
    """1,010,000 characters in fewer than 100,000 words, no 5-gram of which repeats often."""
    texts, size = [], 0
    while size < 1_010_000:
        text = _long_paragraph(rng, PLAIN_WORDS, 20)
        texts.append(text)
        size += len(text) + 1
    return paragraphs(*texts)


def _long_paragraph(rng: Rng, words: tuple[str, ...], sentences: int, clauses: int = 3) -> str:
    return " ".join(_long_sentence(rng, words, clauses) for _ in range(sentences))


def _long_sentence(rng: Rng, words: tuple[str, ...], clauses: int) -> str:
    """Long words held together by a few short ones: articles and prepositions."""
    parts = []
    for _ in range(clauses):
        tie, link = (
            rng.pick(("the", "a", "that", "this", "no")),
            rng.pick(("of", "with", "in", "and", "for", "to", "by", "on")),
        )
        one, two, three, four, five = (rng.pick(words) for _ in range(5))
        parts.append(f"{tie} {one} {two} {link} {three} {four} {five}")
    return capital(", ".join(parts)) + "."


def _every(text: str, step: int, form: str) -> str:
    return " ".join(form.format(word) if at % step == step - 1 else word for at, word in enumerate(text.split()))


def _numbered(text: str, rng: Rng) -> str:
    out = []
    for at, word in enumerate(text.split()):
        mark = word[-1] if not word[-1].isalnum() else ""
        bare = word[: len(word) - len(mark)]
        out.append(f"{bare} {rng.below(10)}{mark}" if at % 5 == 4 else word)
    return " ".join(out)


def _wares(rng: Rng) -> str:
    items = (" ".join([*rng.sample(_ADJECTIVES, 3), *rng.sample(_STUFF, 2), rng.pick(_GOODS)]) for _ in range(3))
    return capital(", ".join(items)) + "."


_ADJECTIVES = [
    "red",
    "green",
    "small",
    "large",
    "heavy",
    "light",
    "bright",
    "cheap",
    "fine",
    "solid",
    "rustic",
    "modern",
    "antique",
    "painted",
    "polished",
    "folded",
    "round",
]
_STUFF = [
    "oak",
    "paper",
    "glass",
    "copper",
    "linen",
    "wool",
    "clay",
    "iron",
    "cotton",
    "birch",
    "canvas",
    "slate",
    "brass",
    "garden",
    "kitchen",
    "winter",
    "summer",
]
_GOODS = [
    "lamps",
    "tables",
    "jars",
    "curtains",
    "baskets",
    "kettles",
    "blankets",
    "mirrors",
    "shelves",
    "bowls",
    "frames",
    "prints",
    "cushions",
    "candles",
    "clocks",
]
_SHORT_SENTENCES = (
    "We go up to the old dock at six and sit by the sea in the sun.",
    "He has a red hat and a bad leg but he can row a boat to the end of it.",
    "I can see the top of the hill and the big oak as it is out of the fog now.",
    "It is not too far to go if you get up by ten and do not sit or eat on the way.",
    "She put the tin box on the bed and we all had a look at the map in it.",
    "If it is hot we go in the sea and if it is wet we sit by the fire all day.",
    "The cat is in the hay and the dog is at the gate so we let it be for now.",
    "You may ask him for a job at the mill or at the inn but he is shy of men.",
)
_VERSES = tuple(
    line + "."
    for line in (
        "The sea lay grey at dawn", "A bell rang twice for us", "The boats were still asleep", "I counted seven lamps",
        "You held the rope for me", "Nobody said a single word", "The wind came from the east", "It smelled of tar and rain",
        "We rowed along the wall", "A heron watched us pass", "My hands were cold as stone", "Your coat was dark with spray",
        "The harbour fell behind", "We heard the water talk", "There was no other sound", "The sun rose out of mist",
        "It turned the sails to gold", "You laughed and let it be", "I think of that day often", "The bell has lost its tongue",
        "They sold the boats in May", "The wall is standing yet", "Some mornings I go there", "I listen for the oars",
    )
)  # fmt: skip
