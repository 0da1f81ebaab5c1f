"""`trading-ai export`: take a trial home."""

from __future__ import annotations

from pathlib import Path

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, OPTIMIZATION_ID
from trading_ai.cli.output import print_json, say
from trading_ai.documents.trials import parameter_set_json
from trading_ai.documents.words import short
from trading_ai.errors import InputError, StorageError
from trading_ai.optimization.standing import winner_of_rank
from trading_ai.reports.exports import FORMATS, parameter_file


def export(
    *,
    optimization_id: str = OPTIMIZATION_ID,
    output: Path = typer.Option(..., help="File: .json, .cbotset (cTrader) or .set (MetaTrader)."),
    rank: int = typer.Option(1, min=1, help="Rank of the trial."),
    as_json: bool = AS_JSON,
) -> None:
    """Write a trial's parameters for the platform that will trade them."""
    if output.suffix not in FORMATS:
        raise InputError("must end in " + ", ".join(FORMATS), parameter="--output", value=str(output))
    store = Application().store
    record = store.optimization(optimization_id)
    page = winner_of_rank(store, record, rank)
    backtest = store.backtest(record.spec.backtest_id)
    found = parameter_set_json(record, backtest, rank, int(page.indices[0]))
    text = parameter_file(output.suffix, found)
    try:
        output.write_text(text, encoding="utf-16" if output.suffix == ".set" else "utf-8")
    except OSError as error:
        raise StorageError(f"the file could not be written: {error}") from error
    if as_json:
        print_json({**found, "output": str(output)})
    else:
        say(f"wrote {output}: rank {rank} of optimization {short(record.optimization_id)}")
