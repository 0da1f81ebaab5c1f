"""Costs: what was paid, what dearer trading would leave, and where the profit is gone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from typing_extensions import override

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, column, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.cost_levels import tell_level
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.assistant.trial_sql import COSTS
from trading_ai.documents.words import short

_PARTS = ("commission_paid", "swap_paid", "slippage_paid", "spread_paid")


class Costs(Topic):
    """Costs of a backtest or of an optimization's best trial."""

    name = "costs"
    accounts = ALWAYS | {
        "metric", "agg", "factor", "level", "cue:cost", "cue:double", "cue:triple", "cue:half", "cue:breakeven",
        "cue:no_costs", "cue:eta", "cue:trend", "noun:run",
        "noun:backtest", "noun:optimization", "noun:winner", "noun:trade", "cue:survive", "cue:cause", "order",
        "cue:imported",
        "noun:strategy", "neg", "cue:progress", "cue:recover", "cue:compare",
    }  # fmt: skip
    offers = ("how much did I pay in costs?", "what would double costs do?")

    @override
    def fit(self, heard: Heard) -> float:
        if any(
            heard.has(kind) for kind in ("dim", "direction", "weekday", "hour", "month", "condition", "outcome", "exit")
        ):
            return 0.15
        if heard.cue("no_costs"):
            several = heard.plural("backtest", "run")
            return 0.3 if several else 0.95
        if heard.has("noun", "backtest") and re.search(r"\b(?:any|which|every|each|all)\b", heard.question.lower()):
            return 0.3  # each has costs of its own
        if heard.has("level"):
            return 0.3 if heard.plural("backtest", "run", "trade") or heard.has("noun", "trial") else 0.96
        costs = heard.cue("cost") or heard.has("metric", *_PARTS)
        changed = heard.cue("double", "triple", "half") or heard.has("factor")
        if heard.has("noun", "trial") or (heard.has("metric") and not heard.has("metric", "net_profit", *_PARTS)):
            return 0.2
        if changed and (costs or heard.cue("double")):
            return 0.96
        if heard.cue("breakeven") and costs:
            return 0.95
        if heard.cue("breakeven") and heard.cue("recover", "no_costs"):
            return 0.9
        if any(t.text in {"paid or earned", "earned or paid", "paid or received"} for t in heard.all("cue")):
            return 0.95
        if costs and heard.has("neg"):
            return 0.9 if heard.has("metric", "net_profit") or heard.has("order", "gain") else 0.3
        money = heard.has("order", "gain", "loss") or heard.has("order", "best", "worst")
        if costs and not heard.has("neg"):
            return (
                0.3
                if money and not heard.cue("how_much")
                else 0.93
                if heard.cue("how_much", "cost") or heard.has("agg", "sum")
                else 0.7
            )
        return 0.0

    @override
    def reading(self, heard: Heard) -> str:
        if heard.cue("double", "triple", "half") or heard.has("factor"):
            return "what would double costs do?"
        return "how much dearer may trading become?" if heard.cue("breakeven") else "how much did I pay in costs?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        run = desk.newest(heard, draft)
        source = cost_source(run, draft)
        changed = heard.cue("double", "triple", "half") or heard.has("factor")
        without = heard.cue("no_costs") or heard.has("neg")
        level = heard.first("level")
        if level is not None:
            desk.decided(heard)
            tell_level(run, draft, source, level)
        elif changed or without:
            factor = heard.first("factor")
            times = (
                0.0
                if without
                else float(factor.number)
                if factor is not None and factor.number is not None
                else _times(heard)
            )
            dearer(run, draft, source, times, [m for m in heard.values("metric") if m in _PARTS])
        elif heard.cue("breakeven"):
            break_even(run, draft, source, [m for m in heard.values("metric") if m in _PARTS])
        else:
            _paid(heard, run, draft, source)
        if run.kind == "optimization":
            draft.offer(f"trading-ai robustness {short(run.run_id)}   (its criterion break_even_factor)")


def _times(heard: Heard) -> float:
    return 3.0 if heard.cue("triple") else 0.5 if heard.cue("half") else 2.0


def cost_source(run: Run, draft: Draft) -> str:
    """The row that holds the figures of a run: its own, or of its best trial."""
    if run.kind == "backtest":
        return f"from backtests where backtest_id = {quoted(run.run_id)}"
    draft.assume("Of an optimization, the figures are those of its best trial, rank 1")
    return f"from trials({quoted(run.run_id)}) where rank = 1"


