"""The text of a robots.txt, or of an ai.txt -> its groups: to whom it speaks, and what it says of which paths (RFC 9309, 2.2).

Besides the rules of crawling it reads what sites say there of use: `Content-Usage` (IETF aipref), `Content-Signal`
(Cloudflare's policy), `DisallowAITraining` (draft-canel-robots-ai-control), and `License` and `Prohibits` (RSL). Misspelt
directives that Google's parser accepts are accepted.
"""

import re
from dataclasses import dataclass, field

from lamella.transforms.fetch.path_rules import PathPattern

_AGENT_TOKEN = re.compile(r"\*|[A-Za-z_-]++")
_LINE_END = re.compile(r"\r\n?|\n")
_NAMES = {
    "useragent": "user-agent",
    "user agent": "user-agent",
    "dissallow": "disallow",
    "dissalow": "disallow",
    "disalow": "disallow",
    "diasllow": "disallow",
    "disallaw": "disallow",
    "crawldelay": "crawl-delay",
    "licence": "license",
}
_TRAINING = {"disallowaitraining": False, "allowaitraining": True}
_OF_USE = frozenset(("content-usage", "content-signal", "prohibits", *_TRAINING))
_RULES = frozenset(("allow", "disallow", "crawl-delay", "permits")) | _OF_USE
_EVERYBODY = "*"
_WHOEVER_READS = ""  # no agent's name: what stands before any is named
_WHOLE_SITE = PathPattern.of("/")
_MAX_LICENCES = 8


@dataclass(slots=True)
class Group:
    """What is said to some agents. Filled line by line, and then left alone."""

    access: list[tuple[PathPattern, bool]] = field(default_factory=list)  # whether it may be asked for
    usage: list[tuple[PathPattern, str]] = field(default_factory=list)  # Content-Usage: its words
    signal: list[tuple[PathPattern, str]] = field(default_factory=list)  # Content-Signal: its words
    training: list[tuple[PathPattern, bool]] = field(default_factory=list)  # AllowAITraining and its contrary: whether it may
    prohibits: list[str] = field(default_factory=list)  # RSL: uses
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class RobotsFile:
    groups: dict[str, list[Group]]  # by agent, in lower case; agents that are named together share one
    licences: tuple[str, ...]  # RSL: addresses of licences, which speak to everybody
    _said: dict[str, Group] = field(default_factory=dict, init=False, repr=False, compare=False)  # by agent, once asked for

    def group_for(self, product: str) -> Group:
        """All rules for the agent's name, else those for everybody; an empty group if there are none.

        It is put together once: a file may have tens of thousands of rules, and its site as many pictures.
        """
        if product not in self._said:
            self._said[product] = self._put_together(product)
        return self._said[product]

    def _put_together(self, product: str) -> Group:
        found = self.groups.get(product) or self.groups.get(_EVERYBODY) or []
        found = [*found, *self.groups.get(_WHOEVER_READS, [])]
        return Group(
            access=[rule for group in found for rule in group.access],
            usage=[rule for group in found for rule in group.usage],
            signal=[rule for group in found for rule in group.signal],
            training=[rule for group in found for rule in group.training],
            prohibits=[use for group in found for use in group.prohibits],
            delay_s=max((group.delay_s for group in found), default=0.0),
        )


def parse_robots(text: str) -> RobotsFile:
    groups: dict[str, list[Group]] = {}
    licences: list[str] = []
    group, is_open = None, False  # whether a further agent would share the group
    for line in _LINE_END.split(text):
        name, value = _directive(line)
        if name == "user-agent" and (token := _AGENT_TOKEN.match(value)):
            if not is_open or group is None:
                group, is_open = Group(), True
            named = groups.setdefault(token[0].lower(), [])
            if not named or named[-1] is not group:
                named.append(group)
        elif name == "license" and value and len(licences) < _MAX_LICENCES:
            licences.append(value)
        elif name in _RULES:
            is_open = False
            if group is None and name in _OF_USE:
                group = Group()
                groups.setdefault(_WHOEVER_READS, []).append(group)
            if group is not None:
                _add(group, name, value)
    return RobotsFile(groups, tuple(licences))


def _directive(line: str) -> tuple[str, str]:
    line = line.partition("#")[0].strip()
    name, colon, value = line.partition(":")
    if not colon:
        words = line.split()
        name, value = words if len(words) == 2 else ("", "")
    name = name.strip().lower()
    return _NAMES.get(name, name), value.strip()


def _add(group: Group, name: str, value: str) -> None:
    if name in ("allow", "disallow"):
        if value:
            group.access.append((PathPattern.of(value), name == "allow"))
    elif name in _TRAINING:
        if value:
            group.training.append((PathPattern.of(value), _TRAINING[name]))
    elif name == "crawl-delay":
        group.delay_s = max(group.delay_s, _seconds(value))
    elif name in ("content-usage", "content-signal"):
        path, _, words = value.partition(" ") if value.startswith(("/", "*")) else ("", "", value)
        said = (PathPattern.of(path) if path else _WHOLE_SITE, words.strip())
        (group.usage if name == "content-usage" else group.signal).append(said)
    elif name == "prohibits":
        group.prohibits += [use.strip().lower() for use in value.replace(",", " ").split()]


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    return seconds if 0 < seconds < float("inf") else 0.0
