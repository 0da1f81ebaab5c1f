"""`ta.walk_forward`: choose on the past, trade what follows, choose again; what the command does, in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from typing_extensions import override

from trading_ai.documents.words import short, strategy_label
from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import StateError
from trading_ai.evaluation.asked import StrategyLike
from trading_ai.frames import as_pandas
from trading_ai.market.bars import Bars
from trading_ai.metrics.tables import values_line
from trading_ai.notebook.optimization import run_shown
from trading_ai.notebook.optimizing import check_numbers, need_axes, texts
from trading_ai.notebook.storing import cells_folder, objective_texts, stored_backtest
from trading_ai.optimization.model import FEWEST_TRADES, OptimizationSpec
from trading_ai.optimization.objective import UserFunction
from trading_ai.parameters import Combination
from trading_ai.shown import amount, card, table
from trading_ai.stored import application as stored_application
from trading_ai.studies.exact_walk_forward import WalkForwardPlan, WalkForwardService, WalkForwardSpec
from trading_ai.studies.stitching import ExactWalkForward, stitch
from trading_ai.trial_figures import titled, unknown_plot

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import polars as pl

WalkForwardPlot: TypeAlias = Literal["profit", "windows", "drift"]
"""Figures of a walk-forward."""

_DEFAULT_SIZING = Sizing()
_DEFAULT_COSTS = Costs()
_DEFAULT_RULES = ExecutionRules()


class WalkForward:
    """An exact walk-forward; made by `ta.walk_forward`.

    Attributes:
        net_profit: sum of the tests, account currency.
        efficiency: profit of a day in the tests, as a share of that in training.
        share_of_winning_windows: share of windows that earned money in the test, 0..1.
        currency: account currency.
    """

    def __init__(self, plan: WalkForwardPlan, found: ExactWalkForward) -> None:
        self._plan, self._found = plan, found
        self.net_profit, self.efficiency = found.net_profit, found.efficiency
        self.share_of_winning_windows = found.share_of_winning_windows
        self.currency = plan.base.spec.account_currency

    def __len__(self) -> int:
        return len(self._found.windows)

    @property
    def chosen(self) -> list[Combination | None]:
        """What each window chose, in order of time; None where nothing ranked."""
        return [window.parameters for window in self._found.windows]

    def to_polars(self, what: Literal["windows", "daily"] = "windows") -> pl.DataFrame:
        """A table of Polars.

        Args:
            what: ``windows`` (one row a window: dates, what was chosen, what it made in and out of sample), or
                ``daily`` (one row a day of the stitched tests: ``date``, ``profit``).
        """
        import polars as pl  # noqa: PLC0415 - a fifth of a second that the walk-forward itself does not need

        found = self._found
        if what == "daily":
            days = pl.Series("date", found.day_numbers.astype("int32")).cast(pl.Date)
            return pl.DataFrame([days, pl.Series("profit", found.daily_profit)])
        if what != "windows":
            raise unknown_plot(what, ["windows", "daily"])
        names = self._plan.spec.search.space.names
        rows = [
            {
                "train_first": w.train_first, "test_first": w.test_first, "test_end": w.test_end,
                **{name: None if w.parameters is None else w.parameters.get(name) for name in names},
                "in_sample": w.in_sample, "out_of_sample": w.out_of_sample, "in_sample_profit": w.in_sample_profit,
                "out_of_sample_profit": w.out_of_sample_profit, "n_trades": w.n_trades, "n_cut": w.n_cut,
                "complete": w.complete, "optimization_id": w.optimization_id, "backtest_id": w.backtest_id,
            }
            for w in found.windows
        ]  # fmt: skip
        dates = [pl.col(name).str.to_date() for name in ("train_first", "test_first", "test_end")]
        return pl.DataFrame(rows, infer_schema_length=None).with_columns(dates)

    def to_pandas(self, what: Literal["windows", "daily"] = "windows") -> pd.DataFrame:
        """The same in pandas; the index of the days is their ``date``."""
        return as_pandas(self.to_polars(what), "date" if what == "daily" else None)

    def plot(self, kind: WalkForwardPlot = "profit") -> go.Figure:
        """A figure of the report, as Plotly has them; a notebook shows it, offline too.

        Args:
            kind: ``profit`` (of the stitched tests), ``windows`` (in and out of sample), ``drift`` (of the choice).

        Raises:
            ParameterError: there is no such figure.
        """
        from trading_ai.reports.walk_forward import figures_of  # noqa: PLC0415 - plotly takes a third of a second

        made = figures_of(self._found, self._plan.spec.search.space, self.currency)
        if kind not in made:
            raise unknown_plot(kind, [*made])
        return titled(made[kind])

    def report(self, path: str | Path) -> Path:
        """Write it as one HTML page that opens offline; returns its path.

        Raises:
            StorageError: the file could not be written.
        """
        from trading_ai.reports.making import write_page  # noqa: PLC0415 - plotly, as above
        from trading_ai.reports.walk_forward import walk_forward_page  # noqa: PLC0415

        base = self._plan.base
        title = f"Walk-forward of {base.name or strategy_label(base.spec.strategy)}"
        page = walk_forward_page(self._found, self._plan.spec.search.space, title, self.currency)
        return write_page(page, Path(path))

    @override
    def __repr__(self) -> str:
        return (
            f"WalkForward({self._found.size}, {len(self)} windows: {amount(self.net_profit, 'money')} {self.currency} "
            f"out of sample, {100 * self.share_of_winning_windows:.0f} % of them won, efficiency "
            f"{amount(self.efficiency)})"
        )

    def _repr_html_(self) -> str:
        found, base = self._found, self._plan.base
        rows = [
            [
                w.train_first, w.test_first, w.test_end,
                "nothing" if w.parameters is None else values_line(w.parameters),
                amount(w.in_sample_profit, "money"), amount(w.out_of_sample_profit, "money"), f"{w.n_trades:,}",
            ]
            for w in found.windows
        ]  # fmt: skip
        facts = [
            ("strategy", f"{strategy_label(base.spec.strategy)} on {base.symbol} {base.timeframe}"),
            ("chosen by", strategy_label(found.objective)),
            ("out of sample", f"{amount(found.net_profit, 'money')} {self.currency} in {len(rows)} windows, "
                f"{100 * found.share_of_winning_windows:.0f} % of them won"),
            ("efficiency", f"{amount(found.efficiency)} (profit of a day, as a share of that in training)"),
        ]  # fmt: skip
        if found.instant_net_profit is not None:
            instant = amount(found.instant_net_profit, "money")
            facts.append(("instant form", f"{instant} {self.currency}, the same choice in {found.n_same} windows"))
        facts.append(("costs", found.costs_stated))
        heads = ["learnt from", "traded from", "to", "chosen", "profit in sample", "out of sample", "trades"]
        anchored = ", anchored" if found.anchored else ""
        return card(f"Walk-forward {found.size}{anchored}", facts, [table(heads, rows, left=4)], found.notes)


def walk_forward(
    bars: Bars,
    strategy: StrategyLike,
    *,
    windows: str | None = None,
    anchored: bool = False,
    compare: bool = True,
    name: str = "",
    method: str = "grid_search",
    max_iterations: int | None = None,
    objective: str | UserFunction = "sharpe_ratio",
    constraints: str | Iterable[str] = (),
    parameter_constraints: str | Iterable[str] = (),
    min_trades: int = FEWEST_TRADES,
    seed: int = 0,
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
) -> WalkForward:
    """Optimize each training window anew and trade its winner on the days that follow, as ``trading-ai walk-forward``.

    Every training is an optimization of the store. After an interrupt the same call goes on; windows that are complete
    are not run again.

    Args:
        bars: bars that the strategy sees.
        strategy: as of `ta.optimize`.
        windows: lengths of training and test, such as ``"6M/1M"``; else suited to the data.
        anchored: every training begins with the data instead of moving along.
        compare: also sweep all days once, to set the instant form beside the exact one.
        name: what its backtest is called.
        method: how each window is searched.
        max_iterations: combinations to try in each window.
        objective: what winners are chosen by.
        constraints: conditions on results in the training.
        parameter_constraints: conditions on parameters.
        min_trades: a trial with fewer trades in the training is not chosen; 0 lifts the floor.
        seed: seed of methods that draw.
        workers: worker processes; chosen by the expected time if left out.
        progress: show a bar in a notebook or on a terminal.
        capital: starting balance of each window, account currency.
        account_currency: as of `ta.optimize`, like everything that follows.
        sizing: position size.
        costs: costs of trading.
        rules: execution rules.
        detail: finer bars that decide exits.
        conversion_bars: bars that convert profits.
        start: walk from here on (UTC).
        end: and up to here.
        day_start: when the day starts of searched timeframes.
        others: bars of other symbols.
        params: parameters by name, for those that have the name of an argument here.
        parameters: parameters by name; a range or list is searched.

    Raises:
        InputError: something is unknown, impossible or out of bounds, or no window fits; nothing was run.
        KeyboardInterrupt: the user interrupted it; the same call goes on.
        StateError: a window's optimization was cancelled, or failed.
    """
    given = {
        "name": bool(name), "method": method != "grid_search", "max_iterations": max_iterations is not None,
        "seed": seed != 0, "workers": workers is not None, "progress": not progress, "windows": windows is not None,
        "anchored": anchored, "compare": not compare, "constraints": bool(constraints),
        "parameter_constraints": bool(parameter_constraints),
    }  # fmt: skip
    application = stored_application()
    found_objective, _ = objective_texts(objective, cells_folder(application))
    backtest, space = stored_backtest(
        application, bars, strategy, parameters, name=name, params=params, taken=given, capital=capital,
        account_currency=account_currency, sizing=sizing, costs=costs, rules=rules, detail=detail,
        conversion_bars=conversion_bars, start=start, end=end, day_start=day_start, others=others,
    )  # fmt: skip
    need_axes(space)
    values: dict[str, Any] = {
        "method": method, "max_iterations": max_iterations, "objective": found_objective, "min_trades": min_trades,
        "seed": seed, "constraints": texts(constraints, "constraints"),
        "parameter_constraints": texts(parameter_constraints, "parameter_constraints"),
    }  # fmt: skip
    check_numbers(values)
    search = OptimizationSpec(backtest.backtest_id, space, **values)
    service = WalkForwardService(application.service, application.backtests)
    plan = service.plan(WalkForwardSpec(search, windows, anchored, compare))
    for i, part in enumerate(plan.parts, 1):
        known = service.found(part)
        if known is not None and known.status == "completed":
            continue
        record = run_shown(
            f"{i} of {len(plan.parts)}: {part.name}", known or (plan.n_total, str(search.objective.own)),
            lambda show, stop, part=part: service.run(part, n_workers=workers, report=show, stop=stop),  # type: ignore[misc]
            progress=progress,
        )  # fmt: skip
        if record.status == "paused":
            raise KeyboardInterrupt(
                f"paused in {part.name}, after {i - 1} of {len(plan.parts)} optimizations, all kept: the same call "
                "goes on"
            )
        if record.status != "completed":
            raise StateError(f"{record.name} ({short(record.optimization_id)}) is {record.status}: {record.message}")
    return WalkForward(plan, stitch(service, plan))
