"""A run's config and pages -> warnings, if bundled models judge pages that are not the sample's.

The bundled models know only the sample web's coloured shapes. On other pages their scores and texts look real and mean nothing.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from lamella.schemas.config import Config, ModelConfig, ReadConfig
from lamella.schemas.page import Page
from lamella.transforms.base.sample_web import is_of_the_sample
from lamella.transforms.read.archive import read_archive

_ARCHIVES = 3  # that are looked into before a run
_RECORDS = 200  # of each: a page stands among the first, or it is an archive of media


def models_in_use(c: Config) -> dict[str, tuple[str, ModelConfig]]:
    """Key -> (role, model) of every model that a run loads."""
    used = {"score.model": ("scorer", c.score.model)} if c.score.on else {}
    if c.caption.on:
        used |= {"caption.captioner": ("captioner", c.caption.captioner), "caption.matcher": ("matcher", c.caption.matcher)}
    return used


def bundled_roles(c: Config) -> list[str]:
    return [role for role, model in models_in_use(c).values() if model.bundled]


def warn_of_archives(archives: Iterable[str], c: Config) -> str:
    """One line before a run whose first pages are not the sample's, else ""."""
    roles = bundled_roles(c)
    if not roles or not any(not is_of_the_sample(url) for url in _first_pages(archives, c.read)):
        return ""
    return f"WARNING: {_models(roles)} will judge pages that are not the sample web's. {_meaning(roles)}"


def warn_of_pages(urls: Iterable[str], c: Config) -> dict[str, Any] | None:
    """What the report says of documents by the addresses of their pages: models, counts, one line; None if nothing is wrong."""
    roles = bundled_roles(c)
    if not roles:
        return None
    of = foreign = 0
    for url in urls:
        of += 1
        foreign += not is_of_the_sample(url)
    if not foreign:
        return None
    says = f"{_models(roles)} judged {foreign:,} of {of:,} documents that are not the sample web's. {_meaning(roles)}"
    return {"models": roles, "foreign": foreign, "of": of, "says": says}


def _models(roles: list[str]) -> str:
    listed = roles[0] if len(roles) == 1 else f"{', '.join(roles[:-1])} and {roles[-1]}"
    return f"The bundled {listed}"


def _meaning(roles: list[str]) -> str:
    what = {"scorer": "scores", "captioner": "synthetic texts", "matcher": "matches"}
    things = ", ".join(what[role] for role in roles)
    return (
        f"They know its coloured shapes and nothing else, so {things} mean nothing here: name real weights, "
        "or turn scoring and captioning off (score.min_score=null score.documents=false caption.on=false)."
    )


def _first_pages(archives: Iterable[str], config: ReadConfig) -> Iterable[str]:
    for archive in islice(archives, _ARCHIVES):
        found = (record.url for record in islice(read_archive(archive, config), _RECORDS) if isinstance(record, Page))
        yield from islice(found, 1)
