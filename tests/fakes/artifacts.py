"""Artifacts in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.engine.trade_list import TradeList
from trading_ai.errors import NotFoundError
from trading_ai.evaluation.ports import Artifacts
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol


class MemoryArtifacts(Artifacts):
    """Artifacts that are gone with the object; arrays come back as copies."""

    def __init__(self) -> None:
        self._bars: dict[str, Bars] = {}
        self._backtests: dict[str, dict[str, npt.NDArray[Any]]] = {}
        self._trades: dict[str, TradeList] = {}

    def save_bars(self, bars: Bars) -> str:
        self._bars[bars.content_hash] = bars
        return bars.content_hash

    def load_bars(self, dataset_id: str) -> Bars:
        try:
            return self._bars[dataset_id]
        except KeyError:
            raise NotFoundError("dataset", dataset_id, "Import it again.") from None

    def symbol_of(self, dataset_id: str) -> Symbol:
        return self.load_bars(dataset_id).symbol

    def delete_bars(self, dataset_id: str) -> None:
        self._bars.pop(dataset_id, None)

    def save_backtest(self, backtest_id: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._backtests[backtest_id] = {name: np.array(values) for name, values in arrays.items()}

    def load_backtest(self, backtest_id: str) -> dict[str, npt.NDArray[Any]]:
        try:
            return {name: values.copy() for name, values in self._backtests[backtest_id].items()}
        except KeyError:
            raise NotFoundError("backtest", backtest_id, "Run it again.") from None

    def delete_backtest(self, backtest_id: str) -> None:
        self._backtests.pop(backtest_id, None)

    def save_trades(self, trades: TradeList) -> str:
        self._trades[trades.content_hash] = trades
        return trades.content_hash

    def load_trades(self, trades_id: str) -> TradeList:
        try:
            return self._trades[trades_id]
        except KeyError:
            raise NotFoundError("list of trades", trades_id, "Import it again.") from None
