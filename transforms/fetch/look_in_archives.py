"""Links and the archives' media -> links with the place of their bytes, links that no archive holds, and Rejections.

A link's address may have been answered by a redirect, its bytes may be stored as a revisit of others, and a page may show the
picture smaller elsewhere. So first revisits become captures of their own addresses, and then links are led from address to
address, up to `max_redirects`: every hop is judged, and keeps what it says of the use of its target. References cross the
shuffles, bytes never do.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import apache_beam as beam

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Alias, AliasKind, ArchiveMedia
from lamella.schemas.rejection import Rejection
from lamella.transforms.base.aliases import as_capture, is_meant, names_asked, names_of
from lamella.transforms.base.join import Group, Join, as_it_is, by_url
from lamella.transforms.fetch.captured import FetchResponse, latest_first
from lamella.transforms.fetch.hops import Led, latest_alias_first, look, start
from lamella.transforms.fetch.links import FetchRequest


class Found(NamedTuple):
    captured: beam.PCollection  # FetchResponse
    missing: beam.PCollection  # FetchRequest
    refused: beam.PCollection  # Rejection


class There(NamedTuple):
    """What the archives hold at an address, of several the latest."""

    held: ArchiveMedia | None
    redirect: Alias | None


_NOTHING = There(None, None)


class LookInArchives(beam.PTransform):
    """{"links", "archived", "aliases"} -> Found.

    The first shuffle brings links, captures and redirects to their addresses, and tells of what is there to the address itself
    and to those that lead to it. So the second follows two redirects; it tells of where an address leads to those that lead to
    it, so that each further one follows three.
    """

    def __init__(self, config: FetchConfig):
        super().__init__()
        self._config = config

    def expand(self, inputs):
        config = self._config
        outputs = {"led": tuple[str, Led], "missing": FetchRequest, "refused": Rejection}
        revisits = {"archived": inputs["archived"], "aliases": inputs["aliases"]} | "Revisits" >> ResolveRevisits()
        places = {
            "links": inputs["links"],
            "archived": inputs["archived"],
            "revisits": revisits,
            "redirects": inputs["aliases"],
        }
        both_ends = partial(_both_ends, config)
        keyed = {"links": _started, "archived": by_url, "revisits": by_url, "redirects": both_ends}
        first = Join(
            keyed, partial(_at_address, config), FetchResponse, outputs=outputs | {"there": tuple[str, tuple[str, There]]}
        )
        ends = [places | "Hop 0" >> first]
        for hops in _rounds(config.max_redirects):
            kinds, more = {"led": ends[-1].led, "there": ends[0].there}, {}
            if hops.start > 1:
                kinds["further"] = ends[1].further
            elif hops.stop <= config.max_redirects:
                kinds["behind"], more = inputs["aliases"], {"further": tuple[str, tuple[str, There]]}
            keyed = {name: partial(_behind, config) if name == "behind" else as_it_is for name in kinds}
            join = Join(keyed, partial(_look_on, config, hops), FetchResponse, outputs=outputs | more)
            ends.append(kinds | f"Hops {hops.start}" >> join)
        outputs_of_all = {"captured": "main", "missing": "missing", "refused": "refused"}
        return Found(
            *(tuple(end[output] for end in ends) | f"All {name}" >> beam.Flatten() for name, output in outputs_of_all.items())
        )


class ResolveRevisits(beam.PTransform):
    """{"archived", "aliases"} -> an ArchiveMedia under the address of each revisit whose capture some archive holds."""

    def expand(self, inputs):
        return inputs | Join({"aliases": _by_asked, "archived": _by_names}, _resolved, ArchiveMedia)


def _started(link: FetchRequest) -> Iterable[tuple[str, Led]]:
    return (start(link),)


def _leads(alias: Alias, config: FetchConfig) -> bool:
    """Whether it leads from one address to another. If the web can be asked, it is asked for the large picture first."""
    if alias.kind is AliasKind.REVISIT:
        return alias.target not in ("", alias.url)
    return alias.kind is AliasKind.REDIRECT or not config.http


def _both_ends(config: FetchConfig, alias: Alias) -> Iterable[tuple[str, Alias]]:
    """What leads on, under the address that it leads from and under the one that it leads to."""
    return ((end, alias) for end in {alias.url, alias.target}) if _leads(alias, config) else ()


def _rounds(most: int) -> Iterator[range]:
    """The redirects that each shuffle follows: two, then three each.

    >>> list(_rounds(5))
    [range(1, 3), range(3, 6)]
    """
    start = 1
    while start <= most:
        yield range(start, start + (2 if start == 1 else 3))
        start += 2 if start == 1 else 3


def _behind(config: FetchConfig, alias: Alias) -> Iterable[tuple[str, str]]:
    """(address, one that leads to it)."""
    return ((alias.target, alias.url),) if _leads(alias, config) else ()


def _at_address(config: FetchConfig, address: str, found: Group) -> Iterator[Any]:
    """What becomes of the links at an address; what is there goes to it and to those that lead to it, as far as any do."""
    captures = chain(found["archived"], found["revisits"])
    held = min(captures, key=latest_first, default=None)
    redirect = min((alias for alias in found["redirects"] if alias.url == address), key=latest_alias_first, default=None)
    for led in found["links"]:
        yield _tagged(look(led, held, redirect, 0, config=config))
    if held is None and redirect is None:
        return
    there, led_to = There(held, redirect), False
    for alias in found["redirects"]:
        if alias.target == address:
            if not led_to:
                yield beam.pvalue.TaggedOutput("there", (address, (address, there)))
            led_to = True
            yield beam.pvalue.TaggedOutput("there", (alias.url, (address, there)))


def _look_on(config: FetchConfig, hops: range, address: str, found: Group) -> Iterator[Any]:
    """What becomes of links that some redirects have led to an address, and those that more lead on from it.

    Where a redirect leads on from the address, those that lead to it are told of what is there.
    """
    there: dict[str, There] = {}
    for led in found["led"]:
        there = there or dict(chain.from_iterable(found[name] for name in ("there", "further") if name in found.names))
        out: FetchResponse | Led | Rejection | FetchRequest = led
        for hop in hops:
            if isinstance(out, Led):
                out = look(out, *there.get(out.at, _NOTHING), hop, config=config)
        yield _tagged(out)
    if "behind" in found.names:
        for before in found["behind"]:
            there = there or dict(found["there"])
            redirect = there.get(address, _NOTHING).redirect
            if redirect and redirect.target in there:
                yield beam.pvalue.TaggedOutput("further", (before, (redirect.target, there[redirect.target])))


def _tagged(out: FetchResponse | Led | Rejection | FetchRequest) -> Any:
    match out:
        case FetchResponse():
            return out
        case Led():
            return beam.pvalue.TaggedOutput("led", (out.at, out))
        case Rejection():
            return beam.pvalue.TaggedOutput("refused", out)
        case _:
            return beam.pvalue.TaggedOutput("missing", out)


def _by_asked(alias: Alias) -> Iterable[tuple[str, Alias]]:
    return ((name, alias) for name in names_asked(alias)) if alias.kind is AliasKind.REVISIT else ()


def _by_names(found: ArchiveMedia) -> Iterable[tuple[str, ArchiveMedia]]:
    return ((name, found) for name in names_of(found))


def _resolved(name: str, group: Group) -> Iterator[ArchiveMedia]:
    """Every capture that is meant holds the same bytes, so that any will do; of an address the latest is taken."""
    named = sorted(group["archived"], key=lambda found: (found.blob.path, found.blob.offset))
    for alias in group["aliases"]:
        yield from (as_capture(alias, found) for found in named if is_meant(alias, found))
