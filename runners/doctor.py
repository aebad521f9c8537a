"""A runner, archives and a folder -> one Finding for each thing that the runner needs, and whether it has it.

A small job on the runner itself asks the workers, so they answer what a real job would meet.
"""

import importlib
import os
import platform
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version

import apache_beam as beam

from lamella.runners.launch import Engine, closing, executor
from lamella.schemas.errors import LamellaError
from lamella.transforms.base.files import join, open_binary, read_bytes, write_atomically
from lamella.transforms.base.spread import Spread

PACKAGES = ("lamella", "apache-beam", "pyarrow", "torch", "pillow")
_ASKED = 32  # records, spread over workers: with so many no worker of a few is left out
_SKEW_S = 60.0  # between clocks, from which times in tables and caches would mislead


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a run needs."""

    what: str
    told: str
    sound: bool = True

    def __str__(self) -> str:
        return f"{'ok' if self.sound else 'FAULT':5}  {self.what}: {self.told}"


def examine(engine: Engine, inputs: Sequence[str] = (), output: str = "") -> Iterator[Finding]:
    """Findings, the cheap ones first; nothing is left behind where it looks."""
    here = _versions()
    yield Finding("driver", ", ".join(here))
    archives: tuple[str, ...] = ()
    if inputs:
        try:
            from lamella.pipeline.preflight import find_archives

            archives = find_archives(inputs)
            yield Finding("input", f"{len(archives)} archives")
        except LamellaError as error:
            yield Finding("input", str(error), sound=False)
    try:
        engine.check()
        execute = executor(engine, archives, lambda line: None)
    except LamellaError as error:
        yield Finding("runner", str(error), sound=False)
        return
    yield from _workers(engine, execute, archives, output, here=here)


def _workers(engine: Engine, execute: Callable, archives: Sequence[str], output: str, *, here: list[str]) -> Iterator[Finding]:
    """Answers come by a file where there is a folder for them: else only whether workers run at all can be told."""
    with tempfile.TemporaryDirectory(prefix="lamella-doctor-") as own, closing(execute):
        folder = join(output, ".doctor") if output else own
        start = time.time()
        try:
            execute("doctor", partial(_ask, folder=folder, archives=tuple(archives[:1])))
        except Exception as error:  # whatever a cluster has to say is what is asked for
            yield Finding("workers", str(error).strip().splitlines()[-1] if str(error).strip() else repr(error), sound=False)
            return
        yield Finding("workers", f"ran a job in {time.time() - start:.0f} s")
        if engine.is_local or output:
            yield from _read_answers(folder, here, start)
        else:
            yield Finding("workers", "each is asked where --output names a folder that all share")


def _ask(pipeline: beam.Pipeline, folder: str, archives: tuple[str, ...]) -> object:
    numbers = pipeline | beam.Create([str(n) for n in range(_ASKED)], reshuffle=False) | Spread(str)
    return numbers | beam.Map(answer, folder, archives)


def answer(number: str, folder: str, archives: tuple[str, ...]) -> None:
    """Runs in a worker: what it has, as a file in the folder that only this process writes."""
    name = f"{socket.gethostname()}-{os.getpid()}"
    lines = ["\t".join(["versions", ", ".join(_versions())]), f"clock\t{time.time()}"]
    lines += [f"unreadable\t{path}: {fault}" for path in archives if (fault := _fault_of(path))]
    lines += [f"unloadable\t{module}: {fault}" for module in ("torch", "open_clip") if (fault := _unloadable(module))]
    write_atomically(join(folder, f"{name}.txt"), "\n".join(lines).encode())


def _read_answers(folder: str, here: list[str], start: float) -> Iterator[Finding]:
    import fsspec

    fs, inner = fsspec.core.url_to_fs(folder)
    paths = sorted(fs.glob(f"{inner}/*.txt")) if fs.exists(inner) else []
    if not paths:
        yield Finding(
            "workers", f"do not share {folder} with this machine: what they wrote is not to be seen here", sound=False
        )
    for path in paths:
        name = path.rsplit("/", 1)[-1].removesuffix(".txt")
        told = [line.split("\t", 1) for line in read_bytes(fs.unstrip_protocol(path)).decode().splitlines()]
        fs.rm(path)
        for kind, value in told:
            if kind == "versions":
                same = value == ", ".join(here)
                yield Finding(name, value if same else f"{value}; the driver has {', '.join(here)}", sound=same)
            elif kind == "clock":
                skew = max(start - float(value), float(value) - time.time(), 0.0)
                yield Finding(name, f"clock {skew:.0f} s apart", sound=skew < _SKEW_S)
            else:
                yield Finding(name, value, sound=False)
    if paths:
        fs.rmdir(inner)


def _versions() -> list[str]:
    return [f"python {platform.python_version()}", *(f"{name} {_version(name)}" for name in PACKAGES)]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _fault_of(path: str) -> str:
    try:
        with open_binary(path) as stream:
            stream.read(1)
    except (OSError, ImportError, ValueError) as error:
        return str(error)
    return ""


def _unloadable(module: str) -> str:
    try:
        importlib.import_module(module)
    except (ImportError, OSError) as error:
        return str(error)
    return ""
