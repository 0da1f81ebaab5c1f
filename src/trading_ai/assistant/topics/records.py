"""What is stored: runs and datasets counted, listed, or the best of them by a metric."""

from __future__ import annotations

import re

from typing_extensions import override

from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, column
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.listing import datasets, limit_of, strategies, where_of
from trading_ai.assistant.topics.searches import of_trials, optimizations
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.assistant.trial_sql import COSTS, direction, ranking_metric
from trading_ai.documents.sql_tables import BACKTESTS
from trading_ai.documents.words import short
from trading_ai.metrics.catalog import METRIC_COLUMN

_SHOWN = 10
_ENDS = ("deepest", "worst", "biggest", "largest", "max", "longest", "highest")
_OF_BACKTESTS = frozenset(BACKTESTS.names)


_PLAIN = frozenset({"list", "exists", "used", "latest", "mine", "optimization", "backtest", "run"})
"""What is heard of "what was my latest optimization" and nothing else."""


class Records(Topic):
    """Backtests, optimizations, datasets, symbols and strategies as a whole."""

    name = "records"
    accounts = ALWAYS | {
        "metric", "agg", "order", "limit", "condition", "noun:run", "noun:backtest", "noun:optimization",
        "noun:dataset", "noun:symbol",
        "noun:strategy", "cue:imported", "cue:when", "cue:period", "status", "cue:failed", "cue:rank_by", "cue:why",
        "cue:progress",
        "noun:bar",
        "cue:method",
        "cue:version", "cue:took", "noun:trial", "cue:no_costs", "outcome", "cue:cost", "cue:source", "cue:cause",
        "noun:timeframe",
    }  # fmt: skip
    offers = (
        "list my runs",
        "how many backtests do I have?",
        "which backtest has the highest Sharpe ratio?",
        "which datasets are there?",
    )

    @override
    def fit(self, heard: Heard) -> float:
        if heard.has("dim") or heard.has("noun", "trade", "winner", "param", "window", "worker", "criterion"):
            return 0.1
        if heard.has("noun", "trial") and not (heard.asks_which() and heard.has("noun", "optimization")):
            return 0.1
        if (
            heard.cue("howto")
            or heard.has("direction")
            or heard.cue("double")
            or (heard.cue("cost") and not heard.has("metric"))
        ):
            return 0.1
        if heard.cue("imported") and heard.cue("list", "exists") and not heard.has("metric") and not heard.has("name"):
            return 0.9
        if heard.asks_which() and heard.has("noun", "optimization") and heard.has("order") and of_trials(heard):
            return 0.95
        several = heard.plural("backtest", "run")
        if heard.cue("no_costs") and several and (heard.asks_which() or heard.has("agg", "count")):
            return 0.97
        imported = heard.cue("imported") and (heard.cue("list", "exists") or heard.has("agg", "count"))
        reports = re.search(r"\b(?:reports|imports|imported (?:backtests|reports|runs))\b", heard.question.lower())
        gains = heard.has("order", "gain", "loss") and not heard.has("metric")
        if heard.cue("imported") and reports and gains and not heard.has("name"):
            return 0.95
        kinds = imported or heard.has("noun", "run", "backtest", "optimization", "dataset", "symbol", "strategy", "bar")
        if not kinds:
            return 0.0
        if (
            heard.all("id_backtest")
            or heard.all("id_optimization")
            or heard.all("name")
            or (heard.context and heard.has("subject", "this"))
        ):
            return 0.2
        if imported:
            return 0.9
        if heard.has("noun", "timeframe") and heard.has("noun", "dataset"):
            return 0.93
        if heard.cue("source") and heard.has("noun", "dataset", "bar") and not heard.cue("howto"):
            return 0.93
        of_all = heard.has("subject", "all") or any(
            t.text.endswith("s") for t in heard.all("noun") if t.value in {"backtest", "run"}
        )
        if (
            heard.has("agg", "avg", "sum", "median", "max", "min")
            and heard.has("metric")
            and of_all
            and not heard.has("noun", "optimization")
        ):
            return 0.93
        if (
            heard.cue("failed")
            and heard.has("noun", "run", "optimization")
            and not heard.has("subject", "latest", "this")
        ):
            return 0.93
        plural = any(t.text.endswith("s") and t.text != "this" for t in heard.all("noun")) or heard.has(
            "subject", "all"
        )
        which = heard.question.lower().lstrip().startswith(("which", "what")) or heard.has("agg", "count")
        if (
            heard.has("noun", "dataset", "symbol")
            and (heard.cue("period", "exists", "list") or heard.has("agg", "count"))
            and not heard.cue("gap", "quality", "duplicates", "spike")
        ):
            return 0.92
        if heard.has("agg", "count") and not heard.has("subject", "latest", "this"):
            return 0.93
        if heard.has("agg", "count") and heard.has("noun", "bar"):
            return 0.9
        if heard.has("noun", "symbol", "strategy") and heard.has("order", "best", "worst", "lowest"):
            return 0.93
        if heard.has("noun", "bar") and heard.has("subject", "latest", "oldest"):
            return 0.85
        one = heard.has("subject", "latest", "this", "previous", "oldest") or heard.has("name")
        if heard.has("noun", "backtest") and heard.has("order", "best", "worst", "lowest") and not one:
            return 0.93
        ranked = heard.has("order") and (heard.has("metric") or heard.has("order", "best", "worst"))
        if (
            ranked
            and (which or plural or heard.has("subject", "all"))
            and not (heard.has("subject", "latest") and not plural)
        ):
            return 0.93
        if heard.all("condition") and (which or plural):
            return 0.9
        listed = heard.cue("list", "exists") or heard.has("symbol") or heard.has("strategy")
        if listed and plural and not heard.has("metric"):
            return 0.88
        if heard.has("subject", "all") and plural and heard.has("metric") and heard.has("noun", "backtest"):
            return 0.9
        if heard.cue("rank_by", "list") and plural and heard.has("metric") and heard.has("noun", "backtest"):
            return 0.9
        if heard.has("limit") and plural and heard.has("subject", "latest") and not heard.has("metric"):
            return 0.9
        latest = heard.has("subject", "latest") and heard.has("noun", "optimization", "backtest")
        if latest and all(tag.kind in {"cue", "subject", "noun"} and tag.value in _PLAIN for tag in heard.tags):
            return 0.8
        if heard.has("subject", "latest", "previous", "oldest") and heard.cue("when", "took"):
            return 0.85
        if heard.cue("when") or heard.has("status"):
            return 0.7
        return 0.2

    @override
    def reading(self, heard: Heard) -> str:
        kind = _kind(heard)
        plural = {"run": "runs", "backtest": "backtests", "optimization": "optimizations", "dataset": "datasets"}[kind]
        if heard.has("agg", "count"):
            return f"how many {plural} do I have?"
        if heard.has("metric"):
            return f"which {kind} has the highest {heard.values('metric')[0].replace('_', ' ')}?"
        return f"list my {plural}"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        kind = _kind(heard)
        group = next((g for g in ("symbol", "strategy", "timeframe") if heard.has("noun", g)), "")
        if group and (heard.has("order") or heard.has("metric")) and not heard.has("noun", "backtest"):
            _grouped(heard, draft, group)
        elif kind == "dataset":
            datasets(heard, draft)
        elif (
            heard.has("noun", "strategy")
            and heard.cue("list", "exists")
            and not heard.has("metric")
            and not heard.has("order")
        ):
            strategies(draft)
        elif kind == "optimization" or (kind == "run" and _about_searches(heard)):
            optimizations(heard, draft)
        elif kind == "run" and not heard.has("metric") and not heard.all("condition") and not heard.has("order"):
            optimizations(heard, draft)
            _backtests(heard, desk, draft)
        else:
            _backtests(heard, desk, draft)


