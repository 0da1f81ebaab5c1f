"""Figures of a run: metrics of a backtest, or of an optimization's best trial."""

from __future__ import annotations

import re

from typing_extensions import override

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, column, quoted
from trading_ai.assistant.hearing import normal
from trading_ai.assistant.showing import unit_of
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.assistant.trial_sql import ranked_after_by, searched_columns
from trading_ai.documents.sql_tables import BACKTESTS
from trading_ai.documents.words import short
from trading_ai.metrics.catalog import METRIC_COLUMN, METRICS

_OF_BACKTESTS = frozenset(BACKTESTS.names)
_COUNTS = frozenset(m.name for m in METRICS if m.unit == "count")
_CLOSED = {"max_drawdown": "max_balance_drawdown", "max_drawdown_percent": "max_balance_drawdown_percent"}
"""What tells something of a drawdown where no equity is stored, as of an imported report."""

_SEVERAL = 8
"""Backtests whose figures are told where a question names what they have in common."""

_MISSING = re.compile(r"\b(?:no|not|n't|undefined|missing|empty|blank|n/a|without)\b|n't\b")
"""Words by which it is asked why a figure is not there."""

_RUINED = (
    "The account was not ruined: its equity never reached zero (ruined is {a}).",
    "The account was ruined: its equity reached zero (ruined is {a}).",
)

_USUAL = ("net_profit", "total_trades", "win_rate", "profit_factor", "max_drawdown_percent", "sharpe_ratio")


