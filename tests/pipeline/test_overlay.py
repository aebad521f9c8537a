"""Resolving a recipe: what is laid over what, and that each wrong key is named in one line."""

import pytest

from lamella.pipeline.overlay import ConfigError, resolve
from lamella.pipeline.recipes import RECIPES
from lamella.schemas.config import Config


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_resolves_to_itself(name):
    config = resolve(name)
    assert config == RECIPES[name]()
    assert Config.model_validate_json(config.model_dump_json()) == config


def test_words_lie_over_yaml_over_the_recipe(tmp_path):
    overlay = tmp_path / "over.yaml"
    overlay.write_text("fetch:\n  min_image_side_px: 100\n  max_aspect: 2.5\nfilter:\n  languages: [de, fr]\n")
    config = resolve("m3w", ["fetch.max_aspect=2", "filter.node.min_words=4", "score.min_score=null"], str(overlay))
    assert config.fetch.min_image_side_px == 100
    assert config.fetch.max_aspect == 2.0
    assert config.filter.languages == ("de", "fr")
    assert config.filter.node.min_words == 4
    assert config.filter.document.min_words == 50  # the recipe's own stays
    assert config.score.min_score is None


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("fetch.max_aspekt=2", "fetch.max_aspekt: no such key; did you mean fetch.max_aspect?"),
        ("fech.max_aspect=2", "fech: no such key; did you mean fetch?"),
        ("fetch=2", "fetch: holds keys of its own"),
        ("fetch.max_aspect", "'fetch.max_aspect': not of the form key.path=value"),
        ("=3", "'=3': not of the form key.path=value"),
        ("fetch.max_aspect=-1", "fetch.max_aspect: Input should be greater than 0 (got -1)"),
        ("fetch.max_aspect=.nan", "fetch.max_aspect: "),
        ("fetch.http=perhaps", "fetch.http: "),
        ("dedup.survivor=oldest", "dedup.survivor: "),
        ("shard.jpeg_quality=101", "shard.jpeg_quality: "),
        ("caption.top_p=1.5", "caption.top_p: "),
        ("run.table_parts=0", "run.table_parts: "),
        ("filter.languages=[", "filter.languages: not a value"),
        ("score.model.precision=fp8", "score.model.precision: "),
        ("fetch.max_aspect.inner=2", "fetch.max_aspect: "),
        ("score.model={weights: bundled, name: ViT-B-32}", "score.model: Value error, only lamella-coca is bundled"),
    ],
)
def test_a_wrong_word_is_named_in_one_line(word, said):
    with pytest.raises(ConfigError) as error:
        resolve("m3w", [word])
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fetch: [", "not YAML"),
        ("- a\n- b\n", "a mapping is needed, not list"),
        ("fetch:\n  max_aspekt: 2\n", "fetch.max_aspekt: no such key; did you mean fetch.max_aspect?"),
        ("fetch: 3\n", "fetch: holds keys of its own"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
    ],
)
def test_a_wrong_file_is_named_in_one_line(tmp_path, text, said):
    overlay = tmp_path / "over.yaml"
    overlay.write_text(text)
    with pytest.raises(ConfigError) as error:
        resolve("m3w", overlay=str(overlay))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_a_missing_recipe():
    with pytest.raises(ConfigError, match=r"no-such.yaml: No such file"):
        resolve("m3w", overlay="no-such.yaml")
    with pytest.raises(ConfigError, match="--recipe m3v: no such recipe; there are demo, m3w, obelics, laion"):
        resolve("m3v")


def test_bundled_weights_bring_their_name():
    config = resolve("m3w", ["score.model.weights=bundled", "caption.captioner.weights=bundled"])
    assert (config.score.model.name, config.score.model.weights) == ("lamella-coca", "bundled")
    assert config.caption.captioner.name == "lamella-coca"
    assert config.caption.matcher.name == "coca_ViT-B-32"
