"""How a command ends: exit codes, and the exception that carries one with its line."""

DONE, WRONG_CONFIG, PAST_LIMIT, FAILED = 0, 2, 3, 4


class Stop(Exception):
    """Ends the command with a code and, where it says something, one line."""

    def __init__(self, code: int, line: str = ""):
        super().__init__(line)
        self.code, self.line = code, line
