"""The one account of a stage: what it counts as it enters and leaves, and what a crash, a delay and a failed disk come to."""

import time

import pytest

from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.accounting import Account, caught


def left(reason: Reason, detail: str) -> Rejection:
    return Rejection(stage=Stage.READ, unit=Unit.RECORD, key="k", reason=reason, detail=detail)


def counts(account: Account) -> dict[tuple[Unit, CounterKind], int]:
    return {(counter.unit, counter.kind): counter.count for counter in account.counters()}


def pages(output: object):
    return ((Unit.PAGE, 1),) if output == "page" else ()


def test_what_a_reader_makes_and_loses():
    account = Account(Stage.READ, makes=True, units=pages)
    one = ((Unit.RECORD, 1),)
    for outputs in (["page"], [], [left(Reason.NOT_HTML, "")]):
        assert account.settled(one, outputs) == outputs
    assert counts(account) == {
        (Unit.RECORD, CounterKind.IN): 3,
        (Unit.RECORD, CounterKind.KEPT): 2,
        (Unit.PAGE, CounterKind.MADE): 1,
        (Unit.PAGE, CounterKind.KEPT): 1,
    }


def test_steps_within_a_stage_count_what_enters_and_leaves_each():
    first, last = (
        Account(Stage.FETCH, units=pages, entry=CounterKind.MADE, leave=None),
        Account(Stage.FETCH, units=pages, entry=None),
    )
    first.settled(((Unit.PAGE, 1),), ["page"])
    last.settled(((Unit.PAGE, 1),), ["page"])
    assert counts(first) == {(Unit.PAGE, CounterKind.MADE): 1}
    assert counts(last) == {(Unit.PAGE, CounterKind.KEPT): 1}


def test_counters_of_a_function_pass_and_are_not_counted():
    account, own = Account(Stage.READ, units=pages), Counter(stage=Stage.READ, unit=Unit.PAGE, kind=CounterKind.KEPT, count=4)
    assert account.settled((), [own]) == [own]
    assert counts(account) == {}


def test_a_crash_and_a_delay_are_rejections_and_a_failed_disk_is_not():
    def fails(error):
        def run():
            yield Page
            raise error

        return run

    (crash,) = caught(fails(KeyError("x" * 900)), left)
    assert (crash.reason, len(crash.detail), crash.detail[:9]) == (Reason.CRASHED, 500, "KeyError:")
    with pytest.raises(OSError, match="disk"):
        caught(fails(OSError("disk")), left, raises=(OSError,))

    def sleeps():
        while True:
            time.sleep(0.01)

    (late,) = caught(sleeps, left, limit_s=0.2)
    assert (late.reason, late.detail) == (Reason.TIMED_OUT, "more than 0.2 s")
