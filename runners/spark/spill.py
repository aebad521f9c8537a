"""Values of a group too large for memory -> a file of this worker, and a reference to it in the encoded group; and back.

Beam reads such a group one page at a time, as often as a function asks: its values are state, named by a token. The token is
the file's path, and a page's continuation is the offset of the next page.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from apache_beam.coders.coder_impl import create_OutputStream
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner.worker_handlers import StateServicer

_PAGE = 1000  # values that are written and read at once
_SIZE = 8  # bytes of the size that stands before a page
_IN_STATE = -1  # in place of a number of values: unknown, and then: all that is left is state


@contextmanager
def spilled(values: Iterable[bytes]) -> Iterator[bytes]:
    """The reference that replaces a group's values, in the form that Beam's coder of iterables in state reads."""
    with tempfile.NamedTemporaryFile(prefix="lamella-group-") as file:
        values = iter(values)
        while page := list(islice(values, _PAGE)):
            file.write(sum(map(len, page)).to_bytes(_SIZE, "big"))
            file.writelines(page)
        file.flush()
        out = create_OutputStream()
        out.write_bigendian_int32(_IN_STATE)
        out.write_var_int64(_IN_STATE)
        out.write(file.name.encode(), True)
        yield out.get()


class SpillServicer(StateServicer):
    """Beam's state of a worker, and the groups that this worker has spilled."""

    def get_raw(
        self, state_key: beam_fn_api_pb2.StateKey, continuation_token: bytes | None = None
    ) -> tuple[bytes, bytes | None]:
        if state_key.WhichOneof("type") != "runner":
            return super().get_raw(state_key, continuation_token)
        return read_page(Path(state_key.runner.key.decode()), int(continuation_token or 0))


def read_page(path: Path, start: int) -> tuple[bytes, bytes | None]:
    """A page's encoded values, and what asks for the next one; None behind the last."""
    with path.open("rb") as file:
        file.seek(start)
        page = file.read(int.from_bytes(file.read(_SIZE), "big"))
        end = file.tell()
        return page, str(end).encode() if file.read(1) else None
