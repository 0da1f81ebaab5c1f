"""Market arithmetic against slow twins written to be read."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from trading_ai.importers.parquet import write_parquet
from trading_ai.importers.read import read_bars
from trading_ai.market.bars import Bars
from trading_ai.market.calendar import swap_nights, trading_day
from trading_ai.market.grid import grid_opens, grid_symbol
from trading_ai.market.quality import check_rows
from trading_ai.market.resample import resample
from trading_ai.market.symbol import Symbol
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.market.timezones import from_utc, parse_timezone, to_utc

SECOND = 10**9
SYMBOLS = st.sampled_from(["EURUSD", "XAUUSD", "SPY", "BTCUSD", "US30"])
MOMENTS = st.lists(st.integers(946_684_800, 1_893_456_000), min_size=1, max_size=40)


@st.composite
def some_bars(draw: st.DrawFn, name: str | None = None) -> Bars:
    """Bars with gaps, equal prices, and ask prices, a spread, or neither."""
    instrument = symbol(name or draw(SYMBOLS))
    length = timeframe(draw(st.sampled_from(["M1", "M5", "M15", "H1", "H4"])))
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 1, 1, 1, 2, 7, 40]), min_size=2, max_size=60))
    start = draw(st.integers(946_684_800 // length.seconds, 1_577_836_800 // length.seconds))
    times = (start + np.cumsum(steps)) * length.ns
    n = len(times)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    prices = np.round(1.1 + rng.integers(-30, 30, (4, n)) * 1e-5, 5)
    open_, close = prices[0], prices[1]
    high, low = prices.max(axis=0), prices.min(axis=0)
    extra = draw(st.sampled_from(["", "spread", "ask"]))
    more: dict[str, np.ndarray] = {}
    if extra == "spread":
        more = {"spread": rng.integers(1, 9, n) * 1e-5}
    elif extra == "ask":
        names = ("ask_open", "ask_high", "ask_low", "ask_close")
        more = {k: np.round(v + 1e-4, 5) for k, v in zip(names, (open_, high, low, close), strict=True)}
    return Bars(instrument, length, times, open_, high, low, close, rng.integers(1, 50, n) * 1.0, **more)


def slow_day(instrument: Symbol, moment_ns: int) -> date:
    local = datetime.fromtimestamp(moment_ns // SECOND, UTC).astimezone(ZoneInfo(instrument.rollover_timezone))
    hour, minute = map(int, instrument.rollover.split(":"))
    later = (local.hour, local.minute) >= (hour, minute) and (hour, minute) != (0, 0)
    return local.date() + timedelta(days=1 if later else 0)


def slow_open(instrument: Symbol, day: date) -> int:
    hour, minute = map(int, instrument.rollover.split(":"))
    before = day - timedelta(days=1 if (hour, minute) != (0, 0) else 0)
    zone = ZoneInfo(instrument.rollover_timezone)
    return int(datetime(before.year, before.month, before.day, hour, minute, tzinfo=zone).timestamp()) * SECOND


@given(SYMBOLS, MOMENTS)
def test_trading_days_and_nights_equal_a_plain_twin(name: str, moments: list[int]) -> None:
    instrument = symbol(name)
    times = np.array([*moments, 946_684_801]) * SECOND  # one moment that is not midnight
    days = [slow_day(instrument, int(t)) for t in times]
    assert trading_day(instrument, times).astype("datetime64[D]").tolist() == days
    nights = swap_nights(instrument, times)
    first, last = int(times.argmin()), int(times.argmax())
    triple = instrument.triple_swap_weekday
    total, day = 0, days[first]
    if (days[last] - day).days > 2_000:  # the twin walks day by day
        return
    while day < days[last]:
        total += 1 if triple is None else 3 if day.weekday() == triple else int(day.weekday() < 5)
        day += timedelta(days=1)
    assert nights[last] - nights[first] == total


def slow_grid_open(instrument: Symbol, length: int, moment_ns: int) -> int:
    """When the bar of some hours begins, found minute by minute: at hours that the wall clock shows."""
    zone = ZoneInfo(instrument.rollover_timezone)
    hour, minute = map(int, instrument.rollover.split(":"))
    second = moment_ns // SECOND // 60 * 60

    def place(at: int) -> datetime:
        shown = datetime.fromtimestamp(at, UTC).astimezone(zone).replace(tzinfo=None)
        since = int((shown - datetime(1970, 1, 1, hour, minute)).total_seconds())
        return datetime(1970, 1, 1, hour, minute) + timedelta(seconds=since // length * length)

    here = place(second)
    while place(second - 60) == here:
        second -= 60
    return second * SECOND


@given(
    st.sampled_from(["EURUSD", "BTCUSD", "SPY"]),
    st.sampled_from(["H2", "H3", "H4", "H6", "H8", "H12"]),
    st.one_of(
        st.integers(946_684_800, 1_893_456_000),
        st.sampled_from([1_520_751_600, 1_541_311_200]).flatmap(lambda at: st.integers(at - 90_000, at + 90_000)),
    ),
)
@settings(deadline=None)
def test_bars_of_some_hours_begin_where_a_plain_twin_says(name: str, frame: str, moment: int) -> None:
    instrument, length = symbol(name), timeframe(frame)
    times = np.array([moment // 60 * 60 * SECOND])
    assert grid_opens(instrument, times, length)[0] == slow_grid_open(instrument, length.seconds, int(times[0]))


@given(some_bars(), st.sampled_from(["M5", "M15", "H1", "H4", "H12", "D1", "W1"]))
def test_resample_equals_a_plain_twin(bars: Bars, name: str) -> None:
    target = timeframe(name)
    if target.seconds % bars.timeframe.seconds or target == bars.timeframe:
        return
    bins: dict[int, list[int]] = {}
    midnights = not (bars.open_time_ns % (86_400 * SECOND)).any()
    for i, opened in enumerate(bars.open_time_ns.tolist()):
        if target.seconds <= 3_600:
            key = opened // target.ns * target.ns
        elif target.seconds < 86_400:
            key = int(grid_opens(grid_symbol(bars, target, None), np.array([opened]), target)[0])
        else:
            day = slow_day(bars.symbol, opened)
            if midnights and bars.symbol.rollover == "00:00":
                day = datetime.fromtimestamp(opened // SECOND, UTC).date()
            day -= timedelta(days=day.weekday() if name == "W1" else 0)
            key = slow_open(bars.symbol, day)
        bins.setdefault(key, []).append(i)
    found = resample(bars, name)
    assert found.open_time_ns.tolist() == list(bins)
    for k, rows in enumerate(bins.values()):
        assert found.open[k] == bars.open[rows[0]]
        assert found.high[k] == max(bars.high[rows])
        assert found.low[k] == min(bars.low[rows])
        assert found.close[k] == bars.close[rows[-1]]
        assert found.volume[k] == sum(bars.volume[rows])
        if bars.spread is not None and found.spread is not None:
            assert found.spread[k] == bars.spread[rows[0]]
        if bars.ask_high is not None and found.ask_high is not None:
            assert found.ask_high[k] == max(bars.ask_high[rows])


@given(some_bars())
@settings(max_examples=examples(60), deadline=None)
def test_csv_to_bars_to_parquet_and_back(bars: Bars) -> None:
    steps = np.diff(bars.open_time_ns)
    assume((steps == bars.timeframe.ns).mean() > 0.5)  # sparser rows do not show their timeframe
    frame = {"time": pl.Series(bars.open_time_ns).cast(pl.Datetime("ns")).dt.strftime("%Y-%m-%d %H:%M:%S")}
    for name in ("open", "high", "low", "close", "volume", "spread", "ask_open", "ask_high", "ask_low", "ask_close"):
        if getattr(bars, name) is not None:
            frame[name] = pl.Series(getattr(bars, name))
    options = {"symbol": bars.symbol, "timezone": "UTC", "date_format": "%Y-%m-%d %H:%M:%S", "price_scale": 1.0}
    with tempfile.TemporaryDirectory() as folder:
        csv, parquet = Path(folder) / "b.csv", Path(folder) / "b.parquet"
        pl.DataFrame(frame).write_csv(csv)
        first = read_bars(csv, timeframe=bars.timeframe, **options)  # type: ignore[arg-type]
        write_parquet(first.bars, parquet)
        second = read_bars(parquet, symbol=bars.symbol, timeframe=first.bars.timeframe, price_scale=1.0)
    assert second.bars.content_hash == first.bars.content_hash
    for name in ("open_time_ns", "open", "high", "low", "close", "volume", "ask_high"):
        if getattr(bars, name) is not None:
            assert np.array_equal(getattr(first.bars, name), getattr(bars, name)), name
    if bars.spread is not None and first.bars.spread is not None:
        assert np.allclose(first.bars.spread, bars.spread)


@given(some_bars(), st.randoms(use_true_random=False), st.integers(0, 5))
def test_repair_restores_the_bars_and_is_idempotent(bars: Bars, random: object, n_repeats: int) -> None:
    order = [*range(len(bars)), *range(min(n_repeats, len(bars)))]
    random.shuffle(order)  # type: ignore[attr-defined]
    names = ("open", "high", "low", "close", "volume")
    columns = {name: getattr(bars, name)[order] for name in names}
    options = {"symbol": bars.symbol, "timeframe": bars.timeframe, "repair": True}
    times, fixed, report = check_rows(bars.open_time_ns[order], columns, **options)  # type: ignore[arg-type]
    assert np.array_equal(times, bars.open_time_ns)
    assert all(np.array_equal(fixed[name], getattr(bars, name)) for name in names)
    assert report.n_exact_duplicates == len(order) - len(bars)
    again, same, second = check_rows(times, fixed, **options)  # type: ignore[arg-type]
    assert np.array_equal(again, times)
    assert all(np.array_equal(same[name], fixed[name]) for name in names)
    assert second.repairs == []


@given(
    st.sampled_from(["UTC", "America/New_York", "EET", "NY+7", "EET-7", "Europe/London", "UTC-5"]),
    st.integers(946_684_800 // 900, 1_893_456_000 // 900),
    st.integers(1, 400),
)
def test_local_times_in_order_come_back_exactly(zone: str, start: int, n: int) -> None:
    utc = (start + np.arange(n)) * 900 * SECOND
    local = from_utc(parse_timezone(zone), utc)
    if (np.diff(local) < 0).any() or n < 8:  # starting within the repeated hour cannot be told from its first pass
        assert len(to_utc(parse_timezone(zone), local)) == n
        return
    back = to_utc(parse_timezone(zone), local)
    shift = np.unique(utc - back)
    assert len(shift) <= 2
    assert set(np.abs(shift).tolist()) <= {0, 3600 * SECOND}
