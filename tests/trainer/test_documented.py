"""What docs/training.md says of keys holds of the recipes."""

import re
from pathlib import Path

from lamella.trainer.flamingo.config import FlamingoConfig, resolve

TEXT = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")


def test_keys_that_may_differ_are_listed():
    (listed,) = re.findall(r"May differ when a training goes on \(`RUNTIME_KEYS`\): (.*?)\.\n", TEXT, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", listed)) == FlamingoConfig.RUNTIME_KEYS


def test_the_papers_sizes():
    """Alayrac et al. 2022, A.1: blocks of the language model -> gated blocks, their heads; the resampler is one for all."""
    for recipe, blocks, gated, heads in (
        ("flamingo-3b", 24, 24, 16),
        ("flamingo-9b", 40, 10, 32),
        ("flamingo-80b", 80, 12, 64),
    ):
        config = resolve(recipe, {})
        assert len(range(0, blocks, config.cross_every)) == gated and config.cross_heads == heads
        resampler = (config.resampler_layers, config.resampler_width, config.resampler_heads, config.latents)
        assert resampler == (6, 1536, 16, 64) and config.head_width == 128


def test_defaults_are_those_of_the_recipes():
    defaults = {name: field.default for name, field in FlamingoConfig.model_fields.items()}
    table = TEXT.split("## Keys")[1].split("\n\n")[2]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    told = {
        (row[0], key): value
        for row in rows
        for key, value in zip(re.findall(r"`([\w.]+)`", row[0]), re.split(r",\s", row[1]), strict=False)
        if re.fullmatch(r"[\d.e-]+|false", value)
    }
    assert len(told) > 15
    for (_, key), value in told.items():
        name, dot, inner = key.partition(".")
        default = getattr(defaults[name], inner) if dot else defaults[name]
        assert float(default) == (0.0 if value == "false" else float(value)), key
