"""The command that shows a configuration: a recipe and `key=value` overrides -> every key with its value and source."""

from typing import Annotated

import typer

USUAL = "m3w"


def config(
    overrides: Annotated[list[str] | None, typer.Argument(metavar="[RECIPE] [KEY=VALUE]...", help="m3w if not given.")] = None,
    config: Annotated[list[str] | None, typer.Option(help="YAML file over the recipe; may be repeated, the last wins.")] = None,
) -> None:
    """Prints every key, its value and where the value comes from, as YAML that `--config` reads."""
    from lamella.pipeline.config.listing import show_config
    from lamella.pipeline.config.resolution import resolve

    recipe, *rest = overrides if overrides and "=" not in overrides[0] else (USUAL, *(overrides or ()))
    for line in show_config(resolve(recipe, rest, config or ())):
        print(line)
