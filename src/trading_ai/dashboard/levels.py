"""Stops and targets of the trades in view, asked for when the candles are drawn: working them out asks the strategy."""

from __future__ import annotations

import json
import math
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from trading_ai.api import apart
from trading_ai.api.context import context_of
from trading_ai.api.schemas import Id
from trading_ai.dashboard.candles import MARKED
from trading_ai.dashboard.pages import PageRoute, Reader, as_json
from trading_ai.errors import TradingAIError
from trading_ai.strategies.bundled import is_bundle

if TYPE_CHECKING:
    from trading_ai.bootstrap import Application
    from trading_ai.evaluation.trade_levels import TradeLevels

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_BACKTESTS_KEPT, _TRADES_KEPT = 8, 5_000
_SECOND = 1_000_000_000


class LevelsKept:
    """Stops and targets that were worked out lately, by backtest and by the trade's place."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, dict[int, Any]] = OrderedDict()
        self._notes: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def missing(self, backtest_id: str, places: list[int]) -> list[int]:
        """Those of some trades that are not known yet."""
        known = self._kept.get(backtest_id, {})
        return [place for place in places if place not in known]

    def add(self, backtest_id: str, places: list[int], found: dict[str, Any]) -> None:
        """Remember what was worked out."""
        with self._lock:
            known = self._kept.pop(backtest_id, {})
            if len(known) > _TRADES_KEPT:
                known, self._notes[backtest_id] = {}, []
            notes = self._notes.setdefault(backtest_id, [])
            notes += [note for note in found["notes"] if note not in notes]
            self._kept[backtest_id] = {**known, **dict(zip(places, found["levels"], strict=True))}
            while len(self._kept) > _BACKTESTS_KEPT:
                gone, _ = self._kept.popitem(last=False)
                self._notes.pop(gone, None)

    def of(self, backtest_id: str, places: list[int]) -> dict[str, Any]:
        """What is known of some trades: levels by the trade's number, which is its place and one, and notes."""
        known = self._kept.get(backtest_id, {})
        levels = {str(place + 1): known[place] for place in places if place in known}
        return {"levels": levels, "notes": self._notes.get(backtest_id, [])}


@router.get("/backtests/{backtest_id}/levels")
async def levels(
    request: Request,
    _: Reader,
    backtest_id: Id,
    trade: Annotated[list[Annotated[int, Query(ge=1, le=2**40)]], Query(min_length=1, max_length=MARKED)],
) -> Response:
    """Stop and target of trades, by their number on the page, and each place that a stop was moved to."""
    context = context_of(request)
    kept: LevelsKept = request.app.state.levels

    def make() -> Response:
        record = context.store.backtest(backtest_id)
        n_trades = len(context.artifacts.load_backtest(record.backtest_id)["trades"])
        places = sorted({number - 1 for number in trade if number <= n_trades})
        asked = kept.missing(record.backtest_id, places)
        if asked:
            published = is_bundle(record.spec.strategy)
            text = apart.done(context.application, published, levels_json, record.backtest_id, asked)
            kept.add(record.backtest_id, asked, json.loads(text))
        return as_json(kept.of(record.backtest_id, places))

    return await context.study(make)


def levels_json(application: Application, backtest_id: str, places: list[int]) -> str:
    """Levels of some trades of a backtest, as JSON; of one whose bars or strategy are gone, those that closed them."""
    from trading_ai.evaluation.trade_levels import levels_of, that_closed  # noqa: PLC0415 - compiled code takes 0.5 s

    record = application.store.backtest(backtest_id)
    trades = application.artifacts.load_backtest(record.backtest_id)["trades"][places]
    try:
        found = levels_of(record.spec, record.strategy_hash, record.engine_version, application.artifacts, trades)
        notes = list(found.notes)
    except TradingAIError as error:
        found = that_closed(trades, "this run")
        notes = [*found.notes, str(error)]
    return json.dumps({"levels": [_as_json(each) for each in found.levels], "notes": notes})


def _as_json(found: TradeLevels) -> dict[str, Any]:
    stop, target = (None if math.isnan(level) else level for level in (found.stop, found.target))
    return {"stop": stop, "target": target, "moves": [[ns // _SECOND, price] for ns, price in found.moves]}
