"""The worker's process: a page and its URL -> what `parse` makes of them. Nothing else is imported."""

import gc
import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from selectolax.lexbor import SelectolaxError

from lamella.transforms.base.killable_worker import serve
from lamella.transforms.extract.parse import PageTooCostly, parse_html
from lamella.transforms.extract.worker.protocol import (
    decode_request,
    encode_cost,
    encode_failure,
    encode_reply,
    max_reply_bytes,
)

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig


def main() -> None:
    """Arguments: those of `serve`, then the ExtractConfig as JSON."""
    config = cast("ExtractConfig", SimpleNamespace(**json.loads(sys.argv[4])))  # pydantic would load for half a second
    gc.disable()  # a page makes no cycles; what leaks all the same ends with the process, after `pages_per_child`
    serve(lambda request: [_answer(bytes(request), config)])


def _answer(request: bytes, config: "ExtractConfig") -> bytes:
    """The reply to one page. MemoryError is the caller's."""
    try:
        page, url = decode_request(request)
        return encode_reply(parse_html(page, url, config), max_reply_bytes(len(page), config))
    except PageTooCostly as cost:
        return encode_cost(str(cost))
    except SelectolaxError:  # lexbor fails for want of memory alone
        raise MemoryError from None
    except MemoryError:
        raise
    except Exception as error:  # handed on: the parent raises it, and its crash door counts it
        return encode_failure(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
