"""Bars of another symbol as a filter: given to a call, named by a backtest, kept with its optimization."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import trading_ai as ta
from tests.fakes.bars import USDJPY, random_bars
from tests.unit.driving.test_service import House, house, space_of  # noqa: F401
from trading_ai.errors import DataError, StateError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.strategies.base import Int, Signals, Strategy
from trading_ai.strategies.indicators import crossed_above, talib
from trading_ai.strategies.levels import Level

EURO = random_bars(1200, 31, tf="M15")
YEN = random_bars(600, 32, symbol=USDJPY, start=110.0, tf="M30")

SOURCE = '''
from trading_ai.strategies.base import Int, Signals, Strategy
from trading_ai.strategies.indicators import crossed_above, talib
from trading_ai.strategies.levels import Level


class WithTheYen(Strategy):
    """Buy the euro while the yen falls."""

    length = Int(10, 2, 100, unit="bars", description="bars that are averaged")

    def signals(self, bars, length):
        yen = bars.other("USDJPY")
        rises = yen.to_bars(yen.bars.close > talib.SMA(yen.bars.close, 20))
        entries = crossed_above(bars.close, talib.SMA(bars.close, length)) & rises
        return Signals(entries, stop=Level.atr(14, 2.0), target=Level.atr(14, 3.0))
'''


class WithTheYen(Strategy):
    """The same as in the file."""

    length = Int(10, 2, 100, unit="bars", description="bars that are averaged")

    def signals(self, bars, length):
        yen = bars.other("USDJPY")
        rises = yen.to_bars(yen.bars.close > talib.SMA(yen.bars.close, 20))
        entries = crossed_above(bars.close, talib.SMA(bars.close, length)) & rises
        return Signals(entries, stop=Level.atr(14, 2.0), target=Level.atr(14, 3.0))


def test_in_a_call():
    result = ta.backtest(EURO, WithTheYen, others=[YEN])
    assert len(result.trades) > 5
    # The same as with what the yen's bars say worked out by hand.
    ends = YEN.open_time_ns + YEN.timeframe.ns
    above = YEN.close > talib.SMA(YEN.close, 20)
    known = np.searchsorted(ends, EURO.open_time_ns + EURO.timeframe.ns, side="right") - 1
    rises = np.where(known >= 0, above[np.maximum(known, 0)], False)
    entries = crossed_above(EURO.close, talib.SMA(EURO.close, 10)) & rises
    by_hand = ta.backtest(EURO, Signals(entries, stop=Level.atr(14, 2.0), target=Level.atr(14, 3.0)))
    assert result.trades.tolist() == by_hand.trades.tolist()
    with pytest.raises(DataError, match="--other"):
        ta.backtest(EURO, WithTheYen)


def test_in_a_backtest_and_its_optimization(house: House, tmp_path):  # noqa: F811
    file = tmp_path / "with_the_yen.py"
    file.write_text(SOURCE, encoding="utf-8")
    euro, yen = house.add(EURO), house.add(YEN)
    spec = BacktestSpec(f"{file}:WithTheYen", {}, euro, other_dataset_ids=(yen[:12],))
    base, result = house.backtests.run(spec)
    assert base.spec.other_dataset_ids == (yen,)
    assert BacktestSpec.from_json(base.spec.to_json()) == base.spec
    assert "other_dataset_ids" not in replace(base.spec, other_dataset_ids=()).to_json()
    assert result.trades.tolist() == ta.backtest(EURO, WithTheYen, others=[YEN]).trades.tolist()
    space = space_of("length=8:12:2")
    record = house.service.start(house.service.plan(OptimizationSpec(base.backtest_id, space)))
    assert (record.status, record.n_completed, record.n_failed) == ("completed", 3, 0)
    page = house.store.ranked(record.optimization_id, 10)
    row = page.indices.tolist().index(space.index_of({"length": 10}))
    np.testing.assert_array_equal(page.metrics[row], [base.metrics[name] for name in METRIC_NAMES])
    with pytest.raises(StateError, match="looked at"):
        house.backtests.delete_dataset(yen)
