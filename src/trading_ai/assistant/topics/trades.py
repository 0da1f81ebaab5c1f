"""Trades of a backtest: a measure of those that meet some conditions, in groups, in order."""

from __future__ import annotations

import re

from typing_extensions import override

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.showing import harmless
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.assistant.topics.trade_groups import grouped_trades
from trading_ai.assistant.topics.trade_reading import (
    FILTERS,
    TIMES,
    dimensions_of,
    ends_of,
    measured,
    plural_trades,
    wants_list,
    with_outcomes,
)
from trading_ai.assistant.topics.trade_shares import share_of_profit, share_of_trades, told_of_all, words_behind
from trading_ai.assistant.trade_sql import (
    DIMENSIONS,
    HALVES,
    HELD_HOURS,
    MEASURES,
    SESSIONS,
    condition_sql,
    filters,
    measure_of,
    time_column,
    told_of,
    trades_from,
)
from trading_ai.documents.words import short

_SHOWN = 5
_LISTED_AT_MOST = 100
"""Trades of a list whose length a question does not say."""

_SEVERAL = 4
"""Backtests that are told one by one where a question names what they have in common."""
_NAMED_SO = re.compile(
    r"\b(?:backtest|run|optimization|sweep) (?:asian?|london|tokyo|new york|ny|us) (?!session|hours)\w"
)
_LISTED = {
    "largest_win": "net_profit desc",
    "largest_loss": "net_profit",
    "net_profit": "net_profit desc",
    "mae": "mae",
    "mfe": "mfe desc",
    "bars_held": "bars_held desc",
    "pips": "pips desc",
    "commission_paid": "commission desc",
}


