"""When a robot is called, and what it sees then."""

from __future__ import annotations

import numpy as np
import pytest

from tests.integration.runners.conftest import ROBOTS, hours, run
from trading_ai import Costs, backtest, load_sample, resample, sweep
from trading_ai.errors import EvaluationError
from trading_ai.strategies.registry import strategy

UP_DOWN = ((0, 6, -4, 2), (2, 8, -2, -1), (-1, 5, -7, 3))


def lines(log):
    return [line.partition(" ")[2].partition(" ")[2] for line in log.splitlines()]


def test_the_order_of_calls_and_what_the_series_end_with(robot):
    mine = robot("""
    class Mine:
        def tell(self, word):
            api.Print(word, api.Bars.Count, round((api.Bars.ClosePrices.Last(0) - 1.1) * 1e4, 1), round((api.Bid - 1.1) * 1e4, 1))
        def on_start(self): self.tell("start")
        def on_bar_closed(self): self.tell("closed")
        def on_bar(self): self.tell("bar")
        def on_tick(self): self.tell("tick")
        def on_stop(self): self.tell("stop")
    """)  # noqa: E501
    _, log = run(mine, hours(*UP_DOWN[:2]), log=True)
    assert lines(log) == [
        "start 1 0.0 0.0",
        "bar 1 0.0 0.0", "tick 1 0.0 0.0", "tick 1 -4.0 -4.0", "tick 1 6.0 6.0", "tick 1 2.0 2.0",
        "closed 1 2.0 2.0",  # the series end with the bar that closed, at the next bar's first price
        "bar 2 2.0 2.0", "tick 2 2.0 2.0", "tick 2 8.0 8.0", "tick 2 -2.0 -2.0", "tick 2 -1.0 -1.0",
        "stop 2 -1.0 -1.0",
    ]  # fmt: skip
    _, log = run(mine, hours(*UP_DOWN[:2]), log=True, ticks="open")
    assert [line for line in lines(log) if line.startswith("tick")] == ["tick 1 0.0 0.0", "tick 2 2.0 2.0"]


def test_a_forming_bar_knows_its_prices_so_far_only(robot):
    mine = robot("""
    class Mine:
        def on_tick(self):
            bar = api.Bars.LastBar
            api.Print(*[round((x - 1.1) * 1e4, 1) for x in (bar.Open, bar.High, bar.Low, bar.Close)])
    """)
    _, log = run(mine, hours(UP_DOWN[0]), log=True)
    assert lines(log) == ["0.0 0.0 0.0 0.0", "0.0 0.0 -4.0 -4.0", "0.0 6.0 -4.0 6.0", "0.0 6.0 -4.0 2.0"]


def test_finer_bars_are_ticks(robot):
    mine = robot("""
    class Mine:
        def on_tick(self):
            bar = api.Bars.LastBar
            api.Print(api.Bars.Count, *[round((x - 1.1) * 1e4, 1) for x in (bar.Open, bar.High, bar.Low, bar.Close)])
    """)
    fine = hours(*UP_DOWN, (3, 4, 1, 2))
    found = backtest(resample(fine, "H2", day_start="UTC"), mine, detail=fine, params={"ticks": "open"})
    # At the open of the second hour all of the first is known.
    assert lines(found.log) == [
        "1 0.0 0.0 0.0 0.0",
        "1 0.0 6.0 -4.0 2.0",
        "2 -1.0 -1.0 -1.0 -1.0",
        "2 -1.0 5.0 -7.0 3.0",
    ]


def test_a_timer_rings_at_the_first_price_after_its_time(robot):
    mine = robot("""
    from System import TimeSpan
    class Mine:
        def on_start(self):
            api.Timer.TimerTick += self.on_other
            api.Timer.Start(TimeSpan.FromMinutes(90))
        def on_timer(self):
            api.Print("timer", api.Server.Time.Hour, api.Server.Time.Minute)
            if api.Server.Time.Hour >= 3: api.Timer.Stop()
        def on_other(self): print("other")
    """)
    _, log = run(mine, hours(*UP_DOWN, *UP_DOWN), log=True, ticks="open")
    assert lines(log) == ["timer 2 0", "other", "timer 3 0", "other"]


