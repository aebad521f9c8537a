"""A configuration and URLs -> what the client gives for each: its body and bytes, or why it was refused."""

import asyncio
import socket

from aiohttp.abc import AbstractResolver

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import MediaKind, MediaLink
from lamella.schemas.rejection import Reason
from lamella.transforms.fetch.http import Client
from lamella.transforms.fetch.refused import Refused


class Names(AbstractResolver):
    """Answers each name with the next of its addresses, over and over."""

    def __init__(self, **addresses: list[str]):
        self._addresses, self._asked = addresses, 0

    async def resolve(self, host, port=0, family=socket.AF_INET):
        addresses = self._addresses.get(host.split(".")[0], ["127.0.0.1"])
        self._asked += 1
        address = addresses[self._asked % len(addresses)]
        found = {"hostname": host, "host": address, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
        return [found]

    async def close(self):
        pass


def ask(config: FetchConfig, folder, *urls, kind=MediaKind.IMAGE, resolver=None, together=False) -> list:
    """For each URL the Body and its bytes, or the Refused."""

    async def one(client, number, url):
        target = folder / str(number)
        try:
            body = await client.fetch(MediaLink(url=url, kind=kind, documents=1), target)
        except Refused as refusal:
            return refusal
        return body, target.read_bytes()

    async def run():
        client = Client(config, resolver)
        try:
            tasks = [one(client, number, url) for number, url in enumerate(urls)]
            return await asyncio.gather(*tasks) if together else [await task for task in tasks]
        finally:
            await client.close()

    return asyncio.run(run())


def reasons(config, folder, *urls, **options) -> list[Reason | None]:
    return [out.reason if isinstance(out, Refused) else None for out in ask(config, folder, *urls, **options)]
