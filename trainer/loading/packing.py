"""Sequences -> the rows of a batch: one sequence for each row, or several, with phi and attention kept separate."""

from collections.abc import Sequence as Several
from dataclasses import dataclass

import numpy as np

from lamella.trainer.loading.sequences import Sequence

LENGTH_MULTIPLE = 32
TEXT, PHI, LOSS, DOCUMENT, POSITION = range(5)  # planes of Rows.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """B rows of L tokens; of `images`, the sequence and its image, in the order in which the rows name them."""

    values: np.ndarray  # int32 [5, B, L]: text, phi, loss, document, position
    image_counts: np.ndarray  # int64 [B]
    order: tuple[int, ...]  # the sequences, row by row


def fill_rows(sequences: Several[Sequence], rows: Several[Several[int]], length: int, pad: int) -> Rows:
    """`rows` says which sequences stand in each row; phi is counted on within a row, document and position are set."""
    values = np.zeros((5, len(rows), length), dtype=np.int32)
    values[TEXT] = pad
    counts = np.zeros(len(rows), dtype=np.int64)
    for row, members in enumerate(rows):
        at, images = 0, 0
        for number, member in enumerate(members, 1):
            sequence = sequences[member]
            end = at + len(sequence.tokens)
            values[TEXT, row, at:end] = sequence.tokens
            values[PHI, row, at:end] = np.where(sequence.phi > 0, sequence.phi + images, 0)
            values[LOSS, row, at:end] = sequence.loss
            values[DOCUMENT, row, at:end] = number
            values[POSITION, row, at:end] = np.arange(end - at)
            at, images = end, images + len(sequence.images)
        counts[row] = images
    return Rows(values=values, image_counts=counts, order=tuple(member for members in rows for member in members))


def packed_length(lengths: Several[int], rows: Several[Several[int]], longest: int) -> int:
    """Of rows that were packed to at most `longest`: as the fullest needs, and of few kinds, as a compiled model wants them."""
    fullest = max(sum(lengths[member] for member in members) for members in rows)
    return min(longest, -(-fullest // LENGTH_MULTIPLE) * LENGTH_MULTIPLE)


def pack(lengths: Several[int], length: int) -> list[list[int]]:
    """First-fit decreasing: the longest sequence first, into the first row with room. In a row, as they were drawn."""
    rows: list[list[int]] = []
    room: list[int] = []
    for member in sorted(range(len(lengths)), key=lambda n: -lengths[n]):
        row = next((n for n, left in enumerate(room) if left >= lengths[member]), len(rows))
        if row == len(rows):
            rows.append([])
            room.append(length)
        rows[row].append(member)
        room[row] -= lengths[member]
    return sorted(map(sorted, rows))
