"""The whole benchmark in one run: check that results agree, time everything, write tables.

``make bench`` runs it; ``python -m benchmarks.run --help`` lists the switches.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks import machine, report
from benchmarks.peers import PEERS

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
DEFAULT_M1 = ROOT.parent / "shared" / "data" / "fx_m1" / "EURUSD_M1_2018-2019_utc_bid.parquet"

# Data, grid, and whether the peers run it; where they do not, they are compared by combinations a second
# on the same data's other grids.
WORKLOADS = (
    ("eurusd_h1", "a31", True),
    ("eurusd_h1", "b527", True),
    ("eurusd_h1", "c1000", True),
    ("eurusd_h1", "d10540", True),
    ("eurusd_h1", "f1000", True),
    ("synth_100k", "a31", True),
    ("synth_100k", "b527", True),
    ("synth_100k", "d10540", False),
    ("synth_100k", "f1000", True),
    ("synth_1m", "a31", True),
    ("synth_1m", "d10540", False),
    ("synth_1m", "f5000", False),
)
MODULES = {"parameters": ("benchmarks.parameters",), "averages": ("benchmarks.parameters", "--curve")}
"""Parts of the product's own figures that are modules of their own."""
QUICK = {
    ("eurusd_h1", "b527"),
    ("eurusd_h1", "f1000"),
    ("synth_100k", "f1000"),
    ("synth_1m", "f5000"),
    ("synth_100k", "b527"),
    ("synth_1m", "a31"),
    ("synth_1m", "d10540"),
}


def module(*arguments: str, timeout: float = 1800.0) -> dict | None:
    """Run a module of this package in a process of its own and read its JSON; None if it failed."""
    command = [sys.executable, "-W", "ignore", "-m", *arguments]
    environment = {**os.environ, "TQDM_DISABLE": "1", "RAPTORBT_NO_VERSION_CHECK": "1"}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        print(f"  {' '.join(arguments)}: no result after {timeout:.0f} s", flush=True)
        return None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"  {' '.join(arguments)}: failed, {last[:300]}", flush=True)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure_all(systems: list[str], quick: bool, repetitions: int) -> list[dict]:
    """Time every system on every workload, one after the other."""
    rows = []
    for data, grid, with_peers in WORKLOADS:
        if quick and (data, grid) not in QUICK:
            continue
        print(f"{data} {grid}", flush=True)
        for system in systems:
            if system != "ours" and not with_peers:
                continue
            row = module("benchmarks.measure", system, data, grid, "--repetitions", str(repetitions))
            if row:
                rows.append(row)
                print(
                    f"  {row['name']:38} {row['n_combinations']:6} combinations  "
                    f"{row['best_seconds'] * 1000:10.2f} ms  {row['best_per_second']:12,.1f}/s",
                    flush=True,
                )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--date", required=True, help="written into the results")
    parser.add_argument("--quick", action="store_true", help="four workloads, three repetitions")
    parser.add_argument("--systems", default=",".join(("ours", *PEERS)), help="comma-separated; ours is the product")
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--skip-check", action="store_true", help="time without comparing results first")
    parser.add_argument("--skip-product", action="store_true", help="leave out commands, storing and importing")
    parser.add_argument(
        "--m1", type=Path, default=DEFAULT_M1, help="minute bars (Parquet) for the whole-command figure"
    )
    parser.add_argument("--write-docs", action="store_true", help="copy the tables to docs/reference/performance.md")
    arguments = parser.parse_args()

    asked = sys.argv[1:]
    if "--date" in asked:
        del asked[asked.index("--date") : asked.index("--date") + 2]
    everything: dict = {"machine": machine.describe(arguments.date), "arguments": asked}
    if not arguments.skip_check:
        print("checking that results agree", flush=True)
        everything["check"] = module("benchmarks.check")
        if everything["check"] is None or not everything["check"]["agree"]:
            print(json.dumps(everything["check"], indent=2))
            sys.exit("results do not agree: nothing was timed")
    repetitions = 3 if arguments.quick else arguments.repetitions
    everything["sweeps"] = measure_all(arguments.systems.split(","), arguments.quick, repetitions)
    if not arguments.skip_product:
        print("whole commands, storing, importing, single evaluations, cost curve", flush=True)
        everything["product"] = {}
        for part in ("parameters", "averages", "singles", "curve", "commands", "storing", "importing"):
            extra = ["--m1", str(arguments.m1)] if part == "commands" else []
            found = module(*MODULES.get(part, ("benchmarks.product", part)), *extra)
            everything["product"][part] = found
            print(f"  {part}: {json.dumps(found)[:300]}", flush=True)

    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps(everything, indent=2) + "\n", "utf-8")
    page = report.markdown(everything)
    (RESULTS / "latest.md").write_text(page, "utf-8")
    print("wrote benchmarks/results/latest.json and latest.md")
    if arguments.write_docs:
        (ROOT / "docs" / "reference" / "performance.md").write_text(page, "utf-8")
        print("wrote docs/reference/performance.md")


if __name__ == "__main__":
    main()
