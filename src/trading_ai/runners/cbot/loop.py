"""One run of a robot: bar after bar, tick after tick, in the order that follows.

At the first price of a bar, `on_bar_closed` is called with the series ending in the bar that closed. Then what the
price has passed is filled, then `on_bar` and `on_tick` are called with the bar that forms. So what is decided at a
bar's close is carried out at the next open before anything else, as everywhere in this program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trading_ai.runners.cbot.account import RobotAccount
from trading_ai.runners.cbot.api import Api
from trading_ai.runners.cbot.lines import quick
from trading_ai.runners.cbot.market import Market
from trading_ai.runners.cbot.system import Arguments

HANDLERS = (
    "on_start", "on_bar", "on_bar_closed", "on_tick", "on_timer", "on_stop", "on_position_opened",
    "on_position_closed", "get_fitness",
)  # fmt: skip
"""What a robot's class may define."""


class Loop:
    """Runs a robot over the bars.

    Args:
        market: bars and ticks.
        account: the account.
        api: what the robot speaks to.
        robot: the robot.
        is_told: whether its handlers of positions are called without a subscription.
    """

    def __init__(self, market: Market, account: RobotAccount, api: Api, robot: Any, is_told: bool) -> None:
        self.market, self.account, self.api, self.robot = market, account, api, robot
        self._bid, self._ask = quick(market.bid), quick(market.ask)
        self._times = market.tick_time_ns
        if is_told:
            for name, event in (("on_position_opened", "Opened"), ("on_position_closed", "Closed")):
                if (handler := self._handler(name)) is not None:
                    setattr(account.Positions, event, getattr(account.Positions, event).__iadd__(handler))

    def _handler(self, name: str) -> Callable[..., Any] | None:
        return getattr(self.robot, name, None)

    def run(self) -> None:
        """Run it to the end of the bars, to its own stop, or to the account's ruin; `on_stop` is called at the end."""
        market, account, api = self.market, self.account, self.api
        bar_of = market.bar_of.tolist()
        self._see(0, 0, bar_of[0])
        if (start := self._handler("on_start")) is not None:
            start()
        on_bar_closed, on_bar, on_tick = map(self._handler, ("on_bar_closed", "on_bar", "on_tick"))
        on_timer, view, n_ticks, timer = self._handler("on_timer"), api.view, market.ticks_a_bar, api.Timer
        closed_event, opened_event = api.Bars.BarClosed, api.Bars.BarOpened
        at_open, inside, bid, ask, times = account.at_open, account.inside, self._bid, self._ask, self._times.tolist()
        symbol, bars = account.symbol, api.Bars
        before = bar_of[0] - 1
        tick = 0
        for bar, seen in enumerate(bar_of):
            if api.is_stopped or account.ruined_bar >= 0:
                break
            account.bar, account.point = bar, 0
            account.bid, account.ask, account.now_ns = bid[tick], ask[tick], times[tick]
            api.tick = tick
            if api.others:
                self._tell_others()
            is_new = seen != before
            if is_new:
                view.last, view.tick = seen - 1, -1
                if seen > 0:
                    if on_bar_closed is not None:
                        on_bar_closed()
                    if closed_event.handlers:
                        closed_event.fire(Arguments(Bars=api.Bars))
                before = seen
            view.last, view.tick = seen, tick
            if account.is_watching:
                at_open()
            if is_new:
                if opened_event.handlers:
                    opened_event.fire(Arguments(Bars=api.Bars))
                if on_bar is not None:
                    on_bar()
            listens = on_tick is not None
            if on_tick is not None:
                on_tick()
            if symbol.Tick.handlers or bars.Tick.handlers:
                listens = True
                self._tell_tick()
            if timer.interval_ns:
                self._ring(on_timer)
                listens = True
            if n_ticks > 1 and listens:
                for j in range(1, n_ticks):
                    if api.is_stopped or account.ruined_bar >= 0:
                        break
                    tick += 1
                    api.tick = view.tick = tick
                    account.now_ns = times[tick]
                    if account.is_watching:
                        account.step(bar, j, bid[tick], ask[tick])
                    else:
                        account.point, account.bid, account.ask = j, bid[tick], ask[tick]
                    if api.others:
                        self._tell_others()
                    if on_tick is not None:
                        on_tick()
                    if symbol.Tick.handlers or bars.Tick.handlers:
                        self._tell_tick()
                    if timer.interval_ns:
                        self._ring(on_timer)
            elif account.is_watching:
                inside(bar)
            tick = (bar + 1) * n_ticks
        self._end()

    def _see(self, bar: int, tick: int, seen: int) -> None:
        account, api = self.account, self.api
        account.bar, account.bid, account.ask = bar, self._bid[tick], self._ask[tick]
        account.now_ns, api.tick = int(self._times[tick]), tick
        api.view.last, api.view.tick = seen, tick

    def _tell_tick(self) -> None:
        account = self.account
        symbol_tick, bars_tick = account.symbol.Tick, self.api.Bars.Tick
        if symbol_tick.handlers:
            symbol_tick.fire(
                Arguments(SymbolName=account.symbol.Name, Symbol=account.symbol, Bid=account.bid, Ask=account.ask)
            )
        if bars_tick.handlers:
            bars_tick.fire(Arguments(Bars=self.api.Bars))

    def _tell_others(self) -> None:
        """Bars of other timeframes: where the run is on them, and their events."""
        api = self.api
        previous = [view.last for view, _, _ in api.others]
        api.see_others()
        for last, (view, bars, _) in zip(previous, api.others, strict=False):
            if view.last != last:
                bars.BarClosed.fire(Arguments(Bars=bars))
                bars.BarOpened.fire(Arguments(Bars=bars))
            bars.Tick.fire(Arguments(Bars=bars))

    def _ring(self, on_timer: Callable[[], Any] | None) -> None:
        """Call the timer's handlers once if its time is over, however many intervals that were."""
        timer = self.api.Timer
        if self.account.now_ns < timer.due_ns:
            return
        timer.due_ns += ((self.account.now_ns - timer.due_ns) // timer.interval_ns + 1) * timer.interval_ns
        for handler in (*((on_timer,) if on_timer is not None else ()), *timer.TimerTick.handlers):
            handler()

    def _end(self) -> None:
        """The end of the data, or of the robot: what is open lives on to the last close, then `on_stop`."""
        account, market = self.account, self.market
        last = market.data.n_bars - 1
        if (stop := self._handler("on_stop")) is not None:
            stop()
        if account.bar < last and account.ruined_bar < 0:
            self._without_robot(account.bar + 1, last)
        account.bar, account.point = last, 3
        account.bid, account.ask = float(market.data.bid[3][last]), float(market.data.ask[3][last])
        account.stop_out()

    def _without_robot(self, first: int, last: int) -> None:
        """Walk the bars after a robot's stop: levels of what it left open are still touched."""
        account = self.account
        opens, asks = self.market.data.bid[0], self.market.data.ask[0]
        for bar in range(first, last + 1):
            if not account.is_watching or account.ruined_bar >= 0:
                return
            account.bar, account.point = bar, 0
            account.bid, account.ask = float(opens[bar]), float(asks[bar])
            account.now_ns = int(self.market.data.bars.open_time_ns[bar])
            account.at_open()
            account.inside(bar)
