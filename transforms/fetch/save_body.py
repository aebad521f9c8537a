"""A response and a file -> the file with the whole body, of the kind that was asked for and on no list.

The body is written as it comes, chunk by chunk. An encoded one, which nobody asked for, is decoded under the limits of
archives. Raises Refused.
"""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import aiohttp

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import MediaLink
from lamella.schemas.rejection import Reason
from lamella.transforms.fetch.hash_list import hashers_for, listed_as
from lamella.transforms.fetch.inspect import HEAD_BYTES, wrong_kind
from lamella.transforms.fetch.refused import Refused, StoreFailed
from lamella.transforms.fetch.rules import max_bytes
from lamella.transforms.formats.content_encoding import BadRecord, SizeLimits, decode
from lamella.transforms.formats.urls import safe_text

CHUNK_BYTES = 1 << 16
_NAME_CHARACTERS = 40  # of a coding, in a detail


async def save_body(
    response: aiohttp.ClientResponse, link: MediaLink, target: Path, config: FetchConfig, *, limits: SizeLimits
) -> None:
    """Writes `target`.

    Args:
        limits: what a coded body may be, and grow to.
    """
    limit = max_bytes(link.kind, config)
    if (response.content_length or 0) > limit:
        raise Refused(Reason.TOO_LARGE, f"{response.content_length} > {limit} bytes")
    coding = ", ".join(response.headers.getall("Content-Encoding", ()))
    if coding.strip().lower() in ("", "identity"):
        await save_chunks(response.content.iter_chunked(CHUNK_BYTES), link, target, config)
    else:
        data = await _decoded(response, coding, replace(limits, max_bytes=min(limit, limits.max_bytes)))
        await save_chunks(_whole(data), link, target, config)


async def save_chunks(chunks: AsyncIterable[bytes], link: MediaLink, target: Path, config: FetchConfig) -> None:
    """Writes `target`, of a body as it comes."""
    hashers = hashers_for(config.unsafe_hashes)
    size = await _stream(chunks, link, target, max_bytes(link.kind, config), hashers=hashers)
    if not size:
        raise Refused(Reason.EMPTY_BODY, "0 bytes")
    if words := listed_as(hashers, config.unsafe_hashes):
        raise Refused(Reason.UNSAFE_IMAGE, words)


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _stream(chunks: AsyncIterable[bytes], link: MediaLink, target: Path, limit: int, *, hashers: list) -> int:
    """Writes the body as it comes, and feeds it to `hashers`; its bytes."""
    size, head = 0, b""
    with _create(target) as out:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise Refused(Reason.TOO_LARGE, f"more than {limit} bytes")
            if len(head) < HEAD_BYTES:
                head += chunk[:HEAD_BYTES]
                if len(head) >= HEAD_BYTES:
                    _check_kind(link, head)
            for hasher in hashers:
                hasher.update(chunk)
            _write(out, chunk)
    if len(head) < HEAD_BYTES:
        _check_kind(link, head)
    return size


async def _decoded(response: aiohttp.ClientResponse, coding: str, limits: SizeLimits) -> bytes:
    """The body without its coding, held in memory, both ways."""
    coded, named = bytearray(), safe_text(coding)[:_NAME_CHARACTERS]
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        coded += chunk
        if len(coded) > limits.max_bytes:
            raise Refused(Reason.TOO_LARGE, f"more than {limits.max_bytes} bytes, coded as {named}")
    try:
        body = decode(bytes(coded), "", coding, limits)
    except BadRecord as error:
        reason = Reason.TOO_LARGE if error.reason is Reason.RECORD_TOO_LARGE else error.reason
        raise Refused(reason, f"coded as {named}: {error.detail}") from error
    if not body.complete:
        raise Refused(Reason.TRUNCATED_MEDIA, f"coded as {named}, and cut off", again=True)
    return body.data


def _check_kind(link: MediaLink, head: bytes) -> None:
    if head and (wrong := wrong_kind(link.kind, head)):
        raise Refused(wrong.reason, wrong.detail)


def _create(target: Path) -> BinaryIO:
    try:
        return target.open("wb", buffering=0)
    except OSError as error:
        raise StoreFailed(str(error)) from error


def _write(out: BinaryIO, chunk: bytes) -> None:
    try:
        out.write(chunk)
    except OSError as error:
        raise StoreFailed(str(error)) from error
