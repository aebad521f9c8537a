"""Why bytes are no picture or clip that we take: the Violation that a decoder raises and a Rejection holds."""

from typing import Self

from lamella.schemas.errors import DataError
from lamella.schemas.rejection import Reason, verdict
from lamella.transforms.base.rule import Violation


class BadMedia(DataError, ValueError):
    """`reason` and `detail` as a Rejection has them; `violation` has what was measured too."""

    def __init__(self, reason: Reason, detail: str = ""):
        super().__init__(reason, detail)
        self.violation = Violation(reason, detail=detail)

    @classmethod
    def of(cls, violation: Violation) -> Self:
        error = cls(violation.reason, verdict(*violation[1:]))
        error.violation = violation
        return error

    @property
    def reason(self) -> Reason:
        return self.violation.reason

    @property
    def detail(self) -> str:
        """In words, with what was measured."""
        return self.args[1]