def _kind(heard: Heard) -> str:
    if heard.cue("imported", "no_costs") and not heard.has("noun", "dataset"):
        return "backtest"
    for kind in ("backtest", "optimization"):
        if heard.has("noun", kind):
            return kind
    return "dataset" if heard.has("noun", "dataset", "symbol", "bar") and not heard.has("noun", "run") else "run"


def _about_searches(heard: Heard) -> bool:
    return heard.has("status") or heard.has("subject", "running") or heard.cue("method")


def _backtests(heard: Heard, desk: Desk, draft: Draft) -> None:
    where = where_of(heard, ("symbol", "strategy", "timeframe"))
    draft.assume("Backtests that a walk-forward or another study made are left out")
    if heard.cue("imported"):
        where.append("strategy = 'replay'")
    for tag in heard.all("condition"):
        name = tag.value.partition(":")[2]
        if not tag.value.startswith("metric:") or name not in _OF_BACKTESTS or tag.number is None:
            raise Unanswerable(f"Backtests hold nothing that {tag.text} could be asked of.", ["list my backtests"])
        where.append(f"{column(name)} {tag.operator} {tag.number:g}")
    if (heard.has("order", "gain") and not heard.has("order", "best")) or heard.has("outcome", "win"):
        where.append("net_profit > 0")
    elif (heard.has("order", "loss") and not heard.has("order", "best", "worst", "lowest")) or heard.has(
        "outcome", "loss"
    ):
        where.append("net_profit < 0")
    elif heard.has("metric", "ruined") and not heard.has("order"):
        where.append("ruined = 1")
    if heard.cue("no_costs"):
        where.append(f"{COSTS} = 0")
    condition = " and ".join(where)
    metrics = [m for m in heard.values("metric") if m in METRIC_COLUMN and m != "ruined"]
    if heard.has("agg", "count"):
        found = draft.query(
            f"select count(*) as n_backtests from backtests where {condition}", {"n_backtests": "backtests"}
        )
        draft.say(
            "{n} backtests are like that." if len(where) > 1 else "{n} backtests are stored.",
            n=found.cell(0, "n_backtests"),
        )
        return
    aggregate = next((a for a in heard.values("agg") if a in {"avg", "median", "sum", "max", "min"}), "")
    if aggregate and metrics:
        currencies = draft.query(
            f"select count(distinct account_currency) as n_currencies from backtests where {condition}",
            {"n_currencies": "currencies"},
        )
        money = [m for m in metrics if next(c.unit for c in BACKTESTS.columns if c.name == m) == "account currency"]
        if money and (currencies.value(0, "n_currencies") or 0) > 1:
            raise Unanswerable(
                "The accounts of these backtests have different currencies: their money cannot be added up or "
                    "averaged.",
                ["list my backtests", "which backtest has the highest net profit?"], clarify=True,
            )  # fmt: skip
        selected = ", ".join(f"{aggregate}({m}) as {m}" for m in metrics)
        found = draft.query(
            f"select count(*) as n_backtests, {selected} from backtests where {condition}", {"n_backtests": "backtests"}
        )
        for m in metrics:
            draft.say(
                f"The {'average' if aggregate == 'avg' else aggregate} {m.replace('_', ' ')} of {{n}} backtests is "
                f"{{a}}.",
                n=found.cell(0, "n_backtests"),
                a=found.cell(0, m),
            )
        return
    every = heard.cue("rank_by") and bool(metrics)
    whose = heard.asks_which() or re.match(r"(?:and |so )?what(?:'s| is| was)\b", heard.question.lower().lstrip())
    superlative = bool(whose) and any(t.text.startswith(_ENDS) for t in heard.all("metric"))
    ranked = every or superlative or heard.has("order", "best", "worst", "lowest") or heard.has("agg", "max", "min")
    by = ranking_metric(heard) or (metrics[0] if metrics else "net_profit")
    oldest = heard.has("subject", "oldest")
    if oldest:
        draft.assume("The oldest first")
    way = _way(by) if superlative and not heard.has("order") else direction(by, heard)
    order = (
        f"{by} {way} nulls last, created_at desc, backtest_id"
        if ranked
        else f"created_at {'asc' if oldest else 'desc'}, backtest_id"
    )
    asked = [tag.value.partition(":")[2] for tag in heard.all("condition")]
    shown = list(dict.fromkeys([*metrics, *asked, "net_profit", "total_trades"]))
    n = limit_of(heard, 1 if ranked and not every else _SHOWN)
    found = draft.query(
        f"select backtest_id, name, strategy, symbol, timeframe, account_currency, created_at, {', '.join(shown)} "
        f"from backtests where "
        f"{condition} order by {order} limit {n}", {"name": "name"},
    )  # fmt: skip
    if not len(found):
        draft.say("No backtest is like that.")
        return
    if ranked and not metrics:
        draft.assume("The best by net profit, as nothing else was named")
    for row in range(min(len(found), _SHOWN)):
        cells = {f"m{i}": found.cell(row, m) for i, m in enumerate(shown)}
        told = ", ".join(f"{m.replace('_', ' ')} {{m{i}}}" for i, m in enumerate(shown))
        draft.say(
            f"Backtest {{id}} {{name}}, {{strategy}} on {{symbol}} {{timeframe}}, {{created}}: "
            f"{told}.", id=found.cell(row, "backtest_id"),
            name=found.cell(row, "name"), strategy=found.cell(row, "strategy"), symbol=found.cell(row, "symbol"),
            timeframe=found.cell(row, "timeframe"), created=found.cell(row, "created_at"), **cells,
        )  # fmt: skip
    draft.offer(f"trading-ai backtest show {short(str(found.value(0, 'backtest_id')))}", "trading-ai backtest list")
    del desk


