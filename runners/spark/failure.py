"""An error of Spark -> a RuntimeError of one line: a Java trace of two hundred lines hides the line that matters."""

import contextlib
import re
from collections.abc import Iterator

_OF_A_WORKER = "Error from python worker:"
_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([\w.]{1,200})'")
_LOST = re.compile(r"ExecutorLostFailure|Unable to get executor|All masters are unresponsive")


@contextlib.contextmanager
def one_line(label: str) -> Iterator[None]:
    """Errors of Spark's are raised again as RuntimeErrors: `LABEL: what a function raised`, or what Spark has to say."""
    from py4j.protocol import Py4JError, Py4JJavaError

    try:
        yield
    except Py4JJavaError as error:
        raise RuntimeError(f"{label}: {said(str(error.java_exception))}") from error
    except (Py4JError, ConnectionError) as error:
        raise RuntimeError(f"{label}: Spark's driver has ended: {said(str(error))}") from error


def said(message: str) -> str:
    """The line of a Java exception that tells: a Python function's error, or the first line.

    said("...PythonException: Traceback (most recent call last):\\n  File ...\\nOSError: no space\\n\\n\\tat org.apache...")
    == "OSError: no space"
    """
    if missing := _NO_MODULE.search(message.partition(_OF_A_WORKER)[2]):
        return f"a worker's Python has no {missing[1]}: install lamella there, or send it with --py-env"
    _, traceback, rest = message.partition("Traceback (most recent call last):")
    if traceback:
        lines = rest.split("\n\tat ", 1)[0].rstrip().splitlines()
        told = [line for line in lines if line and not line.startswith((" ", "Traceback", "During", "The above"))]
        if told:
            return told[-1].removeprefix("RuntimeError: ")
    lines = [line for line in message.splitlines() if line.strip() and not line.startswith("\tat ")] or [""]
    lost = next((line for line in lines if _LOST.search(line)), None)
    return (lost or lines[0]).strip()