class Trades(Topic):
    """Single trades: counted, measured, grouped, listed."""

    name = "trades"
    accounts = ALWAYS | {
        "metric", "agg", "order", "limit", "dim", "time_of", "cue:compare", "cue:imported", "condition",
        "cue:when", "cue:next", "ends",
        "noun:trade", "noun:run", "noun:backtest", "noun:optimization", "noun:winner", "noun:bar", "noun:days",
        *FILTERS,
    }  # fmt: skip
    offers = ("net profit by weekday", "how many trades were stopped out?", "which hour loses most?")

    @override
    def fit(self, heard: Heard) -> float:
        heard = with_outcomes(heard)
        if heard.cue("next") and not heard.has("order", "worst"):
            return 0.1  # advice is asked for, and not what to stay away from
        if heard.has("noun", "winner"):
            return 0.1
        if heard.has("session") and _NAMED_SO.search(heard.question.lower()):
            return 0.3  # "the backtest london breakout": a name of none that is stored
        if heard.cue("when") and heard.has("metric", "largest_win", "largest_loss"):
            return 0.96
        if heard.has("time_of", "entry") and heard.has("time_of", "exit") and any(heard.has(kind) for kind in TIMES):
            return 0.3  # which time belongs to which?
        if heard.has("part", *HALVES) and any(heard.has(kind) for kind in ("year", "month", "date", "span")):
            return 0.3  # the half of that, or that of the half?
        searched = heard.has("noun", "optimization") and heard.has("name")
        if searched and heard.has("agg", "count", "share") and not heard.has("noun", "trade"):
            return 0.3  # of an optimization, trials are counted
        if heard.has("noun", "trial", "param", "days") and not heard.has("noun", "trade"):
            return 0.1
        metrics = heard.values("metric")
        if any(m not in MEASURES for m in metrics):
            return 0.15
        on_trades = [t for t in heard.all("condition") if condition_sql(t) is not None]
        if len(on_trades) < len(heard.all("condition")):
            return 0.15
        if len(on_trades) > 1 and re.search(r"\bor (?!more|less|fewer|longer|shorter|so\b)", heard.question.lower()):
            return 0.3  # all of them, or one of them?
        grouped = dimensions_of(heard)
        if heard.has("agg", "share") and not on_trades and not any(heard.has(kind) for kind in FILTERS):
            return 0.2
        if heard.has("agg", "share") and heard.has("order", "gain", "loss"):
            return 0.3
        if heard.has("outcome") and heard.has("metric", "win_rate", "profit_factor", "payoff_ratio"):
            return 0.3  # of trades that won, all won
        if heard.has("agg", "min", "max") and not metrics and not grouped:
            return 0.3  # the least of what?
        if heard.has("agg", "std") and grouped:
            return 0.3  # of the trades of each group, or of the groups?
        ranks = heard.has("limit") or heard.has("order", "best", "worst", "lowest")
        if ranks and not grouped and not wants_list(heard) and not heard.has("agg") and ends_of(heard) is None:
            return 0.3  # neither a ranking of groups nor a list: the order would go unheard
        filtered = bool(on_trades) or any(heard.has(kind) for kind in FILTERS)
        asks = (
            bool(metrics)
            or heard.has("agg")
            or heard.has("order")
            or heard.has("noun", "trade")
            or heard.cue("how_much")
        )
        asks = asks or heard.cue("compare") or heard.cue("list")
        if heard.has("noun", "dataset") and not heard.has("noun", "trade"):
            return 0.1
        if grouped == ["exit_reason"]:
            return 0.9
        if grouped and (asks or filtered or heard.cue("list")):
            return 0.95
        if filtered and asks:
            return 0.95
        if heard.has("metric", "bars_held", "average_bars_held", "mae", "mfe", "units", "payoff_ratio", "pips"):
            return 0.85
        if heard.has("noun", "trade") and heard.has("agg", "count", "share"):
            return 0.85
        if heard.has("noun", "trade") and (heard.has("order") or heard.has("limit") or heard.has("agg") or metrics):
            return 0.85
        if heard.has("noun", "trade") and (heard.cue("list") or heard.cue("exists")):
            return 0.7
        if sum(heard.has(kind) for kind in FILTERS) + bool(on_trades) > 1:
            return 0.85
        of_one = any(heard.has(kind) for kind in ("name", "id_backtest", "symbol", "strategy"))
        if (filtered or grouped) and of_one:
            return 0.6  # "eur sma fridays": what they made
        return 0.3 if filtered or grouped else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        heard = with_outcomes(heard)
        measure, _ = measured(heard)
        grouped = dimensions_of(heard)
        _, words = filters(heard, time_column(heard), dimensions=grouped)
        by = f" by {DIMENSIONS[grouped[0]].words}" if grouped else ""
        return f"{measure.words if measure else 'trades'}{by} of the trades{' ' if words else ''}{', '.join(words)}"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        heard = with_outcomes(heard)
        grouped = dimensions_of(heard)
        one_figure = not grouped and not heard.has("agg", "share") and not wants_list(heard)
        run = desk.backtest(heard, draft, each_is_told=one_figure)
        time = time_column(heard)
        where, words = filters(heard, time, dimensions=grouped)
        for told in told_of(heard):
            draft.assume(told)
        if ends := ends_of(heard):
            where, words = [*where, ends[0]], [ends[1], *words]
            draft.assume("Trades in the order of closing")
        if any(heard.has(kind) for kind in TIMES) or any(DIMENSIONS[g].timed for g in grouped):
            draft.assume(f"By {'entry' if time == 'entry_time' else 'exit'} time, UTC")
        if heard.has("session") or "session" in grouped:
            hours = ", ".join(
                f"{name.replace('_', ' ').title()} {low:02d} to {high:02d} h" for name, (low, high) in SESSIONS.items()
            )
            draft.assume(f"Sessions in UTC: {hours}")
        if grouped:
            grouped_trades(heard, run, draft, grouped, where, words)
        elif heard.has("agg", "share") and where and heard.has("metric", "net_profit"):
            share_of_profit(run, draft, where, words)
        elif heard.has("agg", "share") and where:
            share_of_trades(heard, run, draft)
        elif wants_list(heard):
            _listed(heard, run, draft, where)
        elif any(heard.has(kind) for kind in ("symbol", "strategy")) and 1 < len(same := desk.alike(heard)) <= _SEVERAL:
            draft.assume("Several backtests are like that, and each is told, the latest first")
            for one in same:
                draft.say(f"{one.head}:")
                _single(heard, one, draft, where, words)
        else:
            _single(heard, run, draft, where, words)
        draft.offer(f"trading-ai backtest trades {short(run.run_id)}")


