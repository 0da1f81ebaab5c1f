"""TradingView's lists of trades: what their columns tell besides, and where they need not add up."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.artifacts import MemoryArtifacts
from trading_ai.errors import DataError
from trading_ai.importers.trades.importing import import_trades
from trading_ai.importers.trades.read import ImportedTrades, read_trades
from trading_ai.optimization.backtests import BacktestService
from trading_ai.store.memory import MemoryStore

HEADS = (
    "Trade #,Type,Date and time,Signal,Price USDT,Size (qty),Net P&L {0},Net P&L %,Cumulative P&L {0},Cumulative P&L %"
)
Row = tuple[str, str, float, float, float]
"""Entry and exit (hour and minute of one day), net profit, cumulative profit, cumulative percent."""


def listed(rows: Sequence[Row], currency: str = "USD", price: float = 2_000.0) -> str:
    lines = [HEADS.format(currency)]
    for number, (entry, end, net, total, percent) in enumerate(rows, 1):
        rest = f"1,{net:.2f},0.1,{total:.2f},{percent:.2f}"
        lines.append(f"{number},Exit long,2024-01-15 {end},Close,{price + net:.2f},{rest}")
        lines.append(f"{number},Entry long,2024-01-15 {entry},Long,{price:.2f},{rest}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], ImportedTrades]:
    def reading(text: str) -> ImportedTrades:
        path = tmp_path / "list.csv"
        path.write_text(text)
        (found,) = read_trades(path, symbol="ETHUSDT", timezone="UTC")
        return found

    return reading


# Two positions close at 08:00 together. Each paid 1.40 to open; after the first, the total holds what opening the
# second cost as well; after the second it is right again.
TOGETHER: list[Row] = [
    ("01:00", "02:00", 100.0, 100.0, 0.01),
    ("03:00", "08:00", 20.0, 118.60, 0.01),
    ("05:00", "08:00", 30.0, 150.0, 0.02),
    ("09:00", "10:00", -50.0, 100.0, 0.01),
]


def test_totals_between_positions_that_overlap_need_not_add_up(read) -> None:
    found = read(listed(TOGETHER))
    assert found.trades.trades["net_profit"].tolist() == [100.0, 20.0, 30.0, -50.0]
    assert found.n_unexplained == 0


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_row_that_is_missing_is_found_among_them_too(read, gone) -> None:
    rows = [row for i, row in enumerate(TOGETHER) if i != gone]
    with pytest.raises(DataError, match="cumulative profit: does not add up"):
        read(listed(rows))


def test_positions_that_touch_may_hand_a_commission_on(read) -> None:
    rows: list[Row] = [
        ("01:00", "02:00", 10.0, 10.0, 0.0), ("02:30", "04:00", 10.0, 18.60, 0.0), ("04:00", "05:00", 10.0, 30.0, 0.0),
    ]  # fmt: skip
    assert len(read(listed(rows)).trades.trades) == 3
    changed = [*rows[:2], ("04:00", "05:00", 10.0, 31.0, 0.0)]
    with pytest.raises(DataError, match=re.escape("(got 18.6)")):
        read(listed(changed))


def test_the_first_deposit_is_what_percents_mean(read) -> None:
    # 418.43 is 0.04 %, so 929,844 to 1,195,514; 13,259.77 is 1.33 %: 993,240 to 1,000,737.
    rows: list[Row] = [("01:00", "02:00", 418.43, 418.43, 0.04), ("03:00", "04:00", 12_841.34, 13_259.77, 1.33)]
    found = read(listed(rows))
    assert found.trades.capital == 1_000_000.0
    assert any("first deposit of 1,000,000" in note for note in found.trades.notes)


def test_a_list_that_begins_later_has_a_total_of_which_nothing_is_known(read) -> None:
    text = listed(TOGETHER).replace("\n1,", "\n10,").replace("\n2,", "\n11,").replace("\n3,", "\n12,")
    assert len(read(text.replace("\n4,", "\n13,")).trades.trades) == 4
    moved = listed([(entry, end, net, total + 500.0, percent) for entry, end, net, total, percent in TOGETHER])
    with pytest.raises(DataError, match="does not add up"):
        read(moved)


def test_positions_that_always_overlap_add_up_to_the_last_total(read) -> None:
    rows: list[Row] = [("00:00", "10:00", 5.0, 5.0, 0.0), ("01:00", "11:00", 5.0, 999.0, 0.0)]
    assert len(read(listed([*rows, ("02:00", "12:00", 5.0, 15.0, 0.0)])).trades.trades) == 3
    with pytest.raises(DataError, match="does not add up"):
        read(listed([*rows, ("02:00", "12:00", 5.0, 77_777.0, 0.0)]))


def test_a_position_that_was_open_all_along_may_stand_last(read) -> None:
    rows: list[Row] = [
        ("00:00", "01:00", 10.0, 10.0, 0.0), ("05:00", "06:00", 10.0, 19.0, 0.0), ("07:00", "08:00", 10.0, 29.0, 0.0),
        ("02:00", "20:00", 11.0, 41.0, 0.0),
    ]  # fmt: skip
    assert len(read(listed(rows)).trades.trades) == 4


def test_a_deposit_that_is_told_roughly_is_said_to_be_so(read) -> None:
    # 418.43 is 0.04 %: 929,800 to 1,195,700. One usual deposit lies within; 0.01 % of 1.00 fits many.
    found = read(listed([("01:00", "02:00", 418.43, 418.43, 0.04)]))
    assert found.trades.capital == 1_000_000.0
    assert any("import again with a capital" in note for note in found.trades.notes)
    assert read(listed([("01:00", "02:00", 1.0, 1.0, 0.01)])).trades.capital is None


def test_percents_are_read_with_their_sign_and_what_is_none_refuses_nothing(read) -> None:
    rows: list[Row] = [("01:00", "02:00", 418.43, 418.43, 0.04), ("03:00", "04:00", 12_841.34, 13_259.77, 1.33)]
    assert read(listed(rows).replace(",1.33\n", ",1.33 %\n")).trades.capital == 1_000_000.0
    assert read(listed(rows).replace(",1.33\n", ",−1.33%\n").replace(",", ";").replace(".", ",")).trades.capital == 1e6
    assert read(listed(rows).replace(",1.33\n", ",∞\n")).trades.capital == 1_000_000.0  # of the other, roughly


@pytest.mark.parametrize("percents", [(0.0, 0.0), (4.0, 0.01)], ids=["too small to tell", "of no deposit at all"])
def test_percents_that_tell_no_deposit_are_left_out(read, percents) -> None:
    rows: list[Row] = [("01:00", "02:00", 10.0, 10.0, percents[0]), ("03:00", "04:00", 10.0, 20.0, percents[1])]
    assert read(listed(rows)).trades.capital is None


@settings(max_examples=60, deadline=None)
@given(
    capital=st.sampled_from([1_000.0, 2_500.0, 10_000.0, 50_000.0, 100_000.0, 1_000_000.0]),
    parts=st.lists(st.floats(-0.02, 0.03), min_size=20, max_size=60),
)
def test_a_round_deposit_is_found_where_profits_are_large_enough(tmp_path_factory, capital, parts) -> None:
    nets = [round(capital * part, 2) for part in parts]
    totals = np.round(np.cumsum(nets), 2)
    rows = [
        (
            f"{i // 60:02}:{i % 60:02}",
            f"{(i + 1) // 60:02}:{(i + 1) % 60:02}",
            net,
            total,
            round(100 * total / capital, 2),
        )
        for i, (net, total) in enumerate(zip(nets, totals.tolist(), strict=True))
    ]
    path = tmp_path_factory.mktemp("list") / "list.csv"
    path.write_text(listed(rows, price=1e6))
    (found,) = read_trades(path, symbol="ETHUSDT", timezone="UTC")
    told = found.trades.capital
    if np.abs(totals).max() > 0.05 * capital:  # five percent, known to a part in a thousand
        assert told == capital
    else:
        assert told is None or abs(told / capital - 1.0) < 1.0


@pytest.mark.parametrize(
    ("currency", "profit", "rate"),
    [("USD", 50.0, 1.0), ("USD", 42.0, 1.0), ("USDT", 50.0, None), ("EUR", 46.0, None), ("USD", 500.0, None)],
)
def test_coins_that_stand_for_dollars_count_one_to_one_where_the_profits_do(tmp_path, currency, profit, rate) -> None:
    path = tmp_path / "list.csv"
    text = listed([("01:00", "02:00", 50.0, 50.0, 0.5), ("03:00", "04:00", 50.0, 100.0, 1.0)], currency)
    text = text.replace("1,50.00,0.1,50.00", f"1,{profit},0.1,{profit}")
    text = text.replace("1,50.00,0.1,100.00", f"1,{profit},0.1,{2 * profit}")
    path.write_text(text)
    service = BacktestService(MemoryStore(), MemoryArtifacts(), clock=lambda: 7.0)
    ((_, kept),) = import_trades(service, [path], {"symbol": "ETHUSDT", "timezone": "UTC"}, now=1.0)
    assert kept.record.spec.costs.conversion_rate == rate
    assert any("1 USDT as 1 USD" in note for note in kept.notes) == (rate is not None)
