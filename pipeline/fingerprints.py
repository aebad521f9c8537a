"""What a job reads -> one hash that changes with any of it: settings, contents of files they name, weights, inputs.

Contents count and paths do not: a list of forbidden images that grew makes its job run again, weights that moved do not.
Settings that change no row are in no hash: `run.*`, and those that set only the pace of a stage.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from typing import Any

from lamella.pipeline.graph import GRAPH
from lamella.pipeline.tables import FORMAT
from lamella.schemas.config import Config, FetchConfig, ModelConfig
from lamella.schemas.errors import ConfigError
from lamella.schemas.keys import stable_key
from lamella.schemas.printable import printable
from lamella.transforms.fetch.embedded_rights import hears_credentials
from lamella.transforms.filter import wordlists
from lamella.transforms.media.classifier import read_spec
from lamella.transforms.media.decode_limits import DecodeLimits
from lamella.transforms.media.faces import check_faces
from lamella.transforms.media.inspection import MEASURED_SIDE_PX
from lamella.transforms.media.picture_rules import PIXEL_MEASURES
from lamella.transforms.pair.gazetteer import gazetteer_version
from lamella.transforms.score.heads import check_heads
from lamella.weights.identity import file_hash, name_identity, weights_identity
from lamella.weights.precision import pick_precision

_PACE = {"extract": {"pages_per_child"}, "fetch": {"connections", "min_delay_s"}}  # neither rows nor bytes depend on them
MEASURES = 5  # raised when a model's answer, or an inspection, changes for the same content and the same model
_DECODERS = ("pillow", "av", "simplejpeg")  # on whose versions what is measured on pixels depends


def job_fingerprint(c: Config, job: str, contents: Iterable[str]) -> str:
    """The hash that a job's tables carry.

    Args:
        contents: of its input tables, or of the parts of archives.

    Raises:
        ConfigError: a file that a setting names cannot be read.
    """
    return stable_key(FORMAT, *(stage_settings(c, stage) for stage in GRAPH[job].config_parts), *contents)


def stage_settings(c: Config, stage: str) -> str:
    """A stage's settings as text, with contents for paths, and without those that set its pace alone."""
    part = getattr(c, stage)
    values: dict[str, Any] = part.model_dump(mode="json", exclude=_PACE.get(stage))
    if stage == "filter":
        values["words"] = _word_lists()
        values["opt_out_list"] = _content("filter.opt_out_list", c.filter.opt_out_list)
    elif stage == "pair":
        values["opt_out_list"] = _content("pair.opt_out_list", c.pair.opt_out_list)
        values["places"] = gazetteer_version()
    elif stage == "fetch":
        values["unsafe_hashes"] = _content("fetch.unsafe_hashes", c.fetch.unsafe_hashes)
        values["opt_out_list"] = _content("fetch.opt_out_list", c.fetch.opt_out_list)
        values["unsafe_pdq"] = _content("fetch.unsafe_pdq", c.fetch.unsafe_pdq)
        values["c2pa"] = hears_credentials(c.fetch)
        values["classifiers"] = [_classifier(path) for path in c.fetch.classifiers]
    elif stage == "score":
        values["model"] = _model(c.score.model)
        values["heads"] = [_content("score.heads", path) for path in c.score.heads]
        check_heads(c.score.heads, c.score.model)
    elif stage == "shard" and c.shard.blur_faces:
        check_faces()
    elif stage == "caption":
        if not c.caption.on:
            return "no captions"
        values |= {"captioner": _model(c.caption.captioner), "matcher": _model(c.caption.matcher)}
    return repr(sorted(values.items()))


def sets_pace(key: str) -> bool:
    """Whether a dotted key changes how fast a stage is, and nothing that it gives."""
    stage, _, name = key.partition(".")
    return name in _PACE.get(stage, ())


def check_files(c: Config) -> None:
    """Reads every file that a setting names. Raises ConfigError, before anything else is done, for one that cannot be read."""
    for job in GRAPH.values():
        for stage in job.config_parts:
            stage_settings(c, stage)


def _content(key: str, path: str | None) -> str | None:
    if path is None:
        return None
    try:
        return file_hash(path)
    except (OSError, ValueError, ImportError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{key}: {printable(path)}: {printable(why)}") from None


def _classifier(path: str) -> tuple[str | None, str | None]:
    _, model = read_spec(path)
    return _content("fetch.classifiers", path), _content("fetch.classifiers", str(model))


def _model(model: ModelConfig) -> list[tuple[str, Any]]:
    """A model's settings, with the contents of its weights and the precision that it has on this machine."""
    values = model.model_dump(exclude={"threads"})  # in batches of one shape an answer is the same with any number of threads
    values |= {
        "weights": weights_identity(model.weights),
        "name": name_identity(model.name),
        "precision": pick_precision(model.precision, model.device),
    }
    return sorted(values.items())


def model_identity(key: str, model: ModelConfig) -> str:
    """The hash under which a model's answers are remembered: weights, preprocessing, precision, device, shape of batches.

    Raises:
        ConfigError: a file of the weights cannot be read; `key` is named.
    """
    try:
        return stable_key(MEASURES, *_model(model))
    except OSError as error:
        raise ConfigError(f"{key}.weights: {printable(model.weights)}: {error.strerror or error}") from None


def inspection_identity(fetch: FetchConfig) -> str:
    """The hash under which inspections of media are remembered: decoders, measures, limits of a decode, classifiers and
    the moments that they see.

    A threshold, of a classifier too, is not in it. Raises ConfigError where a classifier cannot be read.
    """
    versions = {name: version(name) for name in _DECODERS}
    classifiers = [_seen_by(path) for path in fetch.classifiers]
    pdq = version("pdqhash") if fetch.unsafe_pdq else None
    moments = sorted(fetch.unsafe_moments) if classifiers or pdq else None
    seen = (versions, MEASURED_SIDE_PX, DecodeLimits.of(fetch), sorted(PIXEL_MEASURES), classifiers, pdq, moments)
    return stable_key(MEASURES, repr(seen))


def _seen_by(path: str) -> tuple[str, str | None]:
    spec, model = read_spec(path)
    return repr(spec.model_copy(update={"threshold": None, "model": ""})), _content("fetch.classifiers", str(model))


@cache
def _word_lists() -> str:
    """Of the words themselves: a comment or a line break in their file changes no row."""
    lists = {name: value for name, value in vars(wordlists).items() if name.strip("_").isupper()}
    return stable_key(*(f"{name} {_ordered(value)}" for name, value in sorted(lists.items())))


def _ordered(value: Any) -> str:
    """A set has no order of its own, and Python's changes with its seed."""
    if isinstance(value, set | frozenset):
        return repr(sorted(value))
    if isinstance(value, dict):
        return repr([(key, _ordered(inner)) for key, inner in sorted(value.items())])
    return value.pattern if isinstance(value, re.Pattern) else repr(value)
