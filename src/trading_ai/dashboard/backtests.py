"""Backtests: the list, the form that runs one, and the page of its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from trading_ai.api.context import context_of
from trading_ai.api.pipeline import create_backtest
from trading_ai.api.schemas import BacktestBody, Id
from trading_ai.dashboard.candles import BarsKept
from trading_ai.dashboard.home import title_of
from trading_ai.dashboard.notes import notes_of
from trading_ai.dashboard.pages import PageRoute, Reader, Runner, as_json, figure_json, go_to, render
from trading_ai.dashboard.wording import price, units
from trading_ai.documents.backtests import backtest_in_full_json, backtest_json, trades_json
from trading_ai.documents.strategies import strategy_json
from trading_ai.engine.records import symbols_of
from trading_ai.errors import NotFoundError, ParameterError, TradingAIError
from trading_ai.metrics.catalog import METRICS
from trading_ai.options import Group, rows_of
from trading_ai.strategies.bundled import is_bundle
from trading_ai.strategies.registry import strategies as known_strategies
from trading_ai.strategies.registry import strategy

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from trading_ai.documents.strategies import Strategy
    from trading_ai.optimization.records import BacktestRecord

router = APIRouter(include_in_schema=False, route_class=PageRoute)

PAGE = 25
_SHOWN_FIRST = (
    "net_profit", "return_percent", "sharpe_ratio", "max_drawdown_percent", "profit_factor", "win_rate", "total_trades",
    "expectancy", "buy_and_hold_percent",
)  # fmt: skip
_GROUPS: tuple[tuple[Group, str], ...] = (
    ("costs", "Costs"), ("backtest", "Account and period"), ("sizing", "Size"), ("rules", "Rules"),
)  # fmt: skip
_ALWAYS = {"costs": ("spread_pips", "commission_per_lot", "slippage_pips")}


@router.get("/backtests")
def every(request: Request, _: Reader, offset: Annotated[int, Query(ge=0)] = 0) -> Response:
    """The list."""
    records = [record for record in context_of(request).store.backtests() if not record.part_of]
    offset = min(offset, _last_page(len(records)))
    rows = [backtest_json(record) | {"title": title_of(record.name, record)} for record in records[offset:][:PAGE]]
    later = offset + PAGE if offset + PAGE < len(records) else 0
    return render(request, "backtests.html", rows=rows, total=len(records), offset=offset, later=later, page=PAGE)


@router.get("/backtests/new")
def form(
    request: Request,
    _: Reader,
    strategy_name: Annotated[str, Query(alias="strategy", max_length=200)] = "",
    dataset: Annotated[str, Query(max_length=200)] = "",
    begin: Annotated[str, Query(alias="from", max_length=200)] = "",
) -> Response:
    """The form: which strategy, its parameters, costs and the account; as an earlier one, if wanted."""
    store = context_of(request).store
    earlier = store.backtest(begin).spec if begin else None
    names = sorted(known_strategies())
    wanted = strategy_name or (earlier.strategy if earlier is not None else "")
    name, problem = wanted or names[0], ""
    try:
        chosen = _offered(name)
    except TradingAIError as error:
        chosen, problem = None, str(error)
    given: dict[str, Any] = {}
    if earlier is not None:
        given = {group: vars(getattr(earlier, group)) for group in ("costs", "sizing", "rules")}
        given["backtest"] = vars(earlier)
        given["parameters"] = dict(earlier.parameters) if earlier.strategy == name else {}
    groups = []
    for group, title in _GROUPS:
        rows = [row for row in rows_of(group) if row.in_api and row.kind != "object"]
        first = [row for row in rows if row.field in _ALWAYS.get(group, ())]
        groups.append((group, title, first, [row for row in rows if row not in first]))
    return render(
        request,
        "backtest_new.html",
        datasets=store.datasets(),
        dataset=dataset or (earlier.dataset_id if earlier is not None else ""),
        strategies=[strategy_json(each, strategy(each)) for each in names],
        chosen=chosen,
        problem=problem,
        groups=groups,
        given=given,
        begin=begin,
    )


def _offered(name: str) -> Strategy:
    """A strategy that a request may name: one that is known, several of them, or a published one.

    Raises:
        TradingAIError: it is none of these, or what is published is not to be found.
    """
    known = sorted(known_strategies())
    if not is_bundle(name) and not set(name.split("+")) <= set(known):
        raise ParameterError(
            "cannot be run from a page, which knows registered and published strategies",
            parameter="strategy", value=name,
            remedy="Run it with 'trading-ai backtest run', publish it, or take one of " + ", ".join(known),
        )  # fmt: skip
    return strategy_json(name, strategy(name))


@router.post("/do/backtests")
def create(request: Request, _: Runner, body: BacktestBody) -> Response:
    """Run it, as the API does."""
    return create_backtest(request, body)


@router.post("/do/backtests/{backtest_id}/delete")
def delete(request: Request, _: Runner, backtest_id: Id) -> Response:
    """Delete a backtest that no optimization uses."""
    context_of(request).backtests.delete(backtest_id)
    return go_to("/backtests")


def _last_page(total: int) -> int:
    """Where the last page of so many rows begins: an address beyond the end shows that one."""
    return max(total - 1, 0) // PAGE * PAGE


@router.get("/backtests/{backtest_id}")
def page(request: Request, _: Reader, backtest_id: Id, offset: Annotated[int, Query(ge=0, le=2**40)] = 0) -> Response:
    """A result."""
    context = context_of(request)
    record = context.store.backtest(backtest_id)
    arrays = context.artifacts.load_backtest(record.backtest_id)
    row = backtest_in_full_json(record, arrays)
    offset = min(offset, _last_page(len(arrays["trades"])))
    trades = trades_json(record, arrays["trades"], slice(offset, offset + PAGE))
    metrics = [(metric, row["metrics"].get(metric.name)) for metric in METRICS]
    return render(
        request,
        "backtest.html",
        row=row,
        title=title_of(record.name, record),
        first=[(name, row["metrics"].get(name)) for name in _SHOWN_FIRST],
        metrics=[(metric, value) for metric, value in metrics if value is not None],
        trades=trades,
        symbols=sorted(set(symbols_of(arrays["trades"], record.symbol).tolist())),
        offset=offset,
        page=PAGE,
        currency=record.spec.account_currency,
        digits=_digits(request.app.state.bars, record),
        price=price,
        units=units,
        notes=notes_of(request, record.backtest_id),
        has_bars=record.spec.strategy != "replay" or bool(record.spec.dataset_id),
    )


def _digits(bars: BarsKept, record: BacktestRecord) -> int | None:
    """Decimals in a price of what was traded; None where the bars that say it are gone, or were never there."""
    try:
        return int(bars.of(record.spec.dataset_id).symbol.digits) if record.spec.dataset_id else None
    except TradingAIError:
        return None


@router.get("/backtests/{backtest_id}/candles")
async def candles(
    request: Request,
    _: Reader,
    backtest_id: Id,
    since: Annotated[int | None, Query(alias="from")] = None,
    until: Annotated[int | None, Query(alias="to")] = None,
) -> Response:
    """Candles of a span of time with the trades in it: as many as a chart can show, joined where there are more."""
    context = context_of(request)
    kept: BarsKept = request.app.state.bars

    def make() -> Any:
        record = context.store.backtest(backtest_id)
        trades = context.artifacts.load_backtest(record.backtest_id)["trades"]
        return kept.window(record.spec.dataset_id, since, until, trades)

    return as_json(await run_in_threadpool(make))


@router.get("/backtests/{backtest_id}/figures/{name}")
def figure(request: Request, _: Reader, backtest_id: Id, name: str) -> Response:
    """A figure of a result."""
    context = context_of(request)
    record = context.store.backtest(backtest_id)
    if name not in _FIGURES:
        raise NotFoundError("figure", name)
    arrays = context.artifacts.load_backtest(record.backtest_id)
    return figure_json(_FIGURES[name](request, record, arrays).to_json())


def _equity(request: Request, record: BacktestRecord, arrays: dict[str, npt.NDArray[Any]]) -> go.Figure:
    from trading_ai.figures.equity import Curve, equity_with_drawdown  # noqa: PLC0415 - plotly takes 0.3 s

    kept: BarsKept = request.app.state.bars
    curve = Curve("equity", arrays["equity_time_ns"], arrays["equity"])
    benchmark = None
    try:
        benchmark = kept.held(record.spec.dataset_id, record.spec.capital, arrays["equity_time_ns"])
    except TradingAIError:  # the bars are gone, or were never there: the curve stands alone
        benchmark = None
    return equity_with_drawdown([curve], benchmark=benchmark, currency=record.spec.account_currency)


def _of_trades(name: str) -> Callable[[Request, BacktestRecord, dict[str, npt.NDArray[Any]]], go.Figure]:
    def make(_: Request, record: BacktestRecord, arrays: dict[str, npt.NDArray[Any]]) -> go.Figure:
        from trading_ai.figures import calendar, trades  # noqa: PLC0415 - plotly takes 0.3 s

        closed, currency = arrays["trades"], record.spec.account_currency
        if name == "profits":
            return trades.profit_of_trades(np.asarray(closed["net_profit"]), currency=currency)
        if name == "excursions":
            return trades.excursions(closed, currency=currency)
        return calendar.profit_by(name, closed, currency=currency)

    return make


_FIGURES: dict[str, Callable[[Request, BacktestRecord, dict[str, npt.NDArray[Any]]], Any]] = {
    "equity": _equity,
    **{name: _of_trades(name) for name in ("profits", "excursions", "hour", "weekday", "month")},
}
