from __future__ import annotations

import gzip
import importlib.util
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.integration.trade_imports import samples
from trading_ai.engine.records import SIGNAL, STOP_LOSS, TAKE_PROFIT
from trading_ai.errors import DataError
from trading_ai.importers.trades.read import ImportedTrades, read_trades

needs_excel = pytest.mark.skipif(
    importlib.util.find_spec("python_calamine") is None, reason="the reader of workbooks is not installed"
)


@pytest.fixture
def imported(tmp_path: Path) -> Any:
    """Reads one file of given content."""

    def read(content: bytes | str, name: str = "file", **options: Any) -> list[ImportedTrades]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_trades(path, **options)

    return read


def net(found: ImportedTrades) -> float:
    return round(float(found.trades.trades["net_profit"].sum()), 4)


def at(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


def statuses(found: ImportedTrades) -> set[str]:
    return {figure.status for figure in found.figures}


@pytest.mark.parametrize("words", ["en", "de"])
def test_mt4_orders_become_trades_with_their_first_levels(imported: Any, words: str) -> None:
    (found,) = imported(samples.mt4(words=words), "x.htm")
    trades = found.trades
    assert (found.format, found.strategy, found.timeframe, trades.symbol) == ("mt4_report", "MyRobot", "H1", "EURUSD")
    assert net(found) == 297.90
    assert trades.capital == 10_000.0
    assert trades.parameters == {"SlPips": 40, "TpPips": 50, "Comment": "a b", "UseFilter": True}
    assert trades.trades["direction"].tolist() == [1, -1, 1]
    assert trades.trades["units"].tolist() == [100_000.0, 50_000.0, 100_000.0]
    assert trades.trades["exit_reason"].tolist() == [TAKE_PROFIT, STOP_LOSS, SIGNAL]
    assert trades.trades["stop_loss"].tolist() == [1.096, 1.108, 1.099]  # not the 1.107 that it was moved to
    assert trades.trades["exit_time_ns"].tolist() == [
        at("2024-01-02T13:14"), at("2024-01-03T15:45"), at("2024-01-04T12:00")
    ]  # fmt: skip
    assert trades.account_currency == "USD"  # told by the profits: 0.005 of 100,000 is 500
    assert found.costs == {"spread": "Current (18)"}
    assert statuses(found) == {"equal", "not_computed"}
    assert {f.name for f in found.figures if f.status == "not_computed"} == {"max_drawdown", "max_drawdown_percent"}
    assert any("1 of 3 positions were opened while another was open" in note for note in trades.notes)
    assert any("UTC is assumed" in note for note in trades.notes)


def test_mt4_partial_close_goes_on_under_another_number(imported: Any) -> None:
    rows = (
        "1|2024.01.02 00:00|buy|1|1.00|1.10000|0|0||",
        "2|2024.01.02 10:00|close|1|0.40|1.10100|0|0|40.00|10040.00",
        "3|2024.01.02 11:00|close|2|0.60|1.09900|0|0|-60.00|9980.00",
    )
    (found,) = imported(samples.mt4(rows, n_trades=2, net="-20.00"))
    assert found.trades.trades["units"].tolist() == [40_000.0, 60_000.0]
    assert found.trades.trades["entry_time_ns"].tolist() == [at("2024-01-02")] * 2
    assert np.isnan(found.trades.trades["stop_loss"]).all()
    assert net(found) == -20.0


@pytest.mark.parametrize(("words", "codec"), [("en", "utf-16"), ("de", "utf-16"), ("en", "utf-8")])
def test_mt5_deals_are_tied_and_carry_both_sides_costs(imported: Any, words: str, codec: str) -> None:
    (found,) = imported(samples.mt5(words=words, codec=codec), "ReportTester.html")
    trades = found.trades
    assert (found.format, found.strategy, found.timeframe) == ("mt5_report", "Golden", "M5")
    assert (trades.symbol, trades.account_currency, trades.capital) == ("XAUUSD", "USD", 3000.0)
    assert trades.parameters == {"Lots": 0.03, "UseStop": True}
    assert trades.trades["units"].tolist() == [3.0, 2.0]
    assert trades.trades["commission"].round(2).tolist() == [0.20, 0.10]
    assert trades.trades["swap"].tolist() == [-0.20, 0.0]
    assert trades.trades["net_profit"].round(2).tolist() == [14.60, -21.10]
    assert trades.trades["stop_loss"].tolist() == [2070.0, 2050.5]
    assert trades.trades["exit_reason"].tolist() == [TAKE_PROFIT, STOP_LOSS]
    assert net(found) == -6.5
    reported = {figure.name: (figure.reported, figure.status) for figure in found.figures}
    assert reported["net_profit"] == (-6.5, "equal")
    assert reported["max_balance_drawdown_percent"][0] == 0.70
    assert reported["short_win_rate"] == (100.0, "equal")
    # 14.65 and 21.15 are the exits' profits without the entries' commissions, by 0.05 each.
    assert reported["gross_profit"][1] != "equal"


@needs_excel
def test_mt5_workbook_equals_the_page(imported: Any) -> None:
    (page,) = imported(samples.mt5())
    (book,) = imported(samples.xlsx(samples.mt5_rows()), "ReportTester.xlsx")
    assert book.trades.trades.tobytes() == page.trades.trades.tobytes()
    assert book.trades.capital == 3000.0


def test_a_workbook_without_its_reader_is_refused_with_what_to_install(
    imported: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    with pytest.raises(DataError, match="Install python-calamine"):
        imported(samples.xlsx([["a", "b"]]), "x.xlsx")


def test_mt5_exits_are_tied_by_their_profit_where_several_positions_fit(imported: Any) -> None:
    deals = (
        "2024.01.01 00:00:00|1||balance||||||0.00|0.00|3 000.00|3 000.00|",
        "2024.01.02 01:00:00|2|XAUUSD|buy|in|0.01|2000.00|2|0.00|0.00|0.00|3 000.00|",
        "2024.01.02 02:00:00|3|XAUUSD|sell|out|0.01|2010.00|3|0.00|0.00|10.00|3 010.00|",
        "2024.01.02 03:00:00|4|XAUUSD|buy|in|0.01|2000.00|4|0.00|0.00|0.00|3 010.00|",
        "2024.01.02 04:00:00|5|XAUUSD|buy|in|0.01|2005.00|5|0.00|0.00|0.00|3 010.00|",
        "2024.01.02 05:00:00|6|XAUUSD|sell|out|0.01|2015.00|6|0.00|0.00|10.00|3 020.00|",
        "2024.01.02 06:00:00|7|XAUUSD|sell|out|0.01|2015.00|7|0.00|0.00|15.00|3 035.00|",
    )
    rows = samples.mt5_rows(deals, orders=())
    rows[-1] = ["", "0.00", "0.00", "35.00", "3 035.00", ""]
    content = "\n".join("\t".join(row) for row in rows if row[0][:4] == "2024" or (row[:1] == [""] and len(row) == 6))
    (found,) = imported(content.split("Bars")[0], "deals.csv")
    trades = found.trades.trades
    assert trades["entry_price"].tolist() == [2000.0, 2000.0, 2005.0]
    assert trades["exit_time_ns"][1:].tolist() == [at("2024-01-02T06"), at("2024-01-02T05")]
    assert any("1 whose profit told another" in note for note in found.trades.notes)


def test_mt5_netting_reversal_closes_and_opens(imported: Any) -> None:
    deals = (
        "2024.01.01 00:00:00|1||balance||||||0.00|0.00|3 000.00|3 000.00|",
        "2024.01.02 01:00:00|2|XAUUSD|buy|in|0.01|2000.00|2|0.00|0.00|0.00|3 000.00|",
        "2024.01.02 02:00:00|3|XAUUSD|sell|in/out|0.03|2010.00|3|-0.30|0.00|10.00|3 009.70|",
        "2024.01.02 03:00:00|4|XAUUSD|buy|out|0.02|2000.00|4|-0.20|0.00|20.00|3 029.50|",
    )
    rows = [row.split("|") for row in deals]
    rows[0] = rows[0][:8] + rows[0][9:]
    content = "\n".join("\t".join(row) for row in [*rows, ["", "-0.50", "0.00", "30.00", "3 029.50", ""]])
    (found,) = imported(content, "deals.csv")
    trades = found.trades.trades
    assert trades["direction"].tolist() == [1, -1]
    assert trades["units"].round(6).tolist() == [1.0, 2.0]
    assert trades["commission"].round(2).tolist() == [0.10, 0.40]  # the reversal's is shared by volume
    assert net(found) == 29.5


@pytest.mark.parametrize("as_page", [True, False])
def test_ctrader_report(imported: Any, as_page: bool) -> None:
    content = samples.ctrader_page() if as_page else json.dumps(samples.ctrader_report()).encode("utf-8-sig")
    (found,) = imported(content)
    trades = found.trades
    assert (found.format, found.strategy, found.timeframe) == ("ctrader_report", "MyBot", "M5")
    assert (trades.account_currency, trades.capital, trades.parameters) == ("EUR", 1000.0, {"StopPips": 20})
    assert trades.trades["exit_time_ns"][0] == samples.LAST_MS * 1_000_000
    assert trades.trades["commission"].tolist() == [0.1, 0.1]
    assert net(found) == 6.9
    assert statuses(found) == {"equal", "not_computed"}
    assert found.costs["commission"] == "usdPerMillionUsdVolume 35"
    assert trades.clock.startswith("UTC")


@pytest.mark.parametrize("language", ["en", "fr", "xx"])
def test_ctrader_events_of_any_language(imported: Any, language: str) -> None:
    (found,) = imported(json.dumps(samples.ctrader_events(language=language)), symbol="EURUSD")
    trades = found.trades.trades
    assert trades["exit_reason"].tolist() == [TAKE_PROFIT, STOP_LOSS]
    assert trades["stop_loss"].tolist() == [1.099, 1.103]  # of the entry, not the moved one
    assert found.trades.capital == 1000.0
    assert net(found) == 7.1
    assert statuses(found) == {"equal"}


def test_ctrader_files_beside_each_other_are_one_backtest(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_bytes(samples.ctrader_page())
    (tmp_path / "events.json").write_text(json.dumps(samples.ctrader_events()))
    (tmp_path / "parameters.cbotset").write_text(
        "\ufeff" + json.dumps({"Chart": {"Symbol": "EURUSD", "Period": "m5"}, "Parameters": {"Other": "7.5"}})
    )
    (tmp_path / "log.txt").write_text("whatever")
    (found,) = read_trades(tmp_path)
    assert found.format == "ctrader_report"
    assert found.trades.trades["stop_loss"].tolist() == [1.099, 1.103]
    assert found.trades.trades["exit_reason"].tolist() == [TAKE_PROFIT, STOP_LOSS]
    assert found.trades.parameters == {"StopPips": 20, "Other": 7.5}
    assert net(found) == 6.9


def test_ctrader_history_csv_has_its_clock_and_currency_in_the_headings(imported: Any) -> None:
    (found,) = imported(samples.HISTORY_CSV, "history.csv")
    trades = found.trades
    assert (found.format, trades.account_currency, trades.clock.split(":")[0]) == ("ctrader_history", "USD", "UTC+2")
    assert trades.trades["entry_time_ns"][0] == at("2026-03-02T09:30")  # day first, as 13/03 says
    assert trades.trades["units"].tolist() == [10_000.0, 10_000.0]
    assert trades.trades["swap"].tolist() == [0.0, -0.1]
    assert trades.capital == 1000.0
    assert net(found) == 3.7


def test_ctrader_history_xml(imported: Any) -> None:
    (found,) = imported(samples.HISTORY_XML, "x.xml")
    assert (found.format, found.strategy, found.trades.account_currency) == ("ctrader_history", "bot", "EUR")
    assert found.trades.trades["units"].tolist() == [6000.0]
    assert found.trades.trades["entry_time_ns"].tolist() == [at("2015-06-01")]
    assert net(found) == -28.41


@pytest.mark.parametrize(
    ("text", "nets", "reasons", "currency"),
    [
        (samples.TRADINGVIEW_NEW, [49.75, -50.25], [TAKE_PROFIT, SIGNAL], "USDT"),
        (samples.TRADINGVIEW_NEW.removeprefix("\ufeff"), [49.75, -50.25], [TAKE_PROFIT, SIGNAL], "USDT"),
        (samples.TRADINGVIEW_OLD, [-10.0], [STOP_LOSS], "USD"),
        (samples.TRADINGVIEW_PNL, [20.0], [SIGNAL], "USD"),
        (samples.TRADINGVIEW_NEW.replace("-50.25", "−50.25"), [49.75, -50.25], [TAKE_PROFIT, SIGNAL], "USDT"),
    ],
)
def test_tradingview_lists(imported: Any, text: str, nets: list[float], reasons: list[int], currency: str) -> None:
    (found,) = imported(text, "My_Strategy_BINANCE_BTCUSDT_2024-02-01.csv", timezone="UTC")
    assert found.format == "tradingview"
    assert found.trades.symbol.startswith("BTCUSD")
    assert found.trades.trades["net_profit"].tolist() == nets
    assert found.trades.trades["exit_reason"].tolist() == reasons
    assert found.trades.account_currency == currency
    assert found.trades.trades["entry_time_ns"][0] < found.trades.trades["exit_time_ns"][0]


def test_freqtrade_zip_has_a_list_for_each_pair(imported: Any) -> None:
    content = samples.zipped(
        {
            "backtest-result-1.json": json.dumps(samples.freqtrade()).encode(),
            "backtest-result-1_config.json": b"{}",
            "backtest-result-1_market_change.feather": b"ARROW1",
        }
    )
    long, short = imported(content, "backtest-result-1.zip")
    assert (long.format, long.strategy, long.timeframe) == ("freqtrade", "Sample", "M5")
    # 0.5 x 10 = 5; fees 0.001 x 0.5 x (200 + 210) = 0.205
    assert long.trades.trades["gross_profit"].round(6).tolist() == [5.0]
    assert long.trades.trades["commission"].round(6).tolist() == [0.205]
    assert short.trades.trades["gross_profit"].round(6).tolist() == [-2.0]
    assert short.trades.trades["direction"].tolist() == [-1]
    assert short.trades.symbol == "ETHUSDT"
    assert long.trades.trades["entry_time_ns"].tolist() == [at("2024-01-01")]
    assert long.trades.parameters["minimal_roi"] == "0: 0.05"
    assert (long.trades.capital, long.trades.account_currency) == (1000.0, "USDT")
    assert {f.name: f.status for f in long.figures}["net_profit"] == "equal"  # of both pairs together


def _parquet(text: str, **columns: Any) -> bytes:
    frame = pl.read_csv(io.StringIO(text), try_parse_dates=True)
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("packed", [False, True])
def test_backtesting_py_trades(imported: Any, packed: bool) -> None:
    content = _parquet(samples.BACKTESTING) if packed else samples.BACKTESTING
    (found,) = imported(content, "trades", symbol="AAPL", timezone="UTC")
    trades = found.trades.trades
    assert found.format == "backtesting_py"
    assert trades["direction"].tolist() == [1, -1]
    assert trades["gross_profit"].tolist() == [40.0, -10.0]  # PnL was less the commission, as the prices say
    assert trades["net_profit"].tolist() == [38.0, -12.0]
    assert trades["stop_loss"][0] == 95.0
    assert trades["entry_time_ns"][0] == at("2024-01-02T10:00")


@pytest.mark.parametrize("packed", [False, True])
def test_vectorbt_trades_without_the_open_one(imported: Any, packed: bool) -> None:
    (found,) = imported(_parquet(samples.VECTORBT) if packed else samples.VECTORBT, "t", timezone="UTC")
    assert (found.format, found.trades.symbol) == ("vectorbt", "BTCUSD")
    assert net(found) == 17.36
    assert found.trades.trades["gross_profit"].round(6).tolist() == [20.0, -2.0]
    assert any("1 trades were open" in note for note in found.trades.notes)


def test_quantconnect_profits_are_before_fees(imported: Any) -> None:
    (found,) = imported(samples.QUANTCONNECT, "t.csv")
    assert (found.format, found.trades.symbol) == ("quantconnect", "SPY")
    assert found.trades.trades["net_profit"].tolist() == [80.0, -52.0]
    assert found.trades.trades["entry_time_ns"][0] == at("2013-10-07T13:31")


def test_a_plain_list_with_decimal_commas(imported: Any) -> None:
    (found,) = imported(samples.PLAIN, "list.csv", timezone="UTC")
    assert found.format == "table"
    assert found.trades.trades["exit_price"].tolist() == [1.1025, 1.1]
    assert found.trades.trades["exit_reason"].tolist() == [TAKE_PROFIT, SIGNAL]
    assert net(found) == 3.5


def test_a_list_of_other_headings_by_a_mapping(imported: Any) -> None:
    text = "a,b,c,d,e,f\n2024-01-02 10:00,2024-01-02 11:00,-2,1.5,1.4,hm\n"
    columns = ["entry_time=a", "exit_time=1", "size=c", "entry_price=d", "exit_price=e"]
    (found,) = imported(text, "list.csv", columns=columns, symbol="AAPL", timezone="America/New_York")
    assert found.trades.trades["direction"].tolist() == [-1]
    assert found.trades.trades["units"].tolist() == [2.0]
    assert found.trades.trades["entry_time_ns"].tolist() == [at("2024-01-02T15:00")]
    with pytest.raises(DataError, match="exit_price"):
        imported(text, "list.csv", columns=columns[:-1], symbol="AAPL")
    with pytest.raises(DataError, match="is not a column of a list of trades"):
        imported(text, "list.csv", columns=["entrytime=a"])
    with pytest.raises(DataError, match="has no such column"):
        imported(text, "list.csv", columns=["entry_time=zzz"])


def test_a_list_without_headings_keeps_its_first_trade(imported: Any) -> None:
    text = "2024-01-02 10:00,2024-01-02 11:00,2,1.5,1.4\n2024-01-03 10:00,2024-01-03 11:00,3,1.4,1.5\n"
    columns = ["entry_time=0", "exit_time=1", "size=2", "entry_price=3", "exit_price=4"]
    (found,) = imported(text, "list.csv", columns=columns, symbol="AAPL", timezone="UTC")
    assert found.trades.trades["units"].tolist() == [2.0, 3.0]
    (found,) = imported("when,until,size,at,to\n" + text, "list.csv", columns=columns, symbol="AAPL", timezone="UTC")
    assert found.trades.trades["units"].tolist() == [2.0, 3.0]
    with pytest.raises(DataError, match="has 5 columns"):
        imported(text, "list.csv", columns=[*columns, "symbol=99"], timezone="UTC")


def test_files_that_come_twice_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.htm").write_bytes(samples.mt4())
    (tmp_path / "b.htm.gz").write_bytes(gzip.compress(samples.mt4()))
    (tmp_path / "c.zip").write_bytes(samples.zipped({"in/d.htm": samples.mt4(), "e.html": samples.mt5()}))
    found = read_trades(tmp_path)
    assert [item.format for item in found] == ["mt4_report", "mt5_report"]
    assert found[1].source == "c.zip!e.html"


def test_lots_of_an_unknown_symbol_are_told_by_profits_or_refused(imported: Any) -> None:
    content = samples.mt4().replace(b"EURUSD (Euro vs US Dollar)", b"QQZZ7 (Unknown)")
    (found,) = imported(content)
    assert found.trades.trades["units"].tolist() == [100_000.0, 50_000.0, 100_000.0]
    assert any("taken for 100000 units" in note for note in found.trades.notes)
    (found,) = imported(content, lot_size=10.0)
    assert found.trades.trades["units"].tolist() == [10.0, 5.0, 10.0]


MT5_POSITIONS = (
    "2024.01.02 01:35:00|77|XAUUSD|sell|0.03|2060.00|2070.00|2055.00|2024.01.02 02:02:15|2055.00|-0.20|-0.20|15.00",
    "2024.01.02 01:40:00|78|XAUUSD|buy|0.02|2061.00|2050.50||2024.01.02 03:00:00|2050.50|-0.10|0.00|-21.00",
)


def test_mt5_account_history_has_positions_tied_by_the_platform(imported: Any) -> None:
    heads = ["Time", "Position", "Symbol", "Type", "Volume", "Price", "S / L", "T / P", "Time", "Price", "Commission",
             "Swap", "Profit"]  # fmt: skip
    rows = [["Trade History Report"], ["Account:", "123 (EUR, A-Server, real, Hedge)"], ["Positions"], heads]
    rows += [row.split("|") for row in MT5_POSITIONS]
    page = "<html><table>" + samples.table(rows) + "</table></html>"
    hidden = page.replace("<td><b>sell</b></td>", '<td><b>sell</b></td><td class="hidden" colspan="8">a comment</td>')
    (found,) = imported(hidden)
    assert found.trades.account_currency == "EUR"
    assert found.trades.trades["net_profit"].round(2).tolist() == [14.60, -21.10]
    assert found.trades.trades["take_profit"][0] == 2055.0
    with pytest.raises(DataError, match="is not a position"):
        imported(page.replace("2024.01.02 01:40:00", "2024.01.02"))


@pytest.mark.parametrize(("is_before", "note"), [(True, "before commission and swap"), (False, "")])
def test_whether_a_profit_is_before_costs_is_told_by_the_prices(imported: Any, is_before: bool, note: str) -> None:
    # By hand: 1 lot of 100,000, 10, -20 and 5 pips of 10 USD each; 7 USD of commission and 2 of swap a trade.
    gross = [100.0, -200.0, 50.0]
    rows = zip(["1.1010", "1.0980", "1.1005"], gross, strict=True)
    lines = [
        f"2024-01-0{day} 10:00,2024-01-0{day} 12:00,buy,1.0,1.1000,{price},-7,-2,{profit if is_before else profit - 9}"
        for day, (price, profit) in enumerate(rows, 2)
    ]
    head = "Open time,Close time,Type,Lots,Open price,Close price,Commission,Swap,Profit\n"
    (found,) = imported(head + "\n".join(lines) + "\n", "list.csv", symbol="EURUSD", timezone="UTC")
    trades = found.trades.trades
    assert trades["net_profit"].tolist() == [91.0, -209.0, 41.0]
    assert any(note in line for line in found.trades.notes)
    if is_before:
        assert trades["gross_profit"].tolist() == gross
