"""Records as JSON and back, shared by every store that keeps text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from trading_ai.evaluation.model import BacktestSpec
from trading_ai.optimization.model import OptimizationSpec


def dump(value: Mapping[str, object] | Sequence[object]) -> str:
    """Compact JSON; NumPy numbers become plain ones."""
    return json.dumps(value, separators=(",", ":"), default=lambda x: x.item(), allow_nan=False)


def load(text: str) -> Any:
    """What `dump` wrote."""
    return json.loads(text)


def dump_metrics(metrics: Mapping[str, float]) -> str:
    """Metrics as JSON; undefined ones become null."""
    return dump({name: value if math.isfinite(value) else None for name, value in metrics.items()})


def load_metrics(text: str) -> dict[str, float]:
    """What `dump_metrics` wrote; null becomes NaN."""
    return {name: math.nan if value is None else value for name, value in json.loads(text).items()}


def dump_backtest_spec(spec: BacktestSpec) -> str:
    """A backtest's specification as JSON."""
    return dump(spec.to_json())


def load_backtest_spec(text: str) -> BacktestSpec:
    """What `dump_backtest_spec` wrote."""
    return BacktestSpec.from_json(json.loads(text))


def dump_optimization_spec(spec: OptimizationSpec) -> str:
    """An optimization's specification as JSON."""
    return dump(spec.to_json())


def load_optimization_spec(text: str) -> OptimizationSpec:
    """What `dump_optimization_spec` wrote."""
    return OptimizationSpec.from_json(json.loads(text))
