# Beam to a type checker: nothing is known. Its own annotations call whatever a transform gives a PValue, and so deny the named
# outputs (`outcome.kept`) of every stage; its operators `|` and `>>` are a language that no checker follows.
from typing import Any

def __getattr__(name: str) -> Any: ...
