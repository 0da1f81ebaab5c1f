"""`trading-ai check-robots` and `trading-ai cbotset`: what is particular to robots of cTrader."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import print_json, say
from trading_ai.cli.tables import table
from trading_ai.documents.robots import CheckedFolder, CheckedRobot
from trading_ai.documents.words import number
from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import StrategyError
from trading_ai.importers.samples import load_sample
from trading_ai.parameters import Value
from trading_ai.runners.cbot.cbotset import read_cbotset, value_for, values_for
from trading_ai.runners.cbot.check import Checked, check_robots
from trading_ai.runners.cbot.runner import CBotRunner


def check(
    *,
    folder: Path = typer.Argument(..., help="A folder with robots, each in a folder of its own."),
    dataset: str = typer.Option("", help="Dataset id, a unique prefix, or latest; the EURUSD H1 sample if left out."),
    n_bars: int = typer.Option(3000, "--bars", min=2, help="First so many bars of it."),
    spread: float = typer.Option(1.0, min=0.0, help="Spread. (pips)"),
    capital: float = typer.Option(10_000.0, min=1.0, help="Starting balance. (account currency)"),
    currency: str = typer.Option("USD", help="Account currency."),
    as_json: bool = AS_JSON,
) -> None:
    """Run every cTrader robot of a folder on some bars, and list what each one did or lacks."""
    if dataset:
        application = Application()
        bars = application.artifacts.load_bars(application.store.dataset(dataset).dataset_id)
    else:
        bars = load_sample("EURUSD")
    bars = bars.slice(0, min(n_bars, len(bars)))
    account = Account(capital, Sizing(), Costs(spread_pips=spread), ExecutionRules())
    checked = list(check_robots(folder, bars, account, currency))
    found: CheckedFolder = {
        "bars": f"{bars.symbol.name} {bars.timeframe}, {len(bars):,} bars",
        "n_robots": len(checked),
        "n_ran": sum(each.ran for each in checked),
        "n_traded": sum(each.ran and each.n_trades > 0 for each in checked),
        "robots": [_row(each) for each in checked],
    }
    if as_json:
        print_json(found)
        return
    rows = (
        [
            each["name"], each["missing"] or "-", "yes" if each["ran"] else "no", f"{each['trades']:,}",
            number(each["net_profit"], "money"), f"{each['seconds']:.2f}",
        ]
        for each in found["robots"]
    )  # fmt: skip
    table(
        f"Robots of {folder} on {found['bars']}", ("robot", "missing", "ran", "trades", "net", "seconds"), rows, left=3
    )
    say(f"{found['n_ran']} of {found['n_robots']} ran, {found['n_traded']} of them traded.")


def _row(each: Checked) -> CheckedRobot:
    return {
        "name": each.name, "ran": each.ran, "trades": each.n_trades, "net_profit": each.net_profit,
        "seconds": each.seconds, "missing": each.missing,
    }  # fmt: skip


def cbotset(
    *,
    file: Path = typer.Argument(..., help="A .cbotset file."),
    strategy: Path = typer.Option(..., help="The robot that its values are for."),
) -> None:
    """Print the flags that give a .cbotset file's values to a robot, and its ranges to a search.

    Copy them behind `trading-ai backtest run` and `trading-ai optimize`.
    """
    robot = CBotRunner().find(strategy, "") if strategy.exists() else None
    if robot is None:
        raise StrategyError("is no cTrader robot", parameter="strategy", value=str(strategy))
    given = read_cbotset(file)
    values = values_for(robot.parameters, given)
    if given.symbol:
        say(f"# saved on {given.symbol} {given.timeframe}".rstrip())
    say(" ".join(_flag("--set", f"{name}={_typed(value)}") for name, value in values.items()))
    searched = [
        *(f"{name}={low}:{high}:{step}" for name, (low, high, step) in given.ranges.items()),
        *(
            f"{name}={','.join(_typed(value_for(robot.parameters, name, each)) for each in listed)}"
            for name, listed in given.lists.items()
        ),
    ]
    if searched:
        say(" ".join(_flag("--param", each) for each in searched))


def _flag(flag: str, value: str) -> str:
    return f"{flag} {shlex.quote(value)}"


def _typed(value: Value) -> str:
    """A value as `--set` reads it: a text that would read as something else stands in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if value and value.replace("_", "").replace("-", "").isalpha() else f'"{value}"'
    return repr(value)
