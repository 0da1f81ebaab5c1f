"""`trading-ai` alone: where one is, and what comes next."""

from __future__ import annotations

from trading_ai.bootstrap import Application
from trading_ai.cli.output import say
from trading_ai.documents.words import short
from trading_ai.errors import TradingAIError


def overview() -> None:
    """Say what is kept, what runs, and what one would do next."""
    application = Application()
    settings = application.settings
    say("trading-ai sweeps a strategy over years of bars, ranks the results and says how likely the winner is luck.")
    say()
    say(f"Home: {settings.home}" + ("  (database of other machines)" if settings.is_shared else ""))
    try:
        store = application.store
        datasets, backtests, optimizations = store.datasets(), store.backtests(), store.optimizations()
    except TradingAIError as error:
        say(f"The database cannot be used: {error}")
        say("Next: trading-ai doctor")
        return
    mine = [record for record in optimizations if not record.part_of]
    n_backtests = sum(not record.part_of for record in backtests)
    say(f"Kept: {len(datasets):,} datasets, {n_backtests:,} backtests, {len(mine):,} optimizations")
    for record in [record for record in mine if record.status in {"running", "paused"}][:5]:
        share = 100 * record.n_completed / max(record.n_total, 1)
        say(f"{record.status.capitalize()}: {short(record.optimization_id)} {record.name} at {share:.0f} %")
    say()
    rows = _next(bool(datasets), bool(n_backtests), [(r.status, short(r.optimization_id)) for r in mine])
    rows.append(("trading-ai --help", "every command"))
    width = max(len(words) for words, _ in rows)
    for words, why in rows:
        say(f"{words:<{width}}   {why}")


def _next(has_data: bool, has_backtest: bool, optimizations: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Commands for what one has come to, and what each does."""
    paused = next((key for status, key in optimizations if status == "paused"), None)
    running = next((key for status, key in optimizations if status == "running"), None)
    done = next((key for status, key in optimizations if status == "completed"), None)
    rows = []
    if running:
        rows.append((f"trading-ai watch {running}", "see it run"))
    if paused:
        rows.append((f"trading-ai resume {paused}", "go on with what was paused"))
    if done:
        rows.append((f"trading-ai robustness {done}", "is its winner luck?"))
        rows.append((f"trading-ai open {done}", "the report, in the browser"))
    elif has_backtest:
        rows.append(("trading-ai optimize latest --param ...", "search the parameters of the last backtest"))
    elif has_data:
        rows.append(("trading-ai backtest run --dataset latest ...", "run a strategy on the data"))
    if not has_data:
        rows.append(("trading-ai demo", "see everything once, on real bars, in a few seconds"))
    rows.append(("trading-ai init", "a few questions that end with a first result"))
    return rows
