"""`ta.optimize`: a search that is stored, resumed by its name, and the same as the command's."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trading_ai.bootstrap import Application
from trading_ai.documents.words import short
from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import InputError, ParameterError, StateError
from trading_ai.evaluation.asked import StrategyLike
from trading_ai.market.bars import Bars
from trading_ai.notebook.optimization import Optimization, run_shown
from trading_ai.notebook.storing import cells_folder, objective_texts, stored_backtest
from trading_ai.optimization.model import FEWEST_TRADES, OptimizationSpec, keeps_daily_profit
from trading_ai.optimization.objective import UserFunction
from trading_ai.optimization.records import OptimizationRecord
from trading_ai.options import Option, option
from trading_ai.parameters import SearchSpace
from trading_ai.stored import application as stored_application
from trading_ai.strategies.lookahead import LookAheadWarning

_DEFAULT_SIZING = Sizing()
_DEFAULT_COSTS = Costs()
_DEFAULT_RULES = ExecutionRules()
_WORKERS = Option("optimization", "workers", "whole", None, "Worker processes.", low=1)


def optimize(
    bars: Bars,
    strategy: StrategyLike,
    *,
    name: str = "",
    method: str = "grid_search",
    max_iterations: int | None = None,
    objective: str | UserFunction | Sequence[str | UserFunction] = "sharpe_ratio",
    constraints: str | Sequence[str] = (),
    parameter_constraints: str | Sequence[str] = (),
    min_trades: int = FEWEST_TRADES,
    max_seconds: float | None = None,
    stagnation: int | None = None,
    batch_size: int = 16,
    seed: int = 0,
    reuse: bool = True,
    warm_start: bool = False,
    keep_daily_profit: bool | None = None,
    workers: int | None = None,
    progress: bool = True,
    capital: float = 10_000.0,
    account_currency: str = "USD",
    sizing: Sizing | Mapping[str, Any] = _DEFAULT_SIZING,
    costs: Costs | Mapping[str, Any] = _DEFAULT_COSTS,
    rules: ExecutionRules | Mapping[str, Any] = _DEFAULT_RULES,
    detail: Bars | None = None,
    conversion_bars: Bars | None = None,
    start: object = None,
    end: object = None,
    day_start: str | None = None,
    others: Iterable[Bars] = (),
    params: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Optimization:
    """Search the best parameters, and keep every trial: what ``trading-ai optimize`` does, from a notebook.

    ``ta.optimize(bars, "sma_crossover", name="first", fast=range(5, 30), slow=range(20, 100, 5), stop_loss=40)``

    Bars, backtest and trials are stored where commands and the dashboard find them. An interrupt (Ctrl-C, the stop
    button) pauses; the same call again goes on where it has a `name`, and `Optimization.resume` does in any case. A
    class or function of a cell is kept as a file beside the store, with what it uses of other cells, so that any
    process can run it again.

    Args:
        bars: bars that the strategy sees.
        strategy: a name, ``file.py:Class``, or a class, of a cell too; a list of them searches which.
        name: what it is called; the same name with the same search returns it, finished or resumed.
        method: ``grid_search``, ``random_search``, ``quasi_random``, ``gaussian_process``, ``bayesian``, ``genetic``,
            ``cma_es`` or ``coarse_to_fine``.
        max_iterations: combinations to try; methods that draw need it.
        objective: what to rank by: a metric, a formula of metrics, ``file.py:function`` or a function from columns of
            metrics to numbers; of several, the first ranks and all make the Pareto front.
        constraints: conditions on results, such as ``"total_trades >= 30"``.
        parameter_constraints: conditions on parameters, such as ``"fast * 2 <= slow"``.
        min_trades: a trial with fewer trades does not rank; 0 lifts the floor.
        max_seconds: stop after so long.
        stagnation: stop after so many trials without a better one.
        batch_size: combinations that a method that learns proposes at a time.
        seed: seed of methods that draw.
        reuse: answer what was tried before from the ledger.
        warm_start: let a method that learns begin with what was tried before.
        keep_daily_profit: keep each trial's daily profits for the verdict; None: up to 20,000 combinations.
        workers: worker processes; chosen by the expected time if left out.
        progress: show a bar in a notebook or on a terminal.
        capital: starting balance, account currency.
        account_currency: currency of the account.
        sizing: position size.
        costs: costs of trading.
        rules: execution rules.
        detail: finer bars that decide exits.
        conversion_bars: bars that convert profits.
        start: trade from here on (UTC); earlier bars warm indicators up.
        end: and up to here.
        day_start: when the day starts of searched timeframes.
        others: bars of other symbols, for ``bars.other``.
        params: parameters by name, for those that have the name of an argument here.
        parameters: parameters and settings of the account by name: one value is fixed, a range or list is searched.

    Raises:
        InputError: something is unknown, impossible or out of bounds; no trial was run.
        StateError: the name is that of another search.
        EvaluationError: nothing can be evaluated at all.
    """
    given = {
        "name": bool(name), "method": method != "grid_search", "max_iterations": max_iterations is not None,
        "max_seconds": max_seconds is not None, "stagnation": stagnation is not None, "batch_size": batch_size != 16,
        "seed": seed != 0, "reuse": not reuse, "warm_start": warm_start, "workers": workers is not None,
        "progress": not progress, "constraints": bool(constraints),
        "parameter_constraints": bool(parameter_constraints),
    }  # fmt: skip
    application = stored_application()
    found_objective, more = objective_texts(objective, cells_folder(application))
    backtest, space = stored_backtest(
        application, bars, strategy, parameters, name=name, params=params, taken=given, capital=capital,
        account_currency=account_currency, sizing=sizing, costs=costs, rules=rules, detail=detail,
        conversion_bars=conversion_bars, start=start, end=end, day_start=day_start, others=others,
    )  # fmt: skip
    need_axes(space)
    values: dict[str, Any] = {
        "method": method, "max_iterations": max_iterations, "objective": found_objective, "min_trades": min_trades,
        "max_seconds": max_seconds, "stagnation": stagnation, "batch_size": batch_size, "seed": seed, "reuse": reuse,
        "warm_start": warm_start,
    }  # fmt: skip
    check_numbers(values | {"workers": workers})
    values |= {
        "more_objectives": more,
        "constraints": texts(constraints, "constraints"),
        "parameter_constraints": texts(parameter_constraints, "parameter_constraints"),
        "keep_daily_profit": keeps_daily_profit(space) if keep_daily_profit is None else keep_daily_profit,
    }
    spec = OptimizationSpec(backtest.backtest_id, space, **values)
    plan = application.service.plan(spec)
    if plan.look_ahead is not None and plan.look_ahead.found:
        warnings.warn(f"{plan.strategy.name} reads the future: {plan.look_ahead}", LookAheadWarning, stacklevel=2)
    known = _named(application, name)
    if known is not None:
        _check_same(known, plan.spec, plan.strategy_hash)
        made = Optimization(application, known.optimization_id)
        return made if known.status == "completed" else made.resume(workers=workers, progress=progress)
    ids: list[str] = []
    run_shown(
        name or plan.strategy.name, (plan.n_total, str(plan.spec.objective.own)),
        lambda show, stop: application.service.start(
            plan, name=name, n_workers=workers, started=lambda r: ids.append(r.optimization_id), report=show, stop=stop
        ), progress=progress,
    )  # fmt: skip
    made = Optimization(application, ids[0])
    if made.status == "paused":
        again = "the same call goes on" if name else f'ta.open_optimization("{short(made.id)}").resume() goes on'
        warnings.warn(f"paused after {made.n_trials:,} of {plan.n_total:,} trials, all kept: {again}", stacklevel=2)
    return made


def open_optimization(optimization_id: str = "latest") -> Optimization:
    """An optimization of the store: begun here, by a command, by the dashboard or over HTTP.

    Args:
        optimization_id: its id or the beginning of it, its name, or ``latest``.

    Raises:
        NotFoundError: there is none.
    """
    application = stored_application()
    return Optimization(application, application.store.optimization(optimization_id).optimization_id)


def need_axes(space: SearchSpace) -> None:
    """Refuse a search of nothing.

    Raises:
        ParameterError: every parameter has one value.
    """
    if not space.axes:
        raise ParameterError(
            "have one value each: there is nothing to search", parameter="parameters",
            remedy="Give a range or list, as in stop_loss=range(20, 81, 10); ta.backtest() runs one combination.",
        )  # fmt: skip


def check_numbers(values: Mapping[str, Any]) -> None:
    """Refuse numbers of a search that are none, or out of bounds, by the name of their argument.

    Raises:
        ParameterError: one is.
    """
    for name, value in values.items():
        row = _WORKERS if name == "workers" else option("optimization", name)
        whole = row.kind == "whole"
        if value is None or row.kind not in {"whole", "number"}:
            continue
        if isinstance(value, bool) or not isinstance(value, numbers.Integral if whole else numbers.Real):
            kind = "a whole number" if whole else "a number"
            raise ParameterError(f"must be {kind}, not of {type(value).__name__}", parameter=name, value=value)
        row.check(value)


def texts(given: object, parameter: str) -> tuple[str, ...]:
    """One text or several as a tuple.

    Raises:
        InputError: something is no text.
    """
    every = (given,) if isinstance(given, str) or not isinstance(given, Iterable) else tuple(given)
    for each in every:
        if not isinstance(each, str):
            raise InputError(
                f"must be a text or a list of texts, and not of {type(each).__name__}", parameter=parameter,
                value=str(each)[:60], remedy='Example: ["total_trades >= 30"].',
            )  # fmt: skip
    return every


def _named(application: Application, name: str) -> OptimizationRecord | None:
    """The newest optimization of that name, if there is one that was not cancelled."""
    every = application.store.optimizations() if name else []
    return next((r for r in every if r.name == name and not r.part_of and r.status != "cancelled"), None)


def _check_same(known: OptimizationRecord, spec: OptimizationSpec, strategy_hash: str) -> None:
    """Refuse a name that another search has.

    Raises:
        StateError: it has; the message says what differs.
    """
    before, now = known.spec.to_json(), spec.to_json()
    differing = [field for field in now if before.get(field) != now[field] and field not in {"look_ahead"}]
    if known.strategy_hash != strategy_hash and "backtest_id" not in differing:
        differing.append("the strategy's code")
    if known.engine_version != ENGINE_VERSION and "backtest_id" not in differing:
        differing.append("the engine's version")
    if differing:
        said = ", ".join(differing).replace("backtest_id", "bars, strategy, fixed parameters or account")
        raise StateError(
            f"{known.name!r} is the name of another search ({short(known.optimization_id)}), which differs in {said}. "
            "Give this one another name, or open that one with ta.open_optimization()"
        )
