"""Links and what the archives hold in; links with where their bytes lie, links that no archive holds, and Rejections, out.

A link's address may have been answered by a redirect, and its bytes be stored as a revisit of others. So first revisits become
captures of their own addresses, and then links are led from address to address, as far as `max_redirects` lets them: every hop
is judged, and says what it says of the use of what it leads to. References cross the shuffles, bytes never do.
"""

from typing import NamedTuple

import apache_beam as beam

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Alias, AliasKind, ArchiveMedia
from lamella.schemas.rejection import Rejection
from lamella.transforms.base.aliases import as_capture, is_meant, names_asked, names_of
from lamella.transforms.fetch.captured import CapturedLink, latest
from lamella.transforms.fetch.hops import Led, latest_alias, look, start
from lamella.transforms.fetch.links import WantedLink


class Found(NamedTuple):
    captured: beam.PCollection  # CapturedLink
    missing: beam.PCollection  # WantedLink
    refused: beam.PCollection  # Rejection


class LookInArchives(beam.PTransform):
    """{"links", "archived", "aliases"} -> Found."""

    def __init__(self, config: FetchConfig):
        super().__init__()
        self._config = config

    def expand(self, inputs):
        archived, aliases = inputs["archived"], inputs["aliases"]
        revisits = {"archived": archived, "aliases": aliases} | "Revisits" >> ResolveRevisits()
        held = (
            (archived, revisits)
            | "Captures" >> beam.Flatten()
            | "CapturesByUrl" >> beam.WithKeys(_url).with_output_types(tuple[str, ArchiveMedia])
            | "Latest" >> beam.CombinePerKey(latest)
        )
        redirects = (
            aliases
            | "Redirects" >> beam.Filter(_is_redirect)
            | "RedirectsByUrl" >> beam.WithKeys(_url).with_output_types(tuple[str, Alias])
            | "LatestRedirect" >> beam.CombinePerKey(latest_alias)
        )
        led = inputs["links"] | "Start" >> beam.Map(start).with_output_types(tuple[str, Led])
        ends = []
        for hop in range(self._config.max_redirects + 1):
            group = {"led": led, "held": held, "redirects": redirects} | f"Join {hop}" >> beam.CoGroupByKey()
            end = group | f"Hop {hop}" >> beam.ParDo(_Look(self._config, hop)).with_output_types(
                CapturedLink, led=tuple[str, Led], missing=WantedLink, refused=Rejection
            ).with_outputs("led", "missing", "refused", main="captured")
            ends.append(end)
            if not hop:
                held = {"held": held, "redirects": redirects} | "LedTo" >> _OnlyTargets()
            led = end.led
        return Found(*(tuple(getattr(end, door) for end in ends) | f"All {door}" >> beam.Flatten() for door in Found._fields))


class ResolveRevisits(beam.PTransform):
    """{"archived", "aliases"} -> an ArchiveMedia under the address of each revisit whose capture some archive holds."""

    def expand(self, inputs):
        asked = (
            inputs["aliases"]
            | beam.Filter(_is_revisit)
            | "Asked" >> beam.FlatMap(_by_asked).with_output_types(tuple[str, Alias])
        )
        named = inputs["archived"] | "Named" >> beam.FlatMap(_by_names).with_output_types(tuple[str, ArchiveMedia])
        return (
            {"asked": asked, "named": named}
            | beam.CoGroupByKey()
            | "Resolve" >> beam.FlatMapTuple(_resolved).with_output_types(ArchiveMedia)
        )


class _OnlyTargets(beam.PTransform):
    """{"held", "redirects"}, by address -> the captures that a redirect leads to: few, and all that later hops can find."""

    def expand(self, inputs):
        targets = (
            inputs["redirects"]
            | beam.MapTuple(lambda url, alias: (alias.target, True)).with_output_types(tuple[str, bool])
            | beam.CombinePerKey(any)
        )
        joined = {"held": inputs["held"], "targets": targets} | beam.CoGroupByKey()
        return joined | beam.FlatMapTuple(_if_target).with_output_types(tuple[str, ArchiveMedia])


class _Look(beam.DoFn):
    """(address, what is there) -> CapturedLink; what is led on, missing or refused behind doors of its own."""

    def __init__(self, config: FetchConfig, hop: int):
        self._config, self._hop = config, hop

    def process(self, group):
        _, found = group
        held, redirect = next(iter(found["held"]), None), next(iter(found["redirects"]), None)
        for led in found["led"]:
            out = look(led, held, redirect, self._hop, self._config)
            match out:
                case CapturedLink():
                    yield out
                case Led():
                    yield beam.pvalue.TaggedOutput("led", (out.at, out))
                case Rejection():
                    yield beam.pvalue.TaggedOutput("refused", out)
                case _:
                    yield beam.pvalue.TaggedOutput("missing", out)


def _url(record) -> str:
    return record.url


def _is_redirect(alias: Alias) -> bool:
    return alias.kind is AliasKind.REDIRECT


def _is_revisit(alias: Alias) -> bool:
    return alias.kind is AliasKind.REVISIT


def _by_asked(alias: Alias):
    for name in names_asked(alias):
        yield name, alias


def _by_names(found: ArchiveMedia):
    for name in names_of(found):
        yield name, found


def _resolved(name: str, group: dict):
    """Every capture that is meant holds the same bytes, so that any of them will do; `latest` takes one for an address."""
    named = sorted(group["named"], key=lambda found: (found.blob.path, found.blob.offset))
    for alias in group["asked"]:
        yield from (as_capture(alias, found) for found in named if is_meant(alias, found))


def _if_target(url: str, group: dict):
    if list(group["targets"]):
        for found in group["held"]:
            yield url, found
