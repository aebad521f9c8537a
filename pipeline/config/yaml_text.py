"""YAML text -> plain values, within limits of size and depth, no key twice. Anything else is a YamlError of one line."""

from typing import Any

import yaml

from lamella.schemas.errors import ConfigError

MAX_CHARACTERS = 1 << 18  # a config of every key is 20 kB
MAX_DEPTH = 20  # a config has four levels
MAX_NODES = 20_000  # with aliases written out; a config of every key has 500
_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"


class YamlError(ConfigError):
    """Text that is not YAML, or is more than a config can be."""


def read_yaml(text: str) -> Any:
    """What the text says, as `yaml.safe_load` has it.

    Raises:
        YamlError: no YAML, a key that stands twice in one mapping, or more text, depth or (with aliases) nodes than the limits.
    """
    if len(text) > MAX_CHARACTERS:
        raise YamlError(f"longer than {MAX_CHARACTERS:,} characters")
    try:
        _check_depth(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            return None
        _check_nodes(node)
        return yaml.SafeLoader("").construct_document(node)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: of a date or a number that cannot be
        raise error if isinstance(error, YamlError) else YamlError(" ".join(str(error).split())) from None


def _check_depth(text: str) -> None:
    """Over the events, which need no recursion; what builds the nodes does."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise YamlError(f"line {event.start_mark.line + 1}: nested deeper than {MAX_DEPTH} levels")


def _check_nodes(root: yaml.Node) -> None:
    """Counts nodes as they are once every alias is written out; an alias of itself never ends, and is stopped here too."""
    count, waiting = 0, [root]
    while waiting:
        node = waiting.pop()
        count += 1
        if count > MAX_NODES:
            raise YamlError(f"more than {MAX_NODES:,} values, with its aliases written out")
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            _check_keys(node)
            waiting += [part for pair in node.value for part in pair]


def _check_keys(mapping: yaml.MappingNode) -> None:
    """Keys are texts, `on` too, which YAML 1.1 reads as true; and of two equal ones YAML's loader drops the first unsaid."""
    seen = set()
    for key, _ in mapping.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                raise YamlError(f"line {key.start_mark.line + 1}: the key {key.value!r} is given for the second time")
            seen.add(key.value)
            if key.tag != _MERGE:
                key.tag = _TEXT
