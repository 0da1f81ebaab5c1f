"""Results of a run as a Markdown page."""

from __future__ import annotations

DATA_TITLES = {
    "eurusd_h1": "EURUSD, 5,000 hourly bars (backtesting.py's sample)",
    "synth_100k": "random walk, 100,000 minute bars",
    "synth_1m": "random walk, 1,000,000 minute bars",
}
GRID_TITLES = {
    "a31": "31 stops at one target",
    "b527": "31 stops x 17 targets",
    "c1000": "10 averages x 10 stops x 10 targets",
    "d10540": "20 averages x 31 stops x 17 targets",
    "f1000": "40 fast x 25 slow averages, stop and target fixed",
    "f5000": "100 fast x 50 slow averages, stop and target fixed",
}


def fastest_peer(rows: list[dict], data: str, grid: str) -> dict | None:
    """The peer with most combinations a second on that workload, or else on another grid of the same data."""
    peers = [row for row in rows if row["system"] != "ours" and row["data"] == data]
    same = [row for row in peers if row["grid"] == grid]
    return max(same or peers, key=lambda row: row["best_per_second"], default=None)


def memory(row: dict) -> str:
    """Own peak, and that of the largest child process where there was one."""
    children = f" + {row['children_rss_mb']:.0f}" if row["children_rss_mb"] >= 1 else ""
    return f"{row['peak_rss_mb']:.0f}{children}"


def sweep_table(rows: list[dict], data: str, grid: str) -> str:
    """One workload: every system, fastest first."""
    here = sorted((r for r in rows if (r["data"], r["grid"]) == (data, grid)), key=lambda r: -r["best_per_second"])
    peer = fastest_peer(rows, data, grid)
    title = f"### {DATA_TITLES[data]}: {GRID_TITLES[grid]} ({here[0]['n_grid']:,} combinations)\n"
    lines = [
        title,
        "| system | combinations run | best ms | median ms | cold ms | combinations/s | bars x combinations/s "
        "| peak MB | times the fastest peer |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for row in here:
        # Ours counts with its median, a peer with its best: the ratio errs on the peer's side.
        speed = row["median_per_second"] if row["system"] == "ours" else row["best_per_second"]
        ratio = f"{speed / peer['best_per_second']:,.3g}" if peer else ""
        cold = row.get("cold_best_seconds")
        lines.append(
            f"| {row['name']} {row['version']} | {row['n_combinations']:,} (x{row['repetitions']}) "
            f"| {row['best_seconds'] * 1e3:,.2f} | {row['median_seconds'] * 1e3:,.2f} "
            f"| {'' if cold is None else f'{cold * 1e3:,.2f}'} "
            f"| {row['best_per_second']:,.1f} | {row['best_per_second'] * row['n_bars']:.3g} "
            f"| {memory(row)} | {ratio} |"
        )
    if peer and peer["grid"] != grid:
        lines.append(f"\nCompared with {peer['name']} on {peer['n_combinations']:,} combinations of the same data.")
    return "\n".join(lines) + "\n"


def plain_table(rows: list[dict]) -> str:
    """A table of flat dicts that share their keys."""
    if not rows:
        return "Not measured.\n"
    names = list(rows[0])
    lines = ["| " + " | ".join(name.replace("_", " ") for name in names) + " |", "|" + " --- |" * len(names)]
    for row in rows:
        cells = [
            f"{v:,.4g}" if isinstance(v, float) else f"{v:,}" if isinstance(v, int) else str(v) for v in row.values()
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


PRODUCT_TITLES = {
    "parameters": "Sweeps of a strategy's own parameters and of other exits",
    "averages": "Fast x slow averages: against bars, and against combinations",
    "singles": "Single evaluations (searches that learn), one core",
    "curve": "Cost of a combination: against bars at the same trades, against trades at the same bars",
    "commands": "Whole commands, process start to stored and ranked trials",
    "storing": "Storing trials",
    "importing": "Importing, checking and storing a million rows of CSV",
}


def markdown(everything: dict) -> str:
    """The page."""
    m = everything["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in m["versions"].items())
    parts = [
        "# Performance\n",
        f'Written by `make bench BENCH_ARGS="{" ".join(everything.get("arguments", []))}"`, which first checks that '
        "results agree and then times everything in one run.\n",
        f"{m['date']}; {m['processor']}, {m['cores']} cores, {m['memory_gb']} GB, {m['system']}, "
        f"Python {m['python']}; load before the run {m['load_before']}. {versions}.\n",
    ]
    check = everything.get("check")
    if check:
        parts += ["## Agreement\n", *(f"- {line}" for line in check["lines"]), ""]
    rows = everything.get("sweeps") or []
    if rows:
        parts.append("## Sweeps\n")
        parts.append(
            "Best and median of the repetitions after a warm-up, each system in a process of its own. "
            "Indicators, signals, simulation and metrics count; loading, importing and compiling do not. "
            "Where a system would need more than two minutes, or would hold more than 60 million bars x "
            "combinations in memory, it ran fewer combinations, spread over the grid: the second column says "
            "how many. The ratio sets our median against the peer's best. What takes less than 10 ms is timed back to "
            "back; cold is its best right after a full garbage collection, which empties the processor's caches.\n"
        )
        for data, grid in dict.fromkeys((row["data"], row["grid"]) for row in rows):
            parts.append(sweep_table(rows, data, grid))
        parts.append("How the systems differ from the stated strategy:\n")
        notes = {row["name"]: row["note"] for row in rows}
        parts += [*(f"- {name}: {note}." for name, note in notes.items()), ""]
    for name, title in PRODUCT_TITLES.items():
        found = (everything.get("product") or {}).get(name)
        if found:
            parts += [
                f"## {title}\n",
                plain_table(found["rows"]),
                *(f"{line}\n" for line in found.get("notes", [])),
            ]
    return "\n".join(parts).rstrip() + "\n"
