"""What docs/training.md says of keys holds of the recipes."""

import re
from pathlib import Path

from lamella.trainer.flamingo.config import FlamingoConfig

TEXT = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")


def test_keys_that_may_differ_are_listed():
    (listed,) = re.findall(r"May differ when a training goes on \(`RUNTIME_KEYS`\): (.*?)\.\n", TEXT, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", listed)) == FlamingoConfig.RUNTIME_KEYS


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
