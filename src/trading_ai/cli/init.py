"""`trading-ai init`: a few questions that end with a first result, and the commands that made it."""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from trading_ai.cli.output import note, say
from trading_ai.documents.words import number, short
from trading_ai.errors import InputError, ParameterError
from trading_ai.parameters import ParameterRange
from trading_ai.strategies.registry import strategies, strategy

_RANGES = "stop_loss=20:80:5 take_profit=40:200:10"
_SYMBOL = re.compile(r"[A-Z]{6}|[A-Z]{2,6}\d{0,3}")


@dataclass(frozen=True)
class Answers:
    """What was answered.

    Attributes:
        file: bars, or None for those that come with the package.
        symbol: their symbol.
        strategy: name or file.
        spread_pips: spread, pips, at least 0.
        commission_per_lot: for one side, account currency, at least 0.
        ranges: what is searched, as `--param` takes it.
    """

    file: Path | None
    symbol: str
    strategy: str
    spread_pips: float
    commission_per_lot: float
    ranges: tuple[str, ...]

    def data(self) -> list[str]:
        """The command that keeps the bars."""
        if self.file is None:
            return ["data", "import", "--sample", "EURUSD"]
        return ["data", "import", str(self.file), "--symbol", self.symbol]

    def backtest(self, dataset_id: str) -> list[str]:
        """The command that runs the strategy once."""
        costs = ["--spread", f"{self.spread_pips:g}", "--commission-per-lot", f"{self.commission_per_lot:g}"]
        return ["backtest", "run", "--dataset", dataset_id, "--strategy", self.strategy, *costs]

    def search(self, backtest_id: str) -> list[str]:
        """The command that searches the parameters."""
        return ["optimize", backtest_id, *(word for one in self.ranges for word in ("--param", one))]


def _ask(question: str, default: str, check: Callable[[str], object], *, assume: bool) -> str:
    """An answer that passes a check; asked again until it does.

    Raises:
        InputError: the default does not pass, and nobody is asked.
    """
    while True:
        answer = default if assume else str(typer.prompt(question, default=default)).strip()
        try:
            check(answer)
        except InputError as error:
            if assume:
                raise
            note(str(error))
        else:
            return answer


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise ParameterError("must be a number of 0 or more", parameter="answer", value=text)
    return value


def _file(text: str) -> None:
    if text and text != "sample" and not Path(text).expanduser().exists():
        raise ParameterError("is not there", parameter="file", value=text, remedy="Give a file of bars, or sample.")


def _symbol(text: str) -> None:
    if not text or " " in text:
        raise ParameterError("is not a symbol", parameter="symbol", value=text, remedy="Example: EURUSD")


def _ranges(text: str) -> None:
    if not text.split():
        raise ParameterError("is empty", parameter="ranges", remedy=f"Example: {_RANGES}")
    for one in text.split():
        ParameterRange.parse(one)


def _guessed(file: str) -> str:
    found = _SYMBOL.search(Path(file).stem.upper())
    return found[0] if found else "EURUSD"


def _questions(*, assume: bool) -> Answers:
    note("Enter takes what stands in brackets.")
    file = _ask("File of bars (csv, zip, parquet), or sample for real EURUSD hours", "sample", _file, assume=assume)
    bars = None if file in {"", "sample"} else Path(file).expanduser()
    symbol = "EURUSD" if bars is None else _ask("Its symbol", _guessed(file), _symbol, assume=assume)
    note("Strategies: " + ", ".join(strategies()) + "; or a file of yours, mine.py:MyStrategy")
    chosen = _ask("Strategy", "sma_crossover", strategy, assume=assume)
    spread = _ask("Spread, pips", "1", _number, assume=assume)
    commission = _ask("Commission of a lot for one side, account currency", "0", _number, assume=assume)
    ranges = _ask("Parameters to search, NAME=MIN:MAX:STEP", _RANGES, _ranges, assume=assume)
    return Answers(bars, symbol, chosen, float(spread), float(commission), tuple(ranges.split()))


def init(
    *,
    yes: bool = typer.Option(False, "--yes", help="Take every default: real EURUSD hours and a moving-average cross."),
) -> None:
    """Ask a few questions, and end with a first result: data, strategy, costs, parameters.

    Every step is a command, which is shown before it runs.
    """
    answers = _questions(assume=yes)
    dataset = _ran(answers.data(), quietly=True)
    say(f"{dataset['n_bars']:,} bars of {dataset['symbol']} {dataset['timeframe']}")
    backtest = _ran(answers.backtest(short(dataset["id"])), quietly=True)
    metrics = backtest["metrics"]
    say(f"net profit {number(metrics['net_profit'], 'money')} in {number(metrics['total_trades'])} trades")
    _ran(answers.search(short(backtest["id"])))
    _ran(["robustness", "latest"])
    say()
    say("Next: trading-ai open latest   (the report, in the browser)")


def _ran(command: list[str], *, quietly: bool = False) -> dict[str, Any]:
    """Show a command and run it; its document where it says nothing of its own.

    Raises:
        typer.Exit: it failed, and has said why.
    """
    from trading_ai.cli.main import run  # noqa: PLC0415 - the program, which imports this module

    say()
    say(f"$ {shlex.join(['trading-ai', *command])}")
    if not quietly:
        code, document = run(command), {}
    else:
        told = io.StringIO()
        with redirect_stdout(told):
            code = run([*command, "--json"])
        document = json.loads(told.getvalue() or "{}")
        if code:
            note(f"error: {document.get('error', {}).get('message', 'it failed')}")
    if code:
        raise typer.Exit(code)
    return document
