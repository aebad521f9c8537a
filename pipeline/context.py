"""The context of a job: where a run works, and how."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from lamella.schemas.config import Config
from lamella.transforms.base.files import join

Build = Callable[[beam.Pipeline], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Where a run works: its config, its archives, its folder, and how a pipeline is executed."""

    config: Config
    archives: tuple[str, ...]
    folder: str
    execute: Callable[[str, Build], None]  # label, pipeline's content; returns when the pipeline has ended, raises if it failed
    say: Callable[[str], None]  # one line of progress
    processes: int | None = None  # of this machine; None: a cluster's, however many there are
    deep: bool = False  # whether checksums tell what stands, and not sizes alone
    done: Callable[[str], object] = lambda job: None  # is told of a job whose tables stand
    media_root: str = ""  # the run's folder that packs and memory lie in, where it is another
    asks: bool = True  # whether the network may be asked, where the configuration says so
    dry: bool = False  # jobs are laid out and handed to `execute`, and nothing in the folder is touched

    @property
    def root(self) -> str:
        """What refs to media are relative to."""
        return self.media_root or self.folder

    def table(self, name: str) -> str:
        return join(self.folder, name)
