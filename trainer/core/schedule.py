"""A step's number -> its learning rate: a linear warm-up, then a constant or a cosine."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Warm-up, then a constant (Alayrac et al. 2022, A.2.2), or a cosine down to `final` of the peak (Radford et al. 2021).

    Args:
        peak: the highest rate.
        warmup_steps: on which the rate rises in a line; 0: none.
        steps: at which the cosine ends; None: the rate stays at its peak.
        final: share of the peak that is left at the cosine's end.
    """

    peak: float
    warmup_steps: int
    steps: int | None = None
    final: float = 0.0

    def rate(self, step: int) -> float:
        """Of the update that makes step `step` + 1."""
        if step < self.warmup_steps:
            return self.peak * (step + 1) / self.warmup_steps
        if self.steps is None:
            return self.peak
        along = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)  # 0 to 1
        return self.peak * (self.final + (1 - self.final) * (1 + math.cos(math.pi * along)) / 2)
