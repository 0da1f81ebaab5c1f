"""The tests of insights: each asks a query, says what it found, and how much that matters (0 for not at all)."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.drafts import Citation, Draft, column, quoted
from trading_ai.assistant.neighbours import neighbours
from trading_ai.assistant.trial_sql import COSTS, parameter_column
from trading_ai.documents.words import short
from trading_ai.robustness.verdict import Thresholds

_ASKED = Thresholds()

MIN_TRADES = _ASKED.n_trades
"""As the verdict asks."""

MIN_PLATEAU = _ASKED.plateau
"""As the verdict asks."""

MIN_BREAK_EVEN = _ASKED.break_even_factor
"""As the verdict asks."""

MIN_EFFICIENCY = _ASKED.walk_forward_efficiency
"""As the verdict asks."""

MAX_MONTH_SHARE = 0.5
"""Most of the net profit that one month may hold: more than half of a year's profit in a twelfth of it is one event.
Years of data share a profit over more months, so that the bound is the harder to reach the more of them there are."""

MAX_AMBIGUOUS = 0.05
"""Most trades whose end the same-bar rule decides: the verdict's own level of chance (`loss_probability`)."""

MAX_RUINED = 0.05
"""Most trials that may ruin the account: likewise."""

ALIKE = 0.5
"""Share of distinct results among the best trials, below which most of them are the same trades under other names."""

N_BEST = 20
"""How many of the best trials are looked at for that; of a sweep of hundreds, those that somebody scrolls through."""

LEDGER_FACTOR = 2.0
"""Trials over the same bars, as a multiple of this optimization's, from which luck must be reckoned anew: the expected
best of N unskilled trials grows with sqrt(2 ln N), and this is where a doubled N begins to tell (Bailey and López de
Prado 2014)."""

COLUMNS = (
    "net_profit", "total_trades", "max_drawdown_percent", "commission_paid", "swap_paid", "slippage_paid",
    "spread_paid",
    "ruined", "ambiguous_exits", "error",
)  # fmt: skip
"""What the tests need of trials: read at once, as reading a million trials once for each column takes seconds."""

Test = Callable[[Run, Run, Draft], float | None]


def _verdict(run: Run, _: Run, draft: Draft) -> float | None:
    found = draft.query(
        "select rank, verdict, count(*) filter (where holds) as n_hold, count(*) as n_criteria from verdicts where "
        "optimization_id = "
        f"{quoted(run.run_id)} group by rank, verdict order by rank limit "
        f"1", {"n_hold": "criteria", "n_criteria": "criteria"},
    )  # fmt: skip
    if not len(found):
        draft.offer(f"trading-ai robustness {short(run.run_id)}   (no verdict is stored yet)")
        draft.say("It has not been judged: whether its best trial is luck is not known.")
        return 0.6
    draft.say(
        "The verdict on the trial of rank {r} is: {v}; {n} of {a} criteria hold.",
        r=found.cell(0, "rank"),
        v=found.cell(0, "verdict"),
        n=found.cell(0, "n_hold"),
        a=found.cell(0, "n_criteria"),
    )
    draft.offer(f"trading-ai robustness {short(run.run_id)}")
    return {"likely luck": 1.0, "fragile": 0.7}.get(str(found.value(0, "verdict")), 0.1)


def _edge(run: Run, _: Run, draft: Draft) -> float | None:
    weight = 0.0
    for name in run.searched:
        p = column(parameter_column(name))
        found = draft.query(
            f"select arg_min({p}, rank) as best, min({p}) as lowest, max({p}) as highest, count(distinct {p}) as "
            f"n_values from "
            f"trials({quoted(run.run_id)})", {"best": "plain", "lowest": "plain", "highest": "plain",
            "n_values": "values"},
        )  # fmt: skip
        best, low, high = (found.value(0, c) for c in ("best", "lowest", "highest"))
        if best is None or isinstance(best, str) or found.value(0, "n_values") < 3 or best not in {low, high}:
            continue
        weight = 0.8
        cells = {c: found.cell(0, c) for c in ("best", "lowest", "highest")}
        draft.say(
            f"The best trial's {name.replace('_', ' ')}, {{best}}, is the end of the range {{lowest}} to {{highest}}: "
            f"better values may lie beyond it.",
            **cells,
        )
        step = run.searched[name].get("step")
        if isinstance(step, int | float) and not isinstance(step, bool):
            wide = float(high) - float(low)
            bounds = (max(float(low) - wide, step), low) if best == low else (high, float(high) + wide)
            draft.offer(
                f"trading-ai optimize {short(run.backtest_id)} --param {name}={bounds[0]:g}:{bounds[1]:g}:{step:g} ..."
            )
    return weight


