"""Beam's import -> Beam without BigQuery, MongoDB and pandas, in half the time.

Beam imports these if they are installed, whether or not a pipeline uses them, and each process of a run would pay for it. This
is only for Lamella's own processes: in a user's process, which may have other pipelines, Beam is imported as it is.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

BEAM = "apache_beam"
LEFT_OUT = frozenset(("pandas", "bson", "pymongo", "apache_beam.io.gcp.bigquery"))


def import_beam_lean() -> None:
    """From here on, until Beam is imported. Afterwards whoever wants what was left out can import it."""
    if BEAM not in sys.modules:
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def __init__(self):
        self.refuses = False

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if self.refuses and fullname in LEFT_OUT:
            raise ModuleNotFoundError(f"{fullname}: Lamella leaves it out of Beam", name=fullname)
        if fullname == BEAM and (spec := PathFinder.find_spec(fullname, path, target)) and spec.loader:
            spec.loader = _Loader(spec.loader, self)
            return spec
        return None


def _arrow_asks() -> None:
    """Its first array imports pandas only to ask whether it is one of pandas'. Told that there is none, it asks again where a
    table is to become a frame."""
    import pyarrow

    pyarrow.array([0])


class _Loader(Loader):
    """Beam's own, while which the finder refuses."""

    def __init__(self, own: Loader, finder: _Finder):
        self._own, self._finder = own, finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._own
        if module.__spec__:
            module.__spec__.loader = self._own
        self._finder.refuses = True
        try:
            self._own.exec_module(module)
            _arrow_asks()
        finally:
            sys.meta_path.remove(self._finder)
