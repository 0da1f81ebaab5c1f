from __future__ import annotations

import json

import numpy as np
import pytest

from tests.unit.market.weeks import MINUTE, fx_minutes, walk
from trading_ai.errors import DataError
from trading_ai.market.bars import Bars
from trading_ai.market.quality import check_rows
from trading_ai.market.resample import resample
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe

EURUSD, M1 = symbol("EURUSD"), timeframe("M1")


def check(times, columns, **options):  # type: ignore[no-untyped-def]
    options = {"symbol": EURUSD, "timeframe": M1, "source": "f.csv", "line_of": lambda row: row + 2} | options
    return check_rows(times, columns, **options)


@pytest.fixture
def rows():  # type: ignore[no-untyped-def]
    times = fx_minutes("2018-03-05", "2018-03-20")
    return times, walk(times)


def test_clean_data_has_nothing_to_say(rows) -> None:  # type: ignore[no-untyped-def]
    times, columns, report = check(*rows)
    assert (report.n_bars, report.n_gaps, report.warnings, report.repairs) == (len(times), 0, [], [])
    assert "no gaps" in "\n".join(report.lines())
    assert json.loads(json.dumps(report.to_dict()))["n_bars"] == len(times)
    assert set(columns) == {"open", "high", "low", "close", "volume"}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("close", float("nan"), "is not a number"),
        ("high", float("inf"), "is not a number"),
        ("open", 0.0, "must be positive"),
        ("low", -1.0, "must be positive"),
        ("high", 0.5, "is below the low"),
        ("open", 1.9, "outside the bar's low and high"),
        ("close", 0.2, "outside the bar's low and high"),
        ("volume", -1.0, "must not be negative"),
        ("volume", float("nan"), "is not a number"),
    ],
)
def test_structural_faults_name_file_line_and_value(rows, name: str, value: float, says: str) -> None:  # type: ignore[no-untyped-def]
    times, columns = rows
    columns[name][7] = value
    with pytest.raises(DataError, match=says) as caught:
        check(times, columns, repair=True)
    assert (caught.value.file, caught.value.line, caught.value.parameter) == ("f.csv", 9, name)
    assert str(caught.value.value) == str(value)
    assert caught.value.remedy


def test_float_noise_is_no_fault_and_is_absorbed(rows) -> None:  # type: ignore[no-untyped-def]
    times, columns = rows
    columns["high"] = np.maximum(columns["open"], columns["close"]) * (1 - 1e-12)
    _, fixed, _ = check(times, columns)
    assert (fixed["high"] >= np.maximum(fixed["open"], fixed["close"])).all()


def test_duplicates_and_disorder(rows) -> None:  # type: ignore[no-untyped-def]
    times, columns = rows
    order = np.concatenate((np.arange(100), [50, 50], np.arange(100, len(times))))
    order[[200, 201]] = order[[201, 200]]
    mixed = {name: values[order] for name, values in columns.items()}
    with pytest.raises(DataError, match="step back in time") as caught:
        check(times[order], mixed)
    assert caught.value.line == 102
    assert "--repair" in caught.value.remedy
    fixed_times, fixed, report = check(times[order], mixed, repair=True)
    assert np.array_equal(fixed_times, times)
    assert np.array_equal(fixed["close"], columns["close"])
    assert (report.n_exact_duplicates, report.n_out_of_order) == (2, 2)
    assert len(report.repairs) == 2
    mixed["close"][100] = mixed["high"][100] = 1.5
    with pytest.raises(DataError, match="contradict each other"):
        check(times[order], mixed, repair=True)


def test_gaps_are_counted_against_the_trading_week(rows) -> None:  # type: ignore[no-untyped-def]
    times, columns = rows
    keep = np.ones(len(times), bool)
    keep[1000:1300] = False
    keep[3000] = False
    _, _, report = check(times[keep], {name: values[keep] for name, values in columns.items()})
    assert (report.n_gaps, report.n_missing_bars) == (2, 301)
    assert [gap.n_missing for gap in report.gaps] == [300, 1]
    assert any("301 bars are missing" in text for text in report.warnings)


