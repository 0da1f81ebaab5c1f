"""Bars for charts: a span of time in as many candles as can be seen, whatever the number of bars."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trading_ai.engine.records import EXIT_REASONS, symbols_of

if TYPE_CHECKING:
    from trading_ai.evaluation.ports import Artifacts
    from trading_ai.figures.equity import Curve
    from trading_ai.market.bars import Bars

_SERIES_KEPT, CANDLES, MARKED = 4, 1_500, 150
_SECOND = 1_000_000_000
_LAST_NS = 2**63 - 1


class BarsKept:
    """Bars that were looked at lately.

    Args:
        artifacts: holds the bars.
    """

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._kept: dict[str, Bars] = {}
        self._lock = threading.Lock()

    def of(self, dataset_id: str) -> Bars:
        """The bars of a dataset."""
        with self._lock:
            bars = self._kept.pop(dataset_id, None)
            if bars is None:
                bars = self._artifacts.load_bars(dataset_id)
            self._kept[dataset_id] = bars
            while len(self._kept) > _SERIES_KEPT:
                del self._kept[next(iter(self._kept))]
            return bars

    def held(self, dataset_id: str, capital: float, time_ns: npt.NDArray[np.int64]) -> Curve | None:
        """What the capital would have made in the market itself over some time; None where prices have no return."""
        from trading_ai.reports.making import bought_and_held  # noqa: PLC0415 - plotly takes 0.3 s

        bars = self.of(dataset_id)
        if not time_ns.size:
            return None
        part = slice(*np.searchsorted(bars.open_time_ns, (time_ns[0], time_ns[-1] + 1)).tolist())
        if part.stop - part.start < 2:
            return None
        return bought_and_held(bars.open[part], bars.close[part], bars.open_time_ns[part], capital)

    def window(
        self, dataset_id: str, since: int | None, until: int | None, trades: npt.NDArray[np.void] | None = None
    ) -> Mapping[str, Any]:
        """Candles between two times, and what was traded then.

        Args:
            dataset_id: whose bars.
            since: seconds since 1970, or None for the first.
            until: likewise, or None for the last. Of a span without bars the nearest one is shown.
            trades: closed trades, dtype `TRADE`.

        Returns:
            Columns of candles with times in seconds; how they were joined; trades, none where they would hide the
            candles.
        """
        from trading_ai.figures.candles import candle_starts  # noqa: PLC0415 - plotly takes 0.3 s

        bars = self.of(dataset_id)
        first = 0 if since is None else int(np.searchsorted(bars.open_time_ns, _as_ns(since)))
        first = min(first, len(bars) - 1)
        last = len(bars) if until is None else int(np.searchsorted(bars.open_time_ns, _as_ns(until), "right"))
        last = max(last, first + 1)
        part = bars.slice(first, last)
        starts, length = candle_starts(part, CANDLES)
        columns = {
            "time": (part.open_time_ns[starts] // _SECOND).tolist(),
            "open": part.open[starts].tolist(),
            "high": np.maximum.reduceat(part.high, starts).tolist(),
            "low": np.minimum.reduceat(part.low, starts).tolist(),
            "close": part.close[np.r_[starts[1:], len(part)] - 1].tolist(),
        }
        return {
            **columns,
            "length": length,
            "digits": bars.symbol.digits,
            "n_bars": len(part),
            "total": len(bars),
            "span": [int(bars.open_time_ns[0] // _SECOND), int(bars.open_time_ns[-1] // _SECOND)],
            "trades": [] if trades is None else _marks(part, starts, trades),
            "n_trades": 0 if trades is None else int(_within(part, trades).sum()),
        }


def _as_ns(seconds: int) -> int:
    """A time in nanoseconds; beyond all that 64 bits hold, the last or first that they do."""
    return max(min(seconds * _SECOND, _LAST_NS), -_LAST_NS)


def _within(part: Bars, trades: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Which trades lie in some bars: of other symbols than theirs, none."""
    first, last, name = part.open_time_ns[0], part.open_time_ns[-1], part.symbol.name
    found: npt.NDArray[np.bool_] = (trades["exit_time_ns"] >= first) & (trades["entry_time_ns"] <= last)
    found &= symbols_of(trades, name) == name
    return found


def _marks(part: Bars, starts: npt.NDArray[np.int64], trades: npt.NDArray[np.void]) -> list[dict[str, Any]]:
    """Entries and exits at the candles that hold them."""
    places = np.flatnonzero(_within(part, trades))
    if places.size > MARKED:
        return []
    slots = part.open_time_ns[starts]

    def candle(time_ns: int) -> int:
        return int(slots[max(int(np.searchsorted(slots, time_ns, "right")) - 1, 0)] // _SECOND)

    made = []
    for place in places.tolist():
        trade = trades[place]
        made.append(
            {
                "number": place + 1,
                "is_long": bool(trade["direction"] > 0),
                "entry": candle(int(trade["entry_time_ns"])),
                "exit": candle(int(trade["exit_time_ns"])),
                "entry_price": float(trade["entry_price"]),
                "exit_price": float(trade["exit_price"]),
                "net_profit": float(trade["net_profit"]),
                "reason": EXIT_REASONS[int(trade["exit_reason"])].replace("_", " "),
            }
        )
    return made
