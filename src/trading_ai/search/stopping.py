"""When to stop before everything was tried."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trading_ai.errors import ParameterError


@dataclass(frozen=True)
class StopRule:
    """Limits to a search; None for no limit.

    Attributes:
        max_trials: stop after so many trials.
        max_seconds: stop after so long.
        stagnation: stop after so many trials without a better one.

    Raises:
        ParameterError: a limit is not above zero.
    """

    max_trials: int | None = None
    max_seconds: float | None = None
    stagnation: int | None = None

    def __post_init__(self) -> None:
        for field in ("max_trials", "max_seconds", "stagnation"):
            value = getattr(self, field)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ParameterError("must be above zero", parameter=field, value=value)

    def stop(self, n_trials: int, seconds: float, best_at: int) -> str:
        """Why to stop now; empty to go on.

        Args:
            n_trials: number of trials so far.
            seconds: time so far.
            best_at: number of trials when the best one was found, 0 if none has a score.
        """
        if self.max_trials is not None and n_trials >= self.max_trials:
            return f"{n_trials:,} trials are done, the limit is {self.max_trials:,}"
        if self.max_seconds is not None and seconds >= self.max_seconds:
            return f"{seconds:,.0f} s have passed, the limit is {self.max_seconds:,.0f} s"
        if self.stagnation is not None and n_trials - best_at >= self.stagnation:
            return f"no better one in {n_trials - best_at:,} trials, the limit is {self.stagnation:,}"
        return ""
