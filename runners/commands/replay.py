"""`lamella replay`: a run and a list of opt-outs that came later -> its tables and shards without what is listed."""

from pathlib import Path
from typing import Annotated

import typer


def replay(
    folder: Annotated[str, typer.Argument(metavar="RUN", help="Folder of a run.")],
    opt_outs: Annotated[
        Path, typer.Option(help="A list with a URL, a host or a SHA-256 on each line, and behind it who asked, and when.")
    ],
    processes: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    report: Annotated[bool, typer.Option(help="Whether to write report.json and report.html again.")] = True,
) -> None:
    """Takes out of a run what its owners do not want used. What is remembered is not measured again, and all sums hold.

    The list is named in the run's settings from then on, so that a later run does not bring back what has left.
    """
    from lamella.pipeline.audit import shards_of
    from lamella.pipeline.opt_outs import listed_rows
    from lamella.pipeline.run_file import config_of, facts_of
    from lamella.runners.launch import Engine, prepare
    from lamella.runners.progress import Progress
    from lamella.schemas.errors import ConfigError
    from lamella.transforms.base.opt_out_list import read_opt_outs

    config = config_of(folder)
    path = str(opt_outs.resolve())
    try:
        read_opt_outs(path)
    except OSError as error:
        raise ConfigError(f"--opt-outs {opt_outs}: {error.strerror or error}") from None
    parts = {name: getattr(config, name).model_copy(update={"opt_out_list": path}) for name in ("filter", "fetch", "pair")}
    config = config.model_copy(update=parts)
    before = _checksums(shards_of(folder))
    with Progress() as progress:
        launch = prepare(config, facts_of(folder)["inputs"], folder, progress.say, engine=Engine(processes=processes))
        launch.carry_out(progress.say, progress.watch, report=report)
    gone, after = listed_rows(folder), _checksums(shards_of(folder))
    touched = sum(before.get(name) != checksum for name, checksum in after.items()) + len(set(before) - set(after))
    counts = {removed: sum(row.removed == removed for row in gone) for removed in ("document", "pair", "media")}
    told = ", ".join(f"{count} of unit {removed}" for removed, count in counts.items())
    print(f"{folder}: left as listed (opt_outs/): {told}")
    print(f"{touched} of {len(before)} shards have other bytes than before")


def _checksums(manifests) -> dict[str, str]:
    return {shard.name: shard.sha256 for manifest in manifests for shard in manifest.shards}
