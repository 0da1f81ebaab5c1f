"""A trial's parameters as files of trading platforms."""

from __future__ import annotations

import json

from trading_ai.documents.trials import ParameterSet
from trading_ai.parameters import Value

FORMATS = (".json", ".cbotset", ".set")


def parameter_file(suffix: str, found: ParameterSet) -> str:
    """The text of a parameter file.

    Args:
        suffix: one of `FORMATS`: plain JSON, cTrader's `.cbotset` (JSON, every value a string), or MetaTrader's
            `.set` (a line ``name=value`` each).
        found: every parameter, and what they were found on.
    """
    parameters, symbol, timeframe = found["parameters"], found["symbol"], found["timeframe"]
    if suffix == ".set":
        head = f"; optimization {found['optimization_id']}, rank {found['rank']}, {symbol} {timeframe}"
        return "\r\n".join([head, *(f"{_camel(name)}={_text(value)}" for name, value in parameters.items())]) + "\r\n"
    if suffix == ".cbotset":
        chart = {"Symbol": symbol, "Period": _ctrader_period(timeframe)}
        named = {_camel(name): _text(value) for name, value in parameters.items()}
        return json.dumps({"Chart": chart, "Parameters": named}, indent=2) + "\n"
    return json.dumps(found, indent=2) + "\n"


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
