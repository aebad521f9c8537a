"""Resolving a recipe: what is laid over what, and that each wrong key is named in one line."""

import pytest

from lamella.pipeline.config.nearest_key import RENAMED, dotted_keys
from lamella.pipeline.config.resolution import resolve, validated
from lamella.pipeline.recipes import RECIPES
from lamella.schemas.config import Config
from lamella.schemas.errors import ConfigError


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_resolves_to_itself(name):
    config = resolve(name)
    assert config == RECIPES[name]()
    assert Config.model_validate_json(config.model_dump_json()) == config


def test_words_lie_over_yaml_over_the_recipe(tmp_path):
    overlay = tmp_path / "over.yaml"
    overlay.write_text("fetch:\n  min_image_side_px: 100\n  max_aspect: 2.5\nfilter:\n  languages: [de, fr]\n")
    config = resolve("m3w", ["fetch.max_aspect=2", "filter.node.min_words=4", "score.min_score=null"], [str(overlay)])
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
        ("fetch.max_aspect=-1", "fetch.max_aspect: must be at least 1.0 (got -1)"),
        ("fetch.max_aspect=.nan", "fetch.max_aspect: "),
        ("fetch.http=perhaps", "fetch.http: "),
        ("dedup.survivor=oldest", "dedup.survivor: "),
        ("shard.jpeg_quality=101", "shard.jpeg_quality: "),
        ("caption.top_p=1.5", "caption.top_p: "),
        ("run.table_parts=0", "run.table_parts: "),
        ("filter.languages=[", "filter.languages: not a value"),
        ("score.model.precision=fp8", "score.model.precision: "),
        ("fetch.max_aspect.inner=2", "fetch.max_aspect: "),
        ("score.model={weights: bundled, name: ViT-B-32}", "score.model: only lamella-coca is bundled"),
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
        resolve("m3w", config_files=[str(overlay)])
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_a_missing_recipe():
    with pytest.raises(ConfigError, match=r"no-such.yaml: No such file"):
        resolve("m3w", config_files=["no-such.yaml"])
    with pytest.raises(ConfigError, match="--recipe m3v: no such recipe; there are demo, m3w, obelics, laion"):
        resolve("m3v")


def test_bundled_weights_bring_their_name():
    config = resolve("m3w", ["score.model.weights=bundled", "caption.captioner.weights=bundled"])
    assert (config.score.model.name, config.score.model.weights) == ("lamella-coca", "bundled")
    assert config.caption.captioner.name == "lamella-coca"
    assert config.caption.matcher.name == "coca_ViT-B-32"


def test_of_two_files_the_later_lies_over_the_earlier(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("fetch: {http: true, retries: 7}\n")
    second.write_text("fetch: {retries: 1}\n")
    config = resolve("m3w", config_files=[str(first), str(second)])
    assert (config.fetch.http, config.fetch.retries) == (True, 1)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("filter.languages=en,de", ("en", "de")),
        ("filter.languages=en, de", ("en", "de")),
        ("filter.languages=[en, de]", ("en", "de")),
        ("filter.languages=de", ("de",)),
        ("filter.languages=no", ("no",)),  # Norwegian, not YAML's false
        ("filter.languages=null", None),
    ],
)
def test_a_list_is_typed_as_people_type_it(word, value):
    assert resolve("m3w", [word]).filter.languages == value


def test_a_text_stays_what_was_typed():
    assert resolve("m3w", ["fetch.user_agent=1.0"]).fetch.user_agent == "1.0"
    assert resolve("m3w", ["fetch.allowed_ports=80,8080"]).fetch.allowed_ports == (80, 8080)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("min_score=0.3", "min_score: no such key; did you mean score.min_score?"),
        ("max_aspect=2", "max_aspect: no such key; did you mean fetch.max_aspect or pair.max_aspect?"),
        ("min_scor=0.3", "min_scor: no such key; did you mean score.min_score?"),
        ("fetch.min_alt_words=3", "fetch.min_alt_words: no such key; did you mean pair.min_alt_words?"),
        (
            "filter.min_words=3",
            "filter.min_words: no such key; did you mean filter.node.min_words or filter.document.min_words",
        ),
        ("pair.zebra=3", "pair.zebra: no such key; there are "),
        ("run.wave_bytes=5", "run.wave_bytes: no such key; it is run.bytes_per_batch now"),
    ],
)
def test_a_key_at_the_wrong_place_is_found_where_it_is(word, said):
    with pytest.raises(ConfigError) as error:
        resolve("m3w", [word])
    assert str(error.value).startswith(said)


DEEP = "[" * 5000 + "]" * 5000
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGED = "fetch: &f {http: true}\npair: &p {<<: *f, http: false}\nscore: {<<: *p}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"fetch: {DEEP}", "line 1: nested deeper than 20 levels"),
        ("a: " * 3000 + "b", "not YAML"),
        (BOMB, "more than 20,000 values, with its aliases written out"),
        ("fetch: &f\n  http: *f\n", "more than 20,000 values"),
        ("fetch:\n  http: true\npair: {}\nfetch: {}\n", "line 4: the key 'fetch' is given for the second time"),
        ("#" * 300_000, "longer than 262,144 characters"),
        ("fetch: {retries: " + "1" * 6000 + "}", "not YAML that can be read"),
        ("fetch: 2026-13-45", "not YAML that can be read"),
        (MERGED, "pair.http: no such key; did you mean fetch.http?"),  # a merged key may be said anew
    ],
    ids=["deep", "deep mappings", "aliases", "an alias of itself", "a key twice", "long", "digits", "date", "merged"],
)
def test_yaml_that_is_more_than_a_config_is_refused_in_one_line(tmp_path, text, said):
    overlay = tmp_path / "over.yaml"
    overlay.write_text(text)
    with pytest.raises(ConfigError) as error:
        resolve("m3w", config_files=[str(overlay)])
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_word_is_read_within_the_same_limits():
    with pytest.raises(ConfigError, match=r"^fetch.blocked_url_words: not a value: .*nested deeper than 20 levels$"):
        resolve("m3w", [f"fetch.blocked_url_words={DEEP}"])
    with pytest.raises(ConfigError, match=r"^fetch.phash_distance: .*\(got a number of thousands of digits\)$"):
        resolve("m3w", ["fetch.phash_distance=0x" + "f" * 6000])


def test_a_key_that_yaml_takes_for_true_is_a_key(tmp_path):
    overlay = tmp_path / "over.yaml"
    overlay.write_text("caption:\n  on: off\n")
    assert resolve("m3w", config_files=[str(overlay)]).caption.on is False


def test_a_renamed_key_is_gone_and_its_new_name_is_there():
    keys = set(dotted_keys(Config))
    assert not RENAMED.keys() & keys and set(RENAMED.values()) <= keys
    with pytest.raises(ConfigError, match=r"run\.wave_bytes: no such key \(got 5\); it is run\.bytes_per_batch now"):
        validated(Config, {"recipe": "demo", "run": {"wave_bytes": 5}})  # as an earlier version's run.json has it
