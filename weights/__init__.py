"""The tiny models that make the demo run offline, and the loader of all models: a name and weights in, a Loaded out."""

from hashlib import sha256

from weights.loader import HERE, MANIFEST, Loaded, WeightsMissing, load

__all__ = ["Loaded", "WeightsMissing", "bundle_hash", "load"]


def bundle_hash() -> str:
    """Stands for all bundled weights: what was measured with others is measured again."""
    return sha256((HERE / MANIFEST).read_bytes()).hexdigest()
