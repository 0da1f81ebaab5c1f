"""Reports as the platforms wrote them, which are not part of the repository: sums to the cent."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from tests.integration.trade_imports.test_refusals import mutated
from tests.shared_data import DATA, needs_shared_data
from trading_ai.errors import DataError
from trading_ai.importers.read import read_bars
from trading_ai.importers.trades.read import ImportedTrades, read_trades

pytestmark = needs_shared_data
REPORTS = DATA / "reports"


def one(name: str, **options: str) -> ImportedTrades:
    (found,) = read_trades(REPORTS / name, **options)
    return found


@pytest.mark.parametrize(
    ("name", "n_trades", "net", "capital"),
    [
        ("mt4_EURUSD_D1_2024_SL40TP50_49trades.htm.gz", 49, 13_049.86, 100_000.0),
        ("mt5_ReportTester_XAUUSD_M5_1001trades_utf16.html.gz", 1001, -499.25, 3000.0),
    ],
)
def test_tester_reports_agree_with_their_summaries(name: str, n_trades: int, net: float, capital: float) -> None:
    found = one(name)
    assert len(found.trades.trades) == n_trades
    assert round(float(found.trades.trades["net_profit"].sum()), 2) == net
    assert found.trades.capital == capital
    assert found.trades.account_currency == "USD"
    by_status: dict[str, set[str]] = {}
    for figure in found.figures:
        by_status.setdefault(figure.status, set()).add(figure.name)
    assert set(by_status) == {"equal", "not_computed"}
    assert by_status["not_computed"] <= {"max_drawdown", "max_drawdown_percent", "recovery_factor"}
    assert len(by_status["equal"]) >= 17


def test_mt4_exits_lie_on_their_levels() -> None:
    trades = one("mt4_EURUSD_D1_2024_SL40TP50_49trades.htm.gz").trades.trades
    at_target = trades["exit_reason"] == 2
    assert (trades["exit_price"][at_target] == trades["take_profit"][at_target]).all()
    assert at_target.sum() == 36


def test_ctrader_history_with_overlapping_positions() -> None:
    found = one("ctrader_history_2015-06-20_EURUSD_m5.xml.gz")
    assert (len(found.trades.trades), found.trades.account_currency) == (319, "EUR")
    assert round(float(found.trades.trades["net_profit"].sum()), 2) == 2745.13
    assert any("were opened while another was open" in note for note in found.trades.notes)


def test_times_that_no_bars_explain_are_doubted() -> None:
    # This export's first entry lies in the market's hour; most others are sold where the market never was.
    bars = read_bars(DATA / "fx_h1" / "lean_oanda_eurusd_hour.zip", symbol="EURUSD").bars
    (found,) = read_trades(REPORTS / "ctrader_history_2015-06-20_EURUSD_m5.xml.gz", bars=bars)
    assert found.clock is not None
    assert found.clock.n_fills == 638
    assert found.clock.inside < 0.1
    assert "no other clock explains them" in found.clock.doubt


def test_ctrader_events() -> None:
    found = one("ctrader_events_first25positions.json", symbol="US500")
    assert len(found.trades.trades) == 25
    assert found.trades.capital == 420.0
    assert (found.trades.trades["exit_reason"] == 1).sum() == 24
    assert [figure.status for figure in found.figures] == ["equal"]


def test_parameters_of_both_kinds_join_a_report(tmp_path: Path) -> None:
    (tmp_path / "events.json").write_bytes((REPORTS / "ctrader_events_first25positions.json").read_bytes())
    for name, parameter in (
        ("ctrader_new_json_TC-US100.cbotset", ("StopScale", 2.5)),
        ("ctrader_old_ini_Mechanic_EURUSD_m1.cbotset", ("TakeProfit", 5)),
    ):
        (tmp_path / "parameters.cbotset").write_bytes((REPORTS / name).read_bytes())
        (found,) = read_trades(tmp_path, symbol="US500")
        assert found.trades.parameters[parameter[0]] == parameter[1]
        assert found.timeframe == "M1"


@pytest.mark.parametrize(
    "name", ["mt4_EURUSD_D1_2024_SL40TP50_49trades.htm.gz", "ctrader_events_first25positions.json"]
)
def test_cut_and_changed_copies_are_refused_or_whole(name: str, tmp_path: Path) -> None:
    content = (REPORTS / name).read_bytes()
    content = gzip.decompress(content) if name.endswith(".gz") else content
    path = tmp_path / "x"
    for number in range(40):
        rng = random.Random(number)
        path.write_bytes(
            content[: rng.randrange(len(content) - 200)] if number % 2 else mutated(content, rng, [content])
        )
        try:
            read_trades(path, symbol="US500" if name.endswith("json") else None)
        except DataError:
            continue
        assert number % 2 == 0  # a copy that is cut is never read
