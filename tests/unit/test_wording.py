"""One error, three surfaces: keys in the library, flags on the command line, fields in the HTTP API."""

from __future__ import annotations

import pytest

from trading_ai.api.wording import field_of, in_fields
from trading_ai.cli.wording import flag_of, in_flags
from trading_ai.errors import DataError, InputError, NotFoundError, ParameterError, did_you_mean
from trading_ai.metrics.catalog import METRICS
from trading_ai.metrics.names import HEADS, SHORT_NAMES, full_name, full_names, metric_named
from trading_ai.optimization.objective import Constraint, Objective
from trading_ai.options import OPTIONS


@pytest.mark.parametrize(
    ("error", "library", "command", "api"),
    [
        (
            ParameterError("must look like METRIC OPERATOR NUMBER", parameter="constraints", value="x"),
            "constraints: must look like METRIC OPERATOR NUMBER (got 'x')",
            "--where: must look like METRIC OPERATOR NUMBER (got 'x')",
            "constraints: must look like METRIC OPERATOR NUMBER (got 'x')",
        ),
        (
            ParameterError("must be a date", parameter="start"),
            "start: must be a date",
            "--from: must be a date",
            "start: must be a date",
        ),
        (
            ParameterError("is unknown", parameter="method"),
            "method: is unknown",
            "--method: is unknown",
            "optimization_type: is unknown",
        ),
        (
            InputError("must be above 0", parameter="spread_pips", value=-1),
            "spread_pips: must be above 0 (got -1)",
            "--spread: must be above 0 (got -1)",
            "costs.spread_pips: must be above 0 (got -1)",
        ),
        (
            ParameterError("needs at least one", parameter="space", remedy="Example: stop_loss=20:80:2"),
            "space: needs at least one. Example: stop_loss=20:80:2",
            "--param: needs at least one. Example: stop_loss=20:80:2",
            "parameters: needs at least one. Example: stop_loss=20:80:2",
        ),
        (
            DataError("looks scaled", file="a.csv", line=3, remedy="Import with price_scale=0.01, pip_size=0.1"),
            "a.csv:3: looks scaled. Import with price_scale=0.01, pip_size=0.1",
            "a.csv:3: looks scaled. Import with --price-scale 0.01, --pip-size 0.1",
            "a.csv:3: looks scaled. Import with price_scale=0.01, pip_size=0.1",
        ),
        (
            InputError("is one series", parameter="timeframe", remedy="Give it with --timeframe, as --symbol EURUSD"),
            "timeframe: is one series. Give it with --timeframe, as --symbol EURUSD",
            "--timeframe: is one series. Give it with --timeframe, as --symbol EURUSD",
            "timeframe: is one series. Give it with timeframe, as symbol=EURUSD",
        ),
        (
            ParameterError("must lie between 1 and 5", parameter="seed", value=9, own=True),  # a strategy's own
            "seed: must lie between 1 and 5 (got 9)",
            "seed: must lie between 1 and 5 (got 9)",
            "seed: must lie between 1 and 5 (got 9)",
        ),
    ],
)
def test_each_surface_says_its_own_names(error, library, command, api):
    assert (str(error), str(in_flags(error)), str(in_fields(error))) == (library, command, api)
    assert type(in_flags(error)) is type(error)
    assert in_flags(error).exit_code == 2
    assert getattr(in_flags(error), "line", None) == getattr(error, "line", None)
    assert in_flags(error).rule == error.rule


def test_other_errors_stay_as_they_are():
    error = NotFoundError("dataset", "x")
    assert in_flags(error) is error


@pytest.mark.parametrize("row", [row for row in OPTIONS if row.group != "library"], ids=lambda row: row.field)
def test_every_option_has_its_name_everywhere(row):
    key = f"{row.group}.{row.field}"
    if row.has_flag or row.named_by:
        assert flag_of(key).startswith("--") or row.flag == flag_of(key)
    if row.in_api:
        assert field_of(key).rpartition(".")[2] == row.api_name


def test_the_nearest_name():
    assert did_you_mean("Sharp", ["sharpe", "trades"]) == "Did you mean sharpe? "
    assert did_you_mean("eurusd", ["EURUSD"]) == "Did you mean EURUSD? "
    assert did_you_mean("zzz", ["sharpe"]) == ""
    assert did_you_mean(3, ["sharpe"]) == ""


# --- short names of metrics ----------------------------------------------------------------------------------


def test_every_head_of_a_table_is_accepted_where_a_metric_is_typed():
    for name, head in HEADS.items():
        assert full_name(head) == name
        assert str(Constraint.parse(f"{head} >= 3")) == f"{name} >= 3"
        assert Constraint.parse(f"{head} >= 3") == Constraint.parse(f"{name} >= 3")
        assert str(Objective.parse(head)) == name
        assert metric_named(head, "sort").name == name
    names = {m.name for m in METRICS}
    assert set(SHORT_NAMES.values()) <= names
    assert not set(SHORT_NAMES) & names


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("sharpe * sqrt(trades)", "sharpe_ratio * sqrt(total_trades)"),
        ("net_profit / (1 + drawdown_%)", "net_profit / (1 + max_drawdown_percent)"),
        ("total_trades % 2", "total_trades % 2"),
        ("plateau(sharpe)", "plateau(sharpe_ratio)"),
        ("plateau", "plateau"),
        ("ctrader_fitness", "ctrader_fitness"),
    ],
)
def test_formulas_take_them_too(text, full):
    assert str(Objective.parse(text)) == full
    if "plateau" not in text:
        assert full_names(text) == full


@pytest.mark.parametrize("text", ["shrape", "total_trade", "sharpe_ration"])
def test_unknown_ones_get_the_nearest(text):
    for call in (Objective.parse, lambda t: Constraint.parse(f"{t} > 3"), lambda t: metric_named(t, "sort")):
        with pytest.raises(ParameterError, match=r"Did you mean (sharpe|total_trades|sharpe_ratio)"):
            call(text)
