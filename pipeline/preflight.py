"""Globs and models -> archives and where weights are, or a ConfigError: what a run needs before it begins."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import fsspec
from fsspec.registry import known_implementations

from lamella.pipeline.bundled import models_in_use
from lamella.pipeline.config.resolution import check_no_credentials
from lamella.schemas.config import Config, ModelConfig, ReadConfig
from lamella.schemas.errors import ConfigError, WeightsMissing
from lamella.transforms.base.files import is_local, open_binary, side_by_side
from lamella.transforms.caption.models import BLIP
from lamella.transforms.formats.content_encoding import record_size_limits
from lamella.transforms.read.wrappings import holds_records
from lamella.weights.own import own_config
from lamella.weights.reach import Reached, Unreachable, reach, reach_transformers

_MAGIC = (b"\x1f\x8b", b"WARC/", b"\x28\xb5\x2f\xfd", b"filedesc:")  # gzip, plain WARC, zstd, ARC


ENDINGS = (
    ".warc",
    ".warc.gz",
    ".warc.zst",
    ".warc.lz4",
    ".wacz",
    ".arc",
    ".arc.gz",
)  # of the files that are taken from a folder


def split_arguments(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """Inputs, and overrides, of the words behind the options: a shell's `--input *.warc.gz` puts all but one here."""
    inputs, overrides = [], []
    for word in words:
        path = "=" not in word and ("://" in word or word.endswith(ENDINGS) or Path(word).exists())
        (inputs if path else overrides).append(word)
    return inputs, overrides


def find_archives(patterns: Sequence[str]) -> tuple[str, ...]:
    """The archives that globs and folders name, sorted.

    Raises:
        ConfigError: a glob or a folder without any, two files of one name, or a file that is no archive.
    """
    found: set[str] = set()
    for pattern in patterns:
        check_no_credentials("--input", pattern)
        found.update(_matches(pattern))
    archives = tuple(sorted(found))
    names: dict[str, str] = {}
    for path in archives:
        name = path.rsplit("/", 1)[-1]
        if name in names:
            raise ConfigError(
                f"--input: {names[name]} and {path} have one file name; records are known by it, so it must be unique"
            )
        names[name] = path
    if not any(side_by_side(_looks_like_an_archive, archives)):
        # Some odd files among many are records to reject; nothing but odd files is a wrong path.
        raise ConfigError(f"--input {archives[0]}: not a web archive (neither gzip, zstd, WARC nor ARC)")
    return archives


def _matches(pattern: str) -> list[str]:
    """Files that a glob matches; of a folder, those in it that are named as archives are."""
    fs = file_system("--input", pattern)
    try:
        inner = fsspec.core.url_to_fs(pattern)[1]
        folder = fs.isdir(inner)
        named = [str(path) for path in (fs.ls(inner, detail=False) if folder else fs.glob(inner))]
        matches = [path for path in named if (not folder or path.endswith(ENDINGS)) and not fs.isdir(path)]
    except Exception as error:  # each store's library has errors of its own
        raise ConfigError(f"--input {pattern}: {getattr(error, 'strerror', None) or error}") from None
    if not matches and folder:
        shown = pattern.rstrip("/")
        raise ConfigError(
            f"--input {pattern}: a folder without files named {', '.join(ENDINGS)}; "
            f"others are taken by a glob in quotes, such as '{shown}/*' or '{shown}/**/*.gz'"
        )
    if not matches:
        raise ConfigError(f"--input {pattern}: no file matches")
    return matches if is_local(pattern) else [fs.unstrip_protocol(path) for path in matches]


def file_system(option: str, path: str) -> fsspec.AbstractFileSystem:
    """Raises ConfigError where a kind of file system is not known, or lacks its package; the line names the extra."""
    try:
        return fsspec.core.url_to_fs(path)[0]
    except (ImportError, ValueError) as error:
        raise ConfigError(f"{option} {path}: {missing_part(error) or error}") from None


# fsspec's protocols and the extra that brings their package.
EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure"}


def missing_part(error: BaseException) -> str:
    """What to install, where an error says that a file system's package is missing; else ""."""
    says = str(error)
    if isinstance(error, ValueError) and says.startswith("Protocol not known"):
        return f"{says[0].lower()}{says[1:]}; there are local paths and, with their extras, {', '.join(sorted(EXTRAS))}"
    for protocol, entry in known_implementations.items():
        if isinstance(error, ImportError) and says == entry.get("err"):
            extra = EXTRAS.get(protocol)
            return f"{says}: pip install 'lamella[{extra}]'" if extra else says
    return ""


def _looks_like_an_archive(path: str) -> bool:
    try:
        with open_binary(path) as stream:
            return stream.read(16).startswith(_MAGIC) or holds_records(stream, record_size_limits(ReadConfig()))
    except OSError as error:
        raise ConfigError(f"--input {path}: {error.strerror or error}") from None


def reach_models(config: Config) -> dict[str, Reached]:
    """Key -> where the weights of each model that the run uses will come from; said in seconds, whatever runs the jobs.

    Raises:
        ConfigError: weights that cannot be had, and what would be downloaded.
    """
    found = {}
    for key, (role, model) in models_in_use(config).items():
        try:
            if model.name.startswith(BLIP) and not model.bundled:
                found[key] = reach_transformers(model.weights)
            else:
                found[key] = reach(model.name, model.weights, role)
        except Unreachable as error:
            raise ConfigError(f"{key}: {WeightsMissing(model.name, model.weights, str(error))}") from None
        except WeightsMissing as error:
            raise ConfigError(f"{key}: {error}") from None
    return found


def model_imports(config: Config) -> tuple[str, ...]:
    """Modules that loading the run's models will import; their import takes seconds. None where no model is used."""
    libraries = set()
    for _, model in models_in_use(config).values():
        foreign = "transformers" if model.name.startswith(BLIP) else "open_clip"
        libraries.add("lamella.weights.coca" if own_config(model.name) else foreign)
    return tuple(sorted(libraries))


def check_devices(config: Config) -> None:
    """Raises ConfigError for a GPU that a model asks for and this machine, which will run it, does not have."""
    from lamella.schemas.errors import NoDevice
    from lamella.weights.loaded import pick_device

    for key, (_, model) in models_in_use(config).items():
        if model.device == "cuda":  # torch's import takes seconds: for those alone who ask
            try:
                pick_device(model.device)
            except NoDevice as error:
                raise ConfigError(f"{key}.{error}; {key}.device=auto takes what there is") from None


def load_models(config: Config) -> None:
    """Loads every model once that is not bundled: weights that do not fit should not cost the hours before them."""
    from lamella.transforms.caption.models import load_captioner, load_matcher
    from lamella.weights import load

    loads = {"scorer": _load_scorer(load), "captioner": load_captioner, "matcher": load_matcher}
    for key, (role, model) in models_in_use(config).items():
        if not model.bundled:
            try:
                loads[role](model)
            except WeightsMissing as error:
                raise ConfigError(f"{key}: {error}") from None


def _load_scorer(load: Callable) -> Callable[[ModelConfig], object]:
    return lambda model: load(model.name, model.weights, role="scorer", precision=model.precision, device="cpu")
