"""What a reader is told: the line, its JSON, and that a resumed log holds each step once."""

import json
import math

from lamella.trainer.core.config import TrainConfig
from lamella.trainer.core.meter import Meter, Update

CONFIG = TrainConfig(recipe="test", steps=8, log_every=2)


def update(step: int, loss: float = 1.0, **changes) -> Update:
    values = {"norm": 0.5, "rate": 0.1, "counts": {"tokens": 100, "images": 10}, "flops": 1e6}
    return Update(step=step, losses={"m3w": loss, "vtp": 2.0}, **(values | changes))


def lines(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_every_few_steps_the_mean_since_the_last_line(tmp_path, capsys):
    meter = Meter(tmp_path, CONFIG, 0, peak=1e12)
    for step, loss in enumerate((1.0, 3.0, 5.0, 5.0), start=1):
        meter.add(update(step, loss))
    first, second = lines(tmp_path)
    assert (first["step"], first["loss"]) == (2, {"m3w": 2.0, "vtp": 2.0})
    assert (second["step"], second["loss"]["m3w"], second["learning_rate"]) == (4, 5.0, 0.1)
    speed = first["speed"]
    assert math.isclose(speed["tokens_per_s"], 10 * speed["images_per_s"])
    assert math.isclose(speed["mfu"], speed["tokens_per_s"] * 1e4 / 1e12)
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("step 2/8  m3w 2.000  vtp 2.000  ") and "tokens/s" in told[0] and told[0].endswith(" left")


def test_no_peak_no_utilisation(tmp_path, capsys):
    meter = Meter(tmp_path, CONFIG, 0, peak=None)
    meter.add(update(2))
    assert "mfu" not in lines(tmp_path)[0]["speed"] and "MFU" not in capsys.readouterr().err


def test_what_went_wrong_is_told_and_not_averaged(tmp_path, capsys):
    meter = Meter(tmp_path, CONFIG, 0, peak=None)
    meter.add(update(1, 1.5, damaged=3))
    meter.add(update(2, math.nan, norm=math.nan, finite=False))
    (line,) = lines(tmp_path)
    assert (line["loss"]["m3w"], line["bad_steps"], line["damaged_samples"]) == (1.5, 1, 3)
    assert "NaN" not in (tmp_path / "log.jsonl").read_text()
    assert "1 without a finite loss  3 damaged samples replaced" in capsys.readouterr().err


def test_a_resumed_log_has_each_step_once(tmp_path):
    meter = Meter(tmp_path, CONFIG, 0, peak=None)
    for step in range(1, 7):
        meter.add(update(step))
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 8, "lo')  # a kill cut it off
    meter = Meter(tmp_path, CONFIG, 4, peak=None)
    meter.add(update(5))
    meter.add(update(6))
    assert [line["step"] for line in lines(tmp_path)] == [2, 4, 6]


def test_boards(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with Meter(tmp_path, CONFIG.model_copy(update={"tensorboard": True}), 0, peak=None) as meter:
        meter.add(update(2, 1.25))
        meter.validated(2, {"m3w": 3.5}, 1.0)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss/m3w")] == [(2, 1.25)]
    assert [(event.step, event.value) for event in events.Scalars("validation/m3w")] == [(2, 3.5)]


def test_one_process_tells(tmp_path, capsys):
    with Meter(None, CONFIG.model_copy(update={"tensorboard": True}), 0, peak=None) as meter:
        meter.add(update(2))
        meter.validated(2, {"m3w": 3.5}, 1.0)
    assert capsys.readouterr().err == "" and not list(tmp_path.iterdir())


def test_what_validation_takes_is_no_part_of_the_speed(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("lamella.trainer.core.meter.time.perf_counter", lambda: now[0])
    with Meter(tmp_path, CONFIG, 0, peak=None) as meter:
        now[0] = 2.0
        meter.add(update(1))
        now[0] = 102.0
        meter.validated(1, {"m3w": 3.5}, 100.0)  # between two lines of the log
        now[0] = 104.0
        meter.add(update(2))
    (told,) = [line for line in lines(tmp_path) if "speed" in line]
    assert told["speed"]["tokens_per_s"] == 2 * update(1).counts["tokens"] / 4.0
