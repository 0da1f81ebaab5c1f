"""What a backtest was run with: parameters, capital, period, timeframe, costs."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.desk import Desk
from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.documents.words import short


class Settings(Topic):
    """What a backtest was run with."""

    name = "settings"
    accounts = ALWAYS | {
        "noun:backtest", "noun:run", "noun:param", "noun:strategy", "noun:trial", "noun:dataset", "noun:symbol",
        "parameter", "metric",
        "cue:period", "cue:version", "cue:when", "noun:optimization", "cue:imported", "noun:timeframe",
    }  # fmt: skip
    offers = ("which parameters did my last backtest use?",)

    @override
    def fit(self, heard: Heard) -> float:
        if (
            heard.has("order")
            or heard.has("agg")
            or heard.has("dim")
            or heard.has("noun", "winner")
            or (heard.has("noun", "optimization") and not heard.cue("when"))
        ):
            return 0.1
        if heard.has("metric") and not heard.has("metric", "capital"):
            return 0.1
        named = (
            heard.has("noun", "backtest")
            or heard.has("name")
            or heard.has("id_backtest")
            or heard.has("noun", "run")
            or bool(heard.context)
        )
        if heard.has("metric", "capital"):
            return 0.9
        made = heard.has("noun", "run", "backtest", "optimization") or "made" in heard.question.lower()
        if (
            heard.cue("when")
            and made
            and (heard.has("name") or heard.has("id_backtest") or heard.has("id_optimization"))
        ):
            return 0.9
        what = heard.has("parameter") or heard.has(
            "noun", "param", "trial", "timeframe", "symbol", "strategy", "dataset"
        )
        if heard.cue("used") and what and (named or heard.has("noun", "timeframe")):
            return 0.96
        if heard.has("noun", "timeframe"):
            return 0.7
        return 0.85 if heard.cue("period", "version") and named else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return "which parameters did my last backtest use?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        if heard.cue("when"):
            made = desk.newest(heard, draft)
            table = f"{made.kind}s"
            when = draft.query(f"select created_at from {table} where {made.kind}_id = {quoted(made.run_id)}")
            draft.say("It was made at {t}.", t=when.cell(0, "created_at"))
            return
        run = desk.backtest(heard, draft)
        asked = heard.values("parameter")
        picked = "".join(f", parameters->>{quoted(name)} as {chr(34)}{name}{chr(34)}" for name in asked)
        found = draft.query(
            'select strategy, symbol, timeframe, capital, account_currency, start, "end", parameters, engine_version, '
            'created_at'
            f"{picked} from backtests where backtest_id = {quoted(run.run_id)}", dict.fromkeys(asked, "plain"),
        )  # fmt: skip
        if asked:
            for name in asked:
                draft.say(f"Its {name.replace('_', ' ')} is {{a}}.", a=found.cell(0, name))
            return
        cells = {name: found.cell(0, name) for name in ("strategy", "symbol", "timeframe", "capital", "parameters")}
        draft.say("It ran {strategy} on {symbol} {timeframe} with a capital of {capital}.", **cells)
        draft.say("Its parameters are {parameters}.", **cells)
        if found.value(0, "start") is not None or found.value(0, "end") is not None:
            draft.say(
                "It traded from {a} on, until {b}."
                if found.value(0, "end") is not None and found.value(0, "start") is not None
                else "It traded from {a} on."
                if found.value(0, "start") is not None
                else "It traded until {b}.",
                a=found.cell(0, "start"),
                b=found.cell(0, "end"),
            )
        if heard.cue("version"):
            draft.say("The engine's version was {v}.", v=found.cell(0, "engine_version"))
        if heard.cue("period"):
            bars = draft.query(
                "select d.first_time, d.last_time from backtests b join datasets d using (dataset_id) where "
                "b.backtest_id = "
                f"{quoted(run.run_id)}"
            )
            traded = draft.query(
                f"select min(entry_time) as first_entry, max(exit_time) as last_exit from trades({quoted(run.run_id)})"
            )
            draft.say("Its trades are from {a} to {b}.", a=traded.cell(0, "first_entry"), b=traded.cell(0, "last_exit"))
            if len(bars):
                draft.say("Its bars are from {a} to {b}.", a=bars.cell(0, "first_time"), b=bars.cell(0, "last_time"))
        draft.offer(f"trading-ai backtest show {short(run.run_id)}")


SETTINGS = Settings()
