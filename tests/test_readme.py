"""The README's commands exist as they are written there: every option, every argument, every recipe and key."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from lamella.pipeline.config.resolution import resolve
from lamella.runners.cli import app
from lamella.trainer.contrastive.config import resolve as resolve_contrastive
from lamella.trainer.flamingo.config import resolve as resolve_flamingo
from lamella.trainer.language.config import resolve as resolve_language

TEXT = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
LINES = re.sub(r"\\\n\s*", "", TEXT).splitlines()
COMMANDS = [line for line in LINES if line.startswith("    ") and "lamella " in line and " ..." not in line]
TRAININGS = {"contrastive": resolve_contrastive, "lm": resolve_language, "flamingo": resolve_flamingo}


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_parses(line):
    words = shlex.split(line.rpartition("| ")[2] if "| lamella" in line else line, comments=True)
    assert words.pop(0) == "lamella"
    command, context = get_command(app), None
    while hasattr(command, "commands"):  # a group: `lamella`, `lamella train`
        command = command.commands[words[0]]
        words.pop(0)
    context = command.make_context(command.name, list(words))  # raises for an unknown option and for a missing one
    given = context.params
    behind = [word for param in command.params if param.param_type_name == "argument" for word in given[param.name] or ()]
    said = [word for word in behind if "=" in word]
    if command.name in TRAININGS:
        TRAININGS[command.name](given["recipe"], dict(word.split("=", 1) for word in said))
    elif command.name in ("run", "config"):
        resolve(given.get("recipe") or behind[0], said)


def test_the_readme_has_commands():
    assert len(COMMANDS) >= 14
