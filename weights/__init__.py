"""A name and weights -> a Loaded model; the folder also holds the tiny models with which the demo runs offline."""

from lamella.schemas.errors import WeightsMissing
from lamella.weights.loaded import Loaded
from lamella.weights.loader import load
from lamella.weights.own import bundle_hash

__all__ = ["Loaded", "WeightsMissing", "bundle_hash", "load"]