def _single(heard: Heard, run: Run, draft: Draft, where: list[str], words: list[str]) -> None:
    aggregate = next((a for a in heard.values("agg") if a not in {"count", "share"}), "")
    default = [] if heard.has("agg", "count") else [measured(heard)[1]]
    metrics = list(heard.values("metric")) or default
    measures = {m: measure_of(m, aggregate) for m in metrics if m != "total_trades"}
    wanted = [a for a in heard.values("agg") if a not in {"count", "share"}]
    if len(wanted) > 1 and len(measures) == 1:  # the median and the standard deviation
        metric = next(iter(measures))
        measures = {f"{metric}_{a}": measure_of(metric, a) for a in wanted}
    if any(m is None for m in measures.values()):
        raise Unanswerable(
            "That cannot be worked out of single trades.", ["net profit of the trades", "win rate by weekday"]
        )
    chosen = {m: made for m, made in measures.items() if made is not None}
    selected = ", ".join(["count(*) as n_trades", *(f"{made.sql} as {m}" for m, made in chosen.items())])
    units = {"n_trades": "trades"} | {m: made.unit for m, made in chosen.items()}
    found = draft.query(f"select {selected} {trades_from(run, where)}", units, run.currency)
    n = found.cell(0, "n_trades")
    if not n.value:
        draft.say(f"{{n}} trades are{words_behind(words) or ' there'}.", n=n)
        if any(heard.has(kind) for kind in TIMES):
            _from_when(run, draft)
        return
    if (
        chosen
        and all(found.value(0, name) is None for name in chosen)
        and not {"bars_held", "average_bars_held"} & set(chosen)
    ):
        words_of = " and ".join(made.words for made in chosen.values())
        raise Unanswerable(
            f"The {words_of} of these trades is not known: {harmless(run.label)} holds nothing of it"
            f"{' (an imported report has no bars to work it out from)' if run.strategy == 'replay' else ''}.",
            ["net profit of the trades"], clarify=True,
        )  # fmt: skip
    for name, made in chosen.items():
        if name in {"bars_held", "average_bars_held"} and found.value(0, name) is None:
            continue  # an imported report has no bars; the time is told below
        draft.say(
            f"The {made.words} of trades{words_behind(words)} is {{a}} ({{n}} trades).", a=found.cell(0, name), n=n
        )
    if {"bars_held", "average_bars_held"} & set(chosen):
        hours = draft.query(
            f"select avg({HELD_HOURS}) as hours_held, median({HELD_HOURS}) as median_hours {trades_from(run, where)}",
            {"hours_held": "ratio", "median_hours": "ratio"},
        )
        draft.say(
            "In time, that is {a} hours on average, and {m} hours in the middle of them (median).",
            a=hours.cell(0, "hours_held"), m=hours.cell(0, "median_hours"),
        )  # fmt: skip
        if re.search(r"\bmin(?:ute)?s?\b", heard.question.lower()) or (hours.value(0, "hours_held") or 9.0) < 1.0:
            minutes = draft.query(
                f"select 60 * avg({HELD_HOURS}) as minutes_held, 60 * median({HELD_HOURS}) as median_minutes "
                f"{trades_from(run, where)}",
                {"minutes_held": "ratio", "median_minutes": "ratio"},
            )
            draft.say(
                "In minutes: {a} and {m}.",
                a=minutes.cell(0, "minutes_held"), m=minutes.cell(0, "median_minutes"),
            )  # fmt: skip
    if not chosen:
        draft.say(f"{{n}} trades{' are' + words_behind(words) if words else ' are there'}.", n=n)
        if words:
            told_of_all(run, draft, where)
    if heard.has("order", "gain", "loss") and "net_profit" in chosen and aggregate == "":
        value = found.value(0, "net_profit")
        verb = "made" if value > 0 else "lost" if value < 0 else "neither made nor lost"
        draft.say(f"They {verb} money.")


