"""Settings and figures of MetaTrader 5 reports: by their English labels, else by their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from trading_ai.importers.trades.cells import one_number
from trading_ai.importers.trades.found import FoundTrades
from trading_ai.importers.trades.metatrader import (
    count_and_percent,
    drawdown,
    figure,
    first_of_two,
    inputs_of,
    is_time,
    timeframe_in,
)

_PERIOD = re.compile(r"\w+\s*\(\d{4}\.\d\d\.\d\d\s*-\s*\d{4}\.\d\d\.\d\d\)")
_CURRENCY = re.compile(r"[A-Z]{3,4}")
_LEVERAGE = re.compile(r"1:\d+")
_ACCOUNT = re.compile(r"\(([A-Z]{3}),")

Say = Callable[[FoundTrades, str], None]

# Figures by English label and by place: row of figures, pair in it.
_FIGURES: tuple[tuple[str, tuple[int, int], Say], ...] = (
    ("total net profit", (1, 0), lambda f, t: figure(f, "net_profit", t)),
    ("gross profit", (2, 0), lambda f, t: figure(f, "gross_profit", t)),
    ("gross loss", (3, 0), lambda f, t: figure(f, "gross_loss", t)),
    ("profit factor", (4, 0), lambda f, t: figure(f, "profit_factor", t)),
    ("expected payoff", (4, 1), lambda f, t: figure(f, "expectancy", t)),
    ("recovery factor", (5, 0), lambda f, t: figure(f, "recovery_factor", t)),
    ("balance drawdown maximal", (2, 1), lambda f, t: drawdown(f, "max_balance_drawdown", "", t)),
    ("balance drawdown relative", (3, 1), lambda f, t: drawdown(f, "", "max_balance_drawdown_percent", t)),
    ("equity drawdown maximal", (2, 2), lambda f, t: drawdown(f, "max_drawdown", "", t)),
    ("equity drawdown relative", (3, 2), lambda f, t: drawdown(f, "", "max_drawdown_percent", t)),
    ("total trades", (8, 0), lambda f, t: figure(f, "total_trades", t)),
    ("short trades (won %)", (8, 1), lambda f, t: count_and_percent(f, "short_trades", "short_win_rate", t)),
    ("long trades (won %)", (8, 2), lambda f, t: count_and_percent(f, "long_trades", "long_win_rate", t)),
    ("profit trades (% of total)", (9, 1), lambda f, t: count_and_percent(f, "", "win_rate", t)),
    ("largest profit trade", (10, 0), lambda f, t: figure(f, "largest_win", t)),
    ("largest loss trade", (10, 1), lambda f, t: figure(f, "largest_loss", t)),
    ("average profit trade", (11, 0), lambda f, t: figure(f, "average_win", t)),
    ("average loss trade", (11, 1), lambda f, t: figure(f, "average_loss", t)),
    ("maximum consecutive wins ($)", (12, 0), lambda f, t: first_of_two(f, "max_consecutive_wins", t)),
    ("maximum consecutive losses ($)", (12, 1), lambda f, t: first_of_two(f, "max_consecutive_losses", t)),
)


def read_summary(found: FoundTrades, rows: Sequence[Sequence[str]]) -> None:
    """Read settings and figures into what was found.

    Args:
        found: what is filled in.
        rows: all rows of the report.
    """
    labelled = [_pairs(row) for row in rows if not (row and is_time(row[0]))]
    figures = [pairs for pairs in labelled if len(pairs) >= 2]
    single = [pairs[0] for pairs in labelled if len(pairs) == 1]
    _read_settings(found, rows, single)
    by_label = {label: text for pairs in labelled for label, text in pairs}
    if "total net profit" in by_label or "profit factor" in by_label:
        for label, _, say in _FIGURES:
            if label in by_label:
                say(found, by_label[label])
        return
    # The first row of figures of a tester report counts bars, ticks and symbols.
    first = next((i for i, pairs in enumerate(figures) if len(pairs) == 3 and all(t.isdigit() for _, t in pairs)), None)
    if first is None:
        return
    for _, (row, at), say in _FIGURES:
        pairs = figures[first + row] if first + row < len(figures) else []
        if at < len(pairs):
            say(found, pairs[at][1])
    if found.summary:
        found.notes.append("the summary's labels are not in English; its figures were read by their places")


def _pairs(row: Sequence[str]) -> list[tuple[str, str]]:
    """Label and figure of ``Label:`` cells; labels in lower case."""
    cells = [text for text in row if text]
    return [
        (text.rstrip(":：").strip().lower(), cells[i + 1])
        for i, text in enumerate(cells[:-1])
        if text.endswith((":", "："))
    ]


def _read_settings(found: FoundTrades, rows: Sequence[Sequence[str]], single: Sequence[tuple[str, str]]) -> None:
    """What stands once, told by its form: the period, the currency, the deposit before the leverage, inputs."""
    inputs: list[str] = []
    for row in rows:
        filled = [text for text in row if text]
        if filled and is_time(filled[0]):
            break
        if 1 <= len(filled) <= 2 and "=" in filled[-1]:
            inputs.append(filled[-1])
    found.parameters = inputs_of(inputs)
    for i, (label, text) in enumerate(single):
        if _PERIOD.fullmatch(text):
            found.timeframe = timeframe_in(text)
            if i >= 2:
                found.strategy = single[i - 2][1]
        elif _LEVERAGE.fullmatch(text):
            found.costs["leverage"] = text
            if i and found.capital is None:
                found.capital = one_number(single[i - 1][1])
        elif _CURRENCY.fullmatch(text) and label not in {"symbol", "expert"} and not found.account_currency and i >= 3:
            found.account_currency = text
        elif (account := _ACCOUNT.search(text)) and not found.account_currency:
            found.account_currency = account[1]  # 12345678 (USD, Broker-Server, real, Hedge)
