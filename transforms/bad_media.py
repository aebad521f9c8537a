"""Why bytes are no picture or clip that we take: the Violation that a decoder's side raises, and a Rejection carries."""

from lamella.schemas.rejection import Reason, verdict
from lamella.transforms.rules import Violation


class BadMedia(ValueError):
    """`reason` and `detail` as a Rejection has them; `violation` has what was measured too."""

    def __init__(
        self, reason: Reason, detail: str = "", measure: str = "", value: float | None = None, limit: float | None = None
    ):
        super().__init__(reason, verdict(measure, value, limit, detail))
        self.violation = Violation(reason, measure, value, limit, detail)

    @property
    def reason(self) -> Reason:
        return self.violation.reason

    @property
    def detail(self) -> str:
        """In words, with what was measured."""
        return self.args[1]