def _from_when(run: Run, draft: Draft) -> None:
    """When the trades of a backtest are, where none is at the time that is asked for."""
    found = draft.query(
        f"select min(entry_time) as first_entry, max(exit_time) as last_exit from trades({quoted(run.run_id)})"
    )
    if found.value(0, "first_entry") is not None:
        draft.say("Its trades are from {a} to {b}.", a=found.cell(0, "first_entry"), b=found.cell(0, "last_exit"))


def _listed(heard: Heard, run: Run, draft: Draft, where: list[str]) -> None:
    metric = heard.values("metric")[0] if heard.has("metric") else "net_profit"
    order = _LISTED.get(metric, "net_profit desc")
    if heard.has("outcome", "win" if metric == "largest_loss" else "loss") and metric in {
        "largest_loss",
        "largest_win",
    }:
        raise Unanswerable(
            "The largest loss is none of the winning trades, and the other way round.", ["3 worst trades"]
        )
    if heard.has("order", "worst") and metric == "net_profit":
        order = "net_profit"
    if heard.has("order", "lowest") and order.endswith(" desc"):
        order = order.removesuffix(" desc")
    if heard.has("outcome", "loss") and metric == "net_profit":  # the biggest losers lost most
        order = "net_profit desc" if heard.has("order", "lowest") else "net_profit"
    limit = heard.first("limit")
    several = not heard.has("order", "best", "worst", "lowest") and not heard.has("metric") and plural_trades(heard)
    n = int(limit.number) if limit is not None and limit.number else _LISTED_AT_MOST if several else 1
    extreme = heard.has("order", "best", "worst", "lowest") or heard.has("agg") or heard.has("metric")
    if not extreme and not heard.has("outcome"):
        order = "number"
    if heard.has("subject", "latest") and limit is not None and not heard.has("order"):
        order = "number desc"
    if heard.has("ends", "first") and limit is not None and not heard.has("order"):
        order = "number"
    columns = "number, entry_time, exit_time, direction, exit_reason, bars_held, mae, mfe, commission, pips, net_profit"
    found = draft.query(
        f"select {columns} {trades_from(run, where)} order by {order}, number limit {n}", {}, run.currency
    )
    if not len(found):
        draft.say("No trade is like that.")
        return
    told = ("number", "direction", "entry_time", "exit_time", "exit_reason", "net_profit", "bars_held")
    by = order.split()[0]
    ordered_by = f", {by} {{{by}}}" if by in found.rows.columns and by not in told else ""
    for row in range(min(len(found), _SHOWN)):
        cells = {name: found.cell(row, name) for name in (*told, *((by,) if ordered_by else ()))}
        draft.say(
            "Trade {number}, {direction}, opened {entry_time}, closed {exit_time} by {exit_reason} after "
            f"{{bars_held}} bars: {{net_profit}}{ordered_by}.",
            **cells,
        )
    if len(found) > _SHOWN:
        draft.say("The cited rows hold the others.")
    if len(found) > 1 and metric == "net_profit":
        every = draft.query(
            f"select sum(net_profit) as net_profit from (select net_profit {trades_from(run, where)} order by {order}, "
            f"number limit {n})", {"net_profit": "account currency"}, run.currency,
        )  # fmt: skip
        draft.say("Together they made {t}.", t=every.cell(0, "net_profit"))


TRADES = Trades()
