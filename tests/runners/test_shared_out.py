"""A stage's input is cut into pieces that hold all of it once; who is done with one takes the next; an error ends it."""

import threading
from collections import Counter

import pytest
from apache_beam import coders
from apache_beam.runners.portability.fn_api_runner.execution import GroupingBuffer, ListBuffer
from apache_beam.transforms.core import Windowing
from apache_beam.transforms.window import GlobalWindow, GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from lamella.runners.shared_out import cut, side_by_side

WINDOW = GlobalWindows().get_window_coder()
PAIR = coders.WindowedValueCoder(coders.TupleCoder((coders.VarIntCoder(), coders.VarIntCoder())), WINDOW)
GROUP = coders.WindowedValueCoder(coders.TupleCoder((coders.VarIntCoder(), coders.IterableCoder(coders.VarIntCoder()))), WINDOW)


def encoded(numbers):
    values = [WindowedValue((number, number), 0, (GlobalWindow(),)) for number in numbers]
    return b"".join(PAIR.get_impl().encode_nested(value) for value in values)


def grouped(keys):
    buffer = GroupingBuffer(PAIR, GROUP, Windowing(GlobalWindows()))
    buffer.append(encoded(range(keys)))
    return buffer


def listed(records, chunks=1):
    buffer = ListBuffer(PAIR.get_impl())
    for chunk in range(chunks):
        buffer.append(encoded(range(chunk, records, chunks)))
    return buffer


def keys_of(piece, coder):
    return [value.value[0] for data in piece["in"] for value in coder.get_impl().decode_all(data)]


@pytest.mark.parametrize(
    ("keys", "pieces"), [(0, [0]), (1, [1]), (2, [1, 1]), (4, [1] * 4), (8, [1] * 8), (9, [5, 4]), (1000, [400, 400, 100, 100])]
)
def test_pieces_of_groups(keys, pieces):
    found = [keys_of(piece, GROUP) for piece in cut({"in": grouped(keys)}, workers=2)]
    assert [len(piece) for piece in found] == pieces
    assert sorted(key for piece in found for key in piece) == list(range(keys))


@pytest.mark.parametrize(("records", "chunks", "pieces"), [(0, 1, 1), (1, 1, 1), (100, 1, 2), (100, 7, 2), (1 << 18, 3, 4)])
def test_pieces_of_records(records, chunks, pieces):
    found = [keys_of(piece, PAIR) for piece in cut({"in": listed(records, chunks)}, workers=2)]
    assert len(found) == pieces
    assert sorted(key for piece in found for key in piece) == list(range(records))


def test_a_worker_that_is_held_up_has_one_piece_and_the_other_the_rest():
    rest_is_done, of = threading.Semaphore(0), Counter()

    def process(worker, piece):
        of[worker] += 1
        if piece == "slow":
            for _ in range(3):
                assert rest_is_done.acquire(timeout=60)
        else:
            rest_is_done.release()
        return piece

    assert sorted(side_by_side(process, ["a", "b"], ["slow", "1", "2", "3"])) == ["1", "2", "3", "slow"]
    assert sorted(of.values()) == [1, 3]


def test_an_error_is_raised_while_others_are_at_work():
    ended, begun = threading.Event(), []

    def process(worker, piece):
        begun.append(piece)
        if piece == "bad":
            raise OSError("No space left on device")
        assert ended.wait(timeout=60)

    with pytest.raises(OSError, match="No space"):
        side_by_side(process, ["a", "b"], ["slow", "bad", "later"])
    ended.set()
    assert "later" not in begun
