"""Why an address gave no bytes: Refused, which becomes a Rejection; or StoreFailed, which ends the run."""

from lamella.schemas.errors import LamellaError
from lamella.schemas.rejection import Reason


class Refused(LamellaError):
    """No bytes, and why. `again` where a further try may help; `wait_s` where the server said when."""

    def __init__(self, reason: Reason, detail: str, *, again: bool = False, wait_s: float | None = None):
        super().__init__(reason, detail)
        self.reason, self.detail, self.again, self.wait_s = reason, detail, again, wait_s


class StoreFailed(LamellaError):
    """A file here could not be written: no fault of the server, and the run must not go on."""