class Figures(Topic):
    """One or more metrics of one run."""

    name = "figures"
    accounts = ALWAYS | {
        "metric", "noun:run", "noun:backtest", "noun:optimization", "noun:winner", "noun:strategy", "cue:imported",
        "noun:trade",
        "agg", "order", "cue:cost", "cue:insight", "cue:results", "noun:equity", "cue:progress", "noun:symbol",
        "cue:compare", "cue:why", "neg",
    }  # fmt: skip
    offers = ("what is the win rate of my last backtest?", "what is the Sharpe ratio of the best trial?")

    @override
    def fit(self, heard: Heard) -> float:
        metrics = _metrics(heard)
        if heard.cue("imported") and re.search(r"\b(?:reports|imports)\b", heard.question.lower()) and not metrics:
            return 0.2  # each of them is told
        if heard.cue("why") or heard.has("neg"):
            undefined = heard.cue("why") and metrics and (heard.has("neg") or _MISSING.search(heard.question.lower()))
            return 0.95 if undefined and not heard.has("dim") else 0.1
        if heard.all("condition") or heard.has("dim") or heard.has("noun", "trial", "param") or heard.has("direction"):
            return 0.1
        long = any(tag.text.startswith("how long") for tag in heard.all("cue"))
        if long and not heard.has("metric", "max_drawdown_days", "average_bars_held", "ruined_after_days", "seconds"):
            return 0.2  # a length is asked for
        if ranked_after_by(heard):
            return 0.2
        if heard.has("number") or heard.has("limit") or heard.has("outcome"):
            return 0.2
        subject = heard.has("noun", "run", "backtest", "optimization", "winner", "strategy") or heard.has("name")
        subject = subject or heard.has("id_backtest") or heard.has("id_optimization") or bool(heard.context)
        subject = subject or heard.has("subject", "latest", "this", "previous", "mine", "oldest") or heard.has("symbol")
        one = heard.has("subject", "latest", "this", "previous", "oldest") or heard.has("name") or bool(heard.context)
        if (
            heard.has("order", "best", "worst", "lowest")
            and heard.has("noun", "backtest", "strategy", "symbol")
            and not one
        ):
            return 0.2
        if heard.cue("results") and subject and not metrics:
            return 0.85
        if metrics == ["average_bars_held"] and not heard.has("noun", "winner", "optimization", "trial"):
            return 0.7  # single trades tell it in hours too
        if metrics:
            ordered = heard.has("order", "best", "worst", "lowest") and not heard.has("noun", "winner")
            natural = (
                not heard.has("order", "lowest")
                and all(m.startswith(("max_", "largest_", "average_")) for m in metrics)
            ) or heard.has("agg", "sum")
            natural = natural or (heard.values("agg") == ("avg",) and "expectancy" in metrics)
            natural = natural or (heard.values("agg") == ("count",) and all(m in _COUNTS for m in metrics))
            counted = heard.has("noun", "winner") and heard.has("agg", "count") and heard.has("noun", "trade")
            if counted:
                return 0.9
            if heard.has("agg") and not (natural or ("max" in heard.values("agg") and "max_drawdown" in metrics)):
                return 0.35
            if ordered and not natural:
                return 0.35
            if heard.has("order", "gain", "loss"):
                return 0.6
            return 0.92 if subject else 0.8 if heard.cue("how_much") or heard.has("symbol") else 0.58
        named = heard.has("noun", "run", "backtest", "strategy") or heard.has("name") or heard.has("symbol")
        general = heard.cue("how_much", "progress") and named and not heard.cue("far", "eta", "speed")
        asked = re.match(
            r"(?:and |so )?(?:did|was|is|has|does|do|how|are|were|have|what "
            r"did)\b",
            re.sub(r"^(?:[^?.!]{1,30}[.!] )+", "", normal(heard.question)),
        )
        money = asked is not None and heard.has("order", "gain", "loss") and subject and not heard.has("noun", "trade")
        if money:
            return 0.75
        if general or (
            heard.has("noun", "run", "backtest", "winner")
            and heard.cue("list")
            and heard.has("subject", "latest", "this")
        ):
            return 0.6
        return 0.0

    @override
    def reading(self, heard: Heard) -> str:
        names = " and ".join(m.replace("_", " ") for m in _metrics(heard)) or "net profit"
        if heard.has("noun", "winner"):
            return f"what is the {names} of the best trial?"
        what = next((n for n in ("backtest", "optimization") if heard.has("noun", n)), "run")
        return f"what is the {names} of my last {what}?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        metrics = _metrics(heard) or (
            ["net_profit", "return_percent"] if heard.has("order", "gain", "loss") else list(_USUAL)
        )
        if "buy_and_hold_percent" in metrics and "return_percent" not in metrics:
            metrics = [*metrics, "return_percent"]
        several = desk.alike(heard) if any(heard.has(kind) for kind in ("symbol", "strategy", "timeframe")) else []
        if 1 < len(several) <= _SEVERAL:
            _of_several(several, [m for m in metrics if m in _OF_BACKTESTS], draft)
            return
        run = desk.newest(heard, draft)
        if run.kind == "backtest":
            columns = ", ".join(column(m) for m in metrics)
            found = draft.query(
                f"select backtest_id, {columns} from backtests where backtest_id = {quoted(run.run_id)}",
                {},
                run.currency,
            )
            if heard.cue("why") and any(found.value(0, name) is not None for name in metrics):
                raise Unanswerable(
                    "Why it is so is not stored; what can be asked is which trades, hours or costs it came from.",
                    ["net profit by exit reason", "how much did I pay in costs?", "net profit by month"], clarify=True,
                )  # fmt: skip
            for name in metrics:
                if name == "ruined":
                    draft.say(_RUINED[bool(found.value(0, name))], a=found.cell(0, name))
                    continue
                why = _why_undefined(run) if found.value(0, name) is None else ""
                draft.say(f"The {name.replace('_', ' ')} is {{a}}{why}.", a=found.cell(0, name))
                other = _CLOSED.get(name)
                if other is not None and found.value(0, name) is None and other not in metrics:
                    closed = draft.query(
                        f"select {other} from backtests where backtest_id = {quoted(run.run_id)}", {}, run.currency
                    )
                    draft.say(
                        "No equity is stored that an open trade could have moved; of the balance, by closed "
                            "trades only, "
                        f"the {other.replace('_', ' ')} is {{a}}.", a=closed.cell(0, other),
                    )  # fmt: skip
            draft.offer(f"trading-ai backtest show {short(run.run_id)}")
        else:
            known = [m for m in metrics if m in METRIC_COLUMN]
            if not known:
                raise Unanswerable("Trials of an optimization have no such figure.", ["list my backtests"])
            columns = ", ".join(column(m) for m in [*searched_columns(run), *known])
            found = draft.query(
                f"select rank, {columns} from trials({quoted(run.run_id)}) where rank = 1", {}, run.currency
            )
            if not len(found):
                raise Unanswerable(f"No trial of {run.label} ranks, so it has no winner.", ["how many trials failed?"])
            draft.assume("Of an optimization, the figures are those of its best trial, rank 1")
            for name in known:
                draft.say(f"The {name.replace('_', ' ')} of the best trial is {{a}}.", a=found.cell(0, name))
            draft.offer(f"trading-ai robustness {short(run.run_id)}   (is it luck?)")
        if heard.cue("compare") and len(metrics) == 2 and unit_of(metrics[0]) == unit_of(metrics[1]):
            _apart(run, metrics, draft)
        if "buy_and_hold_percent" in metrics:
            made, market = found.value(0, "return_percent"), found.value(0, "buy_and_hold_percent")
            if made is not None and market is not None:
                draft.say(
                    "It did better than buy and hold." if made > market else "It did not do better than buy and hold."
                )
        if heard.has("order", "gain", "loss") and "net_profit" in metrics:
            value = found.value(0, "net_profit") or 0.0
            draft.say(
                "It made money." if value > 0 else "It lost money." if value < 0 else "It neither made nor lost money."
            )


