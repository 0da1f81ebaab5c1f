"""Stress on the chosen trial: other orders of its days, fewer good trades, dearer trading."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError
from trading_ai.robustness.resampling import stationary_resamples, suggested_block_days
from trading_ai.robustness.trials import Floats

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class BootstrapBands:
    """What the same days might have given in other draws.

    Attributes:
        quantiles: the quantiles of the bands, 0..1, ascending.
        cumulative_profit: quantiles of the profit so far on each day, account currency, (n_quantiles, n_days).
        net_profit: quantiles of the profit at the end, account currency, shape (n_quantiles,).
        max_drawdown: quantiles of the largest fall of the equity from its highest value so far (the capital
            included), account currency, shape (n_quantiles,).
        max_drawdown_percent: quantiles of the largest such fall in percent of that highest value, likewise.
        probability_of_loss: share of resamples that end without profit.
        block_days: mean length of a block, days.
        n_resamples: number of resamples.
        seed: seed of the draws.
    """

    quantiles: tuple[float, ...]
    cumulative_profit: Floats = field(repr=False)
    net_profit: Floats
    max_drawdown: Floats
    max_drawdown_percent: Floats
    probability_of_loss: float
    block_days: float
    n_resamples: int
    seed: int


def bootstrap_bands(
    daily_profit: npt.NDArray[np.floating],
    *,
    capital: float,
    seed: int,
    n_resamples: int = 1000,
    block_days: float | None = None,
    quantiles: tuple[float, ...] = QUANTILES,
) -> BootstrapBands:
    """Bands of profit and drawdown by the stationary bootstrap of one trial's days.

    Args:
        daily_profit: account currency, shape (n_days,).
        capital: starting balance, above 0.
        seed: seed of the draws.
        n_resamples: number of resamples.
        block_days: mean length of a block; None: suited to the series (see `suggested_block_days`).
        quantiles: between 0 and 1, ascending.

    Raises:
        ParameterError: no day, an undefined profit, or an impossible number.
    """
    days = daily_profit.astype(np.float64)
    if days.ndim != 1 or days.shape[0] == 0 or not np.isfinite(days).all():
        raise ParameterError("must be finite, shape (n_days,)", parameter="daily_profit", value=days.shape)
    if not capital > 0.0:
        raise ParameterError("must be above 0", parameter="capital", value=capital)
    if not quantiles or min(quantiles) < 0.0 or max(quantiles) > 1.0 or list(quantiles) != sorted(quantiles):
        raise ParameterError("must be ascending, 0..1", parameter="quantiles", value=quantiles)
    length = suggested_block_days(days) if block_days is None else float(block_days)
    drawn = days[stationary_resamples(days.shape[0], length, n_resamples, seed)]
    paths = np.cumsum(drawn, axis=1, out=drawn)
    ends = paths[:, -1].copy()
    fall, fall_percent = _drawdowns(paths, capital)
    levels = list(quantiles)
    return BootstrapBands(
        quantiles=tuple(levels),
        cumulative_profit=np.quantile(paths, levels, axis=0),
        net_profit=np.quantile(ends, levels),
        max_drawdown=np.quantile(fall, levels),
        max_drawdown_percent=np.quantile(fall_percent, levels),
        probability_of_loss=float((ends <= 0.0).mean()),
        block_days=length,
        n_resamples=n_resamples,
        seed=seed,
    )


def _drawdowns(paths: Floats, capital: float) -> tuple[Floats, Floats]:
    """Largest fall of each path, in account currency and in percent of the highest equity before it."""
    peak = np.maximum(np.maximum.accumulate(paths, axis=1), 0.0)
    fall = peak - paths
    return fall.max(axis=1), 100.0 * (fall / (peak + capital)).max(axis=1)


@dataclass(frozen=True)
class DroppedTrades:
    """Net profit without the best trades.

    Attributes:
        n_trades: number of trades.
        net_profit: profit of all of them, account currency.
        n_dropped: how many of the best were left out, ascending, shape (n,).
        net_profit_left: profit without them, account currency, shape (n,).
        n_to_loss: fewest best trades without which nothing is earned; 0 if nothing is earned with them.
        n_to_loss_percent: the same in percent of the trades; NaN without trades.
    """

    n_trades: int
    net_profit: float
    n_dropped: npt.NDArray[np.int64]
    net_profit_left: Floats
    n_to_loss: int
    n_to_loss_percent: float


def dropped_best_trades(
    trade_profits: npt.NDArray[np.floating], counts: tuple[int, ...] = (1, 2, 3, 5, 10, 20, 50)
) -> DroppedTrades:
    """How the net profit shrinks when the best trades are left out; other trades stay as they are.

    Args:
        trade_profits: profit of each trade after costs, account currency, shape (n_trades,).
        counts: how many of the best to leave out; counts above the number of trades are left out themselves.

    Raises:
        ParameterError: an undefined profit or a negative count.
    """
    profits = _checked(trade_profits)
    if any(k < 0 for k in counts):
        raise ParameterError("must not be negative", parameter="counts", value=counts)
    best_first = np.sort(profits)[::-1]
    left = profits.sum() - np.concatenate(([0.0], np.cumsum(best_first)))
    kept = np.array(sorted({k for k in counts if k <= profits.shape[0]}), dtype=np.int64)
    # With every trade gone the profit is 0, which a rounding error must not turn into a gain.
    left[-1] = 0.0
    n_to_loss = int(np.argmax(left <= 0.0))
    return DroppedTrades(
        n_trades=profits.shape[0],
        net_profit=float(profits.sum()),
        n_dropped=kept,
        net_profit_left=left[kept],
        n_to_loss=n_to_loss,
        n_to_loss_percent=100.0 * n_to_loss / profits.shape[0] if profits.shape[0] else nan,
    )


@dataclass(frozen=True)
class MissedTrades:
    """Net profit when some trades are missed at random.

    Attributes:
        share: probability of missing each trade.
        quantiles: 0..1, ascending.
        net_profit: quantiles of the profit of the trades that remain, account currency, shape (n_quantiles,).
        probability_of_loss: share of draws that end without profit.
        n_draws: number of draws.
        seed: seed of the draws.
    """

    share: float
    quantiles: tuple[float, ...]
    net_profit: Floats
    probability_of_loss: float
    n_draws: int
    seed: int


def missed_trades(
    trade_profits: npt.NDArray[np.floating], *, share: float = 0.1, seed: int, n_draws: int = 1000
) -> MissedTrades:
    """Leave out each trade with the same probability, many times over.

    Args:
        trade_profits: profit of each trade after costs, account currency, shape (n_trades,).
        share: probability of missing a trade, 0..1.
        seed: seed of the draws.
        n_draws: number of draws, at least 1.

    Raises:
        ParameterError: an undefined profit or an impossible number.
    """
    profits = _checked(trade_profits)
    if not 0.0 <= share <= 1.0:
        raise ParameterError("must be between 0 and 1", parameter="share", value=share)
    if n_draws < 1:
        raise ParameterError("must be at least 1", parameter="n_draws", value=n_draws)
    random = np.random.default_rng(seed)
    totals = np.array([profits[random.random(profits.shape[0]) >= share].sum() for _ in range(n_draws)])
    return MissedTrades(share, QUANTILES, np.quantile(totals, QUANTILES), float((totals <= 0.0).mean()), n_draws, seed)


@dataclass(frozen=True)
class CostStress:
    """How much dearer trading may become before nothing is earned; the trades stay as they are.

    Attributes:
        cost_per_trade: what a trade costs now, account currency.
        factors: multiples of that cost.
        net_profit: net profit at each, account currency, same length.
        break_even_cost: cost of a trade at which nothing is earned, account currency; NaN without trades.
        break_even_factor: the same as a multiple of the cost now; NaN without trades or without cost.
    """

    cost_per_trade: float
    factors: tuple[float, ...]
    net_profit: tuple[float, ...]
    break_even_cost: float
    break_even_factor: float


def cost_stress(
    n_trades: int,
    net_profit: float,
    cost_per_trade: float,
    *,
    factors: tuple[float, ...] = (0.0, 1.0, 1.5, 2.0, 3.0, 5.0),
) -> CostStress:
    """Net profit with costs multiplied, and the cost at which it is gone.

    Args:
        n_trades: number of trades.
        net_profit: after costs, account currency.
        cost_per_trade: mean cost of a trade (spread, slippage, commission, swap), account currency, at least 0.
        factors: multiples of the cost to try.

    Raises:
        ParameterError: a negative number of trades or cost.
    """
    if n_trades < 0:
        raise ParameterError("must not be negative", parameter="n_trades", value=n_trades)
    if cost_per_trade < 0.0:
        raise ParameterError("must not be negative", parameter="cost_per_trade", value=cost_per_trade)
    gross = net_profit + n_trades * cost_per_trade
    break_even = gross / n_trades if n_trades else nan
    return CostStress(
        cost_per_trade=cost_per_trade,
        factors=factors,
        net_profit=tuple(gross - factor * n_trades * cost_per_trade for factor in factors),
        break_even_cost=break_even,
        break_even_factor=break_even / cost_per_trade if cost_per_trade > 0.0 else nan,
    )


def _checked(trade_profits: npt.NDArray[np.floating]) -> Floats:
    profits: Floats = trade_profits.astype(np.float64)
    if profits.ndim != 1 or not np.isfinite(profits).all():
        raise ParameterError("must be finite, shape (n_trades,)", parameter="trade_profits", value=profits.shape)
    return profits
