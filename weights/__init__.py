"""The tiny models that make the demo run offline, and the loader of all models: a name and weights in, a Loaded out."""

from weights.loader import Loaded, WeightsMissing, load

__all__ = ["Loaded", "WeightsMissing", "load"]
