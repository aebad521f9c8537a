"""A compiled pattern -> the texts that would make it slow: prefix + pump * n + suffix, from the pattern's own parse tree.

A pattern is slow where a repetition can take one text in several ways (exponential), where two repetitions in a row can, or
where a search that fails starts again at each place (quadratic). So each repetition of the tree is fed with what its body
takes, with the characters that several of its classes share, and with the pattern's own beginning over and over; and then
comes something that lets the match fail.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_parser, _compiler = re._parser, re._compiler
_REPEATS = (_parser.MAX_REPEAT, _parser.MIN_REPEAT, _parser.POSSESSIVE_REPEAT)
_ATOMS = (_parser.LITERAL, _parser.NOT_LITERAL, _parser.IN, _parser.ANY)
_LONG = 8  # times; what repeats less often is taken as it is
_PROBES = [*range(128), *map(ord, "éÜß\u0130\u200b\u0301’“—€中。ｶ０\U0001f600")]
_SAMPLES, _PREFIXES, _CHARACTERS, _ENDS = 6, 3, 14, 5


class Attack(NamedTuple):
    prefix: str
    pump: str
    suffix: str

    def text(self, size: int) -> str:
        """About `size` characters."""
        times = max(1, (size - len(self.prefix) - len(self.suffix)) // len(self.pump))
        return self.prefix + self.pump * times + self.suffix


def attacks_on(pattern: re.Pattern) -> list[Attack]:
    """Each once, those of the first repetitions first."""
    return list(dict.fromkeys(_Tree(pattern).attacks()))


class _Tree:
    def __init__(self, pattern: re.Pattern):
        self.flags = pattern.flags
        self.tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        self.probes = [point for point in _PROBES if isinstance(pattern.pattern, str) or point < 256]
        atoms = list(self._atoms(self.tree))
        literals = {av for op, av in atoms if op is _parser.LITERAL}
        self.probes += sorted(literals - set(self.probes))[:64]
        self.takes = {self._key(atom): frozenset(self._taken_by(atom)) for atom in atoms}
        self.groups = self._grouped(self.takes.values())

    def attacks(self) -> Iterator[Attack]:
        for prefixes, body, rest in self._repetitions(self.tree, [""], []):
            inside = set().union(*(self.takes[self._key(atom)] for atom in self._atoms(body)))
            shared = [character for character in self.groups if ord(character) in inside][:_CHARACTERS]
            pumps = dict.fromkeys([*self._samples(body), *shared])
            pumps |= dict.fromkeys(prefix + pump for prefix in prefixes for pump in list(pumps)[:_SAMPLES] if prefix)
            pumps |= dict.fromkeys(prefix for prefix in prefixes if prefix)
            stranger = next((character for character in self.groups if ord(character) not in inside), "\0")
            ends = list(dict.fromkeys(["", stranger, "\n", *(end[:-1] + stranger for end in rest if end)]))[:_ENDS]
            for pump in filter(None, pumps):
                for prefix in dict.fromkeys(["", *prefixes]):
                    for suffix in ends:
                        yield Attack(prefix, pump, suffix)

    def _repetitions(self, sequence, prefixes: list[str], rest: list[str]) -> Iterator[tuple[list[str], object, list[str]]]:
        """(what may stand before, the body, what would have to follow) of each repetition."""
        nodes = list(sequence)
        for at, (op, av) in enumerate(nodes):
            after = self._samples(nodes[at + 1 :])[:2] or rest
            if op in _REPEATS:
                low, high, body = av
                if high is _parser.MAXREPEAT or high - low >= _LONG:
                    yield prefixes, body, after
                yield from self._repetitions(body, prefixes, after)
            else:
                for inner in self._inner(op, av):
                    yield from self._repetitions(inner, prefixes, after)
            taken = self._samples([(op, av)])
            prefixes = list(dict.fromkeys(before + text for text in taken for before in prefixes))[:_PREFIXES]

    def _samples(self, sequence) -> list[str]:
        """Texts that the sequence takes, lookarounds aside; the first is as short as they come."""
        texts = [""]
        for op, av in sequence:
            options = self._options(op, av) or [""]
            more = [text + option for option in options[1:] for text in texts[:1]]
            texts = [text + options[0] for text in texts]
            texts = list(dict.fromkeys([*texts[:1], *more, *texts[1:]]))[:_SAMPLES]
        return texts

    def _options(self, op, av) -> list[str]:
        if op in _ATOMS:
            taken = self.takes[self._key((op, av))]
            return [character for character in self.groups if ord(character) in taken][:4]
        if op in _REPEATS:
            low, high, body = av
            times = {min(max(low, wanted), high if high is not _parser.MAXREPEAT else wanted + low) for wanted in (0, 1, 2)}
            return [sample * count for count in sorted(times) for sample in self._samples(body)[:3]]
        if op is _parser.BRANCH:
            return [text for branch in av[1] for text in self._samples(branch)[:2]][: 2 * _SAMPLES]
        return [text for inner in self._inner(op, av)[:1] if op not in _LOOKS for text in self._samples(inner)]

    @staticmethod
    def _inner(op, av) -> list:
        if op is _parser.BRANCH:
            return av[1]
        if op is _parser.SUBPATTERN:
            return [av[3]]
        if op in _LOOKS:
            return [av[1]]
        if op is _parser.ATOMIC_GROUP:
            return [av]
        if op is _parser.GROUPREF_EXISTS:
            return [inner for inner in av[1:] if inner is not None]
        return []

    def _atoms(self, sequence) -> Iterator[tuple]:
        for op, av in sequence:
            if op in _ATOMS:
                yield op, av
            for inner in [av[2]] if op in _REPEATS else self._inner(op, av):
                yield from self._atoms(inner)

    def _taken_by(self, atom) -> Iterator[int]:
        alone = _compiler.compile(_parser.SubPattern(self.tree.state, [atom]), self.flags & ~re.DEBUG)
        return (point for point in self.probes if alone.fullmatch(chr(point)))

    def _grouped(self, classes) -> list[str]:
        """A character for each way in which the pattern's classes overlap: those that most of them take first."""
        wide = [taken for taken in dict.fromkeys(classes) if len(taken) > 2]
        literal = set().union(*(taken for taken in classes if len(taken) <= 2))
        marks = [point for point in self.probes if not chr(point).isalnum()]
        plain = [point for point in self.probes if chr(point).isalnum()]
        groups: dict[tuple, str] = {}
        for point in [*marks, *sorted(plain, key=lambda point: (point in literal, chr(point) not in "a1x", point))]:
            kind = point if point in literal and point in marks else point in literal
            groups.setdefault((tuple(point in taken for taken in wide), kind), chr(point))
        shared = sorted(groups.values(), key=lambda character: (-sum(ord(character) in taken for taken in wide), character))
        return list(dict.fromkeys([*shared, *(chr(point) for point in sorted(literal))]))

    @staticmethod
    def _key(atom) -> str:
        return repr(atom)


_LOOKS = (_parser.ASSERT, _parser.ASSERT_NOT)