def _way(metric: str) -> str:
    """Where the end lies that a metric is named for: a largest loss is the lowest figure."""
    return "asc" if metric in {"largest_loss", "average_loss", "gross_loss"} else "desc"


def _grouped(heard: Heard, draft: Draft, group: str) -> None:
    """Symbols or strategies by the backtests that ran them."""
    metric = ranking_metric(heard) or next((m for m in heard.values("metric") if m in METRIC_COLUMN), "net_profit")
    way = direction(metric, heard)
    where = " and ".join(
        where_of(heard, tuple(s for s in ("symbol", "strategy", "timeframe") if s != group)) or ["part_of = ''"]
    )
    unit = next(c.unit for c in BACKTESTS.columns if c.name == metric)
    end = "max" if way == "desc" else "min"
    found = draft.query(
        f"select {group}, count(*) as n_backtests, {end}({metric}) as {metric}, avg({metric}) as average_value, "
        f"sum({metric}) as sum_value, count(distinct account_currency) as n_currencies "
        f"from backtests where {where} group by {group} order by {metric} {way} nulls last, {group} limit 20",
        {"n_backtests": "backtests", "average_value": unit or "ratio", "sum_value": unit or "ratio"},
    )  # fmt: skip
    if not len(found):
        draft.say("No backtest is like that.")
        return
    draft.assume(
        f"A {group} is ranked by its {'highest' if end == 'max' else 'lowest'} {metric.replace('_', ' ')} in "
        f"one backtest"
    )
    for row in range(min(len(found), _SHOWN)):
        mixed = (found.value(row, "n_currencies") or 0) > 1 and unit == "account currency"
        if mixed:
            draft.assume("Accounts have different currencies: their money is not added up, and hardly comparable")
        summed = "; together {s}" if not mixed and metric in {"net_profit", "total_trades", "commission_paid"} else ""
        draft.say(
            f"{{g}}: {metric.replace('_', ' ')} {{m}}, on average {{a}} over {{n}} "
            f"backtests{summed}.", g=found.cell(row, group),
            m=found.cell(row, metric), a=found.cell(row, "average_value"), n=found.cell(row, "n_backtests"),
            s=found.cell(row, "sum_value"),
        )  # fmt: skip


RECORDS = Records()
