"""The sample's bars; event strategies run as plain Python here, which spares compiling twenty of them."""

from __future__ import annotations

import pytest

import trading_ai as ta
from tests.acceptance.strategies.checking import Hours
from trading_ai.engine.event_rewriting import CannotCompileError
from trading_ai.evaluation import event_runs


@pytest.fixture(scope="session")
def bars():
    return ta.load_sample("EURUSD")


@pytest.fixture(scope="session")
def hours(bars):
    return Hours(bars)


@pytest.fixture
def run(bars, monkeypatch):
    def refuse(strategy):
        raise CannotCompileError(0, "it shall not be compiled")

    monkeypatch.setattr(event_runs, "compiled", refuse)
    return lambda strategy, **options: ta.backtest(bars, strategy, **options)
