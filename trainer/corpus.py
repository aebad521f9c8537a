"""The text of shards in, documents out: as strings for a tokenizer, as token ids in the form in which a Flamingo reads them."""

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import fsspec
import numpy as np

from schemas.sample import BadSample, load_json
from schemas.shards import MANIFEST, read_shard
from trainer.config import TrainingError
from trainer.loading.sequences import Cut, document_sequence, pair_sequence
from trainer.shards import Shard
from trainer.tokens import Vocabulary

_ENDLESS = 1 << 40  # tokens or images: the whole document


class Document(NamedTuple):
    name: str
    header: dict[str, Any]  # of the sample


def read_documents(shards: Sequence[Shard]) -> list[Document]:
    """Every document, by key. Raises TrainingError where a file is not the one that its manifest lists."""
    found = []
    for shard in shards:
        path = f"{shard.folder}/{shard.info.name}"
        with fsspec.open(path, "rb") as file:
            data = file.read()
        if len(data) != shard.info.bytes or hashlib.sha256(data).hexdigest() != shard.info.sha256:
            raise TrainingError(f"shards={path}: not the file whose size and checksum {MANIFEST} lists")
        for name, members in read_shard(io.BytesIO(data)):
            with suppress(BadSample):
                found.append(Document(f"{shard.dataset}/{name}", load_json(members)))
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
                form = pair_sequence(header.get("text"), vocabulary, _ENDLESS)
            forms[name] = form.tokens.astype(np.int32)
    return forms
