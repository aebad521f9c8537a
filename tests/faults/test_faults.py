"""The quick tier: of 600 bad inputs none ends its process, hangs, takes a gibibyte, or harms what lies beside it."""

import pytest

from tests.faults.fuzz import WEIGHTS, figures, judged_on
from tests.faults.pool import MAX_BYTES, Verdict, judge_all, shares

INPUTS = 600
SEED = 0


@pytest.fixture(scope="module")
def verdicts(sound) -> list[Verdict]:
    return judge_all(shares(INPUTS, WEIGHTS, SEED), 1, judged_on(sound.folder))


@pytest.mark.slow
@pytest.mark.timeout(900)  # on a machine that does other work too; by itself less than a minute and a half of one core
def test_no_bad_input_breaks_the_law(verdicts):
    assert [str(verdict) for verdict in verdicts if verdict.broken] == []


@pytest.mark.slow
def test_every_input_was_judged_and_most_were_bad(verdicts):
    counts = figures(verdicts)
    assert set(counts) == set(WEIGHTS) and sum(row["inputs"] for row in counts.values()) == pytest.approx(INPUTS, abs=4)
    assert all(verdict.name for verdict in verdicts if not verdict.broken)
    assert max(row["most MiB"] for row in counts.values()) < MAX_BYTES >> 20


@pytest.mark.slow
def test_the_pool_tells_hangs_aborts_and_faults(monkeypatch):
    """The judge of the judges: what sleeps, dies, takes memory or raises is told, and the next input is judged."""
    kinds = ("sleep", "die", "allocate", "raise", "pass")
    monkeypatch.setattr("tests.faults.pool.KINDS", kinds)
    monkeypatch.setattr("tests.faults.pool._WORKER", "tests.faults.bad_judges")
    told = {verdict.kind: verdict for verdict in judge_all([(kind, 1) for kind in kinds if kind != "sleep"], 1, {})}
    monkeypatch.setattr("tests.faults.pool.MAX_SECONDS", 1.0)
    (slept,) = judge_all([("sleep", 1)], 1, {})
    assert slept.ended == "hung"
    assert told["die"].ended == "aborted: -11"
    assert told["allocate"].bytes > MAX_BYTES and told["allocate"].broken
    assert "ZeroDivisionError" in told["raise"].faults[0]
    assert not told["pass"].broken
