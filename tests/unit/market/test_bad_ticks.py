"""Bad ticks are found, markets that moved are not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.market.weeks import MINUTE, fx_minutes, walk
from trading_ai.market.bad_ticks import spikes
from trading_ai.market.quality import check_rows
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe

EURUSD = symbol("EURUSD")


@pytest.fixture
def columns() -> dict[str, np.ndarray]:
    return walk(np.arange(3000) * MINUTE)


def widened(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    body = (columns["open"], columns["close"])
    columns["high"] = np.maximum.reduce([columns["high"], *body])
    columns["low"] = np.minimum.reduce([columns["low"], *body])
    return columns


@pytest.mark.parametrize("row", [0, 1, 1500, 2998, 2999])
@pytest.mark.parametrize(
    ("name", "factor"), [("low", 0.1), ("high", 10.0), ("low", 0.98), ("high", 1.02), ("low", 0.5), ("high", 2.0)]
)
def test_one_price_at_a_wrong_scale(columns, name: str, factor: float, row: int) -> None:  # type: ignore[no-untyped-def]
    columns[name][row] *= factor
    found = spikes(columns, EURUSD)
    assert (found.rows.tolist(), found.columns) == ([row], (name,))
    assert found.values[0] == columns[name][row]
    assert abs(found.usual[0] / columns["close"][row] - 1) < 0.002


@pytest.mark.parametrize(("name", "factor"), [("close", 1.05), ("open", 0.95), ("close", 0.1)])
def test_an_open_or_close_that_is_wrong_is_named_and_not_its_wick(columns, name: str, factor: float) -> None:  # type: ignore[no-untyped-def]
    columns[name][1500] *= factor
    found = spikes(widened(columns), EURUSD)
    assert (found.rows.tolist(), found.columns) == ([1500], (name,))


def test_a_bar_that_is_off_as_a_whole(columns) -> None:  # type: ignore[no-untyped-def]
    for name in ("open", "high", "low", "close"):
        columns[name][1500] *= 1.05
    assert spikes(columns, EURUSD).rows.tolist() == [1500]


def test_wicks_of_two_bars_in_a_row(columns) -> None:  # type: ignore[no-untyped-def]
    columns["low"][[1500, 1501]] *= 0.9
    assert sorted(spikes(columns, EURUSD).rows.tolist()) == [1500, 1501]


def test_a_market_that_moved_and_stayed_is_none(columns) -> None:  # type: ignore[no-untyped-def]
    for name in ("open", "high", "low", "close"):
        columns[name][1500:] *= 0.8  # as the franc in January 2015
    columns["open"][1500] = columns["close"][1499]
    assert not len(spikes(widened(columns), EURUSD).rows)


def test_quiet_and_wild_hours_have_measures_of_their_own() -> None:
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 2000)))  # wild: a day of a share
    open_ = np.concatenate(([100.0], close[:-1]))
    high = np.maximum(open_, close) * (1 + rng.exponential(0.005, 2000))
    low = np.minimum(open_, close) * (1 - rng.exponential(0.005, 2000))
    columns = {"open": open_, "high": high, "low": low, "close": close}
    assert not len(spikes(columns, symbol("AAPL")).rows)
    flat = {name: np.full(500, 1.1) for name in columns}
    flat["high"][250] = 1.1002
    assert not len(spikes(flat, EURUSD).rows)
    assert not len(spikes({name: values[:1] for name, values in flat.items()}, EURUSD).rows)


def test_ask_prices_are_looked_at_too(columns) -> None:  # type: ignore[no-untyped-def]
    columns |= {f"ask_{name}": columns[name] + 1e-4 for name in ("open", "high", "low", "close")}
    columns["ask_high"][700] *= 1.5
    found = spikes(columns, EURUSD)
    assert (found.rows.tolist(), found.columns) == ([700], ("ask_high",))


def test_pieces_join_without_a_seam() -> None:
    n = (1 << 16) + 10
    columns = walk(np.arange(n) * MINUTE)
    wrong = [0, 1, (1 << 16) - 1, 1 << 16, n - 1]
    columns["low"][wrong] *= 0.1
    assert sorted(spikes(columns, EURUSD).rows.tolist()) == wrong


def test_the_report_names_the_farthest_and_drops_nothing() -> None:
    times = fx_minutes("2018-03-05", "2018-03-20")
    columns = walk(times)
    columns["low"][600] *= 0.1
    columns["high"][800] *= 1.1
    kept, fixed, report = check_rows(
        times, columns, symbol=EURUSD, timeframe=timeframe("M1"), line_of=lambda row: row + 2, repair=True
    )
    assert len(kept) == len(times)
    assert fixed["low"][600] == columns["low"][600]
    assert report.n_spikes == 2
    assert [(s.line, s.column) for s in report.spikes] == [(602, "low"), (802, "high")]
    warning = next(text for text in report.warnings if "far off the bars around" in text)
    assert "2 bars" in warning
    assert "(line 602): low 0.1" in warning
    assert any("802" in line for line in report.lines())
