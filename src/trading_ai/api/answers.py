"""What the APIs answer, as their description says it; answers may hold further fields."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from trading_ai.api.schemas import Status

Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow")


class Health(_Answer):
    """A process that lives."""

    status: Literal["ok"]
    service: str
    version: str


class Ready(_Answer):
    """Whether work can be done, and what is missing."""

    status: Literal["ready", "not ready"]
    missing: list[str]
    checks: dict[str, str]


class Dataset(_Answer):
    """A dataset; its id is the hash of its bars."""

    id: str
    symbol: str
    timeframe: str
    n_bars: int
    first: Moment
    last: Moment
    source: str
    created_at: Moment
    detected: dict[str, Any]
    quality: dict[str, Any]


class Backtest(_Answer):
    """A backtest with its metrics; undefined ones are null."""

    id: Uuid
    name: str
    strategy: str
    symbol: str
    timeframe: str
    parameters: dict[str, Any]
    dataset_id: str
    start: str | None
    end: str | None
    net_profit: float | None
    metrics: dict[str, float | None]
    created_at: Moment


class Trades(_Answer):
    """Closed trades of a backtest; `total` counts all of them."""

    id: Uuid
    total: int
    trades: list[dict[str, Any]]


class Equity(_Answer):
    """Equity at bars' closes."""

    id: Uuid
    n_bars: int
    bars_per_point: int
    time_ms: list[int]
    equity: list[float | None]


class Deleted(_Answer):
    """Something that is gone."""

    deleted: Literal[True]


class StrategyParameter(_Answer):
    """A parameter of a strategy, or of the exits that every strategy has."""

    name: str
    kind: str
    default: bool | int | float | str


class Strategy(_Answer):
    """A strategy that the server knows."""

    name: str
    parameters: list[StrategyParameter]


class Optimization(Status):
    """An optimization: what is searched, and how far it is."""

    name: str
    backtest_id: Uuid
    parameters: list[dict[str, Any]]
    optimization_type: str
    objective: str
    created_at: Moment


class WalkForwardPart(_Answer):
    """An optimization of a walk-forward."""

    name: str
    optimization_id: Uuid
    status: Literal["running", "paused", "completed", "failed"]
    completed_tasks: int
    total_tasks: int


class WalkForwardState(_Answer):
    """How far a walk-forward is, and what it found once everything is complete."""

    status: Literal["running", "paused", "completed", "failed"]
    completed_tasks: int
    total_tasks: int
    optimizations: list[WalkForwardPart]
    result: dict[str, Any] | None


class Worker(_Answer):
    """A worker and what it did since it started."""

    worker_id: str
    status: Literal["online"]
    host: str
    pool_size: int
    active: int
    processed: int
    failed: int
    memory_bytes: int
    last_heartbeat: Moment


class Workers(_Answer):
    """Workers that are online, and what waits for them."""

    workers_online: int
    total_workers: int
    active_tasks: int
    queue_length: int
    remaining_tasks: int
    throughput_per_second: float
    workers: list[Worker]
