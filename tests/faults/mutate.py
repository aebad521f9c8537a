"""Bytes and an Rng -> the same bytes with one to three faults of storage or transport, and the faults' names."""

from collections.abc import Callable

from lamella.sample.rng import Rng

_RUN = 64  # bytes of a run that is zeroed, doubled, removed or made noise, at most


def mutated(data: bytes, rng: Rng) -> tuple[str, bytes]:
    """(names of the faults, the bytes with them). What comes out may by chance equal what went in."""
    names = []
    for _ in range(rng.pick((1, 1, 1, 2, 3))):
        name = rng.pick(tuple(FAULTS))
        data = FAULTS[name](data, rng)
        names.append(name)
    return "+".join(names), data


def _place(data: bytes, rng: Rng) -> int:
    """A place in the bytes; half of them near the front, where headers are."""
    if not data:
        return 0
    return rng.below(min(len(data), 256)) if rng.chance(0.5) else rng.below(len(data))


def flip_bit(data: bytes, rng: Rng) -> bytes:
    if not data:
        return data
    at = _place(data, rng)
    return data[:at] + bytes([data[at] ^ 1 << rng.below(8)]) + data[at + 1 :]


def flip_many(data: bytes, rng: Rng) -> bytes:
    out = bytearray(data)
    for _ in range(max(1, len(out) // 500)):
        if out:
            out[rng.below(len(out))] ^= 1 << rng.below(8)
    return bytes(out)


def set_byte(data: bytes, rng: Rng) -> bytes:
    """One byte becomes one that parsers care for."""
    at = _place(data, rng)
    return data[:at] + bytes([rng.pick((0, 0xFF, 0x7F, 0x80, 0x0A, 0x0D, 0x20, 0x2D, 0x39))]) + data[at + 1 :]


def set_number(data: bytes, rng: Rng) -> bytes:
    """Two, four or eight bytes become a number at the edge of what they hold, in either order."""
    at, size = _place(data, rng), rng.pick((2, 4, 8))
    number = rng.pick((0, 1, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1))
    return data[:at] + number.to_bytes(size, rng.pick(("big", "little"))) + data[at + size :]


def zero(data: bytes, rng: Rng) -> bytes:
    at = _place(data, rng)
    size = min(rng.between(1, rng.pick((_RUN, 4096))), len(data) - at)
    return data[:at] + bytes(size) + data[at + size :]


def noise(data: bytes, rng: Rng) -> bytes:
    at = _place(data, rng)
    size = min(rng.between(1, _RUN), len(data) - at)
    return data[:at] + rng.bytes(size) + data[at + size :]


def cut(data: bytes, rng: Rng) -> bytes:
    return data[: rng.below(len(data) + 1)]


def remove(data: bytes, rng: Rng) -> bytes:
    at = _place(data, rng)
    return data[:at] + data[at + rng.between(1, _RUN) :]


def double(data: bytes, rng: Rng) -> bytes:
    at = _place(data, rng)
    run = data[at : at + rng.between(1, _RUN)]
    return data[:at] + run * rng.between(2, 40) + data[at + len(run) :]


def insert(data: bytes, rng: Rng) -> bytes:
    at = _place(data, rng)
    return data[:at] + rng.bytes(rng.between(1, _RUN)) + data[at:]


def swap(data: bytes, rng: Rng) -> bytes:
    """Two halves of a stretch change places, as blocks of a bad disk do."""
    if len(data) < 4:
        return data
    first, second, third = sorted(rng.below(len(data)) for _ in range(3))
    return data[:first] + data[second:third] + data[first:second] + data[third:]


def append(data: bytes, rng: Rng) -> bytes:
    return data + (bytes(512) if rng.chance(0.5) else rng.bytes(rng.between(1, 512)))


FAULTS: dict[str, Callable[[bytes, Rng], bytes]] = {
    function.__name__: function
    for function in (flip_bit, flip_many, set_byte, set_number, zero, noise, cut, remove, double, insert, swap, append)
}
