"""Learning rates, by hand, and those of the three trainings."""

from itertools import pairwise

import pytest

from lamella.trainer.contrastive.config import resolve as resolve_contrastive
from lamella.trainer.core.schedule import Schedule
from lamella.trainer.flamingo.config import resolve as resolve_flamingo
from lamella.trainer.language.config import resolve as resolve_language


def test_warm_up_then_constant():
    schedule = Schedule(peak=0.5, warmup_steps=4)
    assert [schedule.rate(step) for step in range(6)] == [0.125, 0.25, 0.375, 0.5, 0.5, 0.5]
    assert Schedule(peak=2e-3, warmup_steps=0).rate(0) == 2e-3


def test_warm_up_then_a_cosine():
    schedule = Schedule(peak=0.1, warmup_steps=10, steps=110, final=0.1)
    rates = [schedule.rate(step) for step in range(111)]
    assert rates[0] == pytest.approx(0.01) and rates[9] == rates[10] == pytest.approx(0.1)
    assert rates[60] == pytest.approx(0.055) and rates[110] == pytest.approx(0.01)
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_each_training_has_its_own():
    keys = {"steps": "12", "warmup_steps": "2", "learning_rate": "1.0"}
    assert resolve_flamingo("demo", keys).schedule() == Schedule(peak=1.0, warmup_steps=2)
    assert resolve_language("demo-lm", keys).schedule() == Schedule(peak=1.0, warmup_steps=2, steps=12, final=0.1)
    contrastive = resolve_contrastive("demo-scorer", keys | {"final_learning_rate": "0.2"})
    assert contrastive.schedule() == Schedule(peak=1.0, warmup_steps=2, steps=12, final=0.2)
