"""A sound picture or clip with the verdicts of classifiers and PDQ -> the Violation of an unsafe one, or None."""

from lamella.schemas.config import FetchConfig
from lamella.schemas.rejection import Reason
from lamella.transforms.base.opt_out_list import read_opt_outs
from lamella.transforms.base.rule import Violation
from lamella.transforms.fetch.hash_list import pdq_distance, read_hashes, read_pdq
from lamella.transforms.media.classifier import load_classifier
from lamella.transforms.media.inspection import Inspection


def read_lists(config: FetchConfig) -> None:
    """Reads every list and model that media are judged by: a run without one of them must not begin.

    Raises OSError or ConfigError.
    """
    for known in (read_hashes, read_pdq, read_opt_outs, load_classifier):
        known.cache_clear()  # a process may outlive a run, and a list may have grown since
    read_hashes(config.unsafe_hashes)
    read_opt_outs(config.opt_out_list)
    if config.unsafe_pdq:
        read_pdq(config.unsafe_pdq)
    for path in config.classifiers:
        load_classifier(path)


def judge_safety(seen: Inspection, config: FetchConfig) -> Violation | None:
    """The first thing that finds it unsafe: a list, or a classifier in the order of the config."""
    near = pdq_distance(seen.pdq, config)
    if near is not None and near <= config.max_pdq_distance:
        return Violation(Reason.UNSAFE_IMAGE, "pdq_distance", near, config.max_pdq_distance, "its PDQ hash is listed")
    values = {one.name: one.value for one in seen.pixels}
    for path in config.classifiers:
        spec = load_classifier(path).spec
        if spec.threshold is not None and values[spec.measure] > spec.threshold:
            return Violation(Reason.UNSAFE_IMAGE, spec.measure, values[spec.measure], spec.threshold)
    return None
