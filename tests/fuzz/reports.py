"""Reports and passes of other platforms, cut, mixed and changed: each import ends in whole trades or a refusal.

A case is made of its number alone, so that a failure can be made again:
``python -m tests.fuzz reports --first N --cases 1``.
"""

from __future__ import annotations

import json
import random
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.integration.trade_imports import samples
from tests.integration.trade_imports.test_passes import ctrader_result, hyperopt, mt5_xml
from tests.integration.trade_imports.test_refusals import mutated, whole
from trading_ai.errors import InputError
from trading_ai.importers.passes.read import read_passes
from trading_ai.importers.trades.read import read_trades
from trading_ai.metrics.listed import figures_of
from trading_ai.optimization.passes import judge_passes

OPTIONS: dict[str, tuple[Any, ...]] = {
    "symbol": ("EURUSD", "XAUUSD", "QQZZ", ""),
    "timezone": ("UTC", "EET", "NY+7", "America/New_York", "Mars"),
    "lot_size": (1.0, 1e5),
    "capital": (1000.0, 1e-3),
    "account_currency": ("USD", "EUR"),
    "columns": (["entry_time=0"], ["size=Size"], ["x=y"], ["entry_time"], {"exit_time": 99}),
}


@cache
def _files() -> tuple[list[bytes], list[bytes]]:
    passes = [mt5_xml().encode(), json.dumps(ctrader_result()).encode(), hyperopt().encode()]
    trades = [*whole().values(), samples.mt4(words="de"), samples.mt5(words="de"), samples.TRADINGVIEW_OLD.encode()]
    return trades, passes


def make(number: int) -> tuple[bytes, bool, dict[str, Any]]:
    """Content of a case, whether it is read as passes, and options."""
    rng = random.Random(number)
    trades, passes = _files()
    as_passes = rng.random() < 0.2
    content = rng.choice(passes if as_passes else trades)
    if rng.random() < 0.95:
        content = mutated(content, rng, trades + passes)
    options = {key: rng.choice(OPTIONS[key]) for key in rng.sample(sorted(OPTIONS), rng.choice((0, 0, 1, 2)))}
    return content, as_passes, options


def check(number: int, folder: Path) -> str:
    """Import a case; its outcome in a word.

    Raises:
        AssertionError: what came out are no trades.
        Exception: whatever else than a refusal was raised.
    """
    content, as_passes, options = make(number)
    path = folder / "report"
    path.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            if as_passes:
                for passes in read_passes([path]):
                    json.dumps(judge_passes(passes).importance)
                return "read"
            found = read_trades(path, **options)
            for item in found:
                figures_of(item.trades.trades, item.trades.capital)
    except InputError as error:
        if error.rule and error.exit_code == 2:
            return "refused"
        raise
    finally:
        path.unlink()
    for item in found:
        trades = item.trades.trades
        assert len(trades) > 0
        assert bool((trades["exit_time_ns"] >= trades["entry_time_ns"]).all())
        for column in ("units", "entry_price", "exit_price"):
            assert bool((np.isfinite(trades[column]) & (trades[column] > 0)).all())
        assert set(trades["direction"].tolist()) <= {1, -1}
        assert item.trades.notes
    return "read"
