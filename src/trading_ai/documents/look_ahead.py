"""What the look-ahead check found as JSON."""

from __future__ import annotations

from typing_extensions import TypedDict

from trading_ai.documents.forms import form
from trading_ai.parameters import Combination
from trading_ai.strategies import lookahead


@form(of=lookahead.LookAhead)
class LookAhead(TypedDict):
    """A signal that changed when later bars were taken away."""

    signal: str
    bar: int
    n_bars: int
    with_future: bool
    without_future: bool
    border: str
    parameters: Combination
    is_repeatable: bool


@form(of=lookahead.LookAheadCheck)
class LookAheadCheck(TypedDict):
    """Whether a strategy reads the future.

    Attributes:
        strategy: the strategy.
        dataset_id: the bars that it was tried on.
        reads_the_future: whether a signal changed; null where nothing could be compared.
        summary: what was found, as a sentence.
    """

    strategy: str
    dataset_id: str
    reads_the_future: bool | None
    summary: str
    n_cuts: int
    n_different: int
    n_sets: int
    borders: dict[str, int]
    found: list[LookAhead]


def look_ahead_json(strategy: str, dataset_id: str, check: lookahead.LookAheadCheck) -> LookAheadCheck:
    """What the check of a strategy on a dataset found."""
    found: list[LookAhead] = [
        {
            "signal": each.signal,
            "bar": each.bar,
            "n_bars": each.n_bars,
            "with_future": each.with_future,
            "without_future": each.without_future,
            "border": each.border,
            "parameters": dict(each.parameters),
            "is_repeatable": each.is_repeatable,
        }
        for each in check.found
    ]
    return {
        "strategy": strategy,
        "dataset_id": dataset_id,
        "reads_the_future": bool(found) if check.n_cuts else None,
        "summary": str(check),
        "n_cuts": check.n_cuts,
        "n_different": check.n_different,
        "n_sets": check.n_sets,
        "borders": dict(check.borders),
        "found": found,
    }
