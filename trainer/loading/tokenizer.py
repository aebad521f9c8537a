"""A language model's own tokenizer -> the trainer's vocabulary: its pieces, then Flamingo's special tokens.

Tokens that the language model knows keep their ids and rows. Those of `<image>`, `<EOC>`, `<BOS>`, `<EOS>` and `<PAD>` that it
lacks get ids from `base` on: only their rows are trained.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

VOCABULARY_FILE = "vocabulary.json"  # in a training's folder
IMAGE, EOC, BOS, EOS, PAD = "<image>", "<EOC>", "<BOS>", "<EOS>", "<PAD>"  # Alayrac et al. 2022, A.3.1


class Vocabulary:
    """Ids of text and of special tokens.

    Args:
        pieces: a `tokenizers.Tokenizer`.
        base: rows of the language model's embedding, at least as many as it has tokens.
        known: special tokens that the language model has of its own, e.g. {"<BOS>": 1, "<EOS>": 2}.
    """

    def __init__(self, pieces, base: int, known: dict[str, int] | None = None):
        pieces.no_padding()
        pieces.no_truncation()
        pieces.encode_special_tokens = True  # as text: what a page says of itself is never a special token
        self._pieces, self.base, self._known = pieces, base, dict(known or {})
        ids, self.new = dict(self._known), []
        for token in (IMAGE, EOC, BOS, EOS, PAD):
            if token not in ids:
                ids[token] = base + len(self.new)
                self.new.append(token)
        self.image, self.eoc, self.bos, self.eos, self.pad = (ids[token] for token in (IMAGE, EOC, BOS, EOS, PAD))
        self._names = {number: token for token, number in ids.items()}
        self.size = base + len(self.new)

    def __reduce__(self):  # into a worker process
        return _revive, (self._pieces.to_str(), self.base, self._known)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, without special tokens: a "<image>" that a page says of itself stays text."""
        return [encoding.ids for encoding in self._pieces.encode_batch_fast(list(texts), add_special_tokens=False)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text up to the first `<EOC>` or `<EOS>`; other special tokens leave no trace."""
        text = []
        for token in map(int, ids):
            if token in (self.eoc, self.eos):
                break
            if token not in self._names:
                text.append(token)
        return self._pieces.decode(text, skip_special_tokens=True).strip()

    def show(self, ids: Iterable[int]) -> str:
        """The text with its special tokens in place: for eyes."""
        shown, run = [], []
        for token in [*map(int, ids), None]:
            if token is not None and token not in self._names:
                run.append(token)
                continue
            shown.append(self._pieces.decode(run, skip_special_tokens=False) if run else "")
            shown.append(self._names[token] if token is not None else "")
            run = []
        return "".join(shown)


def load_vocabulary(language: str, base: int) -> Vocabulary:
    """The vocabulary of a language model of `transformers`, by name or path; `base` is the rows of its embedding.

    Raises:
        OSError, ValueError: no tokenizer there, or none that `tokenizers` can run.
    """
    from transformers import AutoTokenizer

    own = AutoTokenizer.from_pretrained(language, use_fast=True, trust_remote_code=False)
    known = {BOS: own.bos_token_id, EOS: own.eos_token_id}
    if own.bos_token_id == own.eos_token_id:  # GPT-2 ends and begins with one token: as `<EOS>` it would end what it begins
        known.pop(BOS)
    special = {str(token): number for number, token in own.added_tokens_decoder.items() if token.special}
    known |= {token: special[token] for token in (IMAGE, EOC, BOS, EOS, PAD) if token in special}  # as ours has them all
    return Vocabulary(own.backend_tokenizer, base, {name: number for name, number in known.items() if number is not None})


def save_vocabulary(vocabulary: Vocabulary, path: Path) -> None:
    """What the ids of a training mean: `is_saved` tells whether another vocabulary means the same."""
    path.write_text(_written(vocabulary), encoding="utf-8")


def is_saved(vocabulary: Vocabulary, path: Path) -> bool:
    return path.read_text(encoding="utf-8") == _written(vocabulary)


def _written(vocabulary: Vocabulary) -> str:
    return json.dumps({"base": vocabulary.base, "known": vocabulary._known, "tokenizer": vocabulary._pieces.to_str()})


def _revive(text: str, base: int, known: dict[str, int]) -> Vocabulary:
    from tokenizers import Tokenizer

    return Vocabulary(Tokenizer.from_str(text), base, known)
