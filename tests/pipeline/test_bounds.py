"""Every number of the config has the bounds that its measure has, and two bounds of one measure never contradict each other."""

import types
from typing import Annotated, Union, get_args, get_origin

import pytest
from annotated_types import Ge, Gt, Le, Lt

from lamella.pipeline.config.nearest_key import part_of
from lamella.pipeline.config.resolution import resolve, validated
from lamella.pipeline.recipes import RECIPES
from lamella.schemas.bounds import bound_pairs
from lamella.schemas.config import Config
from lamella.schemas.errors import ConfigError
from lamella.trainer.contrastive.config import ContrastiveConfig
from lamella.trainer.flamingo.config import FlamingoConfig
from lamella.trainer.language.config import LanguageConfig

# Measures without an upper end of their own: seconds, words of any length, counts over counts, and factors.
OPEN = (
    "_s",
    "_fps",
    "max_expansion",
    "max_growth",
    "max_aspect",
    "_word_length",
    "max_symbols_per_word",
    "max_line_breaks_per_word",
    "ngram",
    "repetition_penalty",
)


def parts(model=Config, at=""):
    yield at, model
    for name in model.model_fields:
        if inner := part_of(model, name):
            yield from parts(inner, f"{at}{name}.")


def numbers(annotation, metadata=()):
    """(int or float, constraints) for each number that a field may hold, within unions and tuples too."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        yield from numbers(inner, (*metadata, *more))
    elif origin in (Union, types.UnionType, tuple):
        for one in get_args(annotation):
            yield from numbers(one, metadata)
    elif annotation in (int, float):
        yield annotation, [limit for one in metadata for limit in getattr(one, "metadata", [one])]


def fields(root=Config):
    for at, model in parts(root):
        for name, field in model.model_fields.items():
            for kind, limits in numbers(field.annotation, tuple(field.metadata)):
                yield pytest.param(kind, limits, id=f"{at}{name}")


@pytest.mark.parametrize(("kind", "limits"), fields())
def test_a_number_has_the_bounds_of_its_measure(kind, limits, request):
    name = request.node.callspec.id
    assert any(isinstance(limit, Ge | Gt) for limit in limits), "no lower end"
    if kind is float and not name.endswith(OPEN) and not any(word in name for word in OPEN):
        assert any(isinstance(limit, Le | Lt) for limit in limits), "no upper end: a share, a cosine, or one of OPEN?"


@pytest.mark.parametrize("root", [FlamingoConfig, LanguageConfig, ContrastiveConfig])
def test_a_number_of_a_training_has_a_lower_end(root):
    for case in fields(root):
        if case.id != "match_bias":  # any number is a bias
            assert any(isinstance(limit, Ge | Gt) for limit in case.values[1]), case.id


PAIRS = [(at, low, high) for at, model in parts() for low, high in bound_pairs(model)]


def test_bounds_are_found_by_their_names():
    assert {("pair.", "min_alt_words", "max_alt_words"), ("filter.node.", "min_words", "max_words")} <= set(PAIRS)
    for at, model in parts():
        lower = {name.removeprefix("min_") for name in model.model_fields if name.startswith("min_")}
        upper = {name.removeprefix("max_") for name in model.model_fields if name.startswith("max_")}
        found = {low.removeprefix("min_") for where, low, high in PAIRS if where == at and "." not in low}
        assert lower & upper <= found


def is_share(at: str, name: str) -> bool:
    *path, key = f"{at}{name}".split(".")
    model = dict(parts())["".join(f"{part}." for part in path)]
    return any(isinstance(limit, Le) and limit.le == 1.0 for limit in model.model_fields[key].metadata)


@pytest.mark.parametrize(("at", "low", "high"), PAIRS)
def test_crossed_bounds_are_refused_in_one_line_that_names_both(at, low, high):
    # Cross nothing first; a share is below its upper bound as it is.
    others = [f"{where}{other}=1" for where, other, _ in PAIRS if (where, other) != (at, low) and not is_share(where, other)]
    least, most = ("0.9", "0.1") if is_share(at, low) else ("2", "1")
    with pytest.raises(ConfigError) as error:
        resolve("m3w", [*others, f"{at}{low}={least}", f"{at}{high}={most}"])
    text = str(error.value)
    assert f"{at}{low}={least}" in text and f"{at}{high}={most}" in text and text.endswith("nothing can meet both")
    assert "\n" not in text


def test_equal_bounds_and_bounds_that_are_off_are_met():
    assert resolve("m3w", ["pair.min_alt_words=5", "pair.max_alt_words=5"]).pair.max_alt_words == 5
    assert resolve("m3w", ["filter.node.min_words=9", "filter.node.max_words=null"]).filter.node.max_words is None


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("score.min_score=5", "score.min_score: must be at most 1.0 (got 5)"),
        ("fetch.phash_distance=65", "fetch.phash_distance: must be at most 64 (got 65)"),
        ("fetch.allowed_ports=0,80", "fetch.allowed_ports.0: must be at least 1 (got '0')"),
        ("filter.node.min_stop_words=30", "filter.node.min_stop_words: must be at most 1.0 (got 30)"),
        ("fetch.min_image_side_px=9000", "fetch: min_image_side_px=9000 squared is above max_pixels=64000000"),
        ("fetch.max_pixels=many", "fetch.max_pixels: must be a whole number (got 'many')"),
        ("fetch.http=perhaps", "fetch.http: must be true or false (got 'perhaps')"),
        ("dedup.survivor=oldest", "dedup.survivor: must be 'hash' or 'latest' (got 'oldest')"),
    ],
)
def test_what_no_measure_can_be_is_refused_in_our_words(word, said):
    with pytest.raises(ConfigError) as error:
        resolve("m3w", [word])
    assert str(error.value) == said


def test_every_recipe_can_be_met():
    for recipe in RECIPES.values():
        validated(Config, recipe().model_dump())
