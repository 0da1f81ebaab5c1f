"""Signals that say more than sides: the compiled simulator and the plain reference see the same trades, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.fakes.bars import random_bars
from tests.fakes.twins import Twins
from tests.property.test_simulators_agree import _costs, _exits, _large_sizing, _needs_stop, _rules, _sizing
from trading_ai.engine.orders import map_bars
from trading_ai.market.resample import resample
from trading_ai.strategies.base import Signals
from trading_ai.strategies.levels import Level, Size

UNITS = st.sampled_from(["", "", "price", "pips", "percent", "atr"])


def _level(unit, rng, bars, side, pips):
    """A level of a unit, or None; a third of its bars say nothing."""
    n = len(bars)
    silent = np.where(rng.random(n) < 0.3, np.nan, 1.0)
    if unit == "price":
        return Level.price(bars.close * silent + side * rng.uniform(-3e-4, 2.0 * pips * 1e-4, n))
    if unit == "pips":
        return Level.pips(silent * rng.choice([3.0, pips, 2.5 * pips], n))
    if unit == "percent":
        return Level.percent(silent * rng.choice([0.02, pips / 100], n))
    return Level.atr(5, silent * rng.choice([0.5, 2.0], n)) if unit else None


def planned(bars, seed, density, *, stop, target, trail, size, entries, pairs, stop_limits, expiry, exits) -> Signals:
    """Random signals that say something of each kind that is asked for."""
    rng, n = np.random.default_rng(seed), len(bars)
    long = rng.random(n) < density
    short = ~long & (rng.random(n) < density)
    side = np.where(long, 1.0, -1.0)
    more = {"long_exit": rng.random(n) < 0.05, "short_exit": rng.random(n) < 0.05} if exits else {}
    if entries:
        kind = rng.integers(0, 3, n)
        away = side * rng.choice([-2e-4, 0.0, 3e-4, 1e-3], n)
        more["entry_limit"] = np.where(kind == 1, np.round(bars.close - away, 5), np.nan)
        more["entry_stop"] = np.where(kind == 2, np.round(bars.close + away, 6), np.nan)
        if pairs:
            both = rng.random(n) < 2 * density
            long, short = long | both, short | both
            for name in ("entry_limit", "entry_stop"):
                more[name] = np.where(both, np.nan, more[name])
            for name, way in (("long", 1.0), ("short", -1.0)):
                away = way * rng.choice([3e-4, 1e-3], n)
                if pairs == "mixed":  # both above the price, or both below it
                    kind_of_it = "stop" if (name == "long") == (seed % 2 == 0) else "limit"
                    above = rng.choice([3e-4, 6e-4, 1e-3], n) * (1.0 if seed % 2 == 0 else -1.0)
                    more[f"{name}_entry_{kind_of_it}"] = np.round(bars.close + above, 5)
                    continue
                if pairs != "limits":
                    more[f"{name}_entry_stop"] = np.where(rng.random(n) < 0.8, np.round(bars.close + away, 5), np.nan)
                if pairs != "stops":
                    back = away if pairs == "limits" else rng.choice([-2e-4, 4e-4, 8e-4], n) * way
                    more[f"{name}_entry_limit"] = np.round(
                        bars.close - back + (0.0 if pairs == "limits" else 1.0) * away, 5
                    )
        if stop_limits:
            more["entry_limit"] = np.where(
                kind == 2, more["entry_stop"] + side * rng.choice([-6e-4, 2e-4], n), more["entry_limit"]
            )
        if expiry:
            more["expiry"] = rng.choice([1.0, 3.0, np.nan], n)
    if exits == "prices":
        for name, away in (
            ("long_exit_stop", -8e-4), ("long_exit_limit", 1e-3),
            ("short_exit_stop", 8e-4), ("short_exit_limit", -1e-3),
        ):  # fmt: skip
            more[name] = np.where(rng.random(n) < 0.5, bars.close + away, np.nan)
    sizes = {
        "": None,
        "lots": Size.lots(rng.choice([0.02, 0.3, np.nan, 0.001], n)),
        "units": Size.units(rng.choice([2_500.0, 30_000.0], n)),
    }
    return Signals(
        long, short, **more,
        stop=_level(stop, rng, bars, -side, 10.0), target=_level(target, rng, bars, side, 12.0),
        trail=_level("pips" if trail == "price" else trail, rng, bars, side, 8.0), size=sizes[size],
    )  # fmt: skip


_said = {
    "stop": UNITS,
    "target": UNITS,
    "trail": UNITS,
    "size": st.sampled_from(["", "lots", "units"]),
    "entries": st.booleans(),
    "pairs": st.sampled_from(["", "stops", "limits", "both", "mixed"]),
    "stop_limits": st.booleans(),
    "expiry": st.booleans(),
    "exits": st.sampled_from(["", "flags", "prices"]),
}


def _agree(twins, signals, exits):
    assert (twins.orders.plan is not None) == signals.is_planned
    twins.agree(exits)


@settings(max_examples=examples(300), deadline=None)
@given(
    n=st.integers(2, 250), seed=st.integers(0, 10_000), density=st.sampled_from([0.03, 0.15, 0.5]),
    tf=st.sampled_from(["M1", "H1", "D1"]), gaps=st.sampled_from([0.0, 0.2, 0.9]), decimals=st.sampled_from([5, 4]),
    currency=st.sampled_from(["USD", "EUR"]), rules=_rules, costs=_costs, sizing=_sizing, exits=_exits,
    first=st.sampled_from([0, 0, 1, 40]), said=st.fixed_dictionaries(_said),
)  # fmt: skip
def test_simulators_agree(n, seed, density, tf, gaps, decimals, currency, rules, costs, sizing, exits, first, said):
    bars = random_bars(n, seed, tf=tf, gaps=gaps, decimals=decimals)
    signals = planned(bars, seed, density, **said)
    if not signals.is_planned:
        exits = _needs_stop(sizing, exits)
    twins = Twins(bars, signals, currency=currency, sizing=sizing, costs=costs, rules=rules, first=min(first, n - 1))
    _agree(twins, signals, exits)


@settings(max_examples=examples(150), deadline=None)
@given(
    seed=st.integers(0, 10_000), rules=_rules, costs=_costs, sizing=_large_sizing, exits=_exits,
    capital=st.sampled_from([10.0, 300.0, 2_000.0]), leverage=st.sampled_from([0.0, 5.0, 30.0, 500.0]),
    level=st.sampled_from([0.0, 50.0, 100.0]), said=st.fixed_dictionaries(_said),
)  # fmt: skip
def test_simulators_agree_on_what_an_account_can_carry(
    seed, rules, costs, sizing, exits, capital, leverage, level, said
):
    bars = random_bars(150, seed, tf="H1", gaps=0.2, volatility=[1e-3, 1e-2][seed % 2])
    if sizing.mode == "percent_of_equity" and leverage:
        sizing = replace(sizing, value=min(sizing.value, 100.0 * leverage))
    signals = planned(bars, seed, 0.2, **said)
    rules = replace(rules, leverage=leverage, stop_out_level=level)
    if not signals.is_planned:
        exits = _needs_stop(sizing, exits)
    twins = Twins(bars, signals, capital=capital, sizing=sizing, costs=costs, rules=rules)
    _agree(twins, signals, exits)
    assert (twins.reference(exits).equity >= 0.0).all()


@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 10_000), rules=_rules, costs=_costs, exits=_exits, missing=st.sampled_from([0.0, 0.4]),
    said=st.fixed_dictionaries(_said),
)  # fmt: skip
def test_simulators_agree_on_finer_bars(seed, rules, costs, exits, missing, said):
    every = random_bars(600, seed, tf="M1", volatility=3e-4)
    coarse = resample(every, "M15")
    keep = np.random.default_rng(seed).random(600) >= missing
    keep[[0, -1]] = True
    names = ("open_time_ns", "open", "high", "low", "close")
    detail = type(every)(every.symbol, every.timeframe, *(getattr(every, name)[keep] for name in names))
    signals = planned(coarse, seed, 0.4, **said)
    twins = Twins(coarse, signals, rules=rules, costs=costs, detail=detail, bar_map=map_bars(coarse, detail))
    _agree(twins, signals, exits)
