"""A bucket of links -> an Answer for each, in bounded batches; the files of a batch are packed before the next one begins.

A picture that its site has no more is asked for once again where a page shows it smaller, after all that is wanted itself.

A URL that was answered is not asked again: not when a bundle is retried, not when a killed run goes on, not when the job
runs anew. Batches are cut from all links of a bucket, known or not, so that packs are the same either way.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from lamella.schemas.config import FetchConfig, ReadConfig
from lamella.schemas.keys import stable_int, stable_key
from lamella.schemas.media import MediaLink
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.accounting import error_line
from lamella.transforms.base.files import exists
from lamella.transforms.base.reject import reject_media
from lamella.transforms.base.rule import Violation, apply_rules
from lamella.transforms.fetch.captured import FetchResponse, base_of
from lamella.transforms.fetch.hops import HOP_RULES, Hop
from lamella.transforms.fetch.packs import (
    Answer,
    batch_name,
    best_answer,
    index_path,
    pack_names,
    read_index,
    write_index,
    write_pack,
)
from lamella.transforms.fetch.refused import Refused, StoreFailed
from lamella.transforms.fetch.shared import SharedAnswer, SharedAnswers
from lamella.transforms.formats.urls import registered_domain

if TYPE_CHECKING:
    from lamella.transforms.fetch.http import Body, Client

Item = TypeVar("Item")

_GONE = ("404", "410")
BATCH_LINKS = 256  # a kill loses at most so many answers a worker
BUCKET_LINKS = 4096  # links a bucket, about; a registered domain is never divided

# What decides whether a URL is asked, and what is taken for an answer: under another policy a refusal may be asked again.
_POLICY = (
    "allowed_private_addresses",
    "allowed_ports",
    "user_agent",
    "timeout_s",
    "retries",
    "max_host_failures",
    "max_redirects",
    "robots_txt",
    "honour_opt_outs",
    "opt_outs",
    "max_image_bytes",
    "max_video_bytes",
)


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRequest(MediaLink):
    """A link to ask for over HTTP, with the answer of an earlier run where there was one."""

    licence: str = ""  # as a FetchRequest has it
    known: Answer | None = None
    smaller: str = ""  # address of the same registered domain at which a page shows it smaller
    smaller_known: Answer | None = None  # of an earlier run
    shared: tuple[SharedAnswer, ...] = ()  # of other runs, the last first
    smaller_shared: tuple[SharedAnswer, ...] = ()


def policy_of(config: FetchConfig) -> str:
    return stable_key(*(getattr(config, name) for name in _POLICY))


def still_valid(answer: Answer, policy: str) -> bool:
    """Bytes stay valid; a refusal is valid under the same policy; a crash is tried again."""
    return not answer.reason or (answer.policy == policy and answer.reason != Reason.CRASHED)


def bucket_of(link: MediaLink, links: int) -> int:
    """All links of a registered domain go to one bucket: its turns are kept by one worker."""
    return stable_int(registered_domain(link.url)) % (links // BUCKET_LINKS + 1)


class Downloader:
    """Asks for links on behalf of one worker; `close` when done.

    Args:
        shared: what other runs were answered, where a memory is shared; what is asked is told to it.
    """

    def __init__(self, config: FetchConfig, root: str, reading: ReadConfig = ReadConfig(), shared: SharedAnswers | None = None):
        self._config, self._root, self._reading, self._policy = config, root, reading, policy_of(config)
        self._shared = shared
        self._loop = asyncio.new_event_loop()
        self._client: Client | None = None

    def close(self) -> None:
        if self._client:
            self._loop.run_until_complete(self._client.close())
        self._loop.close()

    def download(self, links: Iterable[DownloadRequest]) -> Iterator[FetchResponse | Rejection]:
        """What became of every link, batch by batch."""
        ordered = sorted(links, key=lambda link: (stable_key(link.url), link.url))
        places = {link.smaller for link in ordered if link.smaller}
        heard: dict[str, Answer] = {}  # at these places, if they are wanted themselves
        gone: list[tuple[DownloadRequest, Answer]] = []
        for batch in _batches(ordered):
            answers = self._answers(batch)
            for link in batch:
                answer = answers[link.url]
                if link.url in places:
                    heard[link.url] = answer
                if link.smaller and _is_gone(answer):
                    gone.append((link, answer))
                else:
                    yield as_record(link, answer, self._config)
        for batch in _batches(gone):
            for link, answer in self._smaller(batch, heard):
                yield as_record(link, answer, self._config)

    def _smaller(
        self, gone: Sequence[tuple[DownloadRequest, Answer]], heard: dict[str, Answer]
    ) -> Iterator[tuple[DownloadRequest, Answer]]:
        """What links are answered where a page shows them smaller; where that is no bytes either, what they were themselves.

        Each place is asked once, whoever wants it. Its bytes are written down as the link's own, with the place's address.
        """
        asked = {
            link.smaller: DownloadRequest(
                url=link.smaller,
                kind=link.kind,
                documents=link.documents,
                licence=link.licence,
                known=link.smaller_known,
                shared=link.smaller_shared,
            )
            for link, _ in gone
            if link.smaller not in heard
        }
        heard.update(self._answers(list(asked.values())) if asked else {})
        found = [
            replace(at, url=link.url, final_url=at.final_url or at.url)
            for link, _ in gone
            if not (at := heard[link.smaller]).reason
        ]
        if found:
            write_index(self._root, batch_name([answer.url for answer in found], f"{self._policy} smaller"), found)
        taken = {answer.url: answer for answer in found}
        for link, answer in gone:
            forbids = heard[link.smaller] if heard[link.smaller].reason == Reason.OPTED_OUT else answer
            yield link, taken.get(link.url, replace(forbids, url=link.url))

    def _answers(self, batch: Sequence[DownloadRequest]) -> dict[str, Answer]:
        name = batch_name([link.url for link in batch], self._policy)
        answers = {link.url: link.known for link in batch if link.known}
        done = self._done(name)
        for url, answer in done.items():
            answers[url] = best_answer([answers.get(url, answer), answer])
        unknown = [link for link in batch if link.url not in answers]
        if unknown and done:  # its name is taken, and what is packed stays
            name = batch_name([link.url for link in unknown], f"{self._policy} after {name}")
            answers.update(self._done(name))
            unknown = [link for link in unknown if link.url not in answers]
        if unknown:
            answers.update((answer.url, answer) for answer in self._ask(name, unknown))
        return answers

    def _done(self, name: str) -> dict[str, Answer]:
        """The answers of a batch that was finished before."""
        path = index_path(self._root, name)
        found = read_index(path) if exists(path) else ()
        return {answer.url: answer for answer in found if still_valid(answer, self._policy)}

    def _ask(self, name: str, links: Sequence[DownloadRequest]) -> list[Answer]:
        with TemporaryDirectory(prefix="lamella-") as folder:
            targets = {link.url: Path(folder) / str(number) for number, link in enumerate(links)}
            answers = self._loop.run_until_complete(self._ask_all(links, targets))
            fetched = [answer for answer in answers if not answer.reason]
            sizes = [targets[answer.url].stat().st_size for answer in fetched]
            packed: dict[str, Answer] = {}
            named = zip(pack_names(name, sizes, self._config.pack_bytes), fetched, strict=True)
            for pack, group in groupby(named, key=lambda pair: pair[0]):
                members = [answer for _, answer in group]
                files = [(stable_key(answer.url), targets[answer.url]) for answer in members]
                for answer, (offset, length) in zip(members, write_pack(self._root, pack, files), strict=True):
                    packed[answer.url] = replace(answer, pack=pack, offset=offset, length=length)
            if self._shared:
                self._shared.keep([(answer, targets[url]) for url, answer in packed.items()])
        answers = [packed.get(answer.url, answer) for answer in answers]
        write_index(self._root, name, answers)
        return answers

    async def _ask_all(self, links: Sequence[DownloadRequest], targets: dict[str, Path]) -> list[Answer]:
        from lamella.transforms.fetch.http import Client  # its library is dear to import, and most runs ask nobody

        client = self._client = self._client or Client(self._config, reading=self._reading)
        by_domain: dict[str, list[DownloadRequest]] = {}
        for link in links:
            by_domain.setdefault(registered_domain(link.url), []).append(link)
        found: dict[str, Answer] = {}

        async def ask_domain(links: list[DownloadRequest]) -> None:
            for link in links:
                found[link.url] = await self._ask_one(client, link, targets[link.url])

        async with asyncio.TaskGroup() as tasks:
            for domain_links in by_domain.values():
                tasks.create_task(ask_domain(domain_links))
        return [found[link.url] for link in links]

    async def _ask_one(self, client: "Client", link: DownloadRequest, target: Path) -> Answer:
        answer = Answer(url=link.url, policy=self._policy, time=datetime.now(UTC).isoformat(timespec="seconds"))
        try:
            body = await self._body(client, link, target)
        except Refused as refusal:
            target.unlink(missing_ok=True)
            return replace(answer, reason=refusal.reason.value, detail=refusal.detail)
        except StoreFailed:
            raise
        except Exception as error:  # whatever it is: one odd server never ends a run
            target.unlink(missing_ok=True)
            return replace(answer, reason=Reason.CRASHED.value, detail=error_line(error))
        return replace(
            answer,
            final_url=body.final_url,
            through=body.through,
            robots_header=body.robots_header,
            tdm_reservation=body.tdm_reservation,
            robots_txt=body.robots_txt,
            time=body.time or answer.time,
        )

    async def _body(self, client: "Client", link: DownloadRequest, target: Path) -> "Body":
        held = {"shared": link.shared, "licence": link.licence}
        recalled = await self._shared.recall(link, target, client, **held) if self._shared else None
        return recalled or await client.fetch(link, target, link.licence)


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[at : at + BATCH_LINKS] for at in range(0, len(items), BATCH_LINKS))


def _is_gone(answer: Answer) -> bool:
    """Whether the site has no such picture; what it keeps from us, and what may come later, is not gone."""
    if answer.reason == Reason.HTTP_ERROR:
        return answer.detail.startswith(_GONE)
    return answer.reason in (Reason.NOT_AN_IMAGE, Reason.EMPTY_BODY)


def _hops(url: str, answer: Answer) -> Iterator[Hop]:
    """The redirects that an answer came by. What those before the last say of use was heard when they were met."""
    for source, target in pairwise((url, *answer.through)):
        yield Hop(target, source, "", "")
    if answer.final_url not in ("", url):
        yield Hop(answer.final_url, (url, *answer.through)[-1], answer.robots_header, answer.tdm_reservation)


def as_record(link: MediaLink, answer: Answer, config: FetchConfig) -> FetchResponse | Rejection:
    """The rules on redirects are applied to each address that they led to: a list may be newer than the answer."""
    if answer.reason:
        return reject_media(link, Violation(Reason(answer.reason), detail=answer.detail), answer.time)
    for hop in _hops(link.url, answer):
        if violation := apply_rules(HOP_RULES, hop, config):
            return reject_media(link, violation, answer.time)
    return FetchResponse(
        **base_of(link),
        blob=answer.blob,
        source="http",
        robots_header=answer.robots_header,
        tdm_reservation=answer.tdm_reservation,
        robots_txt=answer.robots_txt,
        said=answer.time,
    )
