"""Exact walk-forward: each training window an optimization of its own, its winner traded on the test that follows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trading_ai.driving.here import Progress
from trading_ai.driving.service import OptimizationService
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import ParameterError, StateError
from trading_ai.evaluation.job import strategy_of
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Evaluator
from trading_ai.market.date_range import moment_text
from trading_ai.optimization.backtests import BacktestService
from trading_ai.optimization.model import DAILY_PROFIT_KEPT_UP_TO, OptimizationSpec
from trading_ai.optimization.records import WALK_FORWARD, BacktestRecord, OptimizationRecord
from trading_ai.robustness.calendar_windows import Window, calendar_windows
from trading_ai.robustness.instant_walk_forward import suggested_window_size
from trading_ai.robustness.trials import Indices
from trading_ai.strategies.base import Declared
from trading_ai.strategies.identity import strategy_identity

MAX_WINDOWS = 500
"""Most windows of one walk-forward: each is an optimization in the store."""

_SHORT_ID = 8


@dataclass(frozen=True)
class WalkForwardSpec:
    """What to walk forward.

    Attributes:
        search: what is searched in each training window; windows lie within the date range of its backtest.
        size: lengths of training and test such as "12M/3M"; None for the longest usual ones that give four windows.
        anchored: whether every training begins with the data.
        compare: also sweep all days once, to set the instant form beside the exact one.
    """

    search: OptimizationSpec
    size: str | None = None
    anchored: bool = False
    compare: bool = True


@dataclass(frozen=True)
class Part:
    """An optimization that a walk-forward needs.

    Attributes:
        name: its name in the store.
        request_key: the same for everything that makes the same numbers, so that nothing is run a second time.
        part_of: the walk-forward, as users see it.
        backtest: the backtest that it starts from, with the window as its date range.
        search: what is searched; its backtest id is set once that backtest is kept.
    """

    name: str
    request_key: str
    part_of: str
    backtest: BacktestSpec
    search: OptimizationSpec


@dataclass(frozen=True, eq=False)
class WalkForwardPlan:
    """A walk-forward that was found possible.

    Attributes:
        spec: what was asked for.
        size: lengths of training and test.
        base: the backtest that it starts from.
        strategy: its strategy.
        windows: the windows, in order of time.
        trainings: one optimization a window.
        tests: start and end of each window's test, as backtests have them.
        whole: the optimization over all days, or None where no comparison is made.
        day_numbers: trading days of the backtest, days since 1970-01-01, shape (n_days,).
        n_total: combinations that each training tries.
        notes: what was left out and why.
    """

    spec: WalkForwardSpec
    size: str
    base: BacktestRecord
    strategy: Declared
    windows: tuple[Window, ...]
    trainings: tuple[Part, ...]
    tests: tuple[tuple[str | None, str | None], ...]
    whole: Part | None
    day_numbers: Indices
    n_total: int
    notes: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every optimization that is needed."""
        return self.trainings if self.whole is None else (*self.trainings, self.whole)


def _ignore(_: Any) -> None:
    """The default of callbacks."""


