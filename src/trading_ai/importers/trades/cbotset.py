"""cTrader ``.cbotset`` files: a robot's parameters, which belong to a report beside them."""

from __future__ import annotations

from dataclasses import dataclass

from trading_ai.importers.trades.ctrader_report import timeframe_of
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.json_values import mapping, parameter, text
from trading_ai.parameters import Value


@dataclass(frozen=True)
class ParameterFile:
    """What a file of parameters holds.

    Attributes:
        source: the file.
        symbol: of the chart, or "".
        timeframe: of the chart, or "".
        parameters: value by name.
    """

    source: str
    symbol: str
    timeframe: str
    parameters: dict[str, Value]


def recognises(document: Document) -> bool:
    """Whether a document is a ``.cbotset``, of older versions or of today's."""
    if document.kind == "ini":
        heads = {row[0].lower() for row in document.rows if row[0].startswith("[")}
        return "[cbotparameters]" in heads
    data = document.data
    return (
        isinstance(data, dict) and isinstance(data.get("Parameters"), dict) and data.keys() <= {"Chart", "Parameters"}
    )


def read(document: Document) -> ParameterFile:
    """Read a ``.cbotset``.

    Raises:
        DataError: a line of an older one is no ``name = value``.
    """
    if document.kind != "ini":
        data = mapping(document.data)
        chart = mapping(data.get("Chart"))
        return ParameterFile(
            document.source, text(chart, "Symbol"), timeframe_of(text(chart, "Period")),
            {name: parameter(value) for name, value in mapping(data["Parameters"]).items()},
        )  # fmt: skip
    parts: dict[str, dict[str, str]] = {}
    part = ""
    for row, (line,) in enumerate(document.rows):
        if line.startswith("["):
            part = line.strip("[] ").lower()
        elif line:
            name, sign, value = (side.strip() for side in line.partition("="))
            if not sign or not name:
                raise document.refuse("is not NAME = VALUE", row=row, value=line[:100], remedy="Save the file again")
            parts.setdefault(part, {})[name] = value
    chart_texts = {name.lower(): value for name, value in parts.get("chartparameters", {}).items()}
    return ParameterFile(
        document.source, chart_texts.get("symbol", ""), timeframe_of(chart_texts.get("timeframe", "")),
        {name: parameter(value) for name, value in parts.get("cbotparameters", {}).items()},
    )  # fmt: skip
