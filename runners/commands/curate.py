"""The commands that make data: arguments -> archives of the sample web, or a whole run."""

from pathlib import Path
from typing import Annotated

import typer

from lamella.runners.commands.look import print_report
from lamella.runners.exit_codes import PAST_LIMIT, Stop
from lamella.runners.launch import LOCAL, RUNNERS, Engine
from lamella.schemas.errors import ConfigError


def sample(
    out_dir: Annotated[Path, typer.Argument(help="Folder for the archives and the ledger.")],
    pages: Annotated[int, typer.Option(min=1, help="How many pages the web has.")] = 150,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    archives: Annotated[int, typer.Option(min=1, help="How many archives the pages are in; workers share archives out.")] = 1,
    exam: Annotated[
        int, typer.Option(min=0, help="Also write OUT_DIR/exam: so many questions for each task, about unseen pictures.")
    ] = 0,
) -> None:
    """Writes a small web as WARC files, with a ledger that says what is true of it."""
    from lamella.runners.progress import Counter
    from lamella.sample.exam import write_exam
    from lamella.sample.web import write_sample

    if archives > pages:
        raise ConfigError(f"--archives {archives}: more than --pages {pages}")
    with Counter("pages", pages) as counter:
        summary = write_sample(out_dir, pages=pages, seed=seed, progress=counter.update, archives=archives)
    written = f"{summary.records} records in {summary.files} archives, {summary.bytes / 1e6:.1f} MB"
    print(f"{out_dir}: {summary.pages} pages, {written}; ledger.jsonl says what is true")
    if exam:
        asked = write_exam(out_dir / "exam", seed, exam)
        print(f"{asked.folder}: {len(asked.tasks)} tasks, {asked.images} pictures that no page shows, questions.jsonl")


def run(
    context: typer.Context,
    recipe: Annotated[str, typer.Option(help="demo, m3w, obelics, laion or blip.")],
    input: Annotated[list[str], typer.Option(help="Archives: a glob, a folder or a file, local or remote; may be repeated.")],
    output: Annotated[str, typer.Option(help="Folder of the run, local or remote.")],
    robots_archive: Annotated[
        list[str] | None,
        typer.Option(help="More archives, if a crawl keeps robots.txt and other files of sites separately."),
    ] = None,
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]... [-- FLAGS OF THE RUNNER]", help="Overrides.")
    ] = None,
    config: Annotated[list[str] | None, typer.Option(help="YAML file over the recipe; may be repeated, the last wins.")] = None,
    runner: Annotated[str, typer.Option(help=f"{', '.join(RUNNERS)}.")] = LOCAL,
    processes: Annotated[int, typer.Option(min=1, help="Worker processes of a local run.")] = 1,
    master: Annotated[str, typer.Option(help="For Spark: spark://HOST:PORT, yarn, k8s://ADDRESS, local[N].")] = "",
    job_endpoint: Annotated[str, typer.Option(help="For a portable runner: HOST:PORT of its job service.")] = "",
    py_env: Annotated[str, typer.Option(help="For Spark: an archive of the workers' Python environment.")] = "",
    report: Annotated[bool, typer.Option(help="Whether to write report.json and report.html.")] = True,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a run of another recipe in this folder.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Compare checksums of finished files, not only sizes.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and change nothing.")] = False,
    protos: Annotated[str, typer.Option(help="With --dry-run: a folder for Beam's description of each job.")] = "",
    verbose: Annotated[bool, typer.Option("--verbose", help="Show Beam's own messages.")] = False,
) -> None:
    """Runs the four jobs on web archives; a second run does only what changed."""
    engine = Engine(
        runner=runner,
        processes=processes,
        master=master,
        job_endpoint=job_endpoint,
        py_env=py_env,
        flags=tuple(context.obj),
        quiet=not verbose,
        dry=dry_run and bool(protos),
    )
    if not dry_run:
        engine = engine.warmed()
    from lamella.pipeline.config.resolution import resolve
    from lamella.pipeline.preflight import split_arguments
    from lamella.runners.launch import prepare
    from lamella.runners.progress import Progress

    inputs, overrides = split_arguments(arguments or ())
    settings = resolve(recipe, overrides, config or ())
    progress = Progress()
    if protos and not dry_run:
        raise ConfigError("--protos: describes jobs without running them, and needs --dry-run")
    launch = prepare(settings, [*input, *(robots_archive or ()), *inputs], output, progress.say, engine=engine)
    if dry_run:
        for line in launch.plan():
            print(line)
        for line in launch.describe(protos, engine.flags) if protos else ():
            print(line)
        return
    with progress:
        result = launch.carry_out(progress.say, progress.watch, report=report, replace=replace, deep=deep)
    if report:
        print_report(result.report, output, result.ended)
    elif result.ended:
        raise Stop(PAST_LIMIT, result.ended)
