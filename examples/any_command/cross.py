"""Long while the fast average is above the slow one: a program that knows nothing of trading-ai."""

import csv
import json
import sys
from pathlib import Path

request_file, report_file = map(Path, sys.argv[1:3])
request = json.loads(request_file.read_text())
with (request_file.parent / request["bars"]["file"]).open() as file:
    bars = list(csv.DictReader(file))
first = request["bars"]["n_warm_up"]
close = [float(bar["close"]) for bar in bars]
fast, slow = request["parameters"]["fast"], request["parameters"]["slow"]
units = 1000


def average(end, length):
    return sum(close[end - length : end]) / length


def ask(bar, price):
    return float(bar[price]) + float(bar["spread"])


trades, entry = [], None
for i in range(max(first, slow), len(bars)):  # what was decided at the close of bar i - 1 is done at the open of bar i
    above = average(i, fast) > average(i, slow)
    if above and entry is None:
        entry = {
            "entry_time": bars[i]["time"],
            "entry_price": ask(bars[i], "open"),
            "direction": "long",
            "units": units,
        }
    elif entry is not None and (not above or i == len(bars) - 1):
        trades.append(entry | {"exit_time": bars[i]["time"], "exit_price": float(bars[i]["open"])})
        entry = None

repeated = ("symbol", "start", "end", "capital", "account_currency", "parameters")
report_file.write_text(json.dumps({key: request[key] for key in repeated} | {"trades": trades}))
print(f"{len(trades)} trades")
