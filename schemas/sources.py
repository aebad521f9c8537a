"""A model of the configuration -> the comment beside each of its fields: a number's source is written once."""

import ast
import inspect
import io
import sys
import tokenize
from functools import cache

from pydantic import BaseModel


@cache
def sources_of(model: type[BaseModel]) -> dict[str, str]:
    """Field -> the comment on its lines, without the sign; "" where there is none. The module's own text is read."""
    text = inspect.getsource(sys.modules[model.__module__])
    comments = _comments(text)
    out = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef) and node.name == model.__name__:
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    lines = range(field.lineno, (field.end_lineno or field.lineno) + 1)
                    out[field.target.id] = " ".join(comments[line] for line in lines if line in comments)
    return out


def _comments(text: str) -> dict[int, str]:
    """Line -> its comment."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
