"""`trading-ai look-ahead`: does a strategy use bars that were not there yet?"""

from __future__ import annotations

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.backtests import SET_HELP, parse_settings
from trading_ai.cli.output import note, print_json, say
from trading_ai.documents.look_ahead import look_ahead_json
from trading_ai.documents.words import short, strategy_label, values_text
from trading_ai.errors import EvaluationError, StrategyError
from trading_ai.evaluation.job import absolute_strategy
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.options import option
from trading_ai.studies.look_ahead import check_strategy

_OTHER_HELP = option("backtest", "other_dataset_ids").help


def look_ahead(
    *,
    strategy: str = typer.Argument(..., help="Name, or path/to/file.py:ClassName."),
    dataset: str = typer.Option("latest", help="Dataset id, a unique prefix, or latest."),
    set_: list[str] = typer.Option([], "--set", metavar="NAME=VALUE", help=SET_HELP),
    only: bool = typer.Option(False, "--only", help="Check these parameters only, and not others around them too."),
    timeframe: str | None = typer.Option(None, help="Timeframe that the strategy sees, if longer than the dataset's."),
    day_start: str | None = typer.Option(
        None, help="When the day starts that bars of H2 and longer lie in; the symbol's own if left out."
    ),
    other: list[str] = typer.Option([], metavar="TEXT", help=_OTHER_HELP),
    as_json: bool = AS_JSON,
) -> None:
    """Check that a strategy's signals do not change when later bars are taken away.

    Leaves with code 6 if they do.
    """
    application = Application()
    key = application.store.dataset(dataset).dataset_id
    others = tuple(application.store.dataset(each).dataset_id for each in other)
    spec = BacktestSpec(
        absolute_strategy(strategy), parse_settings(set_), key, timeframe=timeframe, day_start=day_start,
        other_dataset_ids=others,
    )  # fmt: skip
    found = check_strategy(spec, application.artifacts, only_given=only)
    if not found.n_cuts:
        raise StrategyError(
            "gives no signal on these bars, so the check would prove nothing", parameter=strategy,
            value=values_text(spec.parameters), remedy="Give more bars or other parameters",
        )  # fmt: skip
    if as_json:
        print_json(look_ahead_json(strategy, key, found))
        if found.found:
            raise typer.Exit(EvaluationError.exit_code)
    elif not found.found:
        say(f"{strategy_label(strategy)} on dataset {short(key)}: {found}")
        say("That proves nothing for other bars and parameters, but most look-aheads change signals at many cuts.")
    else:
        for each in found.found[:5]:
            note(f"{each}" + (f", with {values_text(each.parameters)}" if each.parameters else ""))
        raise EvaluationError(f"{strategy_label(strategy)} reads the future: {found}")