def _why_undefined(run: Run) -> str:
    """Why a figure of a backtest is not known, where that is plain."""
    if run.strategy != "replay" or run.timeframe:
        return ""
    return ": it is not stored of an imported report whose bars are not here"


def _of_several(runs: list[Run], metrics: list[str], draft: Draft) -> None:
    """The figures of each of some backtests, where a question does not say which of them it means."""
    columns = ", ".join(column(m) for m in metrics)
    listed = ", ".join(quoted(run.run_id) for run in runs)
    found = draft.query(
        f"select backtest_id, account_currency, {columns} from backtests where backtest_id in ({listed}) "
        "order by created_at desc, backtest_id"
    )
    draft.assume("Several backtests are like that, and each is told, the latest first")
    heads = {run.run_id: run.head for run in runs}
    for row in range(len(found)):
        cells = {f"m{i}": found.cell(row, m) for i, m in enumerate(metrics)}
        told = ", ".join(f"{m.replace('_', ' ')} {{m{i}}}" for i, m in enumerate(metrics))
        draft.say(f"{heads[str(found.value(row, 'backtest_id'))]}: {told}.", **cells)


def _apart(run: Run, metrics: list[str], draft: Draft) -> None:
    """How far two figures of a run, of one unit, lie apart."""
    source = (
        f"backtests where backtest_id = {quoted(run.run_id)}"
        if run.kind == "backtest"
        else f"trials({quoted(run.run_id)}) where rank = 1"
    )
    first, second = map(column, metrics)
    found = draft.query(
        f"select {second} - {first} as difference from {source}", {"difference": unit_of(metrics[0])}, run.currency
    )
    names = [name.replace("_", " ") for name in metrics]
    draft.say(f"The {names[1]} less the {names[0]} is {{d}}.", d=found.cell(0, "difference"))


def _metrics(heard: Heard) -> list[str]:
    found = [m for m in heard.values("metric") if m in _OF_BACKTESTS]
    if heard.has("noun", "winner") and heard.has("noun", "trade") and heard.has("agg", "count"):
        found.append("total_trades")  # of a trial, trades can be counted only
        if heard.has("order", "gain", "loss"):
            found.insert(0, "net_profit")
    if found == ["max_drawdown"]:
        found.append("max_drawdown_percent")  # how deep it was says neither alone
    return list(dict.fromkeys(found))


FIGURES = Figures()
