"""Text -> token ids, and back: a byte-level BPE of about 2,000 pieces, so any text has tokens and none is unknown."""

from collections.abc import Iterable, Sequence
from pathlib import Path

SPECIAL = ("<pad>", "<bos>", "<eos>")
PAD, BOS, EOS = range(3)


class Tokenizer:
    """`<bos> text <eos>`, padded to `context` tokens; a longer text is cut and still ends with `<eos>`.

    Args:
        path: a `tokenizer.json` as the `tokenizers` library writes it.
        context: tokens in a row, special ones too.
    """

    bos, eos, pad = BOS, EOS, PAD

    def __init__(self, path: str | Path, context: int):
        from tokenizers import Tokenizer as Pieces

        self._pieces = Pieces.from_file(str(path))
        self.context = context
        self.size = self._pieces.get_vocab_size()
        known = tuple(self._pieces.token_to_id(token) for token in SPECIAL)
        if known != (PAD, BOS, EOS):
            raise ValueError(f"{path}: {', '.join(SPECIAL)} must have the ids 0, 1 and 2, not {known}")

    def __call__(self, texts: Sequence[str]):
        """LongTensor [N, context]."""
        import torch

        rows = torch.full((len(texts), self.context), PAD, dtype=torch.long)
        for row, encoding in zip(rows, self._pieces.encode_batch(list(texts), add_special_tokens=False), strict=True):
            ids = [BOS, *encoding.ids[: self.context - 2], EOS]
            row[: len(ids)] = torch.tensor(ids)
        return rows

    def decode(self, ids: Iterable[int]) -> str:
        """The text up to the first `<eos>`; special tokens leave no trace."""
        text = []
        for token in ids:
            if int(token) == EOS:
                break
            text.append(int(token))
        return self._pieces.decode(text, skip_special_tokens=True).strip()


def train_tokenizer(texts: Iterable[str], size: int) -> bytes:
    """A `tokenizer.json` of at most `size` pieces, 256 bytes and three special tokens among them.

    A word has the same pieces wherever it stands, at a text's start too. Same texts, same bytes.
    """
    from tokenizers import Tokenizer as Pieces
    from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

    pieces = Pieces(models.BPE())
    pieces.normalizer = normalizers.NFC()
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    pieces.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False, min_frequency=2
    )
    pieces.train_from_iterator(texts, trainer)
    return pieces.to_str(pretty=False).encode() + b"\n"
