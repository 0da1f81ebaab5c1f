"""freqtrade backtest results: the JSON, of one strategy or several, of a zip or by itself."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from trading_ai.engine.records import END_OF_DATA, SIGNAL, STOP_LOSS, STOP_OUT, TAKE_PROFIT, TRAILING_STOP
from trading_ai.importers.datetimes import guess_time_format, parse_times
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.found import FoundTrades, make_trades
from trading_ai.importers.trades.json_values import mapping, maybe, number, objects, text, time_ns, wrong

_REASONS = {
    "roi": TAKE_PROFIT, "stop_loss": STOP_LOSS, "stoploss_on_exchange": STOP_LOSS, "trailing_stop_loss": TRAILING_STOP,
    "force_exit": END_OF_DATA, "force_sell": END_OF_DATA, "liquidation": STOP_OUT,
}  # fmt: skip
_FIGURES = {
    "profit_total_abs": ("net_profit", 2), "total_trades": ("total_trades", 0), "profit_factor": ("profit_factor", 4),
    "trade_count_long": ("long_trades", 0), "trade_count_short": ("short_trades", 0), "expectancy": ("expectancy", 2),
    "max_drawdown_abs": ("max_balance_drawdown", 2), "max_consecutive_wins": ("max_consecutive_wins", 0),
    "max_consecutive_losses": ("max_consecutive_losses", 0),
}  # fmt: skip
_TIMEFRAME = re.compile(r"(\d+)([mhdw])")


def recognises(document: Document) -> bool:
    """Whether a document is a result of freqtrade."""
    strategies = mapping(document.data).get("strategy")
    return isinstance(strategies, dict) and all(
        isinstance(item, dict) and "trades" in item for item in strategies.values()
    )


def read(document: Document) -> Sequence[FoundTrades]:
    """Read a result of freqtrade: one list of trades a strategy.

    Raises:
        DataError: a field is damaged, or a summary counts other trades than there are.
    """
    return [_read_strategy(document, name, mapping(item)) for name, item in mapping(document.data)["strategy"].items()]


def _read_strategy(document: Document, name: str, item: Mapping[str, Any]) -> FoundTrades:
    path = f"strategy.{name}"
    every = objects(document, item["trades"], f"{path}.trades")
    closed = [(i, trade) for i, trade in enumerate(every) if not trade.get("is_open") and trade.get("close_rate")]
    found = FoundTrades(
        document, make_trades([_trade(document, trade, f"{path}.trades[{i}]") for i, trade in closed]),
        [text(trade, "pair").partition(":")[0] for _, trade in closed], aware=True, clock="UTC",
        clock_how="the format holds UTC", account_currency=text(item, "stake_currency"), strategy=name,
    )  # fmt: skip
    capital = maybe(document, item, "starting_balance", path)
    found.capital = None if math.isnan(capital) else capital
    timeframe = _TIMEFRAME.fullmatch(text(item, "timeframe"))
    if timeframe:
        found.timeframe = timeframe[2].upper() + timeframe[1]
    for key in ("stoploss", "trailing_stop", "trailing_stop_positive", "trailing_stop_positive_offset", "minimal_roi",
                "max_open_trades", "stake_amount"):  # fmt: skip
        value = item.get(key)
        if isinstance(value, bool | int | float | str):
            found.parameters[key] = value
        elif isinstance(value, dict):
            found.parameters[key] = ", ".join(f"{minutes}: {share}" for minutes, share in value.items())
    for key, (metric, decimals) in _FIGURES.items():
        value = maybe(document, item, key, path)
        if not math.isnan(value):
            found.summary[metric], found.decimals[metric] = value, decimals
    n_said = found.summary.get("total_trades")
    if n_said is not None and n_said != len(every):
        raise wrong(document, f"{path}.total_trades", n_said, f"is not the number of trades listed, {len(every):,}")
    if len(closed) != len(every):
        found.notes.append(f"{len(every) - len(closed):,} trades were open at the end and are left out")
    found.notes.append("commissions are the fees' rates times what was traded; the result does not hold them as money")
    found.notes.append("stops are those of the entry; the rates of the exits are the strategy's")
    return found


def _trade(document: Document, item: Mapping[str, Any], path: str) -> dict[str, float]:
    amount, entry, exit_ = (number(document, item, key, path) for key in ("amount", "open_rate", "close_rate"))
    net = number(document, item, "profit_abs", path)
    fee_open, fee_close = (maybe(document, item, key, path) for key in ("fee_open", "fee_close"))
    funding = maybe(document, item, "funding_fees", path)
    swap = 0.0 if math.isnan(funding) else funding
    commission = amount * (entry * fee_open + exit_ * fee_close)
    reason = text(item, "exit_reason") or text(item, "sell_reason")
    return {
        "entry_time_ns": _time(document, item, "open", path), "exit_time_ns": _time(document, item, "close", path),
        "direction": -1 if item.get("is_short") else 1, "exit_reason": _REASONS.get(reason, SIGNAL), "size": amount,
        "entry_price": entry, "exit_price": exit_, "stop_loss": maybe(document, item, "initial_stop_loss_abs", path),
        "gross_profit": net + commission - swap, "commission": commission, "swap": swap, "net_profit": net,
    }  # fmt: skip


def _time(document: Document, item: Mapping[str, Any], which: str, path: str) -> int:
    if item.get(f"{which}_timestamp") is not None:
        return time_ns(document, item, f"{which}_timestamp", path)
    shown = item.get(f"{which}_date")
    if isinstance(shown, int | float) and not isinstance(shown, bool):
        return time_ns(document, item, f"{which}_date", path)
    form = guess_time_format([shown]) if isinstance(shown, str) else None
    if form is not None and not form.undecided:
        times, bad = parse_times(pl.Series([shown]), form)
        if not bad.any():
            return int(times[0])
    raise wrong(document, f"{path}.{which}_date", shown, "is not a time")
