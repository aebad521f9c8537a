"""The tiny models that make the demo run offline, and the loader of all models: a name and weights in, a Loaded out."""

from lamella.schemas.errors import WeightsMissing
from lamella.weights.loaded import Loaded
from lamella.weights.loader import load
from lamella.weights.own import bundle_hash

__all__ = ["Loaded", "WeightsMissing", "bundle_hash", "load"]