def _plateau(run: Run, _: Run, draft: Draft) -> float | None:
    found = neighbours(run, draft)
    kept, best = (found.value(0, c) for c in ("share_kept", "best_score")) if len(found) else (None, None)
    if kept is None or best is None or best <= 0:
        return None
    cells = {c: found.cell(0, c) for c in ("best_score", "median_score", "n_neighbours", "share_kept")}
    if kept >= MIN_PLATEAU:
        return 0.0
    draft.say(
        "The best trial scores {best_score}, the median of its {n_neighbours} neighbours {median_score}, {share_kept} "
        "of it: a peak, not a plateau.",
        **cells,
    )
    draft.offer(f"trading-ai report {short(run.run_id)}   (heat map and slices)")
    return 0.85


def _concentration(_: Run, base: Run, draft: Draft) -> float | None:
    found = draft.query(
        f"with m as (select strftime(exit_time, '%Y-%m') as month, sum(net_profit) as net_profit from "
        f"trades({quoted(base.run_id)}) group by 1), "
        "s as (select sum(net_profit) as total_profit, count(*) as n_months from m) select month, net_profit, "
        "total_profit, n_months, "
        "net_profit / nullif(total_profit, 0) as month_share from m, s order by net_profit desc, month limit 1",
        {"total_profit": "account currency", "n_months": "months", "month_share": "share"}, base.currency,
    )  # fmt: skip
    if not len(found) or (found.value(0, "total_profit") or 0) <= 0:
        return None
    share = found.value(0, "month_share")
    cells = {c: found.cell(0, c) for c in ("month", "net_profit", "total_profit", "n_months", "month_share")}
    draft.say(
        "Of the backtest that it varies, one of {n_months} months, {month}, made {net_profit} of {total_profit}: "
        "{month_share}.",
        **cells,
    )
    draft.offer(f'trading-ai ask "profit by month" --run {short(base.run_id)}')
    return 0.75 if share > MAX_MONTH_SHARE and found.value(0, "n_months") > 2 else 0.0


def _few_trades(run: Run, _: Run, draft: Draft) -> float | None:
    found = _best(run, draft, "total_trades, max_drawdown_percent, net_profit", {})
    n = found.value(0, "total_trades") if len(found) else None
    if n is None:
        return None
    draft.say(
        f"The best trial rests on {{n}} trades; fewer than {MIN_TRADES:g} say little.", n=found.cell(0, "total_trades")
    )
    if n >= MIN_TRADES:
        return 0.0
    draft.offer(f"trading-ai optimize {short(run.backtest_id)} ... --min-trades {MIN_TRADES:g}")
    return 0.9


def _costs(run: Run, _: Run, draft: Draft) -> float | None:
    found = _best(
        run,
        draft,
        f"net_profit, {COSTS} as costs, 1 + net_profit / nullif({COSTS}, 0) as break_even_factor",
        {"costs": "account currency", "break_even_factor": "ratio"},
    )
    if not len(found) or found.value(0, "costs") is None:
        return None
    if not found.value(0, "costs"):
        draft.say(
            "The best trial paid no costs ({c}): what it earns with the costs of a broker is not known.",
            c=found.cell(0, "costs"),
        )
        draft.offer("trading-ai backtest run ... --spread PIPS --commission-per-lot MONEY   (state the costs)")
        return 0.8
    factor = found.value(0, "break_even_factor")
    if factor is None or not isfinite(factor) or factor < 1:
        return None
    cells = {c: found.cell(0, c) for c in ("net_profit", "costs", "break_even_factor")}
    if factor >= MIN_BREAK_EVEN:
        return 0.0
    draft.say(
        "The best trial's profit of {net_profit} is gone at {break_even_factor} times its costs of {costs}.", **cells
    )
    draft.offer(f'trading-ai ask "what would double costs do?" --run {short(run.run_id)}')
    return 0.8


def _drift(run: Run, _: Run, draft: Draft) -> float | None:
    found = draft.query(
        "select value, threshold from verdicts where criterion = 'walk_forward_efficiency' and optimization_id = "
        f"{quoted(run.run_id)} order by rank limit 1", {"value": "ratio", "threshold": "ratio"},
    )  # fmt: skip
    value = found.value(0, "value") if len(found) else None
    if value is None:
        return None
    if value >= MIN_EFFICIENCY:
        return 0.0
    draft.say(
        "Chosen on past days, it keeps {v} of its profit a day on the days that follow: what is best drifts.",
        v=found.cell(0, "value"),
    )
    draft.offer(f"trading-ai walk-forward {short(run.backtest_id)} --param NAME=MIN:MAX:STEP --windows 12M/3M")
    return 0.85


