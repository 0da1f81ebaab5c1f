"""`trading-ai doctor`: what is installed, kept, reachable and slow."""

from __future__ import annotations

import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Literal

import psutil
import typer

from trading_ai import __version__
from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import duration, print_json
from trading_ai.cli.tables import table
from trading_ai.errors import TradingAIError

Found = Literal["ok", "warning", "fault"]

_FEW_BYTES, _LITTLE_MEMORY = 2 << 30, 2 << 30
_SLOW_SECONDS, _SILENT_SECONDS = 20.0, 60.0
EXTRAS = {
    "ccxt": ("bars of exchanges", "exchanges"),
    "IPython": ("notebooks", "notebook"),
}
"""Packages that a part needs: what for, and the extra that brings them."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what.
        found: how it is: ok; warning where something is missing or slow; fault where nothing works without it.
        said: what was seen.
        remedy: what to do, or "".
    """

    name: str
    found: Found
    said: str
    remedy: str = ""


def checks(application: Application) -> Iterator[Check]:
    """Look at everything, the slow last."""
    yield _python()
    yield _machine(application)
    yield _home(application)
    yield _guarded("database", lambda: _database(application), "Check TRADING_AI_DATABASE_URL and that it runs.")
    if application.settings.broker:
        yield _guarded("broker", lambda: _broker(application), "Check TRADING_AI_BROKER_URL and that Redis runs.")
    for package, (what, extra) in EXTRAS.items():
        there = find_spec(package) is not None
        remedy = "" if there else f"Only if you need it: pip install 'trading-ai-system[{extra}]'"
        yield Check(what, "ok", f"{package} is installed" if there else f"{package} is not installed", remedy)
    yield _browser()
    yield _guarded("simulators", _simulators, "Install the package again: Numba does not compile here.")


def _guarded(name: str, look: Callable[[], Check], remedy: str) -> Check:
    try:
        return look()
    except TradingAIError as error:
        return Check(name, "fault", str(error), remedy)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
        return Check(name, "fault", f"{type(error).__name__}: {error}", remedy)


def _python() -> Check:
    said = f"trading-ai {__version__}, Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check("program", "ok", f"{said}, {sys.prefix}")


def _machine(application: Application) -> Check:
    memory = psutil.virtual_memory().available
    said = f"{application.n_cores()} cores may be used, {memory / 2**30:.1f} GiB of memory are free"
    if memory < _LITTLE_MEMORY:
        return Check("machine", "warning", said, "Large searches may run out of memory: close other programs.")
    return Check("machine", "ok", said)


def _home(application: Application) -> Check:
    home = application.settings.home
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / ".doctor"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        return Check("home", "fault", f"{home}: {error.strerror}", "Set TRADING_AI_HOME to a folder you may write.")
    free = shutil.disk_usage(home).free
    said = f"{home}, {free / 2**30:.1f} GiB are free"
    if free < _FEW_BYTES:
        return Check("home", "warning", said, "Free some space: trials and bars are kept there.")
    return Check("home", "ok", said)


def _database(application: Application) -> Check:
    began = time.perf_counter()
    n = len(application.store.optimizations())
    seconds = time.perf_counter() - began
    kind = "PostgreSQL" if application.settings.is_shared else "SQLite"
    return Check("database", "ok", f"{kind}, {n:,} optimizations, answered in {duration(seconds)}")


def _broker(application: Application) -> Check:
    began = time.perf_counter()
    n_waiting = application.broker.n_waiting()
    if n_waiting is None:
        return Check("broker", "fault", "does not answer", "Check TRADING_AI_BROKER_URL and that Redis runs.")
    now = time.time()
    workers = [worker for worker in application.queue.workers() if now - worker.heartbeat_at < _SILENT_SECONDS]
    said = f"{n_waiting:,} messages wait, answered in {duration(time.perf_counter() - began)}; {len(workers)} workers"
    if not workers:
        return Check("broker", "warning", said, "Start one: trading-ai worker")
    return Check("broker", "ok", said)


def _browser() -> Check:
    from trading_ai.reports.pdf import find_browser  # noqa: PLC0415 - of this check only

    found = find_browser()
    if found is None:
        return Check(
            "PDF", "ok", "no browser that prints", "Only if you need `report --pdf`: install Chromium or Chrome."
        )
    return Check("PDF", "ok", f"printed by {found}")


def _simulators() -> Check:
    from trading_ai import backtest, load_sample  # noqa: PLC0415 - compiled code, the slowest of the checks

    began = time.perf_counter()
    result = backtest(load_sample("EURUSD"), "sma_crossover")
    seconds = time.perf_counter() - began
    said = f"a backtest of 6,225 bars and {len(result.trades):,} trades took {duration(seconds)}"
    if seconds > _SLOW_SECONDS:
        return Check("simulators", "warning", said, "It compiled first. Do it once for all: python -m trading_ai.warm")
    return Check("simulators", "ok", said)


def doctor(*, as_json: bool = AS_JSON) -> None:
    """Check what is installed, kept, reachable and slow, and say what to do about it.

    Leaves with 0 where everything that is needed works, else with 7.
    """
    found = list(checks(Application()))
    if as_json:
        print_json({"checks": [asdict(check) for check in found]})
    else:
        rows = [[check.name, check.found, check.said, check.remedy] for check in found]
        table("What was looked at", ("", "found", "seen", "what to do"), rows, left=4)
    if any(check.found == "fault" for check in found):
        raise typer.Exit(7)
