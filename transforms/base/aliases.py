"""A revisit and captures -> the capture that it refers to: by the record that it names, by digest, or by address and time.

A revisit is a record of a response whose bytes a crawler already had. Two captures of one address may hold different bytes, so
the address alone is believed only if nothing speaks against it.
"""

from dataclasses import replace

from lamella.schemas.media import Alias, ArchiveMedia
from lamella.transforms.formats.use_headers import reserves_rights

_SECONDS = 19  # characters of a date, to the second: WARC 1.1 may have fractions


def names_of(found: ArchiveMedia) -> tuple[str, ...]:
    """By what a revisit may ask for a capture."""
    return tuple(filter(None, (found.record_id, found.digest, found.url)))


def names_asked(alias: Alias) -> tuple[str, ...]:
    """By what a revisit asks, the surest first; () where it names nothing."""
    return tuple(filter(None, (alias.record_id, alias.digest, alias.target)))


def is_meant(alias: Alias, found: ArchiveMedia) -> bool:
    """Whether the capture holds the revisit's bytes."""
    if alias.record_id and alias.record_id == found.record_id:
        return True
    if alias.digest and alias.digest == found.digest:
        return True
    if alias.target != found.url:
        return False
    if alias.target_time:
        return alias.target_time[:_SECONDS] == found.crawl_time[:_SECONDS]
    return not (alias.digest and found.digest)


def may_mean(alias: Alias, other: Alias) -> bool:
    """Whether a revisit may mean another one, at the address that it names: nothing speaks against it."""
    if alias.target != other.url or (alias.target_time and alias.target_time[:_SECONDS] != other.crawl_time[:_SECONDS]):
        return False
    return not (alias.digest and other.digest and alias.digest != other.digest)


def as_capture(alias: Alias, found: ArchiveMedia) -> ArchiveMedia:
    """The capture under the revisit's address and time, with what either response says of its use."""
    robots, reserved = both_say(alias, found)
    return replace(
        found, url=alias.url, crawl_time=alias.crawl_time, robots_header=robots, tdm_reservation=reserved, record_id=""
    )


def both_say(one, other) -> tuple[str, str]:
    """X-Robots-Tag and TDM-Reservation of two responses on the way to the same bytes: what either forbids is forbidden."""
    robots = ", ".join(dict.fromkeys(filter(None, (one.robots_header, other.robots_header))))
    return robots, max(one.tdm_reservation, other.tdm_reservation, key=_reserves)


def _reserves(value: str) -> tuple[bool, bool]:
    return reserves_rights(value), bool(value)
