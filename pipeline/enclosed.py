"""A run's folder -> the names in it that lead out of it or are no files. The run may be somebody else's."""

import os
from collections.abc import Iterator
from pathlib import Path

import fsspec

from lamella.schemas.errors import DataError
from lamella.schemas.printable import printable
from lamella.transforms.base.files import is_local


def ways_out(folder: str) -> Iterator[tuple[str, str]]:
    """(name within the folder, what is wrong) of each link that leads out, and of each pipe, socket or device.

    Who follows a link reads a file of the machine that the run has no business with, or writes to it; a pipe never ends.
    Only a local disk has such names. A link within the folder is as good as what it leads to.
    """
    if not is_local(folder):
        return
    root = Path(fsspec.core.url_to_fs(folder)[1]).resolve()
    for inside, folders, files in os.walk(root):
        for name in sorted((*folders, *files)):
            path = Path(inside, name)
            if path.is_symlink() and not _leads_inside(path, root):
                yield str(path.relative_to(root)), "a link that leads out of the run's folder"
            elif not (path.is_file() or path.is_dir() or path.is_symlink()):
                yield str(path.relative_to(root)), "not a file"


def check_enclosed(folder: str) -> None:
    """Raises DataError for the first of `ways_out`: before anything of the folder is read, or written to it."""
    for name, what in ways_out(folder):
        raise DataError(f"{printable(folder)}: {printable(name)} is {what}: nothing of it is read")


def _leads_inside(link: Path, root: Path) -> bool:
    try:
        return link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a circle of links
        return False
