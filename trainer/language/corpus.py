"""The text of shards -> documents: strings for a tokenizer, or token ids in the form in which a Flamingo reads them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from lamella.schemas.errors import TrainingError
from lamella.schemas.sample import BadSample, load_json
from lamella.schemas.shards import BadShard
from lamella.trainer.loading.sequences import Cut, document_sequence, pair_sequence
from lamella.trainer.loading.shard_reader import Shard, read_checked
from lamella.trainer.loading.tokenizer import Vocabulary

_ENDLESS = 1 << 40  # tokens or images: the whole document


class Document(NamedTuple):
    name: str
    header: dict[str, Any]  # of the sample


def read_documents(shards: Sequence[Shard]) -> list[Document]:
    """Every document, by key. Raises TrainingError where a file is not the one that its manifest lists."""
    found = []
    for shard in shards:
        try:
            for name, members in read_checked(shard):
                with suppress(BadSample):
                    found.append(Document(f"{shard.dataset}/{name}", load_json(members)))
        except BadShard as error:
            raise TrainingError(f"shards={error}") from error
    return sorted(found, key=lambda document: document.name)


def texts_of(documents: Iterable[Document]) -> Iterator[str]:
    """What a tokenizer is trained on: every text, and the line break between two."""
    for document in documents:
        nodes = document.header.get("texts") or [document.header.get("text")]
        for text in nodes if isinstance(nodes, list) else ():
            if isinstance(text, str):
                yield from (text, "\n")


def forms_of(documents: Iterable[Document], vocabulary: Vocabulary) -> dict[str, np.ndarray]:
    """Token ids of whole documents, as a Flamingo reads them: name -> int32 [tokens]. Damaged ones are left out."""
    forms = {}
    for name, header in documents:
        with suppress(BadSample):
            if "texts" in header:
                form = document_sequence(header, vocabulary, Cut(tokens=_ENDLESS, images=_ENDLESS))
            else:
                form = pair_sequence(header.get("text"), vocabulary, _ENDLESS)  # which refuses what is no text
            forms[name] = form.tokens.astype(np.int32)
    return forms
