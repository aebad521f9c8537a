"""Values -> a frozen configuration, or a refusal of unknown keys and of bounds that nothing can meet.

Bounds are found by their names: `max_words` is the upper bound of the measure whose lower bound is `min_words`. A model lists
in `ORDERED` the pairs that names do not show.
"""

from collections.abc import Iterator
from operator import attrgetter
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

Share = Annotated[float, Field(ge=0.0, le=1.0)]  # a part over its whole
Cosine = Annotated[float, Field(ge=-1.0, le=1.0)]  # similarity of two embeddings
Aspect = Annotated[float, Field(ge=1.0)]  # longer side over shorter

LOWER, UPPER = "min_", "max_"
_CROSSED = "crossed_bounds"
_SHOWN = 60  # characters of a value in an error

# Pydantic's kinds of error in our words; what is not listed keeps pydantic's.
_WORDS = {
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "extra_forbidden": "no such key",
    "literal_error": "must be {expected}",
    "finite_number": "must be a finite number",
    "string_type": "must be a text; put it in quotes",
    "tuple_type": "must be a list, such as [a, b] or a,b",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
}


class Frozen(BaseModel):
    """A configuration that cannot be changed once made, and refuses unknown keys and bounds that contradict each other."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    ORDERED: ClassVar[tuple[tuple[str, str], ...]] = ()  # (lower, upper): dotted keys of one measure

    @model_validator(mode="after")
    def _bounds_can_be_met(self) -> "Frozen":
        for low, high in bound_pairs(type(self)):
            least, most = attrgetter(low)(self), attrgetter(high)(self)
            if least is not None and most is not None and least > most:
                context = {"low": low, "least": least, "high": high, "most": most}
                raise PydanticCustomError(_CROSSED, "{low}={least} is above {high}={most}", context)
        return self


def bound_pairs(model: type[Frozen]) -> Iterator[tuple[str, str]]:
    """The (lower, upper) bounds of one measure each, by their dotted keys within the model."""
    for name in model.model_fields:
        upper = UPPER + name.removeprefix(LOWER)
        if name.startswith(LOWER) and upper in model.model_fields:
            yield name, upper
    yield from model.ORDERED


def explain(error: ValidationError) -> str:
    """The first thing that is wrong, in one line: `key: what it must be (got what it is)`."""
    first = error.errors()[0]
    at = ".".join(map(str, first["loc"]))
    if first["type"] == _CROSSED:
        found, within = first.get("ctx", {}), f"{at}." if at else ""
        low, high = (f"{within}{found[name]}={found[value]}" for name, value in (("low", "least"), ("high", "most")))
        return f"{low} is above {high}: nothing can meet both"
    says = _WORDS.get(first["type"])
    says = says.format(**first.get("ctx", {})) if says else first["msg"].removeprefix("Value error, ")
    got = "" if isinstance(first["input"], BaseModel | dict) else f" (got {_short(first['input'])})"
    return f"{at}: {says}{got}" if at else says


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # a whole number of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
