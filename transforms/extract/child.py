"""The sandbox's child process: pages in by stdin, parsed pages out by stdout, until stdin ends. Nothing else is imported.

It bounds its own memory. What it cannot do in that memory, it does not answer: it ends, and its parent knows why.
"""

import gc
import json
import os
import resource
import signal
import sys
from types import SimpleNamespace
from typing import BinaryIO

from selectolax.lexbor import SelectolaxError

from lamella.transforms.base.lifeline import hold_on
from lamella.transforms.extract.parse import PageTooCostly, parse_html
from lamella.transforms.extract.wire import (
    LENGTH,
    READY,
    decode_request,
    encode_cost,
    encode_failure,
    encode_reply,
    max_reply_bytes,
)

OUT_OF_MEMORY = 77  # exit status
_GRACE_S = 2.0


def main() -> None:
    """Arguments: the ExtractConfig as JSON, and the read end of the parent's lifeline."""
    config = SimpleNamespace(**json.loads(sys.argv[1]))
    hold_on(int(sys.argv[2]))
    resource.setrlimit(resource.RLIMIT_AS, (config.max_memory_bytes, config.max_memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints must not write into the pipe
    gc.disable()  # a page makes no cycles; what leaks all the same ends with the child, after `pages_per_child`
    for number in (signal.SIGINT, signal.SIGTERM):  # they are for the parent: that this ends is a rejection of the page
        signal.signal(number, signal.SIG_IGN)
    _send(replies, READY)
    while request := _read(sys.stdin.buffer):
        # Its parent kills it before this does, unless the parent has been stopped.
        signal.setitimer(signal.ITIMER_REAL, config.timeout_s + _GRACE_S)
        try:
            page, url = decode_request(request)
            reply = encode_reply(parse_html(page, url, config), max_reply_bytes(len(page), config))
        except PageTooCostly as cost:
            reply = encode_cost(str(cost))
        except (MemoryError, SelectolaxError):  # lexbor fails for want of memory alone
            os._exit(OUT_OF_MEMORY)
        except Exception as error:  # handed on: the parent raises it, and its crash door counts it
            reply = encode_failure(f"{type(error).__name__}: {error}")
        _send(replies, reply)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _send(stream: BinaryIO, message: bytes) -> None:
    stream.write(message)
    stream.flush()


def _read(stream: BinaryIO) -> bytes:
    prefix = stream.read(LENGTH.size)
    if len(prefix) < LENGTH.size:
        return b""
    return stream.read(LENGTH.unpack(prefix)[0])


if __name__ == "__main__":
    main()
