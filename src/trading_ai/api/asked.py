"""What a request asks for, in the words of `optimization`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trading_ai.errors import InputError, ParameterError, did_you_mean
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.naming import LATEST
from trading_ai.parameters import Choices, ParameterRange, SearchSpace
from trading_ai.search.registry import METHODS

if TYPE_CHECKING:
    from trading_ai.api.schemas import OptimizeBody, RangeBody, SearchBody
    from trading_ai.optimization.records import OptimizationRecord


def axis_from(body: RangeBody) -> ParameterRange | Choices:
    """A parameter's values as the search space has them.

    Raises:
        ParameterError: neither or both of range and values are given, or the range is impossible.
    """
    ends = {"min_value": body.min_value, "max_value": body.max_value, "step": body.step}
    if body.values is not None:
        if any(end is not None for end in ends.values()):
            raise ParameterError("takes either values or min_value, max_value and step", parameter=body.name, own=True)
        return Choices(body.name, tuple(body.values))
    for name, end in ends.items():
        if end is None:
            raise ParameterError("is needed", parameter=f"{body.name}.{name}", remedy="Or give a list of values.")
    assert body.min_value is not None
    assert body.max_value is not None
    assert body.step is not None
    return ParameterRange(body.name, body.min_value, body.max_value, body.step)


def spec_from(body: SearchBody) -> OptimizationSpec:
    """What a request asks for.

    Args:
        body: the request.

    Raises:
        ParameterError: a range is impossible, the method is unknown, or the objective names a file.
    """
    given = dict(body.given()["optimization"])
    for objective in (given["objective"], *given.get("more_objectives", ())):
        if ":" in objective:
            raise ParameterError(
                "must be a metric or a formula: files of the server are not for requests to name",
                parameter="objective",
                value=objective,
            )
    if given["method"] not in METHODS:
        raise ParameterError(
            "is not a known search method",
            parameter="method",
            value=given["method"],
            remedy=did_you_mean(given["method"], METHODS) + "Use one of " + ", ".join(METHODS),
        )
    space = SearchSpace(tuple(axis_from(parameter) for parameter in body.parameters))
    return OptimizationSpec.of(body.backtest_id, space, {"optimization": given})


def check_repeated(
    record: OptimizationRecord, asked: OptimizationSpec, body: OptimizeBody, key: str, *, backtest_name: str
) -> None:
    """Refuse a request with the key of an earlier one that asked for something else.

    Args:
        record: what the earlier one started.
        asked: what this one asks for.
        body: this one.
        key: the key of both.
        backtest_name: what the user called the backtest of the earlier one.

    Raises:
        InputError: they differ.
    """
    kept = record.spec
    # Ids may be given by their beginning or by a name; a warm start counts what it begins with among the iterations.
    same_backtest = kept.backtest_id.startswith(asked.backtest_id) or asked.backtest_id in (LATEST, backtest_name)
    n = kept.max_iterations if asked.warm_start else asked.max_iterations
    same = (
        same_backtest
        and replace(asked, backtest_id=kept.backtest_id, max_iterations=n) == kept
        and (body.name, body.priority) == (record.name, record.priority)
    )
    if not same:
        raise InputError(
            f"was used by another request, which started optimization {record.optimization_id}",
            parameter="Idempotency-Key",
            value=key,
            remedy="Send a new key with a new request.",
        )