class WalkForwardService:
    """Plans a walk-forward and runs its parts; `trading_ai.studies.stitching` joins what they found.

    Args:
        service: the use cases of optimizations.
        backtests: the use cases of backtests.
    """

    def __init__(self, service: OptimizationService, backtests: BacktestService) -> None:
        self.service, self.backtests, self.store = service, backtests, service.store
        self._kept: dict[str, BacktestRecord] | None = None

    def plan(self, spec: WalkForwardSpec) -> WalkForwardPlan:
        """Check a walk-forward and cut its windows; nothing is stored.

        Windows begin and end with trading days of the symbol, as those of the instant form do.

        Raises:
            InputError: the search cannot run, or no window fits.
            NotFoundError: there is no such backtest.
            StateError: the backtest's strategy or the engine has changed.
        """
        # A floor of trades is meant for the whole span: in a window of weeks it would leave nothing to choose.
        checked = self.service.plan(replace(spec.search, keep_daily_profit=False, min_trades=0), measure=False)
        base, search, evaluator = checked.backtest, checked.spec, checked.evaluator
        days = evaluator.day_numbers
        size = spec.size or str(suggested_window_size(days) or "4W/1W")
        windows = calendar_windows(days, size, anchored=spec.anchored)
        if not 1 <= len(windows) <= MAX_WINDOWS:
            n_days = int(days[-1] - days[0]) + 1
            raise ParameterError(
                f"gives {len(windows):,} windows in the {n_days:,} calendar days of the data, not 1 to {MAX_WINDOWS}",
                parameter="windows", value=size,
                remedy=f"Use {'longer tests' if windows else 'a shorter training'}.",
            )  # fmt: skip
        first, last = (a or b for a, b in zip(evaluator.period, (base.spec.start, base.spec.end), strict=True))
        study = f"{WALK_FORWARD}{size}{' anchored' if spec.anchored else ''} of {base.backtest_id[:_SHORT_ID]}"
        trainings, tests = [], []
        for window in windows:
            learnt = replace(
                base.spec,
                start=self._edge(evaluator, window.train_first) or first,
                end=self._edge(evaluator, window.test_first) or last,
            )
            dates = f"{_date(window.train_first)}..{_date(window.test_first)}"
            trainings.append(self._part(dates, study, base, learnt, search))
            tests.append((learnt.end, self._edge(evaluator, window.test_end) or last))
        whole, notes = None, []
        if spec.compare and checked.n_total > DAILY_PROFIT_KEPT_UP_TO:
            notes.append(f"the instant form is left out: more than {DAILY_PROFIT_KEPT_UP_TO:,} combinations")
        elif spec.compare:
            whole = self._part("all days", study, base, base.spec, replace(search, keep_daily_profit=True))
        return WalkForwardPlan(
            spec=spec, size=size, base=base,
            strategy=checked.strategy, windows=windows, trainings=tuple(trainings), tests=tuple(tests),
            whole=whole, day_numbers=days, n_total=checked.n_total, notes=tuple(notes),
        )  # fmt: skip

    @staticmethod
    def _edge(evaluator: Evaluator, day: int) -> str | None:
        """Where a trading day begins: the open of its first bar, or of the next day's; None for the data's own ends."""
        opens = evaluator.day_opens(day)
        return None if opens is None else moment_text(opens)

    @staticmethod
    def _part(days: str, study: str, base: BacktestRecord, backtest: BacktestSpec, search: OptimizationSpec) -> Part:
        told = {**vars(search), "backtest_id": "", "space": search.space.to_json()}
        if not search.datasets:
            del told["datasets"]  # or a walk-forward from before symbols could be searched would begin anew
        everything = [backtest.to_json(), told, base.strategy_hash, ENGINE_VERSION]
        text = json.dumps(everything, sort_keys=True, default=str)
        name = f"{WALK_FORWARD}{days} of {base.backtest_id[:_SHORT_ID]}"
        return Part(name, f"walk-forward:{hashlib.sha256(text.encode()).hexdigest()}", study, backtest, search)

    def found(self, part: Part) -> OptimizationRecord | None:
        """The optimization of a part, if it was begun before.

        Raises:
            StateError: it was cancelled.
        """
        record = self.store.optimization_of_request(part.request_key)
        if record is not None and record.status == "cancelled":
            key = record.optimization_id[:_SHORT_ID]
            raise StateError(
                f"{record.name} was cancelled. After trading-ai delete {key} the walk-forward runs it anew"
            )
        return record

    def run(
        self,
        part: Part,
        *,
        n_workers: int | None = None,
        waiting: Callable[[float], None] = _ignore,
        report: Callable[[Progress], None] = _ignore,
        stop: Callable[[], bool] = lambda: False,
    ) -> OptimizationRecord:
        """Run a part until it is complete or paused; one that is complete is returned as it is.

        Arguments and errors as of `OptimizationService.resume`.
        """
        record = self.found(part)
        if record is not None:
            return self.service.resume(
                record.optimization_id, n_workers=n_workers, waiting=waiting, report=report, stop=stop
            )
        base = self.backtest(part.backtest, part.name, part.part_of)
        plan = self.service.plan(replace(part.search, backtest_id=base.backtest_id))
        return self.service.start(
            plan, name=part.name, request_key=part.request_key, part_of=part.part_of, n_workers=n_workers,
            report=report, stop=stop,
        )  # fmt: skip

    def begin(self, part: Part, *, priority: int = 5) -> OptimizationRecord:
        """Store a part as running, for whoever drives what runs; one that was begun before is returned as it is."""
        record = self.found(part)
        if record is not None:
            return record
        base = self.backtest(part.backtest, part.name, part.part_of)
        plan = self.service.plan(replace(part.search, backtest_id=base.backtest_id), measure=False)
        try:
            return self.service.begin(
                plan, name=part.name, priority=priority, request_key=part.request_key, part_of=part.part_of
            )
        except StateError:
            record = self.found(part)  # another request was faster
            if record is None:
                raise
            return record

    def backtest(self, spec: BacktestSpec, name: str, part_of: str) -> BacktestRecord:
        """The backtest of that specification, from the store if it is there, else run and kept as a part of a study."""
        if self._kept is None:
            records = reversed(self.store.backtests())  # of equal ones, the newest
            self._kept = {_identity(r.spec, r.strategy_hash, r.engine_version): r for r in records}
        key = _identity(spec, strategy_identity(strategy_of(spec)), ENGINE_VERSION)
        if key not in self._kept:
            self._kept[key], _ = self.backtests.run(spec, name, part_of=part_of)
        return self._kept[key]


def _identity(spec: BacktestSpec, strategy_hash: str, engine_version: str) -> str:
    return json.dumps([spec.to_json(), strategy_hash, engine_version], sort_keys=True)


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))
