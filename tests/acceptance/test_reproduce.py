"""The commands that a report prints, run in an empty home, make every number again to the last bit."""

from __future__ import annotations

import contextlib
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.fakes.bars import random_bars
from trading_ai import bootstrap
from trading_ai.cli.main import app
from trading_ai.errors import InputError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.market.bars import Bars
from trading_ai.market.resample import resample
from trading_ai.market.symbol_table import symbol
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.parameters import Choices, ParameterRange, SearchSpace
from trading_ai.reports import reproduce
from trading_ai.search.registry import METHODS
from trading_ai.settings import Settings

STRATEGY = '''
import numpy as np
import trading_ai as ta

KINDS = ("a b", 'q"uo,te', "10", "true", "x:y=z", 3, 2.5, "it's $HOME")

class Odd(ta.Strategy):
    """Enters every few bars, how many every parameter has a say in."""

    reuses_names = ("start", "capital")
    start: int = ta.Int(2, 0, 50)
    capital: float = ta.Float(1.5, 0.0, 9.0)
    flag: bool = ta.Bool(False)
    kind: object = ta.Choice("a b", KINDS)

    def signals(self, bars, start, capital, flag, kind):
        every = 20 + start + 3 * flag + 5 * KINDS.index(kind) + int(1e6 * capital) % 11
        place = np.arange(len(bars)) % every
        return ta.Signals(long_entry=place == 0, short_entry=place == every // 2)
'''
KINDS = ("a b", 'q"uo,te', "10", "true", "x:y=z", 3, 2.5, "it's $HOME")
FINE = random_bars(3000, 5, tf="M30", volatility=6e-4)
GBPUSD = symbol("GBPUSD")
FILES = {
    "eur usd.csv": resample(FINE, "H1"),
    "fine'r.csv": FINE,
    "-gbp.csv": random_bars(1400, 8, tf="H1", symbol=GBPUSD, volatility=9e-4),
}
EXITS = {"stop_loss": 20.0, "take_profit": 45.5}


def write_csv(path: Path, bars: Bars) -> None:
    lines = ["time,open,high,low,close"]
    times = np.datetime_as_string(bars.open_time_ns.astype("datetime64[ns]"), unit="s")
    prices = np.stack([bars.open, bars.high, bars.low, bars.close], axis=1).tolist()
    lines += [f"{t.replace('T', ' ')}," + ",".join(map(repr, row)) for t, row in zip(times, prices, strict=True)]
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where a user works: files of bars, and a strategy's file."""
    made = tmp_path_factory.mktemp("user")
    for name, bars in FILES.items():
        write_csv(made / name, bars)
    (made / "odd one.py").write_text(STRATEGY)
    return made


@contextlib.contextmanager
def at_home(folder: Path) -> Iterator[Path]:
    """A home of its own, and the user's folder as the current one."""
    with (
        tempfile.TemporaryDirectory(prefix="reproduce-") as home,
        pytest.MonkeyPatch.context() as patch,
        contextlib.chdir(folder),
    ):
        patch.setenv("TRADING_AI_HOME", home)
        yield Path(home)


def typed_in(command: str, code: int = 0) -> None:
    """Run a shell command by way of the real command line."""
    found = CliRunner().invoke(app, shlex.split(command)[1:], catch_exceptions=False)
    assert found.exit_code == code, (command, found.output)


def numbers(application: bootstrap.Application) -> dict[str, Any]:
    """Every number of the newest backtest and optimization."""
    store = application.store
    backtest, record = store.backtest("latest"), store.optimization("latest")
    page = store.ranked(record.optimization_id, 10_000)
    arrays = application.artifacts.load_backtest(backtest.backtest_id)
    return {
        "backtest": {name: value.hex() for name, value in backtest.metrics.items()},
        "trades": arrays["trades"].tobytes(),
        "equity": arrays["equity"].tobytes(),
        "indices": page.indices.tolist(),
        "metrics": page.metrics.tobytes(),
        "feasible": page.feasible.tolist(),
        "best": record.best_index,
        "search": replace(record.spec, backtest_id="", datasets={}).to_json(),
    }


