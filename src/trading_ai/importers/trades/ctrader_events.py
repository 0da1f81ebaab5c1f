"""cTrader ``events.json``: every event of every position; the names of events are in the platform's language."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from trading_ai.engine.records import SIGNAL, STOP_LOSS, TAKE_PROFIT
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.found import NOT_SAID, FoundTrades, make_trades
from trading_ai.importers.trades.json_values import maybe, number, objects, text, time_ns, wrong
from trading_ai.importers.trades.words import end_of, folded, side_of

_KEYS = {"positionId", "event", "time", "type", "entryPrice", "closePrice", "equity"}
_SIZE = 1e-9
_CLOSED = re.compile(
    r"clos|ferm|clotur|schlossen|cerrad|fechad|encerrad|chius|закры|zamkn|平仓|平倉|決済|청산|dong|kapat|gesloten"
)


def recognises(document: Document) -> bool:
    """Whether a document is an ``events.json``."""
    data = document.data
    return isinstance(data, list) and bool(data) and isinstance(data[0], dict) and data[0].keys() >= _KEYS


def read(document: Document) -> FoundTrades:
    """Read events.

    A position's first event opens it, whatever its name; one with a ``closePrice`` closes it, or a part of it. Names
    tell only how it ended; where a name is of an unknown language, the levels tell.

    Raises:
        DataError: a field is damaged, an event is missing, or balances do not add up.
    """
    events = objects(document, document.data, "events")
    opened: dict[Any, Mapping[str, Any]] = {}
    left: dict[Any, float] = {}
    rows: list[dict[str, float]] = []
    balance: float | None = None
    last_serial: float | None = None
    for i, event in enumerate(events):
        path = f"[{i}]"
        serial = maybe(document, event, "serial", path)
        if last_serial is not None and not math.isnan(serial) and serial != last_serial + 1:
            raise wrong(document, f"{path}.serial", event.get("serial"), f"does not follow {last_serial:.0f}")
        last_serial = None if math.isnan(serial) else serial
        position = event.get("positionId")
        if position is None:
            continue  # an order that is not filled
        if math.isnan(maybe(document, event, "entryPrice", path)):
            continue
        if position not in opened:
            opened[position] = event
            left[position] = number(document, event, "volume", path)
        if math.isnan(maybe(document, event, "closePrice", path)):
            if math.isnan(maybe(document, event, "balance", path)):
                _first_levels(opened[position], event)
            continue
        size = min(number(document, event, "volume", path), left[position])
        if size <= 0.0:
            raise wrong(document, f"{path}.positionId", position, "is closed twice")
        left[position] -= size
        rows.append(_trade(document, opened[position], event, size, i))
        after = maybe(document, event, "balance", path)
        if balance is not None and not math.isnan(after) and abs(balance + rows[-1]["net_profit"] - after) > 0.0251:
            rows[-1]["net_profit"] = after - balance  # with costs, which the events do not name
        balance = after if not math.isnan(after) else balance
    found = FoundTrades(
        document, make_trades(rows), [""] * len(rows), aware=True, clock="UTC",
        clock_how="the format holds milliseconds of UTC",
    )  # fmt: skip
    _first_balance(found, events)
    n_open = sum(size > _SIZE for size in left.values())
    if n_open:
        found.notes.append(f"{n_open:,} positions were open at the end and are left out")
    n_by_level = sum(row["exit_reason"] == NOT_SAID for row in rows)
    if n_by_level:
        found.notes.append(f"how {n_by_level:,} trades ended is not told: their events' names are not known")
    found.notes.append("the format names no symbol, account currency, costs or parameters")
    found.notes.append("stops and targets are those of the entry; later ones moved them")
    return found


def _first_levels(opening: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    """Levels that are set in the very moment of the entry are the entry's."""
    if event is not opening and event.get("time") == opening.get("time") and isinstance(opening, dict):
        for key in ("sl", "tp"):
            if opening.get(key) is None:
                opening[key] = event.get(key)


def _trade(
    document: Document, opening: Mapping[str, Any], event: Mapping[str, Any], size: float, at: int
) -> dict[str, float]:
    path = f"[{at}]"
    direction = side_of(text(opening, "type"))
    if not direction:
        raise wrong(document, f"{path}.type", opening.get("type"), "is neither Buy nor Sell")
    gross, close = number(document, event, "grossProfit", path), number(document, event, "closePrice", path)
    stop, target = maybe(document, event, "sl", path), maybe(document, event, "tp", path)
    reason = end_of(
        text(event, "event"), otherwise=SIGNAL if _CLOSED.search(folded(text(event, "event"))) else NOT_SAID
    )
    if reason == NOT_SAID:
        if not math.isnan(stop) and (close - stop) * direction <= 0.0:
            reason = STOP_LOSS
        elif not math.isnan(target) and (close - target) * direction >= 0.0:
            reason = TAKE_PROFIT
    return {
        "entry_time_ns": time_ns(document, opening, "time", path),
        "exit_time_ns": time_ns(document, event, "time", path),
        "direction": direction, "exit_reason": reason, "size": size,
        "entry_price": number(document, opening, "entryPrice", path), "exit_price": close,
        "stop_loss": maybe(document, opening, "sl", path), "take_profit": maybe(document, opening, "tp", path),
        "gross_profit": gross, "net_profit": gross, "row": at,
    }  # fmt: skip


def _first_balance(found: FoundTrades, events: list[Mapping[str, Any]]) -> None:
    """The capital: the equity of the first event, before anything moved."""
    if events:
        equity = maybe(found.document, events[0], "equity", "[0]")
        if not math.isnan(equity):
            found.capital = equity
    closing = [event for event in events if event.get("closePrice") is not None]
    last = maybe(found.document, closing[-1], "balance", "[-1]") if closing else math.nan
    if found.capital is not None and not math.isnan(last):
        found.summary["net_profit"], found.decimals["net_profit"] = last - found.capital, 2
