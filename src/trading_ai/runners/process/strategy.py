"""A command as a strategy that is searched, ranked and judged like every other."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from typing_extensions import override

from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import ExecutionData
from trading_ai.engine.runs import Ran, RunRequest
from trading_ai.errors import EvaluationError, StrategyError
from trading_ai.parameters import Value
from trading_ai.runners.process.description import OWN_REPORT, Description, read_description
from trading_ai.runners.process.own_report import read_own_report
from trading_ai.runners.process.placeholders import filled
from trading_ai.runners.process.report import Report, check_answers, ran_of, report_reader
from trading_ai.runners.process.request import (
    BARS_FILE,
    REQUEST_FILE,
    asked_of,
    moment,
    spread_pips_of,
    write_request,
)
from trading_ai.runners.process.running import Ended, run_command
from trading_ai.strategies.hosted import Hosted

PROTOCOL = "process runner 1"
"""Part of every identity; another one when a request or a report comes to mean something else."""

_USUAL = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT", "TEMP", "TMP", "DOCKER_HOST", "XDG_RUNTIME_DIR",
)  # fmt: skip
"""Environment variables that a command gets unasked; this system's own settings, with their secrets, are not there."""

_STOP_SECONDS = 20.0
_SHOWN = 1500
"""Characters of the output that a message repeats; the log has more."""


class ProcessRunner:
    """Finds commands that a TOML file describes."""

    name = "process"

    def find(self, path: Path, class_name: str) -> Hosted | None:
        """The command that a file describes, or None where it is no TOML with a ``command``.

        Args:
            path: a file or a folder that exists.
            class_name: must be "": such a file holds one strategy.

        Raises:
            StrategyError: a key of the file is wrong; the message names it.
        """
        if path.suffix != ".toml" or not path.is_file() or class_name:
            return None
        description = read_description(path)
        return None if description is None else ProcessStrategy(description)


class ProcessStrategy(Hosted):
    """A command that trades.

    Args:
        description: what its file says.

    Raises:
        StrategyError: nothing reads its format of reports, or a file that it names is missing.
    """

    def __init__(self, description: Description) -> None:
        self.description = description
        self.name = description.name  # type: ignore[misc]
        self.parameters = description.parameters  # type: ignore[misc]
        self.rules = description.rules  # type: ignore[misc]
        self.__doc__ = "The command " + " ".join(description.command)[:80]
        self._read = None if description.report == OWN_REPORT else report_reader(description.report)
        self._parts = (PROTOCOL, *description.identity_parts())

    @override
    def identity_parts(self) -> tuple[str, ...]:
        return self._parts

    @override
    def check_backtest(self, account: Account, data: ExecutionData) -> None:
        program = self.description.command[0]
        if "{" in program:
            return
        folder = self.description.folder
        path = str(folder / program) if os.sep in program else program
        if shutil.which(path) is None:
            raise StrategyError(
                "command names a program that is not here", parameter=self.description.path.name, value=program,
                remedy="Install it, or write its path; workers need it too.",
            )  # fmt: skip

    @override
    def run(self, request: RunRequest) -> Ran:
        log: list[str] = []
        for attempt in range(1, int(self.description.retries) + 2):
            last = attempt > self.description.retries
            with _private_folder() as private:
                ended = self._attempt(request, private)
                log.append(f"--- attempt {attempt}, {ended.seconds:.1f} s, exit code {ended.code}\n{ended.output}")
                report = private / self.description.report_file
                trouble = self._trouble(ended, report)
                if not trouble:
                    return self._result(request, report, "\n".join(log))
            if last or ended.code is None:
                tried = f" ({attempt} attempts)" if attempt > 1 else ""
                raise EvaluationError(f"{self.name}: {trouble}{tried}.{_end_of(ended.output)}")
        raise AssertionError("the last attempt returns or raises")

    # --- inside --------------------------------------------------------------------------------------

    def _attempt(self, request: RunRequest, private: Path) -> Ended:
        said = self.description
        write_request(request, private, said.bars, said.report_file)
        mark = uuid.uuid4().hex  # not part of the request: it names the run's processes only
        values = self._values(request, private, mark)
        environment = {name: os.environ[name] for name in (*_USUAL, *said.environment) if name in os.environ}
        environment |= {
            "TRADING_AI_REQUEST": str(private / REQUEST_FILE), "TRADING_AI_REPORT": str(private / said.report_file)
        }  # fmt: skip
        command = [filled(argument, values) for argument in said.command]
        limit = said.time_limit_seconds
        try:
            ended = run_command(
                command, folder=said.folder, environment=environment, time_limit_seconds=limit, mark=mark
            )
            if ended.code is None and said.stop_command:
                stop = [filled(argument, values) for argument in said.stop_command]
                run_command(
                    stop, folder=said.folder, environment=environment, time_limit_seconds=_STOP_SECONDS, mark=f"{mark}s"
                )
        except OSError as error:
            raise EvaluationError(f"{self.name}: the command {command[0]} cannot be started: {error}") from error
        return ended

    def _values(self, request: RunRequest, private: Path, mark: str) -> Mapping[str, Value | datetime]:
        asked = asked_of(request)
        return {
            "request": str(private / REQUEST_FILE), "bars": str(private / BARS_FILE), "private": str(private),
            "report": str(private / self.description.report_file), "run": mark, "python": sys.executable,
            "folder": str(self.description.path.resolve().parent), "symbol": asked.symbol,
            "timeframe": request.seen.timeframe.name, "start": moment(asked.start_ns), "end": moment(asked.end_ns),
            "capital": asked.capital, "currency": asked.currency, "leverage": request.account.rules.leverage,
            "spread_pips": spread_pips_of(request),
            **{f"parameter.{name}": value for name, value in asked.parameters.items()},
        }  # fmt: skip

    def _trouble(self, ended: Ended, report: Path) -> str:
        """What is wrong with how it ended, or ""."""
        if ended.code is None:
            limit = self.description.time_limit_seconds
            return f"the command was ended after its time limit of {limit:g} s, with all that it had started"
        if ended.code < 0:
            return f"the command was ended by signal {-ended.code}"
        if ended.code:
            return f"the command ended with exit code {ended.code}"
        if report.is_symlink() or not report.is_file():
            return f"the command ended with exit code 0 and wrote no {report.name}"
        if not report.stat().st_size:
            return f"the command ended with exit code 0 and wrote an empty {report.name}"
        return ""

    def _result(self, request: RunRequest, file: Path, log: str) -> Ran:
        try:
            report = self._report(request, file)
            check_answers(report, asked_of(request), self.description.unchecked)
            return ran_of(report, request, log)
        except EvaluationError as error:
            raise EvaluationError(f"{self.name}: {error}.{_end_of(log)}") from error

    def _report(self, request: RunRequest, file: Path) -> Report:
        if self._read is None:
            return read_own_report(file, request.data.bars.open_time_ns, request.account.capital)
        return self._read(file)


def _end_of(output: str) -> str:
    text = output.strip()
    return f" Its output ends with:\n{text[-_SHOWN:]}" if text else " It printed nothing."


@contextmanager
def _private_folder() -> Iterator[Path]:
    """A folder that only this user can read, and that is gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="trading-ai-run-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
