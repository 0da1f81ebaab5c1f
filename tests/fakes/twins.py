"""Runs one combination through the compiled simulators and through the reference, for comparison."""

from __future__ import annotations

import numpy as np

from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.exit_rows import ExitRows
from trading_ai.engine.orders import SAME_BARS, place_orders
from trading_ai.engine.records import N_TALLIES, STOP_OUT, TALLIES
from trading_ai.engine.reference import ReferenceSimulator
from trading_ai.engine.reference_account import Exits
from trading_ai.engine.reference_plans import PlannedReference
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.simulate import SignalGroup
from trading_ai.engine.sizing import Sizing
from trading_ai.strategies.base import Signals


class Twins:
    """Both simulators on the same bars, signals and account."""

    def __init__(
        self,
        bars,
        signals: Signals,
        *,
        capital=10_000.0,
        currency="USD",
        sizing=None,
        costs=None,
        rules=None,
        detail=None,
        bar_map=SAME_BARS,
        conversion_bars=None,
        first=0,
    ):
        self.account = Account(
            capital, sizing or Sizing("units", 10_000.0), costs or Costs(), rules or ExecutionRules()
        )
        execution = bars if detail is None else detail
        self.data = prepare(execution, self.account.costs, currency, conversion_bars).since(first)
        self.orders = place_orders(signals, len(bars), bar_map, len(execution), "test", bars).since(first)
        self.bar_map = bar_map.since(first)
        self.group = SignalGroup(self.data, self.orders, self.bar_map, self.account)

    def compiled(self, exits: Exits):
        """Trades, tallies by name, daily profit and equity of the compiled simulators."""
        row = np.array(
            [exits.stop_loss, exits.take_profit, exits.trailing_stop, exits.break_even, exits.time_exit],
            float,
        )
        trades, tallies, daily = self.group.trades(row)
        return trades, dict(zip(TALLIES, tallies.tolist(), strict=True)), daily, self.group.equity(row)

    def by_bars(self, exits: Exits):
        """Tallies of the bar-by-bar compiled simulator, whatever the rules."""
        row = np.array(
            [[exits.stop_loss, exits.take_profit, exits.trailing_stop, exits.break_even, exits.time_exit]],
            float,
        )
        tallies = np.empty((1, N_TALLIES))
        self.group._bars(row, tallies, np.zeros((1, 0), np.float32))
        return dict(zip(TALLIES, tallies[0].tolist(), strict=True))

    def by_sweep(self, exits: Exits):
        """Tallies as a sweep computes them, among others with other levels."""
        row = [exits.stop_loss, exits.take_profit, exits.trailing_stop, exits.break_even, exits.time_exit]
        others = [[row[0] + 3, row[1] + 4, *row[2:]], [row[0] + 1, row[1], *row[2:]]]
        rows = np.array([others[0], row, others[1]], float)
        tallies = np.empty((3, N_TALLIES))
        daily = np.zeros((3, self.data.day_last_bar.shape[0]), np.float32)
        self.group.run(ExitRows(rows), tallies, daily)
        expected = self.reference(exits).daily_profit.astype(np.float32)
        np.testing.assert_array_equal(daily[1], expected)
        return dict(zip(TALLIES, tallies[1].tolist(), strict=True))

    def reference(self, exits: Exits):
        """What the reference simulator saw."""
        simulator = ReferenceSimulator if self.orders.plan is None else PlannedReference
        return simulator(
            self.data,
            self.orders,
            self.bar_map,
            exits,
            capital=self.account.capital,
            sizing=self.account.sizing,
            costs=self.account.costs,
            rules=self.account.rules,
        ).run()

    def agree(self, exits: Exits) -> None:
        """Assert that all simulators saw the same trades, equity, days and drawdown, bit for bit."""
        trades, tally, daily, equity = self.compiled(exits)
        expected = self.reference(exits)
        assert len(trades) == len(expected.trades)
        for name in trades.dtype.names:
            np.testing.assert_array_equal(trades[name], expected.trades[name], err_msg=name)
        np.testing.assert_array_equal(equity, expected.equity)
        np.testing.assert_array_equal(daily, expected.daily_profit.astype(np.float32))
        want = plain_tallies(expected, self.account.capital, self.data)
        for name, value in want.items():
            assert tally[name] == value, f"{name}: compiled {tally[name]!r}, reference {value!r}"
        bars_tally = self.by_bars(exits)
        for name in TALLIES:
            assert tally[name] == bars_tally[name], f"{name}: {tally[name]!r}, bar by bar {bars_tally[name]!r}"
        for name, value in self.by_sweep(exits).items():
            assert tally[name] == value, f"{name}: {tally[name]!r}, of a sweep {value!r}"


def plain_tallies(result, capital, data) -> dict[str, float]:
    """Tallies that must match exactly, computed the plain way from the reference's result."""
    net, times = result.trades["net_profit"], data.bars.open_time_ns
    peak, peak_bar, drop, fraction, longest = capital, 0, 0.0, 0.0, 0
    for bar, equity in result.marks:
        if equity >= peak:
            if bar - peak_bar > 1:
                longest = max(longest, int(times[bar] - times[peak_bar]))
            peak, peak_bar = equity, bar
        else:
            drop, fraction = max(drop, peak - equity), max(fraction, (peak - equity) / peak)
    longest = max(longest, int(times[-1] - times[peak_bar]))
    top, fall, share = capital, 0.0, 0.0
    for balance in result.trades["balance"].tolist():
        top = max(top, balance)
        fall, share = max(fall, top - balance), max(share, (top - balance) / top)
    ruined = result.ruined_at is not None
    return {
        "n_trades": len(net),
        "n_wins": int((net >= data.cent / 2).sum()),
        "n_losses": int((net <= -data.cent / 2).sum()),
        "n_long": int((result.trades["direction"] > 0).sum()),
        "balance_drawdown": fall,
        "balance_drawdown_fraction": share,
        "equity_drawdown": drop,
        "equity_drawdown_fraction": fraction,
        "equity_drawdown_ns": float(longest),
        "n_skipped": result.skipped,
        "n_ambiguous": int(result.trades["ambiguous"].sum()),
        "bars_exposed": result.bars_exposed,
        "open_profit": result.open_profit,
        "final_equity": float(result.equity[-1]),
        "ruined": float(ruined),
        "stop_outs": int((result.trades["exit_reason"] == STOP_OUT).sum()),
        "ruined_ns": float(times[result.ruined_at] - times[0]) if ruined else 0.0,
    }
