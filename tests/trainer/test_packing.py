"""Packing: nothing is lost or changed, rows are never too long, and few."""

import numpy as np

from lamella.schemas.keys import stable_int
from lamella.trainer.loading.packing import DOCUMENT, LOSS, PHI, POSITION, TEXT, fill_rows, pack, packed_length
from lamella.trainer.loading.sequences import Sequence

PAD = 99


def sequence(number: int, longest: int = 12) -> Sequence:
    length = 1 + stable_int("length", number) % longest
    images = stable_int("images", number) % 3
    phi = [stable_int("phi", number, n) % (images + 1) for n in range(length)]
    return Sequence(
        tokens=np.arange(length) + 100 * number,
        phi=np.array(phi, dtype=np.int64),
        loss=np.arange(length) > 0,
        images=tuple(range(images)),
    )


def test_two_sequences_in_a_row_worked_by_hand():
    first = Sequence(tokens=np.array([5, 6]), phi=np.array([0, 1]), loss=np.array([False, True]), images=(3,))
    second = Sequence(tokens=np.array([7, 8, 9]), phi=np.array([1, 0, 2]), loss=np.array([False, False, True]), images=(0, 1))
    rows = fill_rows([first, second], [[0, 1]], 6, PAD)
    assert rows.values[:, 0].tolist() == [
        [5, 6, 7, 8, 9, PAD],
        [0, 1, 2, 0, 3, 0],
        [0, 1, 0, 0, 1, 0],
        [1, 1, 2, 2, 2, 0],
        [0, 1, 0, 1, 2, 0],
    ]
    assert rows.image_counts.tolist() == [3]
    assert rows.order == (0, 1)


def test_the_longest_goes_first_into_the_first_row_with_room():
    assert pack([3, 5, 2, 5, 4], 8) == [[0, 1], [2, 3], [4]]
    assert pack([8], 8) == [[0]]
    assert pack([], 8) == []


def test_rows_are_as_long_as_the_fullest_needs_in_few_kinds():
    assert packed_length([20, 30, 40], [[0, 1], [2]], 160) == 64
    assert packed_length([20, 12], [[0, 1]], 160) == 32
    assert packed_length([20, 13], [[0, 1]], 48) == 48  # no multiple, but the limit


def test_packed_rows_hold_what_unpacked_rows_hold():
    for case in range(60):
        sequences = [sequence(case * 40 + n) for n in range(1 + stable_int("count", case) % 30)]
        packing = pack([len(member.tokens) for member in sequences], 16)
        assert sorted(member for row in packing for member in row) == list(range(len(sequences)))
        rows = fill_rows(sequences, packing, 16, PAD)
        at = 0  # of the images, in rows.order
        for row, members in enumerate(packing):
            text, phi, loss, document, position = rows.values[:, row]
            before = 0
            for number, member in enumerate(members, 1):
                inside = document == number
                assert text[inside].tolist() == sequences[member].tokens.tolist()
                own = sequences[member].phi
                assert phi[inside].tolist() == [value + before if value else 0 for value in own.tolist()]
                assert loss[inside].tolist() == sequences[member].loss.astype(int).tolist()
                assert position[inside].tolist() == list(range(len(own)))
                assert rows.order[at] == member
                at, before = at + 1, before + len(sequences[member].images)
            outside = document == 0
            assert (text[outside] == PAD).all() and not loss[outside].any() and not phi[outside].any()
            assert rows.image_counts[row] == before


def test_rows_are_few():
    lengths = [1 + stable_int("length", n) % 256 for n in range(500)]
    assert len(pack(lengths, 1024)) <= 1.02 * -(-sum(lengths) // 1024) + 1


def test_planes_are_named_in_their_order():
    assert (TEXT, PHI, LOSS, DOCUMENT, POSITION) == (0, 1, 2, 3, 4)
