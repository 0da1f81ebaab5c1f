"""A trial's parameters as files of trading platforms."""

from __future__ import annotations

import json
from collections.abc import Mapping

from trading_ai.parameters import Value

FORMATS = (".json", ".cbotset", ".set")


def parameter_file(
    suffix: str, parameters: Mapping[str, Value], symbol: str, timeframe: str, optimization_id: str, rank: int
) -> str:
    """The text of a parameter file.

    Args:
        suffix: one of `FORMATS`: plain JSON, cTrader's `.cbotset` (JSON, every value a string), or MetaTrader's
            `.set` (a line ``name=value`` each).
        parameters: every parameter.
        symbol: symbol they were found on.
        timeframe: timeframe they were found on.
        optimization_id: where they come from.
        rank: rank of the trial there.
    """
    if suffix == ".set":
        head = f"; optimization {optimization_id}, rank {rank}, {symbol} {timeframe}"
        return "\r\n".join([head, *(f"{_camel(name)}={_text(value)}" for name, value in parameters.items())]) + "\r\n"
    if suffix == ".cbotset":
        chart = {"Symbol": symbol, "Period": _ctrader_period(timeframe)}
        named = {_camel(name): _text(value) for name, value in parameters.items()}
        return json.dumps({"Chart": chart, "Parameters": named}, indent=2) + "\n"
    about = {"optimization_id": optimization_id, "rank": rank, "symbol": symbol, "timeframe": timeframe}
    return json.dumps({**about, "parameters": dict(parameters)}, indent=2) + "\n"


def _camel(name: str) -> str:
    """`stop_loss` as the property name `StopLoss`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _ctrader_period(timeframe: str) -> str:
    """`H1` as `h1`; days, weeks and months are written in words there."""
    words = {"D1": "Daily", "W1": "Weekly", "MN1": "Monthly"}
    return words.get(timeframe, timeframe.lower())
