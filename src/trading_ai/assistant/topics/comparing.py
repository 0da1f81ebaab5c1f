"""Two runs side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from typing_extensions import override

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, column, quoted
from trading_ai.assistant.showing import harmless, unit_of
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.assistant.trial_sql import BETTER, COSTS
from trading_ai.metrics.catalog import METRIC_COLUMN

_USUAL = ("net_profit", "total_trades", "win_rate", "profit_factor", "max_drawdown_percent", "sharpe_ratio")


_MOST_DIFFERENCES = 16
_MOST_NAMED = 6

_COUNTS = ("total_trades", "long_trades", "short_trades")
"""More of them is neither better nor worse by itself."""


class Comparing(Topic):
    """Metrics of two runs, and which is better by each."""

    name = "comparing"
    accounts = ALWAYS | {
        "metric", "limit", "order", "noun:run", "noun:backtest", "noun:optimization", "cue:compare", "noun:strategy",
        "noun:winner",
        "cue:imported", "noun:symbol", "cue:why", "cue:drift", "cue:sizing", "cue:rules", "cue:assumed", "time_of",
        "cue:settings_differ", "cue:correlated",
    }  # fmt: skip
    offers = ("compare my last two backtests",)

    @override
    def fit(self, heard: Heard) -> float:
        two = any(tag.number == 2 for tag in heard.all("limit")) and heard.has(
            "noun", "run", "backtest", "optimization"
        )
        if (
            two
            and heard.has("subject", "latest")
            and (heard.has("metric") or heard.has("order") or heard.cue("compare"))
        ):
            return 0.95
        if len(heard.values("name")) == 2 and (heard.cue("settings_differ") or _asks_correlation(heard)):
            return 0.97
        if len(heard.values("name")) > 2 and not heard.has("dim"):
            return 0.95
        if len(heard.values("name")) > 1 and (heard.has("metric") or heard.has("order")):
            return 0.95
        pairs = max(len(heard.values(slot)) for slot in ("symbol", "strategy", "timeframe"))
        if pairs == 2 and heard.has("order") and not heard.has("dim") and not heard.has("noun", "trade", "trial"):
            return 0.95
        if len(heard.values("name")) > 1 and heard.cue("drift") and any(t.text == "changed" for t in heard.all("cue")):
            return 0.95
        if not heard.cue("compare") or heard.has("direction") or heard.has("dim") or heard.has("noun", "trade"):
            return 0.0
        if heard.cue("walk") or heard.has("parameter") or heard.has("metric", "buy_and_hold_percent"):
            return 0.2
        named = len(heard.all("id_backtest")) + len(heard.all("id_optimization")) + len(heard.all("name"))
        if named >= 2 or pairs >= 2 or (heard.has("limit") and heard.has("noun", "run", "backtest", "optimization")):
            return 0.95
        if heard.has("subject", "previous") or (
            heard.has("noun", "run", "backtest", "optimization") and (named or heard.has("subject"))
        ):
            return 0.85
        return 0.5

    @override
    def reading(self, heard: Heard) -> str:
        return f"compare my last two {'optimizations' if heard.has('noun', 'optimization') else 'backtests'}"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        named = desk.named_runs(heard)
        if len(named) > 2:
            _many(heard, named, draft)
            return
        runs = _two(heard, desk)
        metrics = [m for m in heard.values("metric") if m in {*METRIC_COLUMN, *_WORKED_OUT}] or list(_USUAL)
        a, b = runs
        if a.kind != b.kind:
            a, b = desk.base(a), desk.base(b)
            draft.assume("An optimization is compared by the backtest that it varies")
        draft.assume(f"A is {a.label}, B is {b.label}")
        of_days, of_settings = _asks_correlation(heard), heard.cue("settings_differ")
        if (of_days or of_settings) and a.kind != "backtest":
            raise Unanswerable("That is told of two backtests only.", ["compare my last two backtests"])
        if heard.cue("correlated") and not of_days and not of_settings:
            raise Unanswerable("In what should they be the same?", ["compare my last two backtests"])
        if of_days:
            _correlation(a, b, draft)
            return
        if of_settings and not heard.has("order"):
            if not _settings_of(a, b, draft):
                draft.query(
                    f"select parameters, costs, sizing, rules from backtests where backtest_id = {quoted(a.run_id)}"
                )
                draft.say("They were run alike: no setting differs.")
            return
        if a.kind == "optimization":
            draft.assume("Of an optimization, the figures are those of its best trial, rank 1")
        columns = ", ".join(
            f"{_of('a', m)} as a_{m}, {_of('b', m)} as b_{m}, {_of('b', m)} - {_of('a', m)} as d_{m}" for m in metrics
        )
        found = draft.query(
            f"select {columns} from {_source(a)} a, {_source(b)} b where {_one(a, 'a')} and {_one(b, 'b')}",
            _units(metrics),
            a.currency,
        )
        if not len(found):
            raise Unanswerable("One of both has no trial that ranks.", ["list my runs"])
        better = {m: BETTER.get(m, 1) for m in metrics}
        for m in metrics:
            x, y = found.value(0, f"a_{m}"), found.value(0, f"b_{m}")
            who = ""
            if x is not None and y is not None and better[m] and m not in _COUNTS and x != y:
                who = " B is better." if (y > x) == (better[m] > 0) else " A is better."
            elif x is not None and x == y:
                who = " They are equal."
            draft.say(
                f"{m.replace('_', ' ')}: A {{a}}, B {{b}} (difference {{d}}).{who}",
                a=found.cell(0, f"a_{m}"),
                b=found.cell(0, f"b_{m}"),
                d=found.cell(0, f"d_{m}"),
            )
        if a.kind == "backtest":
            _settings_of(a, b, draft)
        _costs_of(a, b, draft)
        if a.currency != b.currency:
            draft.assume("Their accounts have different currencies: money is not comparable")


_WORKED_OUT = {"payoff_ratio": "({0}.average_win / nullif(-{0}.average_loss, 0))"}
"""Figures that runs do not store, of those that they do."""


def _of(alias: str, metric: str) -> str:
    """A metric of one of both runs in SQL."""
    return _WORKED_OUT[metric].format(alias) if metric in _WORKED_OUT else f"{alias}.{column(metric)}"


def _asks_correlation(heard: Heard) -> bool:
    """Whether two runs are asked to be compared day by day."""
    return heard.cue("correlated") and re.search(r"\b(?:correlat|independent)", heard.question.lower()) is not None


_FEW_DAYS = 30


def _correlation(a: Run, b: Run, draft: Draft) -> None:
    """Whether two backtests earn on the same days."""
    found = draft.query(
        "select corr(a.profit, b.profit) as correlation, count(*) as n_days from "
        f"daily_profits({quoted(a.run_id)}) a join daily_profits({quoted(b.run_id)}) b using (day)",
        {"n_days": "days"},
    )
    if found.value(0, "correlation") is None:
        raise Unanswerable("They have no days in common on which both have profits.", ["compare my last two backtests"])
    draft.say(
        "Their daily profits have the correlation {c} over {n} days that both have.",
        c=found.cell(0, "correlation"), n=found.cell(0, "n_days"),
    )  # fmt: skip
    if float(str(found.value(0, "n_days"))) < _FEW_DAYS:
        draft.say("That is too few days to tell anything.")


def _settings_of(a: Run, b: Run, draft: Draft) -> bool:
    """What both backtests were run with, where it differs; whether it does."""
    plain = ("strategy", "symbol", "timeframe", "capital", "start", "end")
    inside = ("parameters", "sizing", "costs", "rules")
    both = f"backtests a, backtests b where a.backtest_id = {quoted(a.run_id)} and b.backtest_id = {quoted(b.run_id)}"
    every = draft.query(
        "select "
        + ", ".join(f"{side}.{column(n)} as {side}_{n}" for n in (*plain, *inside) for side in "ab")
        + f" from {both}"
    )
    differing = [name for name in plain if every.value(0, f"a_{name}") != every.value(0, f"b_{name}")]
    selected = {name: tuple(f"{side}.{column(name)}" for side in "ab") for name in differing}
    for name in inside:
        first, second = (json.loads(every.value(0, f"{side}_{name}") or "{}") for side in "ab")
        for key in dict.fromkeys([*first, *second]):
            if first.get(key) != second.get(key):
                selected[key] = tuple(f"{side}.{name}->>{quoted(key)}" for side in "ab")
    if not selected:
        return False
    named = list(selected)[:_MOST_DIFFERENCES]
    columns = ", ".join(f"{selected[n][0]} as a_{i}, {selected[n][1]} as b_{i}" for i, n in enumerate(named))
    found = draft.query(f"select {columns} from {both}", {}, a.currency)
    draft.say("What they were run with differs:")
    for i, name in enumerate(named):
        draft.say(
            f"{harmless(name).replace('_', ' ')}: A {{a}}, B {{b}}.".replace("undefined", "not given"),
            a=found.cell(0, f"a_{i}"),
            b=found.cell(0, f"b_{i}"),
        )
    return True


def _many(heard: Heard, runs: list[Run], draft: Draft) -> None:
    """More than two runs, each with its figures."""
    metrics = [m for m in heard.values("metric") if m in METRIC_COLUMN] or list(_USUAL)
    columns = ", ".join(column(m) for m in metrics)
    selected = " union all ".join(
        f"select {place} as place, {columns} from {_source(run)} t where {_one(run, 't')}"
        for place, run in enumerate(runs)
    )
    found = draft.query(f"select * from ({selected}) order by place", {}, runs[0].currency)
    if any(run.currency != runs[0].currency for run in runs):
        draft.assume("Their accounts have different currencies: money is not comparable")
    for row in range(len(found)):
        cells = {f"m{i}": found.cell(row, m) for i, m in enumerate(metrics)}
        told = ", ".join(f"{m.replace('_', ' ')} {{m{i}}}" for i, m in enumerate(metrics))
        draft.say(f"{runs[int(found.value(row, 'place'))].head}: {told}.", **cells)


def _costs_of(a: Run, b: Run, draft: Draft) -> None:
    """That one of both was run without costs, where the other has some."""
    found = draft.query(
        f"select a_costs, b_costs from (select {COSTS} as a_costs from {_source(a)} a where {_one(a, 'a')}), "
        f"(select {COSTS} as b_costs from {_source(b)} b where {_one(b, 'b')})",
        {"a_costs": "account currency", "b_costs": "account currency"}, a.currency,
    )  # fmt: skip
    if not len(found):
        return
    x, y = found.value(0, "a_costs"), found.value(0, "b_costs")
    if bool(x) != bool(y):
        draft.say(
            "They were not run at the same costs: A paid {a}, B {b}.",
            a=found.cell(0, "a_costs"),
            b=found.cell(0, "b_costs"),
        )


def _two(heard: Heard, desk: Desk) -> tuple[Run, Run]:
    named = desk.named_runs(heard)
    if len(named) >= 2:
        return named[0], named[1]
    kind = "optimization" if heard.has("noun", "optimization") else "backtest"
    own = [r for r in (desk.stored.optimizations if kind == "optimization" else desk.stored.backtests) if not r.part_of]
    for slot in ("symbol", "strategy", "timeframe"):
        values = heard.values(slot)
        if len(values) >= 2:
            if heard.context == "" and not heard.has("subject", "latest"):
                _decided(own, slot, values[:2])
            pair = [next((r for r in own if getattr(r, slot) == v), None) for v in values[:2]]
            if pair[0] is None or pair[1] is None:
                raise Unanswerable(f"There is no {kind} of one of {', '.join(values[:2])}.", ["list my runs"])
            return pair[0], pair[1]
        if values:
            own = [r for r in own if getattr(r, slot) == values[0]]
    if named:
        own = [r for r in own if r.run_id != named[0].run_id and r.kind == named[0].kind]
        if own:
            return own[0], named[0]
    if len(own) < 2:
        raise Unanswerable(f"There are not two {kind}s to be compared.", ["list my runs"])
    return own[1], own[0]


def _decided(own: list[Run], slot: str, values: Sequence[str]) -> None:
    """Ask back where more than one run has what stands for it.

    Raises:
        Unanswerable: there are several, with their names.
    """
    for value in values:
        same = [r for r in own if getattr(r, slot) == value and r.name]
        if len(same) > 1:
            named = ", ".join(f'"{harmless(r.name)}"' for r in same[:_MOST_NAMED])
            raise Unanswerable(
                f"Several runs are of {harmless(value)}: {named}. Which of them is meant?",
                [f'compare "{harmless(same[0].name)}" and "{harmless(same[1].name)}"'],
                clarify=True,
            )


def _source(run: Run) -> str:
    return "backtests" if run.kind == "backtest" else f"trials({quoted(run.run_id)})"


def _one(run: Run, alias: str) -> str:
    return f"{alias}.backtest_id = {quoted(run.run_id)}" if run.kind == "backtest" else f"{alias}.rank = 1"


def _units(metrics: list[str]) -> dict[str, str]:
    return {f"{side}_{m}": unit_of(m) for m in metrics for side in "abd"}


COMPARING = Comparing()
