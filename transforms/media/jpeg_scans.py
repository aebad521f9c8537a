"""The head of a progressive JPEG's frame and those of its scans -> whether scans are missing.

A scan holds some bits of some of the 64 frequencies of a block (T.81, G.1.1.1). Encoders send all of them. A file that ends
between two scans is a picture out of focus, and no decoder reports it.
"""

_WAVES = 64


class Progress:
    """For each component and wave, how many of its lowest bits are still to come; 1 for a wave that has not begun."""

    def __init__(self, frame: bytes):
        """`frame` begins with its segment's length, as scans do."""
        self._missing = {part: bytearray(b"\1" * _WAVES) for part in frame[8 : 8 + 3 * frame[7] : 3]}

    def add(self, scan: bytes) -> None:
        end = 3 + 2 * scan[2]
        if len(scan) < end + 3:
            return  # cut
        first, last, bits = scan[end : end + 3]
        for part in scan[3:end:2]:
            if part in self._missing and first <= last < _WAVES:
                self._missing[part][first : last + 1] = bytes([bits & 15]) * (last + 1 - first)

    @property
    def lacks_scans(self) -> bool:
        return any(map(any, self._missing.values()))
