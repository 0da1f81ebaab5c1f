"""cTrader backtest reports: the JSON that ``report.html`` carries and the command line writes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.found import FoundTrades, make_trades
from trading_ai.importers.trades.json_values import (
    mapping,
    maybe,
    number,
    objects,
    parameter,
    text,
    time_ns,
    wrong,
)
from trading_ai.importers.trades.words import side_of

_FIGURES = {
    "netProfit": "net_profit", "profitFactor": "profit_factor", "totalTrades": "total_trades",
    "largestWinningTrade": "largest_win", "largestLosingTrade": "largest_loss", "averageTrade": "expectancy",
    "maxConsecutiveWinningTrades": "max_consecutive_wins", "maxConsecutiveLosingTrades": "max_consecutive_losses",
}  # fmt: skip
_FALLS = {
    "maxBalanceDrawdownAbsolute": "max_balance_drawdown", "maxBalanceDrawdownPercent": "max_balance_drawdown_percent",
    "maxEquityDrawdownAbsolute": "max_drawdown", "maxEquityDrawdownPercent": "max_drawdown_percent",
}  # fmt: skip
_TIMEFRAMES = {"m": "M", "h": "H", "d": "D", "w": "W"}


def recognises(document: Document) -> bool:
    """Whether a document is a cTrader report."""
    data = mapping(document.data)
    return (
        "main" in data and "history" in data and bool(data.keys() & {"tradeStatistics", "tradingStatistics", "equity"})
    )


def read(document: Document) -> FoundTrades:
    """Read a cTrader report.

    Raises:
        DataError: a field is damaged, or the summary counts other trades than there are.
    """
    data = mapping(document.data)
    main = mapping(data["main"])
    items = objects(document, mapping(data["history"]).get("items"), "history.items")
    found = FoundTrades(
        document, make_trades([_trade(document, item, f"history.items[{i}]") for i, item in enumerate(items)]),
        [text(item, "symbol") or text(main, "symbol") for item in items],
        aware=True, clock="UTC", clock_how="the format holds milliseconds of UTC",
        account_currency=text(main, "depositAsset"), strategy=text(main, "cBotName"),
        timeframe=timeframe_of(text(main, "period")),
    )  # fmt: skip
    capital = maybe(document, main, "startingCapital", "main")
    found.capital = None if math.isnan(capital) else capital
    if isinstance(data.get("parameters"), list):
        for item in objects(document, data["parameters"], "parameters"):
            name = text(item, "propertyName") or text(item, "displayName")
            if name:
                found.parameters[name] = parameter(item.get("value"))
    _read_costs(found, main)
    _read_figures(found, data)
    n_said = found.summary.get("total_trades")
    if n_said is not None and n_said != len(items):
        raise document.refuse(
            f"lists {len(items):,} closed trades, but its summary counts {n_said:,.0f}",
            parameter="tradeStatistics.totalTrades.all", remedy="Export it again; it was changed",
        )  # fmt: skip
    n_open = len(mapping(data.get("positions")).get("items") or [])
    if n_open:
        found.notes.append(f"{n_open:,} positions were open at the end and are left out")
    found.notes.append("the report holds no stops and targets; import its events.json beside it for them")
    return found


def _trade(document: Document, item: Mapping[str, Any], path: str) -> dict[str, float]:
    direction = side_of(text(item, "direction"))
    if not direction:
        raise wrong(document, f"{path}.direction", item.get("direction"), "is neither Buy nor Sell")
    commissions, swaps = (maybe(document, item, key, path) for key in ("commissions", "swaps"))
    return {
        "entry_time_ns": time_ns(document, item, "entryTime", path),
        "exit_time_ns": time_ns(document, item, "closeTime", path),
        "direction": direction,
        "size": number(document, item, "volume", path),
        "entry_price": number(document, item, "entryPrice", path),
        "exit_price": number(document, item, "closePrice", path),
        "gross_profit": maybe(document, item, "gross", path),
        "commission": abs(commissions),  # shown as a charge with either sign
        "swap": swaps,
        "net_profit": number(document, item, "net", path),
    }


def _read_costs(found: FoundTrades, main: Mapping[str, Any]) -> None:
    spread, commissions = main.get("spread"), mapping(main.get("commissions"))
    if isinstance(spread, dict):
        found.costs["spread"] = " ".join(str(spread[key]) for key in ("type", "value") if spread.get(key) is not None)
    elif spread is not None:
        found.costs["spread"] = str(spread)
    if commissions:
        shown = (commissions[key] for key in ("type", "value") if commissions.get(key) is not None)
        found.costs["commission"] = " ".join(map(str, shown))
    if main.get("accountLeverage") is not None:
        found.costs["leverage"] = f"1:{main['accountLeverage']}"


def _read_figures(found: FoundTrades, data: Mapping[str, Any]) -> None:
    document = found.document
    statistics = mapping(data.get("tradeStatistics") or data.get("tradingStatistics"))

    def say(name: str, item: Mapping[str, Any], key: str, path: str) -> None:
        value = maybe(document, item, key, path)
        if not math.isnan(value):
            # JSON shows all its digits; half a cent is what sums of rounded trades may differ by.
            found.summary[name] = value
            found.decimals[name] = 0 if name.startswith(("total", "max_consecutive")) else 2

    for key, name in _FIGURES.items():
        say(name, mapping(statistics.get(key)), "all", f"tradeStatistics.{key}")
    for side in ("long", "short"):
        say(f"{side}_trades", mapping(statistics.get("totalTrades")), side, "tradeStatistics.totalTrades")
        say(f"{side}_net_profit", mapping(statistics.get("netProfit")), side, "tradeStatistics.netProfit")
    commissions = maybe(document, mapping(statistics.get("commissions")), "all", "tradeStatistics.commissions")
    swaps = maybe(document, mapping(statistics.get("swaps")), "all", "tradeStatistics.swaps")
    for name, value in (("commission_paid", abs(commissions)), ("swap_paid", 0.0 - swaps)):
        if not math.isnan(value):
            found.summary[name], found.decimals[name] = value, 2
    won = maybe(document, mapping(statistics.get("winningTrades")), "all", "tradeStatistics.winningTrades")
    total = found.summary.get("total_trades", 0.0)
    if not math.isnan(won) and total:
        found.summary["win_rate"], found.decimals["win_rate"] = 100.0 * won / total, 2
    for key, name in _FALLS.items():
        say(name, mapping(data.get("equity")), key, "equity")


def timeframe_of(period: str) -> str:
    """Our name of a cTrader timeframe: ``m5`` is M5, ``D1`` is D1; others as they are."""
    if period[:1] in _TIMEFRAMES and period[1:].isdigit():
        return _TIMEFRAMES[period[:1]] + period[1:]
    words = {"hour": "H1", "minute": "M1", "daily": "D1", "weekly": "W1", "monthly": "MN"}
    lower = period.lower()
    if lower in words:
        return words[lower]
    for word, letter in (("minute", "M"), ("hour", "H")):
        if lower.startswith(word) and lower[len(word) :].isdigit():
            return letter + lower[len(word) :]
    return period.upper()