def _correlated(run: Run, _: Run, draft: Draft) -> float | None:
    found = draft.query(
        f"select count(*) as n_best, count(distinct (net_profit, total_trades)) as n_distinct from "
        f"trials({quoted(run.run_id)}) "
        f"where rank <= {N_BEST}", {"n_best": "trials", "n_distinct": "results"},
    )  # fmt: skip
    n = found.value(0, "n_best")
    if not n or n < N_BEST:
        return None
    draft.say(
        "The best {n} trials have {d} different results.", n=found.cell(0, "n_best"), d=found.cell(0, "n_distinct")
    )
    if found.value(0, "n_distinct") >= ALIKE * n:
        return 0.0
    draft.say("Most of them are the same trades under other parameters: they do not confirm each other.")
    return 0.5


def _ambiguity(run: Run, _: Run, draft: Draft) -> float | None:
    found = _best(
        run,
        draft,
        "ambiguous_exits, total_trades, ambiguous_exits / nullif(total_trades, 0) as ambiguous_share",
        {"ambiguous_share": "share"},
    )
    share = found.value(0, "ambiguous_share") if len(found) else None
    if share is None:
        return None
    if share <= MAX_AMBIGUOUS:
        return 0.0
    cells = {c: found.cell(0, c) for c in ("ambiguous_exits", "total_trades", "ambiguous_share")}
    draft.say(
        "{ambiguous_exits} of the best trial's {total_trades} exits ({ambiguous_share}) had stop and target in one "
        "bar: the rule decides them, not the data.",
        **cells,
    )
    draft.offer("trading-ai backtest run ... --detail DATASET   (finer bars decide them)")
    return 0.65


def _ruined(run: Run, _: Run, draft: Draft) -> float | None:
    found = draft.query(
        f"select count(*) filter (where ruined = 1) as n_ruined, count(*) as n_trials, 1.0 * count(*) filter (where "
        f"ruined = 1) / "
        f"nullif(count(*), 0) as ruined_share from trials({quoted(run.run_id)}) where error is null",
        {"n_ruined": "trials", "n_trials": "trials", "ruined_share": "share"},
    )  # fmt: skip
    if not found.value(0, "n_trials"):
        return None
    if found.value(0, "ruined_share") <= MAX_RUINED:
        return 0.0
    cells = {c: found.cell(0, c) for c in ("n_ruined", "n_trials", "ruined_share")}
    draft.say(
        "{n_ruined} of {n_trials} combinations ({ruined_share}) ruin the account: its size or its stops are too large.",
        **cells,
    )
    return 0.7


def _ledger(run: Run, base: Run, draft: Draft) -> float | None:
    found = draft.query(
        "with here as (select dataset_id from backtests where backtest_id = "
        "" + quoted(base.run_id) + ") select sum(o.n_completed) as n_tried, "
        f"max(o.n_completed) filter (where o.optimization_id = {quoted(run.run_id)}) as n_here, count(*) as "
        f"n_optimizations from optimizations o "
        "join backtests b on b.backtest_id = o.backtest_id where b.dataset_id = (select dataset_id from here)",
        {"n_tried": "trials", "n_here": "trials", "n_optimizations": "optimizations"},
    )  # fmt: skip
    tried, here = found.value(0, "n_tried"), found.value(0, "n_here")
    if not tried or not here:
        return None
    cells = {c: found.cell(0, c) for c in ("n_tried", "n_here", "n_optimizations")}
    draft.say(
        "{n_tried} trials were made over the same bars in {n_optimizations} optimizations, {n_here} of them here; the "
        "luck of all counts.",
        **cells,
    )
    return 0.5 if tried >= LEDGER_FACTOR * here else 0.0


def _best(run: Run, draft: Draft, selected: str, units: dict[str, str]) -> Citation:
    return draft.query(f"select {selected} from trials({quoted(run.run_id)}) where rank = 1", units, run.currency)


TESTS: tuple[tuple[str, str, Test], ...] = (
    ("verdict", "the verdict is not: survives", _verdict),
    ("few trades", f"fewer than {MIN_TRADES:g} trades", _few_trades),
    ("plateau", f"neighbours keep less than {MIN_PLATEAU:g} of the score", _plateau),
    ("drift", f"walk-forward efficiency below {MIN_EFFICIENCY:g}", _drift),
    ("edge", "the best value of a range is one of its ends", _edge),
    ("costs", f"no costs, or the profit gone at less than {MIN_BREAK_EVEN:g} times of them", _costs),
    ("concentration", f"one month holds more than {MAX_MONTH_SHARE:g} of the profit", _concentration),
    ("ruined", f"more than {MAX_RUINED:g} of the trials are ruined", _ruined),
    ("ambiguity", f"more than {MAX_AMBIGUOUS:g} of the exits are ambiguous", _ambiguity),
    ("correlated", f"fewer than {ALIKE:g} of the best {N_BEST} trials have results of their own", _correlated),
    ("ledger", f"{LEDGER_FACTOR:g} times as many trials over the same bars", _ledger),
)
"""Every test: its name, its threshold in words, and itself."""
