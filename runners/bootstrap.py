"""A finished run -> N rounds of CapFilt on it, and what each came to (BLIP, Li et al. 2022, section 3.3).

A round trains captioner and matcher on the pairs that were kept, started from those that the run names, and captions and
filters again: the run is made over with the new models, which its settings name from then on. Documents and media stand.

OUTPUT/round-1/{captioner,matcher,probe}/   what `lamella train contrastive` writes
OUTPUT/held-out/                            validation pairs of the run as it was: every round is examined on them
OUTPUT/rounds.json                          the table; a round that stands in it is not made again
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lamella.pipeline.graph import PAIR_TABLES
from lamella.pipeline.run_file import config_of, facts_of
from lamella.pipeline.tables import finished_manifest
from lamella.reporting.ground_truth.pair_texts import judge_pairs, texts_of
from lamella.reporting.ground_truth.sample_ledger import find_ledger
from lamella.runners.launch import Engine, Watch, prepare
from lamella.schemas.config import Config, ModelConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.errors import ConfigError
from lamella.schemas.shards import MANIFEST, ShardManifest
from lamella.transforms.base.files import NewFile, join, read_bytes, write_atomically
from lamella.transforms.caption.models import BLIP
from lamella.transforms.shard.manifest import finish

ROLES = ("captioner", "matcher")
PARTS = (*ROLES, "probe")  # that a round trains; an override names one: `matcher.steps=200`
HELD_OUT, ROUNDS = "held-out", "rounds.json"
_MODEL = "model.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What stands after a round; of round 0, after the run as it was."""

    number: int
    pairs: int
    known: int | None  # texts of which the sample's ledger says whether they are true; None: archives without a ledger
    false: int | None  # of these, the false ones that were let through
    loss: float  # of the fixed small model that is trained on these pairs, nats a token of the held-out texts


def bootstrap(
    folder: str,
    rounds: int,
    output: str,
    *,
    say: Callable[[str], None],
    watch: Watch | None = None,
    engine: Engine = Engine(),
    overrides: Mapping[str, str] | None = None,
) -> list[Round]:
    """Runs what is missing of `rounds` rounds, and gives all that there are, round 0 first.

    Args:
        folder: of a finished run.
        output: a folder on this machine.
        overrides: keys of the trainings behind the part that they are of: `captioner.steps`, `matcher.learning_rate`.

    Raises:
        ConfigError: no run, no captions in it, or models that cannot be trained here.
        TrainingError: too few pairs to train on.
    """
    facts = facts_of(folder)
    parts = by_part(overrides or {})
    inputs = facts["inputs"]
    _check(config_of(folder), inputs)
    place = Path(output)
    place.mkdir(parents=True, exist_ok=True)
    _hold_out(folder, place)
    done = _read(place)
    for number in range(len(done), rounds + 1):
        if number:
            config = _trained(folder, config_of(folder), place / f"round-{number}", parts, say=say)
            launch = prepare(config, inputs, folder, say, engine=engine)
            launch.carry_out(say, watch)
        done.append(_measured(folder, inputs, place, number=number, overrides=parts["probe"]))
        rows = json.dumps([asdict(one) for one in done], indent=1)
        write_atomically(str(place / ROUNDS), rows.encode() + b"\n")
    return done


def by_part(overrides: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """`{"matcher.steps": "5"}` -> the same by part. Raises ConfigError for a part that there is not."""
    parts: dict[str, dict[str, str]] = {part: {} for part in PARTS}
    for key, value in overrides.items():
        part, _, name = key.partition(".")
        if part not in parts or not name:
            raise ConfigError(f"{key}: names no part of a round; there are {', '.join(PARTS)}, as in matcher.steps=200")
        parts[part][name] = value
    return parts


def _check(config: Config, inputs: Sequence[str]) -> None:
    if not config.caption.on:
        raise ConfigError("caption.on=false: the run has no captions, and nothing to bootstrap")
    for role in ROLES:
        model: ModelConfig = getattr(config.caption, role)
        if model.name.startswith(BLIP):
            raise ConfigError(
                f"caption.{role}.name={model.name}: BLIP's models are not trained here; name one of open_clip, or ours"
            )
        if model.bundled and config.caption.bundled_texts == "sample" and find_ledger(inputs) is None:
            raise ConfigError(f"caption.{role}.weights=bundled: knows the sample web alone, and these archives are others")


def _trained(
    folder: str, config: Config, place: Path, parts: Mapping[str, dict[str, str]], *, say: Callable[[str], None]
) -> Config:
    """The settings with a captioner and a matcher that have learned from the run's pairs. One that stands is taken."""
    from lamella.trainer.contrastive.train import train

    models = {}
    for role in ROLES:
        before: ModelConfig = getattr(config.caption, role)
        out = (place / role).resolve()
        if not (out / _MODEL).is_file():  # else the shards may be those of the next round already
            say(f"{place.name}: trains the {role}")
            start = {"model": before.name, "init_from": before.weights, "init_role": role}
            train(join(folder, "shards"), f"round-{role}", str(out), start | parts[role])
        models[role] = before.model_copy(update={"weights": str(out)})
    return config.model_copy(update={"caption": config.caption.model_copy(update=models)})


def _measured(folder: str, inputs: Sequence[str], place: Path, *, number: int, overrides: dict[str, str]) -> Round:
    from lamella.trainer.contrastive.probe import probe

    known = false = None
    if ledger := find_ledger(inputs):
        everything = judge_pairs((), texts_of(folder, ledger))["texts"][0]
        known, false = everything["texts"], everything["false"]
    out = place / f"round-{number}" / "probe"
    model = config_of(folder).caption.captioner.name
    start = {"model": model, "init_from": "bundled"} if model == ModelConfig().name else {"model": model}
    loss = probe(join(folder, "shards"), str(place / HELD_OUT), str(out), start | overrides)
    pairs = sum(finished_manifest(join(folder, table.name)).rows for table in PAIR_TABLES)
    return Round(number=number, pairs=pairs, known=known, false=false, loss=round(loss, 4))


def _hold_out(folder: str, place: Path) -> None:
    """Copies the validation shards of pairs of pictures, once: later rounds have other texts for the same pictures."""
    for dataset in (Dataset.ALIGN, Dataset.LTIP):
        source, target = join(folder, "shards", dataset), join(str(place), HELD_OUT, dataset)
        if Path(target, MANIFEST).is_file():
            continue
        manifest = ShardManifest.decode(read_bytes(join(source, MANIFEST)))
        shards = tuple(shard for shard in manifest.shards if shard.split == "validation")
        for shard in shards:
            with NewFile(join(target, shard.name)) as out:
                out.write(read_bytes(join(source, shard.name)))
                out.commit()
        finish(target, ShardManifest(dataset=manifest.dataset, shards=shards, fingerprint=manifest.fingerprint))


def _read(place: Path) -> list[Round]:
    path = place / ROUNDS
    return [Round(**row) for row in json.loads(path.read_bytes())] if path.is_file() else []
