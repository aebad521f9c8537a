"""Choices by hash -> invented sentences, paragraphs, headings, tables and code."""

import hashlib

KINDS = [
    "otter",
    "heron",
    "badger",
    "kestrel",
    "marten",
    "stoat",
    "plover",
    "curlew",
    "lapwing",
    "dipper",
    "beaver",
    "polecat",
    "hobby",
    "merlin",
    "osprey",
    "bittern",
]
THINGS = [
    "river",
    "mill",
    "bridge",
    "orchard",
    "quarry",
    "harbour",
    "lantern",
    "kettle",
    "ladder",
    "barrel",
    "anvil",
    "cellar",
    "meadow",
    "gable",
    "chimney",
    "weir",
    "ferry",
    "hedge",
    "saddle",
    "needle",
    "basket",
    "compass",
    "furrow",
    "trellis",
    "beacon",
    "cistern",
    "granary",
    "rafter",
    "pulley",
    "thimble",
]
TRAITS = [
    "quiet",
    "narrow",
    "crooked",
    "ancient",
    "pale",
    "sturdy",
    "hollow",
    "bitter",
    "shallow",
    "copper",
    "frosty",
    "gentle",
    "rugged",
    "muddy",
    "silver",
    "wooden",
    "broad",
    "dim",
    "steep",
    "brittle",
    "amber",
    "distant",
    "mossy",
    "tidy",
]
_DEEDS = [
    "follows",
    "carries",
    "watches",
    "mends",
    "crosses",
    "measures",
    "guards",
    "paints",
    "repairs",
    "counts",
    "borrows",
    "shelters",
    "remembers",
    "avoids",
]
_WAYS = (
    "slowly before dawn|after the long winter|without a word|in the far valley|for the third time|beside the old road|at noon"
)
PLACES = [
    "Aldbourne",
    "Brackley",
    "Cawston",
    "Dunster",
    "Elmdon",
    "Fenwick",
    "Garstang",
    "Hexham",
    "Ilkley",
    "Kelso",
    "Ludlow",
    "Malton",
    "Norham",
    "Oakham",
]


class Chooser:
    """Choices in a row, each by the hash of the seed and its number."""

    def __init__(self, seed: str):
        self._seed, self._taken = seed, 0

    def below(self, limit: int) -> int:
        self._taken += 1
        digest = hashlib.blake2b(f"{self._seed}:{self._taken}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % limit

    def of(self, words: list[str]) -> str:
        return words[self.below(len(words))]


def paragraph(choose: Chooser) -> str:
    sentences = [sentence(choose) for _ in range(1 + choose.below(4))]
    if choose.below(3) == 0:
        sentences.insert(0, f"Of the **{choose.of(TRAITS)} {choose.of(THINGS)}** much is told in {choose.of(PLACES)}.")
    if choose.below(4) == 0:
        more = f"[{choose.of(TRAITS)} {choose.of(THINGS)}](https://links.example/more)"
        sentences.append(f"Whoever saw the {more} in {choose.of(PLACES)} tells of it still.")
    return " ".join(sentences)


def sentence(choose: Chooser) -> str:
    return (
        f"The {choose.of(TRAITS)} {choose.of(KINDS)} {choose.of(_DEEDS)} the {choose.of(TRAITS)} {choose.of(THINGS)} "
        f"of {choose.of(PLACES)} {choose.of(_WAYS.split('|'))}."
    )


def heading(choose: Chooser) -> str:
    return f"How the {choose.of(KINDS)} came to the {choose.of(TRAITS)} {choose.of(THINGS)}"


def table(choose: Chooser) -> list[list[str]]:
    rows = [[choose.of(PLACES), choose.of(THINGS), str(choose.below(500)), choose.of(TRAITS)] for _ in range(3)]
    return [["Place", "Thing", "Number", "Look"], *rows]


def code(choose: Chooser) -> str:
    thing, kind = choose.of(THINGS), choose.of(KINDS)
    return f"def {thing}_of({kind}):\n    count = {choose.below(90)}\n    return {kind} + count * {choose.below(9) + 1}"
