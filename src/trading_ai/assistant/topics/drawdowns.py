"""Falls of the equity: how deep, when, until when, and which trades they were."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Citation, Draft, quoted
from trading_ai.assistant.showing import shown
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.documents.words import short

_DRAWDOWNS = (
    "max_drawdown",
    "max_drawdown_percent",
    "max_drawdown_days",
    "max_balance_drawdown",
    "max_balance_drawdown_percent",
)


class Drawdowns(Topic):
    """The deepest fall of the equity of a backtest."""

    name = "drawdowns"
    accounts = ALWAYS | {
        "metric", "order", "agg", "cue:when", "cue:cause", "cue:why", "cue:recover", "noun:equity", "noun:run",
        "noun:backtest",
        "noun:optimization", "noun:trade", "cue:imported", "noun:strategy", "cue:took", "outcome",
        "cue:period", "noun:days", "dim",
        "cue:eta", "cue:progress",
    }  # fmt: skip
    offers = ("when was the worst drawdown, and what caused it?",)

    @override
    def fit(self, heard: Heard) -> float:
        if (
            heard.has("noun", "trial", "winner", "param")
            or (heard.has("dim") and not (heard.has("dim", "direction") and heard.has("metric", *_DRAWDOWNS)))
            or heard.all("condition")
            or heard.has("limit")
        ):
            return 0.1
        if heard.has("metric", *_DRAWDOWNS):
            if heard.has("dim", "direction"):
                return 0.9
            asks = heard.cue("when", "cause", "why", "recover", "took", "period")
            return 0.96 if asks else 0.5
        return 0.85 if heard.cue("recover") and heard.cue("when", "took", "how_much") else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return "when was the worst drawdown, and what caused it?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        run = desk.backtest(heard, draft)
        found = deepest(run, draft)
        fell = found.value(0, "drawdown") if len(found) else None
        if not fell:
            raise Unanswerable("The equity of it is not stored, or never fell.", ["net profit by month"])
        cells = {
            n: found.cell(0, n) for n in ("drawdown", "drawdown_percent", "peak_time", "trough_time", "recovered_time")
        }
        draft.say(
            "The deepest fall of the equity is {drawdown} ({drawdown_percent}), from {peak_time} to {trough_time}.",
            **cells,
        )
        if found.value(0, "recovered_time") is None:
            draft.say("It had not been made up for by the end.")
        else:
            draft.say("It was made up for by {recovered_time}.", **cells)
            days = draft.query(
                f"select date_diff('day', timestamp '{_plain(found, 'peak_time')}', timestamp "
                f"'{_plain(found, 'recovered_time')}') as days_below, date_diff('day', timestamp "
                f"'{_plain(found, 'trough_time')}', timestamp '{_plain(found, 'recovered_time')}') as days_to_recover",
                {"days_below": "days", "days_to_recover": "days"},
            )
            draft.say(
                "That took {a} days from the high, {b} of them from the low.",
                a=days.cell(0, "days_below"), b=days.cell(0, "days_to_recover"),
            )  # fmt: skip
        if heard.cue("cause", "why") or heard.has("dim", "direction") or heard.has("noun", "trade"):
            causes(run, draft, found)
        draft.assume("Equity at each bar's close, open trades valued, UTC")
        draft.offer(f"trading-ai backtest trades {short(run.run_id)}")


def _plain(found: Citation, column: str) -> str:
    """A time as SQL reads it."""
    return shown(found.value(0, column)).removesuffix(" UTC")


def deepest(run: Run, draft: Draft) -> Citation:
    """The deepest fall of a backtest's equity: money, percent, high, low, and the first time back at the high."""
    equity = f"equity({quoted(run.run_id)})"
    return draft.query(
        f"with e as (select time, equity, max(equity) over (order by time rows unbounded preceding) as high from "
        f"{equity}), "
        "d as (select time, high, high - equity as fall from e order by fall desc, time limit 1), "
        "p as (select max(e.time) as peak_time from e, d where e.equity = d.high and e.time <= d.time) "
        "select d.fall as drawdown, 100.0 * d.fall / d.high as drawdown_percent, p.peak_time, d.time as trough_time, "
        f"(select min(r.time) from {equity} r where r.time > d.time and r.equity >= d.high) as recovered_time "
        f"from d, p",
        {"drawdown": "account currency", "drawdown_percent": "%"}, run.currency,
    )  # fmt: skip


def causes(run: Run, draft: Draft, found: Citation) -> None:
    """Which trades a fall consists of: their number, how they ended, the largest loss."""
    low, high = (shown(found.value(0, n)).removesuffix(" UTC") for n in ("peak_time", "trough_time"))
    between = f"exit_time > timestamp '{low}' and exit_time <= timestamp '{high}'"
    trades = f"trades({quoted(run.run_id)})"
    every = draft.query(
        f"select count(*) as n_trades, count(*) filter (where net_profit < 0) as n_losing, sum(net_profit) as "
        f"net_profit, "
        f"min(net_profit) as largest_loss from {trades} where {between}",
        {"n_trades": "trades", "n_losing": "trades"}, run.currency,
    )  # fmt: skip
    if not every.value(0, "n_trades"):
        draft.say("No trade was closed in that time: an open one fell.")
        return
    draft.say(
        "{n} trades were closed in it, {l} of them with a loss, {p} together; the largest loss is {w}.",
        n=every.cell(0, "n_trades"), l=every.cell(0, "n_losing"), p=every.cell(0, "net_profit"), w=every.cell(0,
        "largest_loss"),
    )  # fmt: skip
    by = draft.query(
        f"select direction, exit_reason, count(*) as n_trades, sum(net_profit) as net_profit from {trades} where "
        f"{between} "
        "group by direction, exit_reason order by net_profit, direction, "
        "exit_reason", {"n_trades": "trades"}, run.currency,
    )  # fmt: skip
    draft.say(
        "Most was lost by {d} trades that ended by {e}: {p} in {n} trades.",
        d=by.cell(0, "direction"), e=by.cell(0, "exit_reason"), p=by.cell(0, "net_profit"), n=by.cell(0, "n_trades"),
    )  # fmt: skip


DRAWDOWNS = Drawdowns()
