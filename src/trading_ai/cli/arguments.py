"""Arguments that several commands take."""

from __future__ import annotations

import typer

OPTIMIZATION_ID = typer.Argument(..., metavar="ID", help="Optimization id, a unique prefix, or latest.")
BACKTEST_ID = typer.Argument(..., metavar="ID", help="Backtest id, a unique prefix, or latest.")
AS_JSON = typer.Option(False, "--json", help="Print one JSON document on stdout and nothing else there.")
DATASET_ID = typer.Argument(..., metavar="ID", help="Dataset id, a unique prefix, or latest.")
PARAM = typer.Option(
    [], "--param", metavar="NAME=MIN:MAX:STEP", help="A range, both ends included, or NAME=A,B,C; may be repeated."
)