def dearer(run: Run, draft: Draft, source: str, times: float, parts: Sequence[str] = ()) -> None:
    """The net profit if costs had been so many times what they were.

    Args:
        run: whose.
        draft: the answer.
        source: the row that holds its figures.
        times: the factor.
        parts: which costs; none for all.
    """
    changed = " + ".join(parts) or COSTS
    named = " and ".join(part.removesuffix("_paid") for part in parts) or "costs"
    found = draft.query(
        f"select net_profit, {changed} as costs, {times:g} as factor, net_profit - {times - 1:g} * ({changed}) as "
        f"net_profit_then {source}",
        {"costs": "account currency", "factor": "plain", "net_profit_then": "account currency"}, run.currency,
    )  # fmt: skip
    if not len(found) or found.value(0, "costs") is None:
        raise Unanswerable("The costs of it are not known, so nothing can be said of dearer ones.")
    draft.assume(
        "Costs are commission, swap, slippage and spread; the trades are taken to stay as they are, which dearer "
        "trading would not leave "
        "them where stops or sizes depend on costs"
    )
    cells = {n: found.cell(0, n) for n in ("net_profit", "costs", "factor", "net_profit_then")}
    if not found.value(0, "costs"):
        draft.say(
            f"No {named} were charged ({{costs}}), so any multiple of them changes nothing; the net profit stays "
            "{net_profit}.",
            **cells,
        )
        draft.offer(
            f"trading-ai backtest run ... --spread PIPS --commission-per-lot MONEY   (state the costs, "
            f"{short(run.run_id)} has none)"
        )
        return
    draft.say(
        f"With {{factor}} times the {named} ({{costs}} as they were), the net profit of {{net_profit}} would be "
        "{net_profit_then}.",
        **cells,
    )
    now, then = found.value(0, "net_profit"), found.value(0, "net_profit_then")
    if now > 0:
        draft.say("It would still make a profit." if then > 0 else "The profit would be gone.")


def break_even(run: Run, draft: Draft, source: str, parts: Sequence[str] = ()) -> None:
    """By how much dearer trading, or some of its costs, may become before nothing is earned."""
    costs = " + ".join(parts) or COSTS
    named = " and ".join(part.removesuffix("_paid") for part in parts) or "costs"
    found = draft.query(
        f"select net_profit, {costs} as costs, 1 + net_profit / nullif({costs}, 0) as break_even_factor {source}",
        {"costs": "account currency", "break_even_factor": "ratio"}, run.currency,
    )  # fmt: skip
    if not len(found) or not found.value(0, "costs"):
        raise Unanswerable(
            "No costs were charged, so there is no multiple of them at which the profit is gone.",
            ["how much did I pay in costs?"],
        )
    draft.assume("The trades are taken to stay as they are")
    cells = {n: found.cell(0, n) for n in ("net_profit", "costs", "break_even_factor")}
    if (found.value(0, "net_profit") or 0.0) > 0:
        draft.say(
            f"The profit of {{net_profit}} is gone at {{break_even_factor}} times the {named} of {{costs}}.", **cells
        )
        if tuple(parts) in {("spread_paid",), ("slippage_paid",)}:
            _in_pips(run, draft, named, found.value(0, "break_even_factor"))
    else:
        draft.say("There is no profit to lose: the net profit is {net_profit} after costs of {costs}.", **cells)


def _in_pips(run: Run, draft: Draft, named: str, factor: float) -> None:
    """The level of a cost at which the profit is gone."""
    base = run.run_id if run.kind == "backtest" else run.backtest_id
    found = draft.query(
        f"select cast(costs->>'{named}_pips' as double) as old_level, {factor!r} * old_level as gone_at from backtests "
        f"where backtest_id = {quoted(base)}",
        {"old_level": "plain", "gone_at": "ratio"},
    )
    if found.value(0, "gone_at"):
        draft.say(
            f"That is a {named} of {{g}} pips; it was {{o}}.", g=found.cell(0, "gone_at"), o=found.cell(0, "old_level")
        )


def _paid(heard: Heard, run: Run, draft: Draft, source: str) -> None:
    asked = [m for m in heard.values("metric") if m in _PARTS]
    found = draft.query(
        f"select {', '.join(column(p) for p in _PARTS)}, {COSTS} as costs, net_profit, total_trades, "
        f"({' + '.join(asked) or COSTS}) / nullif(total_trades, 0) as cost_a_trade {source}",
        {"costs": "account currency", "cost_a_trade": "account currency"}, run.currency,
    )  # fmt: skip
    if not len(found):
        raise Unanswerable("No trial ranks, so there is no winner whose costs could be told.")
    unknown = [part for part in asked if found.value(0, part) is None]
    if unknown:
        named = " and ".join(part.removesuffix("_paid") for part in unknown)
        raise Unanswerable(
            f"The {named} of {run.label} is not known: what was imported does not hold it.",
            ["how much did I pay in costs?"], clarify=True,
        )  # fmt: skip
    if asked:
        for part in asked:
            draft.say(
                f"The {part.removesuffix('_paid')} paid is {{a}} over {{n}} trades.",
                a=found.cell(0, part),
                n=found.cell(0, "total_trades"),
            )
        draft.say("That is {c} a trade.", c=found.cell(0, "cost_a_trade"))
        if len(asked) > 1:
            draft.say("All costs together are {t}.", t=found.cell(0, "costs"))
        return
    cells = {name: found.cell(0, name) for name in (*_PARTS, "costs", "net_profit", "total_trades")}
    draft.say(
        "Costs are {costs} over {total_trades} trades: commission {commission_paid}, swap {swap_paid}, slippage "
        "{slippage_paid}, spread "
        "{spread_paid}; the net profit after them is {net_profit}.", **cells,
    )  # fmt: skip
    draft.say("That is {c} a trade.", c=found.cell(0, "cost_a_trade"))


COSTS_TOPIC = Costs()
