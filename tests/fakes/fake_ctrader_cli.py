"""A command line that behaves like ``ctrader-cli backtest``, and misbehaves as that was seen to.

The robot buys at the open of every ``every``-th bar and sells at the open of the next one. How it misbehaves is the
parameter ``mood``.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

UNITS = 1000.0


def _flags():
    return dict(argument[2:].split("=", 1) for argument in sys.argv[2:] if argument.startswith("--"))


def _grandchild():
    """Leave a process behind in a session of its own, which holds the output open."""
    code = "import time; time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-S", "-c", code], start_new_session=True)
    Path(os.environ["FAKE_PIDS"]).write_text(f"{os.getpid()} {child.pid}", "utf-8")


def main():
    flags = _flags()
    request = json.loads(Path(flags["request"]).read_text("utf-8"))
    mood, report = flags["mood"], Path(flags["report-json"])
    print("mood", mood, flush=True)
    if mood == "hangs":
        _grandchild()
        time.sleep(600)
    if mood == "leaves":
        _grandchild()
    if mood == "crashes":
        print("Unhandled exception: no symbol", file=sys.stderr)
        return 3
    if mood == "dies":
        os.kill(os.getpid(), 9)
    if mood == "stumbles":
        seen = Path(os.environ["FAKE_PIDS"])
        if not seen.exists():
            seen.write_text("", "utf-8")
            return 3
    if mood == "floods":
        for _ in range(200):
            sys.stdout.write("flood" * 2000)
        print("last words")
    if mood == "silent":
        return 0
    if mood == "empty":
        report.write_text("", "utf-8")
        return 0
    if mood == "babbles":
        report.write_text("<html>", "utf-8")
        return 0
    report.write_text(json.dumps(_report(request, mood)), "utf-8")
    return 0


def _report(request, mood):
    with Path(request["bars"]["file"] or "").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[request["bars"]["n_warm_up"] :]
    parameters = dict(request["parameters"])
    symbol, capital, start, end = (request[key] for key in ("symbol", "capital", "start", "end"))
    if mood == "default week":
        start, end = "2011-01-02T00:00:00Z", "2011-01-09T00:00:00Z"
    if mood == "other week":  # and it says that it did what was asked
        rows = [{**row, "time": row["time"].replace("2017", "2011")} for row in rows]
    if mood == "other symbol":
        symbol = "GBPUSD"
    if mood == "other capital":
        capital = 1000
    if mood == "ignores flags":
        parameters["every"] = 7
    if mood == "forgets":
        del parameters["every"]
    trades = [
        {
            "entry_time": rows[i]["time"], "exit_time": rows[i + 1]["time"], "direction": "long", "units": UNITS,
            "entry_price": float(rows[i]["open"]), "exit_price": float(rows[i + 1]["open"]), "commission": 0.07,
        }
        for i in range(0, len(rows) - 1, int(parameters.get("every", 7)))
    ]  # fmt: skip
    if mood == "contradicts":
        trades[0]["net_profit"] = 1_000_000
    return {
        "symbol": symbol, "start": start, "end": end, "capital": capital, "account_currency": "USD",
        "parameters": parameters, "trades": trades,
    }  # fmt: skip


if __name__ == "__main__":
    os.chdir(Path(_flags()["request"]).parent)
    sys.exit(main())