@st.composite
def runs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A backtest and a search that have something to compute, with any method and any seed."""
    own = draw(st.booleans())
    fixed: dict[str, Any] = dict(EXITS)
    axes: list[Any] = [ParameterRange("stop_loss", 10, 40, draw(st.sampled_from([10, 7.5, 15])))]
    if own:
        fixed |= {"start": draw(st.integers(0, 50)), "capital": draw(st.floats(0, 9)), "flag": draw(st.booleans())}
        axes.append(Choices("kind", tuple(draw(st.lists(st.sampled_from(KINDS), min_size=2, unique=True)))))
    else:
        fixed |= {"fast": draw(st.integers(2, 9)), "slow": draw(st.integers(10, 40))}
        axes.append(Choices("time_exit", (0, draw(st.integers(5, 60)))))
        extra = draw(
            st.sampled_from([None, Choices("timeframe", ("H1", "H4")), Choices("symbol", ("EURUSD", "GBPUSD"))])
        )
        axes += [extra] if extra is not None else []
    mode = draw(st.sampled_from(["units", "lots", "risk_percent", "percent_of_equity"]))
    currency, rate = draw(st.sampled_from([("USD", None), ("USD", 1.0), ("EUR", None), ("EUR", 10 / 11)]))
    small = st.sampled_from([0.0, 0.1, 1 / 3])
    backtest = {
        "strategy": "odd one.py:Odd" if own else "sma_crossover",
        "parameters": fixed,
        "backtest": {
            "capital": draw(st.floats(1e4, 1e6)),
            "account_currency": currency,
            "detail_dataset_id": draw(st.sampled_from([None, "fine'r.csv"])),
            "timeframe": draw(st.sampled_from([None, "H2"])),
            "start": draw(st.sampled_from([None, "2017-01-20", "2017-01-15T03:30"])),
            "end": draw(st.sampled_from([None, "2017-02-20"])),
        },
        "sizing": {
            "mode": mode,
            "value": draw(st.floats(0.1, 3.0))
            * {"units": 10_000, "lots": 1, "risk_percent": 1, "percent_of_equity": 30}[mode],
            "volume_step": draw(st.sampled_from([None, 1.0, 500.0])),
            "min_volume": draw(st.sampled_from([None, 1.0])),
            "max_volume": draw(st.sampled_from([0.0, 20_000.0])),
        },
        "costs": {
            "spread_pips": draw(st.sampled_from([None, 0.0, 0.7])),
            **{name: draw(small) for name in ("slippage_pips", "commission_per_lot", "commission_per_million")},
            **{name: draw(small) for name in ("commission_percent", "commission_per_trade")},
            **{name: draw(st.sampled_from([0.0, -0.45, 1 / 7])) for name in ("swap_long", "swap_short")},
            "swap_unit": draw(st.sampled_from(["pips", "account"])),
            "conversion_rate": rate,
        },
        "rules": {
            "opposite_signal": draw(st.sampled_from(["reverse", "close", "ignore"])),
            "same_bar": draw(st.sampled_from(["stop_first", "target_first", "nearer_first"])),
            "level_anchor": draw(st.sampled_from(["fill", "signal_close"])),
            "round_levels": draw(st.booleans()),
            "direction": draw(st.sampled_from(["both", "long", "short"])),
            "max_positions": draw(st.integers(1, 3)),
            "close_at_end": draw(st.booleans()),
        },
    }
    method = draw(st.sampled_from([*METHODS]))
    search = {
        "space": SearchSpace(tuple(axes)),
        "method": method,
        "max_iterations": draw(st.integers(2, 6)) if method != "grid_search" else None,
        "seed": draw(st.integers(0, 2**31 - 1)),
        "objective": draw(st.sampled_from(["sharpe_ratio", "net_profit", "-max_drawdown + 0.1 * net_profit"])),
        "more_objectives": ("win_rate",) if METHODS[method].several_objectives and draw(st.booleans()) else (),
        "constraints": draw(st.sampled_from([(), ("total_trades >= 3", "win_rate > 10")])),
        "parameter_constraints": draw(st.sampled_from([(), ("stop_loss < 39",)])),
        "keep_daily_profit": draw(st.sampled_from([None, False])),
        "batch_size": draw(st.integers(1, 5)),
        "max_seconds": draw(st.sampled_from([None, 1000.0])),
        "stagnation": draw(st.sampled_from([None, 3])),
        "reuse": draw(st.booleans()),
        "warm_start": draw(st.booleans()),
        "min_trades": draw(st.sampled_from([0, 4, 10])),
    }
    return backtest, search


@pytest.mark.slow
@settings(
    max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(drawn=runs())
def test_printed_commands_make_the_same_numbers(folder, drawn):
    backtest, search = drawn
    with at_home(folder) as home:
        for name, bars in FILES.items():
            path = f"./{name}" if name.startswith("-") else name
            typed_in(
                f"trading-ai data import {shlex.quote(path)} --symbol {bars.symbol.name} --timeframe {bars.timeframe} "
                "--timezone UTC"
            )
        application = bootstrap.Application(Settings(home=home))
        ids = {Path(d.source).name: d.dataset_id for d in application.store.datasets()}
        groups = {group: backtest[group] for group in ("sizing", "costs", "rules")}
        finer = backtest["backtest"]["detail_dataset_id"]
        own = backtest["backtest"] | {"detail_dataset_id": ids[finer] if finer else None}
        spec = BacktestSpec.of(
            backtest["strategy"], backtest["parameters"], ids["eur usd.csv"], {"backtest": own, **groups}
        )
        try:
            stored, _ = application.backtests.run(spec)
            given_search = {name: value for name, value in search.items() if name != "space"}
            asked = OptimizationSpec.of(stored.backtest_id, search["space"], {"optimization": given_search})
            record = application.service.start(application.service.plan(asked), n_workers=1)
        except InputError as refused:
            note(str(refused))
            assume(False)
        expected = numbers(application)
        every = (stored.spec.dataset_id, stored.spec.detail_dataset_id, *record.spec.datasets.values())
        datasets = [application.store.dataset(key) for key in dict.fromkeys(every) if key]
        commands = reproduce.commands(record, stored, datasets, backtest["strategy"])
        application.database.engine.dispose()
    with at_home(folder) as home:
        for command in commands:
            note(command)
            # Where no trial ranks, as with few trades, the command says so in its exit code.
            is_search = command.startswith("trading-ai optimize ")
            typed_in(command, 8 if is_search and record.best_index is None else 0)
        again = bootstrap.Application(Settings(home=home))
        found = numbers(again)
        again.database.engine.dispose()
    assert found == expected
