"""Patterns as JSON lines on stdin; for each, on stdout, the attack whose time grows out of proportion, or null.

It runs as a process of its own, which the tests can end: nothing else stops a pattern that does not come back. Growth is
measured, not seconds: from one size to its double, time may double; where it more than triples twice in a row, in the
quickest of several tries, and does so again when asked again, the pattern is not linear. Time is this process's own on the
CPU, so that what else the machine does hardly counts.
"""

import json
import re
import signal
import sys
from collections.abc import Callable
from itertools import pairwise
from time import thread_time
from typing import NamedTuple

from attack_texts import Attack, attacks_on

_SIZE = 1024  # characters of the first try
_NOTICED_S = 0.0003  # linear patterns take less for the first try, and need no second look; a square takes milliseconds
_MEASURED_S = 0.0006  # what is less says nothing of growth
_STOPPED_S = 0.1  # of one call
_SIZES = tuple(256 << step for step in range(7))
_GROWTH = 3.0  # 2 is linear, 4 is quadratic
_COSTLY_S = 100e-6  # a character, though in proportion
_TRIES = 5
_MAX_ATTACKS = 100  # of a pattern; of more, as many, evenly


class _Stopped(Exception):
    pass


def _stop(*_):
    raise _Stopped


def slow_attack(pattern: re.Pattern, anchored: bool) -> Attack | None:
    attacks = attacks_on(pattern)
    for attack in attacks[:: len(attacks) // _MAX_ATTACKS + 1]:
        for call in (pattern.match if anchored else pattern.findall, pattern.fullmatch):
            case = _Case(pattern, call, attack)
            if case.is_noticed() and all(case.grows() for _ in range(2)):
                return attack
    return None


class _Case(NamedTuple):
    pattern: re.Pattern
    call: Callable[[str | bytes], object]
    attack: Attack

    def is_noticed(self) -> bool:
        """Whether four times the text takes more than 5 times the time, or a character too much: worth a closer look."""
        first = self._time(_SIZE)
        if first <= _NOTICED_S:
            return False
        first, second = self._quickest(_SIZE, 2), self._quickest(4 * _SIZE, 2)
        return second > min(5 * first, _COSTLY_S * 4 * _SIZE, 0.9 * _STOPPED_S)

    def grows(self) -> bool:
        """The sizes take turns, so that what else the machine does slows all of them alike."""
        times = dict.fromkeys(_SIZES, _STOPPED_S)
        for _ in range(_TRIES):
            for size in _SIZES:
                times[size] = min(times[size], self._time(size))
                if times[size] >= _STOPPED_S:
                    return self._time(2 * size) >= _STOPPED_S  # a size that happens to lie at the limit may end in time
        growth = [after / before if after > _MEASURED_S else 0 for before, after in pairwise(times.values())]
        steep = any(min(pair) > _GROWTH for pair in pairwise(growth))
        last, some = times[_SIZES[-1]], times[_SIZES[-4]]
        return (steep and last > _GROWTH * 8 * some) or last > _COSTLY_S * _SIZES[-1]

    def _quickest(self, size: int, tries: int) -> float:
        found = _STOPPED_S
        for _ in range(tries):
            found = min(found, self._time(size))
            if found >= _STOPPED_S:
                break
        return found

    def _time(self, size: int) -> float:
        text = self.attack.text(size)
        text = text if isinstance(self.pattern.pattern, str) else text.encode("latin-1", "replace")
        try:
            signal.setitimer(signal.ITIMER_PROF, _STOPPED_S)
            started = thread_time()  # not process_time, which goes by the timer's ticks while one runs
            self.call(text)
            taken = thread_time() - started
            signal.setitimer(signal.ITIMER_PROF, 0)
        except _Stopped:
            return _STOPPED_S
        return min(taken, _STOPPED_S)


def main() -> None:
    signal.signal(signal.SIGPROF, _stop)
    for line in sys.stdin:
        source, is_bytes, flags, anchored = json.loads(line)
        pattern = re.compile(source.encode("latin-1") if is_bytes else source, flags)
        print(json.dumps(slow_attack(pattern, anchored)), flush=True)


if __name__ == "__main__":
    main()
