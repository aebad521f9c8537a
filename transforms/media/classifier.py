"""The path of a YAML beside an ONNX model -> a classifier of pictures, and the probability that one is unsafe.

Any classifier of whole pictures will do: the YAML says what input it needs and which of its classes count (docs/safety.md). It
runs on the CPU with one thread, so that a probability depends on the picture alone. `onnxruntime` comes with the extra
`safety`.
"""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import yaml
from PIL import Image
from pydantic import PositiveFloat, PositiveInt, ValidationError, model_validator

from lamella.schemas.bounds import Frozen, Share
from lamella.schemas.errors import ConfigError
from lamella.schemas.printable import printable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

UNSAFE = "unsafe/"  # how the names of measures begin that say how unsafe a picture is
DIGITS = 6
_KEY = "fetch.classifiers"
_FILTERS = {"nearest": 0, "bilinear": 2, "bicubic": 3}
_Levels = tuple[float, float, float]


class ClassifierSpec(Frozen):
    """What a model wants to see, and what its answer means."""

    name: str
    model: str  # path of the .onnx, from the YAML's own folder
    resize: PositiveInt  # px: a picture is squeezed to this square
    crop: PositiveInt | None = None  # px: then the middle square of it is taken
    resample: Literal["nearest", "bilinear", "bicubic"] = "bilinear"
    jpeg_quality: PositiveInt | None = None  # coded once more, as models were trained that saw no other pictures
    channels: Literal["RGB", "BGR"] = "RGB"
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    scale: PositiveFloat = 1 / 255  # what levels of 0 to 255 are multiplied with, before mean and std
    mean: _Levels = (0.0, 0.0, 0.0)  # in the order of `channels`
    std: _Levels = (1.0, 1.0, 1.0)
    activation: Literal["none", "softmax", "sigmoid"] = "none"  # that the model lacks
    classes: tuple[str, ...]
    unsafe: tuple[str, ...]  # of the classes: their probabilities are added up
    threshold: Share | None = None  # of an unsafe picture; None: a measure only

    @model_validator(mode="after")
    def _unsafe_classes_are_classes(self) -> "ClassifierSpec":
        if not self.unsafe or not set(self.unsafe) <= set(self.classes):
            raise ValueError(f"unsafe={self.unsafe} names what is not among classes={self.classes}")
        return self

    @property
    def measure(self) -> str:
        return UNSAFE + self.name


class Classifier:
    """A model that is ready."""

    def __init__(self, spec: ClassifierSpec, session: "InferenceSession"):
        self.spec, self._session = spec, session
        self._input = session.get_inputs()[0].name
        self._rows = [at for at, name in enumerate(spec.classes) if name in spec.unsafe]

    def unsafe(self, image: Image.Image) -> float:
        """The probability, 0 to 1, that an RGB picture is unsafe."""
        (scores, *_) = self._session.run(None, {self._input: self._seen(image)[None]})
        scores = np.asarray(scores, np.float64).reshape(-1)
        if self.spec.activation == "softmax":
            scores = np.exp(scores - scores.max())
            scores /= scores.sum()
        elif self.spec.activation == "sigmoid":
            scores = 1 / (1 + np.exp(-scores))
        return round(float(np.clip(scores[self._rows].sum(), 0.0, 1.0)), DIGITS)

    def _seen(self, image: Image.Image) -> np.ndarray:
        """[C, H, W] or [H, W, C] float32."""
        spec = self.spec
        image = image.resize((spec.resize, spec.resize), Image.Resampling(_FILTERS[spec.resample]))
        if spec.crop:
            edge = (spec.resize - spec.crop) // 2
            image = image.crop((edge, edge, edge + spec.crop, edge + spec.crop))
        if spec.jpeg_quality:
            coded = BytesIO()
            image.save(coded, "JPEG", quality=spec.jpeg_quality)
            image = Image.open(coded)
        levels = np.asarray(image, np.float32)
        if spec.channels == "BGR":
            levels = levels[:, :, ::-1]
        levels = (levels * np.float32(spec.scale) - np.asarray(spec.mean, np.float32)) / np.asarray(spec.std, np.float32)
        return np.ascontiguousarray(levels.transpose(2, 0, 1) if spec.layout == "NCHW" else levels)


def read_spec(path: str) -> tuple[ClassifierSpec, Path]:
    """The YAML, and where its model lies. Raises ConfigError."""
    try:
        spec = ClassifierSpec(**yaml.safe_load(Path(path).read_text()))
    except OSError as error:
        raise ConfigError(f"{_KEY}: {printable(path)}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{_KEY}: {printable(path)}: {'.'.join(map(str, first['loc']))} {first['msg']}") from None
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise ConfigError(f"{_KEY}: {printable(path)}: {str(error).splitlines()[0]}") from None
    return spec, Path(path).parent / spec.model


@cache
def load_classifier(path: str) -> Classifier:
    """Raises ConfigError if the YAML, its model, or `onnxruntime` is missing."""
    spec, model = read_spec(path)
    try:
        import onnxruntime
    except ImportError:
        raise ConfigError(f"{_KEY}: onnxruntime is not installed; pip install 'lamella[safety]'") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own kinds share no other base
        raise ConfigError(f"{_KEY}: {printable(str(model))}: {printable(str(error).splitlines()[0][:200])}") from None
    return Classifier(spec, session)