def test_bars_of_a_longer_timeframe_form_too(robot):
    mine = robot("""
    class Mine:
        def on_start(self):
            self.long = api.MarketData.GetBars(TimeFrame.Hour4)
            self.mean = api.Indicators.SimpleMovingAverage(self.long.ClosePrices, 2)
        def on_bar(self):
            print(self.long.Count, round((self.long.HighPrices.Last(0) - 1.1) * 1e4), self.mean.Result.Count)
    """)
    bars = load_sample("EURUSD").slice(0, 40)
    found = backtest(bars, mine)
    longer = resample(bars, "H4")
    places = np.searchsorted(longer.open_time_ns, bars.open_time_ns, side="right")
    assert [int(line.split()[0]) for line in lines(found.log)] == places.tolist()
    # At an hour's open, the highest price of its four hours so far.
    for i, line in enumerate(lines(found.log)):
        first = np.searchsorted(bars.open_time_ns, longer.open_time_ns[places[i] - 1])
        highest = max([*bars.high[first:i], bars.open[i]])
        assert int(line.split()[1]) == round((highest - 1.1) * 1e4)


def test_stop_ends_the_calls_and_not_the_positions(robot):
    mine = robot("""
    class Mine:
        def on_bar(self):
            api.ExecuteMarketOrder(TradeType.Buy, api.SymbolName, 1000, "x", 5)
            api.Stop()
        def on_stop(self): print("over")
    """)
    found, log = run(mine, hours((0, 1, -1, 0), (0, 1, -1, 0), (0, 1, -9, -8)), log=True)
    assert lines(log) == ["over"]
    assert found.trades["exit_bar"].tolist() == [2]


def test_the_rsi_on_ticks_trades_and_tells_its_fitness():
    bars = load_sample("EURUSD").slice(0, 1500)
    found = backtest(bars, strategy(str(ROBOTS / "RsiOnTick")), costs=Costs(spread_pips=1.0), params={"Times": 10})
    won, lost = (found.trades["net_profit"] > 0).sum(), (found.trades["net_profit"] < 0).sum()
    assert found.trades.size > 10
    assert found.log.endswith(f"fitness {won - lost}\n")
    assert found.metrics["fitness"] == won - lost
    assert found.trades["units"].tolist() == [10_000.0] * found.trades.size


def test_what_a_robot_says_of_its_runs_ranks_them():
    searched = {"Periods": [7, 14], "Times": [10, 20]}
    options = {"params": searched, "costs": Costs(spread_pips=1.0), "min_trades": 0}
    bars, robot = load_sample("EURUSD").slice(0, 800), strategy(str(ROBOTS / "RsiOnTick"))
    found = sweep(bars, robot, objective="get_fitness", **options)
    said = found.column("fitness")
    assert found.objective == "fitness"
    assert len(set(said)) > 1
    assert found.metrics_of(found.best)["fitness"] == said.max()
    assert found.backtest().metrics == found.metrics_of(found.best)


def test_a_fitness_that_is_no_number_is_the_robots_failure(robot):
    mine = robot("""
    class Mine:
        def on_bar(self): pass
        def get_fitness(self, args): return "good"
    """)
    with pytest.raises(EvaluationError, match="get_fitness gave 'good', which is no number"):
        run(mine, hours((0, 1, -1, 0), (0, 1, -1, 0)))


def test_runs_know_nothing_of_each_other(robot):
    mine = robot("""
    import random
    class Mine:
        seen = []
        def on_start(self):
            self.seen.append(1)
            print(len(self.seen), random.random())
    """)
    logs = {run(mine, hours(UP_DOWN[0]), log=True)[1] for _ in range(3)}
    assert len(logs) == 1
    assert lines(logs.pop())[0].startswith("1 ")


@pytest.mark.parametrize(
    ("line", "member"),
    [
        ("api.Symbol.DynamicLeverage", "api.Symbol.DynamicLeverage"),
        ("api.Indicators.Ichimoku()", "api.Indicators.Ichimoku"),
        ("api.MarketData.GetTicks()", "api.MarketData.GetTicks"),
        ("api.Indicators.Aroon(25).Middle", r"Aroon\(\).Middle"),
        ("ChartPatternDrawing()", "cAlgo.API.ChartPatternDrawing"),
        ("api.Symbols.GetSymbol('GBPUSD')", r"api.Symbols.GetSymbol\('GBPUSD'\)"),
    ],
)
def test_a_missing_member_is_told_with_robot_and_line(robot, line, member):
    mine = robot(f"class Mine:\n    def on_start(self):\n        {line}\n")
    with pytest.raises(EvaluationError, match=rf"Mine_main\.py, line 8: {member}.* is not supported"):
        run(mine, hours(UP_DOWN[0]))


def test_what_a_robot_raises_is_told_with_its_traceback(robot):
    mine = robot("class Mine:\n    def on_start(self):\n        print('before')\n        self.units\n")
    with pytest.raises(EvaluationError, match=r"(?s)line 9, in on_start.*no attribute 'units'.*before"):
        run(mine, hours(UP_DOWN[0]))
