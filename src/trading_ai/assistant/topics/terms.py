"""What a backtest took for granted: the costs it was charged, how positions were sized, the rules of execution."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Desk
from trading_ai.assistant.drafts import Citation, Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.documents.words import short

_COSTS = ("spread_paid", "commission_paid", "slippage_paid", "swap_paid")
_KINDS = {
    "commission_per_lot": "a lot for each side",
    "commission_per_million": "a million traded for each side",
    "commission_per_trade": "for each side of a trade",
}
_SIZES = {
    "units": "Positions have {size} units.",
    "lots": "Positions have {size} lots.",
    "risk_percent": "Positions are sized so that the stop-loss loses {size} % of the balance.",
    "percent_of_equity": "Positions are worth {size} % of the equity at their entry.",
}


class Terms(Topic):
    """Costs as they were charged, sizes and rules of a backtest."""

    name = "terms"
    accounts = ALWAYS | {
        "cue:assumed", "cue:sizing", "cue:rules", "cue:cost", "cue:size", "metric", "noun:backtest", "noun:run",
        "noun:optimization", "noun:trade", "noun:strategy", "noun:winner", "cue:no_costs", "agg", "noun:bar",
        "cue:cause",
    }  # fmt: skip
    offers = ("which costs did my last backtest assume?", "how were positions sized?")

    @override
    def fit(self, heard: Heard) -> float:
        if any(heard.has(kind) for kind in ("dim", "direction", "weekday", "hour", "month", "condition", "outcome")):
            return 0.1
        if (
            heard.cue("rules")
            and heard.has("agg", "count")
            and not heard.has("order")
            and not heard.cue("howto", "why")
        ):
            return 0.97
        if heard.has("order") or heard.has("agg") or heard.has("noun", "trial", "param") or heard.cue("howto", "why"):
            return 0.1
        if any(m not in {*_COSTS, "units", "position_percent"} for m in heard.values("metric")):
            return 0.1
        costs = heard.has("metric", *_COSTS) or heard.cue("cost")
        if costs and heard.cue("assumed", "used") and not heard.cue("double", "triple", "half", "breakeven"):
            return 0.97
        return 0.93 if heard.cue("sizing", "rules") else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return "how were positions sized?" if heard.cue("sizing") else "which costs did my last backtest assume?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        run = desk.backtest(heard, draft)
        if sized := heard.cue("sizing") or heard.has("metric", "units"):
            _sized(run, draft)
        if ruled := heard.cue("rules"):
            _ruled(run, draft)
            if heard.has("agg", "count", "share") or heard.has("metric", "ambiguous_exits"):
                _ambiguous(run, draft)
        costs = [m for m in heard.values("metric") if m in _COSTS]
        if costs or heard.cue("cost") or not (sized or ruled):
            _charged(run, draft, costs)
        draft.offer(f"trading-ai backtest show {short(run.run_id)}")


def _row(run: Run, draft: Draft, selected: str, units: dict[str, str]) -> Citation:
    return draft.query(
        f"select {selected} from backtests where backtest_id = {quoted(run.run_id)}", units, run.currency
    )


def _charged(run: Run, draft: Draft, asked: list[str]) -> None:
    """What each cost was set to, and what that came to."""
    names = (
        "spread_pips", *_KINDS, "commission_percent", "slippage_pips", "swap_long", "swap_short",
    )  # fmt: skip
    selected = ", ".join(f"cast(costs->>'{name}' as double) as {name}" for name in names)
    units = {
        **dict.fromkeys(("spread_pips", "slippage_pips", "swap_long", "swap_short"), "plain"),
        **dict.fromkeys(_KINDS, "account currency"), "commission_percent": "plain",
    }  # fmt: skip
    found = _row(run, draft, f"{selected}, costs->>'swap_unit' as swap_unit, {', '.join(_COSTS)}", units)
    cells = {name: found.cell(0, name) for name in found.rows.columns}
    wanted = asked or list(_COSTS)
    if "spread_paid" in wanted:
        if found.value(0, "spread_pips") is None:
            draft.say("The spread is that of the data; {spread_paid} was paid for it.", **cells)
        else:
            draft.say("The spread is {spread_pips} pips; {spread_paid} was paid for it.", **cells)
    if "commission_paid" in wanted:
        charged = [name for name in _KINDS if found.value(0, name)]
        for name in charged:
            draft.say(f"The commission is {{{name}}} {_KINDS[name]}; {{commission_paid}} was paid.", **cells)
        if found.value(0, "commission_percent"):
            draft.say("The commission is {commission_percent} % of the value for each side; {commission_paid} was "
                      "paid.", **cells)  # fmt: skip
        elif not charged:
            draft.say("No commission is charged: {commission_paid} was paid.", **cells)
    if "slippage_paid" in wanted:
        draft.say("The slippage is {slippage_pips} pips; {slippage_paid} was lost to it.", **cells)
    if "swap_paid" in wanted:
        unit = "pips a night" if found.value(0, "swap_unit") == "pips" else "of the account's currency a lot and night"
        draft.say(
            f"The swap of a long position is {{swap_long}} and of a short one {{swap_short}} {unit} (below zero is a "
            "charge); {swap_paid} was paid.",
            **cells,
        )


def _sized(run: Run, draft: Draft) -> None:
    found = _row(
        run, draft, "sizing->>'mode' as mode, cast(sizing->>'value' as double) as size, position_percent",
        {"size": "plain"},
    )  # fmt: skip
    mode = str(found.value(0, "mode"))
    if found.value(0, "size") is None:
        draft.say("No size was given: positions have 10,000 units, or what the capital buys if that is less.")
    else:
        draft.say(_SIZES.get(mode, "The size is {size}."), size=found.cell(0, "size"))
    if found.value(0, "position_percent") is not None:
        draft.say("A position is worth {p} of the capital.", p=found.cell(0, "position_percent"))


def _ambiguous(run: Run, draft: Draft) -> None:
    found = _row(run, draft, "ambiguous_exits, total_trades", {})
    draft.say(
        "{a} of {n} trades ended in a bar that held both: the rule decided them.",
        a=found.cell(0, "ambiguous_exits"), n=found.cell(0, "total_trades"),
    )  # fmt: skip


def _ruled(run: Run, draft: Draft) -> None:
    names = ("opposite_signal", "same_bar", "direction", "max_positions", "leverage", "stop_out_level")
    selected = ", ".join(f"rules->>'{name}' as {name}" for name in names)
    found = _row(run, draft, selected, {})
    cells = {name: found.cell(0, name) for name in names}
    draft.say("An opposite signal: {opposite_signal}. Stop and target in one bar: {same_bar}.", **cells)
    draft.say("Sides: {direction}. Positions at once, at most: {max_positions}.", **cells)
    if float(found.value(0, "leverage") or 0.0):
        draft.say("The leverage is {leverage}, with a stop-out at {stop_out_level} % of the margin.", **cells)
    else:
        draft.say("No margin is asked for (leverage {leverage}).", **cells)


TERMS = Terms()