@pytest.mark.parametrize("name", ["M5", "H1", "H4", "D1"])
def test_no_gaps_in_coarser_bars_either(name: str) -> None:
    length = timeframe(name)
    times = fx_minutes("2018-01-08", "2018-12-01")
    times = np.unique(times // length.ns * length.ns)
    _, _, report = check(times, walk(times), timeframe=length)
    assert report.n_missing_bars == 0


def test_metals_pause_daily_crypto_never_and_stocks_overnight() -> None:
    times = fx_minutes("2018-01-08", "2018-02-01")
    new_york = (times - 5 * 60 * MINUTE) // (60 * MINUTE) % 24
    gold = times[new_york != 17]
    assert check(gold, walk(gold, start=1300.0), symbol=symbol("XAUUSD"))[2].n_missing_bars == 0
    assert check(gold, walk(gold), symbol=EURUSD)[2].n_missing_bars > 0
    assert check(times, walk(times), symbol=symbol("BTCUSD"))[2].n_missing_bars == 3 * 48 * 60
    session = times[(new_york >= 10) & (new_york < 16)]
    assert check(session, walk(session), symbol=symbol("SPY"))[2].n_missing_bars == 0


@pytest.mark.parametrize(("factor", "says"), [(0.5, "2:1 split"), (1e-5, "another scale"), (2.0, "reverse split")])
def test_jumps(factor: float, says: str) -> None:
    days = np.arange(17_000, 17_500) * 86_400 * 10**9
    columns = walk(days, start=50.0)
    for name in ("open", "high", "low", "close"):
        columns[name][250:] *= factor
    _, _, report = check(days, columns, symbol=symbol("AAPL"), timeframe=timeframe("D1"))
    assert report.n_jumps == 1
    assert report.jumps[0].line == 252
    assert any(says in text for text in report.warnings)


def test_weekend_filler_is_named_and_dropped_by_repair() -> None:
    times = np.arange(*np.array(["2018-03-05", "2018-03-20"], "datetime64[ns]").astype(np.int64), 60 * MINUTE)
    opened = np.isin(times, fx_minutes("2018-03-05", "2018-03-20"))
    columns = walk(times)
    last = 0
    for i in np.flatnonzero(~opened):
        last = i - 1 if opened[i - 1] else last
        for name in ("open", "high", "low", "close"):
            columns[name][i] = columns["close"][last]
        columns["volume"][i] = 0
    columns["open"][1:] = columns["close"][:-1]
    columns["high"] = np.maximum(columns["high"], columns["open"])
    columns["low"] = np.minimum(columns["low"], columns["open"])
    _, _, report = check(times, columns, timeframe=timeframe("H1"))
    assert any("filler" in text for text in report.warnings)
    kept, _, repaired = check(times, columns, timeframe=timeframe("H1"), repair=True)
    assert np.array_equal(kept, times[opened])
    assert any("filler" in text for text in repaired.repairs)


def test_crossed_quotes_are_reported(rows) -> None:  # type: ignore[no-untyped-def]
    times, columns = rows
    for name in ("open", "high", "low", "close"):
        columns[f"ask_{name}"] = columns[name] + 1e-5
    for name in ("open", "high", "low", "close"):
        columns[f"ask_{name}"][5] -= 3e-5
    _, _, report = check(times, columns)
    assert report.n_ask_below_bid == 1
    assert any("line 7" in text for text in report.warnings)


def test_no_rows_are_refused() -> None:
    empty = np.empty(0, np.int64)
    with pytest.raises(DataError, match="holds no bars"):
        check(empty, {name: np.empty(0) for name in ("open", "high", "low", "close")})


def test_a_bar_that_the_clock_cuts_short_is_no_fault() -> None:
    times = np.arange(*np.array(["2018-03-01", "2018-03-20"], "datetime64[ns]").astype(np.int64), 3600 * 10**9)
    ones = np.ones(len(times))
    hours = Bars(symbol("BTCUSD"), timeframe("H1"), times, ones, ones, ones, ones)
    fours = resample(hours, "H4", day_start="NY+7")
    assert (np.diff(fours.open_time_ns) < fours.timeframe.ns).sum() == 1  # Sunday the 11th, 01:00 to 05:00
    columns = {name: getattr(fours, name) for name in ("open", "high", "low", "close")}
    *_, report = check_rows(fours.open_time_ns, columns, symbol=fours.symbol, timeframe=fours.timeframe)
    assert not [line for line in report.warnings if "open less than" in line]
