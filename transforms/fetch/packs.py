"""Fetched files -> tar packs and, beside them, an index of what each URL answered; and the index back.

A pack appears whole or not at all, and its index after it. Names come from the URLs of the batch, members are in the order of
the batch, headers have no time: the same answers give the same bytes.
"""

import json
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from fsspec.core import url_to_fs

from lamella.schemas.keys import stable_key
from lamella.schemas.media import BlobRef, Container
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason
from lamella.transforms.base.files import NewFile, exists, join, list_files, read_bytes, write_atomically

FOLDER = "media/packs"

_COPY_BYTES = 1 << 20


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one URL: bytes in a pack, or the reason why there are none. It is one line of an index."""

    url: str
    policy: str  # of the configuration under which it was asked; another policy may ask again where this one refused
    pack: str = ""  # relative to the run's folder
    offset: int = 0
    length: int = 0
    reason: str = ""  # a Reason, or "" where there are bytes
    detail: str = ""
    final_url: str = ""  # after redirects
    through: tuple[str, ...] = ()  # addresses that they led to before the last
    robots_header: str = ""
    tdm_reservation: str = ""
    robots_txt: str = ""
    time: str = ""  # ISO 8601, UTC

    @property
    def blob(self) -> BlobRef:
        return BlobRef(path=self.pack, offset=self.offset, length=self.length, container=Container.RAW)


def batch_name(urls: Sequence[str], policy: str) -> str:
    return stable_key(policy, *urls)


def index_path(root: str, name: str) -> str:
    return join(root, FOLDER, f"{name}.jsonl")


def pack_names(name: str, sizes: Sequence[int], pack_bytes: int) -> list[str]:
    """For each file of a batch, the pack it goes to: a new one is begun where the last would grow beyond `pack_bytes`."""
    names, number, filled = [], 0, 0
    for size in sizes:
        if filled and filled + size > pack_bytes:
            number, filled = number + 1, 0
        filled += size
        names.append(f"{FOLDER}/{name}-{number:02d}.tar")
    return names


def write_pack(root: str, pack: str, files: Iterable[tuple[str, Path]]) -> list[tuple[int, int]]:
    """Writes (member name, file) pairs as one tar; (offset, length) of each file's bytes within it."""
    with NewFile(join(root, pack)) as out:
        places = _write_tar(out, files)
        out.commit()
    return places


def write_index(root: str, name: str, answers: Iterable[Answer]) -> None:
    lines = (json.dumps(asdict(answer), ensure_ascii=False, sort_keys=True) for answer in answers)
    write_atomically(index_path(root, name), "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))


def read_index(path: str) -> Iterator[Answer]:
    """The answers of an index whose bytes are still there: what was in a deleted or cut pack is fetched again."""
    answers = [_answer(json.loads(line)) for line in read_bytes(path).decode("utf-8").splitlines()]
    ends: dict[str, int] = {}
    for answer in answers:
        ends[answer.pack] = max(ends.get(answer.pack, 0), answer.offset + answer.length)
    sizes = list_files(path.rpartition("/")[0])
    lost = {pack for pack, end in ends.items() if pack and sizes.get(pack.rpartition("/")[2], -1) < end}
    yield from (answer for answer in answers if answer.pack not in lost)


def _answer(row: dict[str, Any]) -> Answer:
    through = tuple(row.pop("through", ()))  # JSON knows lists alone
    return Answer(**row, through=through)


def list_indexes(root: str) -> list[str]:
    """The index files of a run's folder, in order; none where nothing was fetched yet."""
    folder = join(root, FOLDER)
    if not exists(folder):
        return []
    fs, inner = url_to_fs(folder)
    return [fs.unstrip_protocol(path) for path in sorted(fs.glob(join(inner, "*.jsonl")))]


def forget_files(root: str, said: Mapping[str, str]) -> int:
    """Overwrites the files of some URLs with zeros where they lie, and writes down that they were refused; how many.

    Other files stay where they are, so that whatever names them is still true. A pack comes before its index: one that was left
    between them is gone over again.

    Args:
        said: URL -> the words for which its file leaves, as unsafe_image.
    """
    words: dict[tuple[str, int], str] = {}  # by place: a file may be the answer of several URLs
    naming = {}
    for path in list_indexes(root):
        gone = {(answer.pack, answer.offset): said[answer.url] for answer in read_index(path) if _leaves(answer, said)}
        words |= gone
        naming[path] = bool(gone)
    for path in sorted(naming, key=naming.__getitem__) if words else ():  # those last by which the places are found
        answers = list(read_index(path))
        gone = [answer for answer in answers if (answer.pack, answer.offset) in words]
        if not gone:
            continue
        for pack in sorted({answer.pack for answer in gone}):
            _overwrite(join(root, pack), sorted({(answer.offset, answer.length) for answer in gone if answer.pack == pack}))
        refused = {"pack": "", "offset": 0, "length": 0, "reason": Reason.UNSAFE_IMAGE.value}
        told = (
            replace(answer, **refused, detail=words[answer.pack, answer.offset]) if answer in gone else answer
            for answer in answers
        )
        write_index(root, path.rpartition("/")[2].removesuffix(".jsonl"), told)
    return len(words)


def _leaves(answer: Answer, said: Mapping[str, str]) -> bool:
    return bool(answer.pack) and answer.url in said


def _overwrite(path: str, places: Sequence[tuple[int, int]]) -> None:
    """Writes a file again with zeros in some places."""
    fs, inner = url_to_fs(path)
    with fs.open(inner, "rb") as old, NewFile(path) as out:
        for offset, length in sorted(places):
            _copy(old, out, offset - out.tell())
            old.seek(offset + length)
            while (left := offset + length - out.tell()) > 0:
                out.write(bytes(min(left, _COPY_BYTES)))
        _copy(old, out, fs.size(inner) - out.tell())
        out.commit()


def _copy(old: BinaryIO, out: NewFile, size: int) -> None:
    while size > 0 and (piece := old.read(min(size, _COPY_BYTES))):
        out.write(piece)
        size -= len(piece)


def best_answer(answers: Iterable[Answer]) -> Answer:
    """Of several answers for one URL: bytes before none, then the first by policy and place, whatever their order."""
    return min(answers, key=lambda answer: (bool(answer.reason), answer.policy, answer.pack, answer.offset, answer.time))


def _write_tar(out: NewFile, files: Iterable[tuple[str, Path]]) -> list[tuple[int, int]]:
    places = []
    for name, file in files:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = file.stat().st_size, 0, 0o644
        out.write(info.tobuf(tarfile.GNU_FORMAT))  # GNU for sizes beyond 8 GiB
        places.append((out.tell(), info.size))
        with file.open("rb") as data:
            shutil.copyfileobj(data, out, _COPY_BYTES)
        out.write(b"\0" * (-info.size % tarfile.BLOCKSIZE))
    out.write(b"\0" * (2 * tarfile.BLOCKSIZE))
    return places
