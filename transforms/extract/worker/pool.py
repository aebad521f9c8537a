"""A page -> its parse, by a worker process that can be killed: no page costs more time or memory than its limits.

How a process is started, bounded and ended is `base.killable`'s; here is what is asked of it. It costs 0.1 ms a page.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from lamella.schemas.config import ExtractConfig
from lamella.transforms.base import killable
from lamella.transforms.base.killable import ChildLimits, Killable, TooCostly
from lamella.transforms.extract.parse import PageTooCostly, Parsed
from lamella.transforms.extract.worker.protocol import decode_reply, encode_request, max_reply_bytes

_MODULE = "lamella.transforms.extract.worker.worker"
_ENVELOPE_BYTES = 1 << 16  # of a reply, beside its nodes


class Worker:
    """One process, started on the first page and again whenever it had to be killed. For one thread at a time."""

    def __init__(self, config: ExtractConfig, child: Killable | None = None):
        self._config = config
        self.child = child or Killable(_MODULE, _limits(config), config.model_dump_json())

    def parse(self, html: str, url: str) -> Parsed:
        """Raises PageTooCostly; ParseFailed where the parse raises; OSError where no process can be started."""
        request = encode_request(html, url)
        most = max_reply_bytes(len(request), self._config) + _ENVELOPE_BYTES
        try:
            reply = self.child.ask(request, max_reply_bytes=most)
        except TooCostly as cost:
            raise PageTooCostly(str(cost)) from None
        return decode_reply(reply)

    def close(self) -> None:
        """Ends the process, whatever it is doing."""
        self.child.close()


@contextmanager
def borrowed(config: ExtractConfig) -> Iterator[Worker]:
    """A worker of this process for this config: as many live as threads ever parsed at once."""
    with killable.borrowed(_MODULE, _limits(config), config.model_dump_json()) as child:
        yield Worker(config, child)


def _limits(config: ExtractConfig) -> ChildLimits:
    return ChildLimits(
        max_memory_bytes=config.max_memory_bytes,
        max_cpu_s=config.timeout_s,
        max_reply_bytes=_ENVELOPE_BYTES,
        max_requests=config.pages_per_child,
    )
