"""The strategies of docs/how-to/write-an-event-strategy.md: each is compiled, and trades."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import trading_ai as ta
from tests.fakes.bars import EURUSD, USDJPY, random_bars
from trading_ai.evaluation.event_runs import why_not_compiled
from trading_ai.strategies.registry import strategy

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-an-event-strategy.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
NAMES = {
    found[1]: text for text in EXAMPLES if (found := re.search(r"^class (\w+)\(EventStrategy\)", text, re.MULTILINE))
}


def test_the_page_has_its_strategies():
    assert set(NAMES) == {"Breakout", "GiveBack", "PairsTrade", "Straddle", "WithTheYen"}


@pytest.mark.compiles
@pytest.mark.parametrize("name", sorted(NAMES.keys() - {"PairsTrade"}))
def test_each_is_compiled_and_trades(name, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(NAMES[name], encoding="utf-8")
    yen = random_bars(1500, 3, symbol=USDJPY, start=110.0)
    bars = random_bars(1500, 2).with_others([yen])
    assert why_not_compiled(strategy(f"{file}:{name}"), bars) == ""
    assert len(ta.backtest(bars, f"{file}:{name}").trades) > 10


def test_who_trades_two_symbols_runs_in_python(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(NAMES["PairsTrade"], encoding="utf-8")
    pound = random_bars(1500, 4, symbol=replace(EURUSD, name="GBPUSD", base_currency="GBP"), start=1.3)
    bars = random_bars(1500, 2)
    assert why_not_compiled(strategy(str(file)), bars.with_others([pound])) != ""
    trades = ta.backtest(bars, str(file), others=[pound]).trades
    assert set(trades["symbol"].tolist()) == {"EURUSD", "GBPUSD"}
    assert len(trades) > 10
