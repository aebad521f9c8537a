"""How a command ends: exit codes, and the exception that carries one with its line."""

from lamella.schemas.errors import DONE, FAILED, PAST_LIMIT, WRONG_CONFIG, LamellaError

__all__ = ["DONE", "FAILED", "PAST_LIMIT", "WRONG_CONFIG", "Stop"]


class Stop(LamellaError):
    """Ends the command with a code and, where it says something, one line."""

    def __init__(self, exit_code: int, line: str = ""):
        super().__init__(line)
        self.exit_code, self.line = exit_code, line
