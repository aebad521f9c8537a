"""What runs that share a memory fetched over HTTP -> places in their packs, kept in the memory, and back.

A memory holds no bytes: it says in which run's pack a file is, and its SHA-256. A run copies it into its own pack, and asks the
sites again whether they allow it. What is gone, damaged, or was overwritten as unsafe is fetched again. Refusals are not
shared.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING

from fsspec.utils import get_protocol

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import MediaLink
from lamella.schemas.quick_pickle import quick_pickle
from lamella.transforms.base.blobs import BlobError, inside
from lamella.transforms.base.files import local_path, open_binary
from lamella.transforms.base.memory import Memory
from lamella.transforms.fetch.captured import descending
from lamella.transforms.fetch.packs import FOLDER, Answer
from lamella.transforms.fetch.refused import Refused, StoreFailed

if TYPE_CHECKING:
    from lamella.transforms.fetch.http import Body, Client


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class SharedAnswer:
    """Bytes that a URL answered, in a pack of the run that asked."""

    key: str  # the URL
    run: str  # that run's folder, whole
    pack: str  # relative to it
    offset: int
    length: int
    sha256: str
    final_url: str
    through: tuple[str, ...]  # addresses that redirects led to before the last
    robots_header: str
    tdm_reservation: str
    time: str  # ISO 8601, UTC: of the response, and of what its headers say


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedAnswers:
    """The answers that one policy of asking has had, in a memory."""

    memory: Memory
    config: FetchConfig
    policy: str
    root: str  # of this run

    @property
    def name(self) -> str:
        return "fetches"

    @property
    def identity(self) -> str:
        return self.policy

    @property
    def answer(self) -> type[SharedAnswer]:
        return SharedAnswer

    def keep(self, packed: Iterable[tuple[Answer, Path]]) -> None:
        """Records in the memory what is in this run's packs, each with its file."""
        run = local_path(self.root) or self.root
        told = [
            SharedAnswer(
                key=answer.url,
                run=run,
                pack=answer.pack,
                offset=answer.offset,
                length=answer.length,
                sha256=_digest(file),
                final_url=answer.final_url,
                through=answer.through,
                robots_header=answer.robots_header,
                tdm_reservation=answer.tdm_reservation,
                time=answer.time,
            )
            for answer, file in packed
        ]
        self.memory.keep(self, told)

    async def recall(
        self, link: MediaLink, target: Path, client: "Client", *, shared: Sequence[SharedAnswer], licence: str
    ) -> "Body | None":
        """What other runs were answered, its bytes in `target`; None where the URL has to be asked.

        So it has where its site refuses by now: the site then says why.

        Args:
            shared: the answers of the link's URL.
            licence: as for `Client.fetch`.
        """
        from lamella.transforms.fetch.http import Body  # its library is dear to import

        for held in shared:
            said = Body(
                final_url=held.final_url or link.url,
                through=held.through,
                robots_header=held.robots_header,
                tdm_reservation=held.tdm_reservation,
                robots_txt="",
                time=held.time,
            )
            try:
                body = await client.still_allows(link.url, said, licence)
            except Refused:
                return None
            if await self._copied(held, link, target):
                return body
        return None

    async def _copied(self, shared: SharedAnswer, link: MediaLink, target: Path) -> bool:
        """Writes `target` under the rules of a body that has just arrived; False if the bytes cannot be had, or break a
        rule."""
        from lamella.transforms.fetch.save_body import CHUNK_BYTES, save_chunks

        digest = sha256()

        async def chunks() -> AsyncIterator[bytes]:
            with open_binary(self._pack(shared)) as stream:
                stream.seek(shared.offset)
                left = shared.length
                while left > 0 and (piece := stream.read(min(left, CHUNK_BYTES))):
                    left -= len(piece)
                    digest.update(piece)
                    yield piece

        try:
            await save_chunks(chunks(), link, target, self.config)
        except StoreFailed:
            raise
        except Exception:  # whatever a store raises: the site has the bytes too
            return False
        return digest.hexdigest() == shared.sha256

    def _pack(self, shared: SharedAnswer) -> str:
        """A pack of a run's folder, and no other file, in a store of the memory's kind. Raises BlobError.

        The scheme is read and not tried: some file systems of fsspec connect to the address as soon as they are made.
        """
        own = local_path(self.memory.root) or self.memory.root
        alike = get_protocol(shared.run) == get_protocol(own)
        if not alike or "::" in shared.run or not shared.pack.startswith(f"{FOLDER}/"):
            raise BlobError(f"{shared.run}: no run's packs")
        return inside(shared.pack, shared.run)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def latest_first(shared: SharedAnswer) -> tuple:
    """Sorts answers of one URL."""
    return descending(shared.time), shared.run, shared.pack, shared.offset
