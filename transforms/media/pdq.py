"""A picture -> its PDQ hash (Facebook 2019); hashes -> their bits. The library comes with the extra `safety`."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from lamella.schemas.errors import ConfigError


def pdq_of(image: Image.Image) -> str:
    """64 hex digits. Raises ConfigError where `pdqhash` is missing."""
    bits, _ = pdq_library().compute(np.asarray(image))
    return np.packbits(np.asarray(bits, bool)).tobytes().hex()


def pdq_bits(hashes: Sequence[str]) -> np.ndarray:
    """bool [N, 256] of N hashes."""
    rows = np.frombuffer(b"".join(map(bytes.fromhex, hashes)), np.uint8).reshape(-1, 32)
    return np.unpackbits(rows, axis=1).astype(bool)


def pdq_library():
    """Raises ConfigError where it is not installed."""
    try:
        import pdqhash
    except ImportError:
        raise ConfigError("fetch.unsafe_pdq: pdqhash is not installed; pip install 'lamella[safety]'") from None
    return pdqhash
