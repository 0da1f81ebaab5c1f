"""Whether a profit rests on one month or on a few trades."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.documents.words import short

BEST = 5
"""Trades that are left out unless a question says how many."""


class Concentration(Topic):
    """The best month's and the best trades' part of a profit."""

    name = "concentration"
    accounts = ALWAYS | {
        "cue:concentration", "cue:eta", "metric", "limit", "noun:trade", "noun:run", "noun:backtest", "order", "dim",
        "agg",
        "neg", "cue:cause",
        "noun:optimization", "noun:strategy", "cue:imported", "noun:days", "cue:list", "cue:importance",
    }  # fmt: skip
    offers = ("does the profit depend on a few trades?",)

    @override
    def fit(self, heard: Heard) -> float:
        if heard.has("noun", "trial", "winner", "param") or heard.all("condition"):
            return 0.1
        if heard.has("metric", "largest_win", "largest_loss"):
            return 0.3
        some = heard.has("noun", "trade") and heard.has("order", "best") and heard.has("limit")
        if some and heard.has("agg", "share") and heard.has("metric", "net_profit"):
            return 0.96
        return 0.96 if heard.cue("concentration") else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return "does the profit depend on a few trades?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        run = desk.backtest(heard, draft)
        trades = f"trades({quoted(run.run_id)})"
        limit = heard.first("limit")
        one = any(
            tag.text.endswith(("best trade", "biggest winner", "one trade", "single trade")) for tag in heard.all("cue")
        )
        n = int(limit.number) if limit is not None and limit.number else 1 if one else BEST
        money = "account currency"
        found = draft.query(
            f"with t as (select net_profit, row_number() over (order by net_profit desc, number) as place from "
            f"{trades}) select count(*) as "
            f"n_trades, sum(net_profit) as net_profit, count(*) filter (where place <= {n}) as n_best, "
            f"sum(net_profit) filter (where place "
            f"<= {n}) as profit_of_best, coalesce(sum(net_profit) filter (where place > {n}), 0) as profit_without, "
            f"100.0 * sum(net_profit) filter (where place <= {n}) / nullif(sum(net_profit), 0) as share_of_best "
            f"from t",
            {"n_trades": "trades", "n_best": "trades", "profit_of_best": money, "profit_without": money,
             "share_of_best": "%"}, run.currency,
        )  # fmt: skip
        if not found.value(0, "n_trades"):
            raise Unanswerable("It has no trades.")
        cells = {name: found.cell(0, name) for name in found.rows.columns}
        part = ", {share_of_best} of it" if found.value(0, "net_profit") > 0 else ""
        draft.say(
            "Without its {n_best} best trades, the net profit of {net_profit} would be {profit_without}; they "
            f"made {{profit_of_best}}{part}.",
            **cells,
        )
        made, left = found.value(0, "net_profit"), found.value(0, "profit_without")
        if made > 0:
            draft.say("The profit rests on them." if left <= 0 else "The profit does not rest on them alone.")
        else:
            draft.say("There is no profit that could rest on them.")
        month = draft.query(
            f"with m as (select strftime(exit_time, '%Y-%m') as month, sum(net_profit) as month_profit from {trades} "
            f"group by 1) select month, "
            "month_profit, 100.0 * month_profit / nullif((select sum(month_profit) from m), 0) as share_of_month, "
            "(select sum(month_profit) from m) - month_profit as without_month, "
            "(select count(*) from m) as n_months from m order by month_profit desc, month limit 1",
            {"month_profit": money, "n_months": "months", "share_of_month": "%", "without_month": money}, run.currency,
        )  # fmt: skip
        cells = {name: month.cell(0, name) for name in month.rows.columns}
        part = ", {share_of_month} of it" if made > 0 else ""
        draft.say(f"The best of {{n_months}} months is {{month}} with {{month_profit}}{part}.", **cells)
        draft.say("Without that month it would be {without_month}.", **cells)
        if made > 0:
            draft.say(
                "That is more than all the others together."
                if month.value(0, "month_profit") > made / 2
                else "That is not more than half of it."
            )
        draft.assume("By exit time, UTC")
        draft.offer(f"trading-ai backtest trades {short(run.run_id)}")


CONCENTRATION = Concentration()
