"""The commands that a report prints, run through the real command line, make the same numbers to the last bit."""

from __future__ import annotations

import contextlib
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, note, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.fakes.bars import random_bars
from tests.fakes.option_values import NAMES, ODD_TEXTS, VALUES, backtest_specs, optimization_specs
from trading_ai import bootstrap
from trading_ai.cli.main import app
from trading_ai.errors import InputError
from trading_ai.market.bars import Bars
from trading_ai.market.resample import resample
from trading_ai.market.symbol_table import symbol
from trading_ai.optimization.model import BacktestSpec, OptimizationSpec, keeps_daily_profit
from trading_ai.optimization.ports import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.options import OPTIONS, Option
from trading_ai.parameters import Choices, ParameterRange, SearchSpace, axis_text, parse_value, value_text
from trading_ai.reports import reproduce
from trading_ai.search.registry import METHODS
from trading_ai.settings import Settings

STORED = "0" * 36


class _Taken(Exception):  # noqa: N818 - ends a command where its work would begin
    """What a command was told to do."""

    def __init__(self, told: Any) -> None:
        self.told = told


class Listening:
    """Stands where the application would, and takes down what it is asked for."""

    def __init__(self) -> None:
        self.backtests = self.service = self

    def run(self, spec: BacktestSpec, _name: str) -> None:
        raise _Taken(spec)

    def plan(self, spec: OptimizationSpec) -> None:
        raise _Taken(spec)


def told(command: str) -> Any:
    """What a shell command tells the application, by way of the real command line."""
    program, *arguments = shlex.split(command)
    assert program == "trading-ai"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "Application", Listening)
        found = CliRunner().invoke(app, arguments)
    assert isinstance(found.exception, _Taken), (command, found.output, found.exception)
    return found.exception.told


def records(backtest: BacktestSpec, search: OptimizationSpec) -> tuple[OptimizationRecord, BacktestRecord]:
    """Stored forms of both."""
    stored = BacktestRecord(STORED, "", backtest, "EURUSD", "H1", "", "", {}, 0.0)
    return OptimizationRecord(STORED, "", search, "completed", 1, 1, 0, "", "", 0.0), stored


def assert_told_again(backtest: BacktestSpec, search: OptimizationSpec) -> None:
    """The commands for both, parsed by the command line, mean both."""
    record, stored = records(backtest, search)
    run, optimize = reproduce.commands(record, stored, [], backtest.strategy)
    again = told(run)
    assert backtest.dataset_id.startswith(again.dataset_id)
    assert replace(again, dataset_id=backtest.dataset_id) == backtest, run
    assert repr(dict(again.parameters)) == repr(dict(backtest.parameters)), "types count"
    found = told(optimize)
    assert replace(found, backtest_id=STORED) == replace(search, datasets={}), optimize
    assert repr(found.space.to_json()) == repr(search.space.to_json())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(backtest_specs(), optimization_specs(STORED))
def test_printed_commands_tell_the_command_line_the_same(backtest, search):
    assert_told_again(backtest, search)


@settings(max_examples=500)
@given(NAMES, st.lists(VALUES, min_size=1, max_size=6, unique=True))
@example("x", ["", " a ", "1_000", "\n", "a\\", '"'])
def test_values_of_parameters_are_read_back(name, values):
    for value in values:
        assert repr(parse_value(value_text(value))) == repr(value)
    read = ParameterRange.parse(axis_text(Choices(name, tuple(values))))
    assert repr(read) == repr(Choices(name, tuple(values)))


@given(
    st.builds(str.__add__, ODD_TEXTS.filter(lambda t: "/" not in t and t not in {".", ".."}), st.just(".csv")),
    st.sampled_from(["UTC", "NY+7", None]),
)
def test_an_import_names_the_file_symbol_timeframe_and_clock(file, timezone):
    from trading_ai.importers import read

    def listen(path: Path, **options: Any) -> None:
        raise _Taken((path, options["symbol"], options["timeframe"], options["timezone"]))

    dataset = DatasetRecord("0" * 64, "EURUSD", "H1", 1, 0, 0, f"/somewhere/{file}", 0.0, {"timezone": timezone})
    command = shlex.join(reproduce.import_words(dataset))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "read_bars", listen)
        patch.setattr(bootstrap, "Application", Listening)
        found = CliRunner().invoke(app, shlex.split(command)[1:])
    assert isinstance(found.exception, _Taken), (command, found.output)
    path, *others = found.exception.told
    assert (path, others) == (Path(file), ["EURUSD", "H1", timezone])


FLAGGED = [row for row in OPTIONS if row.has_flag and row.kind != "object"]
OTHER_THAN_USUAL: dict[str, Any] = {
    "number": 12.345678901234567, "whole": 7, "text": "random_search", "texts": ("a", "b"), "currency": "EUR",
    "dataset": "f" * 64, "timeframe": "H4", "moment": "2017-03-01",
}  # fmt: skip


def changed(row: Option) -> tuple[BacktestSpec, OptimizationSpec]:
    """A backtest and an optimization in which one option has another value than usual."""
    space = SearchSpace((Choices("fast", (5, 10)),))
    backtest = BacktestSpec("mine", {}, "0" * 64)
    search = OptimizationSpec(STORED, space, keep_daily_profit=keeps_daily_profit(space))
    value = OTHER_THAN_USUAL.get(row.kind)
    if row.kind == "yes_no":
        value = not (keeps_daily_profit(space) if row.decided else row.default)
    elif row.kind == "choice":
        value = next(choice for choice in row.choices or () if choice != row.default)
    if row.group == "optimization":
        return backtest, replace(search, **{row.field: value})
    if row.group == "backtest":
        return replace(backtest, **{row.field: value}), search
    return replace(backtest, **{row.group: replace(getattr(backtest, row.group), **{row.field: value})}), search


@pytest.mark.parametrize("row", FLAGGED, ids=lambda row: f"{row.group}.{row.field}")
def test_an_option_that_is_not_printed_is_noticed(row, monkeypatch):
    backtest, search = changed(row)
    assert_told_again(backtest, search)
    every = reproduce.rows_of
    monkeypatch.setattr(reproduce, "rows_of", lambda *groups: tuple(r for r in every(*groups) if r is not row))
    with pytest.raises(AssertionError):
        assert_told_again(backtest, search)


@pytest.mark.parametrize("mode", ["units", "lots", "risk_percent"])
def test_every_way_to_size_a_position_is_printed(mode):
    backtest, search = changed(FLAGGED[0])
    assert_told_again(replace(backtest, sizing=replace(backtest.sizing, mode=mode, value=0.1)), search)


# --- the numbers themselves -----------------------------------------------------------------------------------

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


def typed_in(command: str) -> None:
    """Run a shell command by way of the real command line."""
    found = CliRunner().invoke(app, shlex.split(command)[1:], catch_exceptions=False)
    assert found.exit_code == 0, (command, found.output)


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
        "search": asdict(replace(record.spec, backtest_id="", datasets={})),
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
    mode = draw(st.sampled_from(["units", "lots", "risk_percent"]))
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
            "value": draw(st.floats(0.1, 3.0)) * {"units": 10_000, "lots": 1, "risk_percent": 1}[mode],
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
            "same_bar": draw(st.sampled_from(["stop_first", "target_first"])),
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
            typed_in(command)
        again = bootstrap.Application(Settings(home=home))
        found = numbers(again)
        again.database.engine.dispose()
    assert found == expected
