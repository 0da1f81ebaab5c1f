"""Arguments that several commands take, and what they mean by an address of this machine."""

from __future__ import annotations

import typer

OPTIMIZATION_ID = typer.Argument(..., metavar="ID", help="Optimization id, a unique prefix, its name, or latest.")
BACKTEST_ID = typer.Argument(..., metavar="ID", help="Backtest id, a unique prefix, its name, or latest.")
AS_JSON = typer.Option(False, "--json", help="Print one JSON document on stdout and nothing else there.")
DATASET_ID = typer.Argument(..., metavar="ID", help="Dataset id, a unique prefix, or latest.")
WINDOWS = typer.Option(False, "--windows", help="Also those that belong to a walk-forward, each by itself.")
PARAM = typer.Option(
    [], "--param", metavar="NAME=MIN:MAX:STEP", help="A range, both ends included, or NAME=A,B,C; may be repeated."
)
CBOTSET = typer.Option(
    None,
    "--cbotset",
    metavar="FILE",
    help="A .cbotset file of cTrader: parameters of the robot; flags count before it.",
)

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Addresses that only this machine reaches."""
