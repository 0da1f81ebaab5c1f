"""Records as JSON and back, shared by every store that keeps text."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Indices
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


def pack_indices(indices: Indices) -> bytes:
    """Combination indices, compressed.

    Those of a space lie side by side, so the differences are few and compress to almost nothing.
    """
    return zlib.compress(np.diff(indices, prepend=0).astype("<i8").tobytes(), 1)


def unpack_indices(data: bytes) -> Indices:
    """What `pack_indices` wrote."""
    return np.cumsum(np.frombuffer(zlib.decompress(data), dtype="<i8")).astype(np.int64)
