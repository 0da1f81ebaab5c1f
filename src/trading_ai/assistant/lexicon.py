"""The words that questions are made of, `lexicon.txt`: phrases by the slot that they fill and what they say there."""

from __future__ import annotations

from functools import cache

from trading_ai.assistant.criteria import OF_CUES
from trading_ai.assistant.texts import lines_of
from trading_ai.documents.sql_tables import BACKTESTS, TRADES
from trading_ai.documents.sql_words import SYNONYMS
from trading_ai.metrics.catalog import METRIC_NAMES

_METRIC_OF_TRADES = (
    "payoff_ratio",
    "mae",
    "mfe",
    "bars_held",
    "units",
    "pips",
    "capital",
    "score",
    "seconds",
    "n_bars",
)


_BEFORE_GROUPS = ("by", "per", "each", "which", "what", "every")
"""Words that make one phrase with a group: "by exit reason" is not "by exit" and then a reason."""


@cache
def phrases() -> dict[str, tuple[tuple[str, str], ...]]:
    """Every phrase with what it may stand for, ``(kind, value)``, the likeliest first."""
    found: dict[str, list[tuple[str, str]]] = {}
    columns = [*METRIC_NAMES, *_METRIC_OF_TRADES]
    for column in columns:
        for phrase in (column.replace("_", " "), column, *SYNONYMS.get(column, ())):
            found.setdefault(phrase, []).append(("metric", column))
    for kind, value, named in _read():
        for phrase in named if kind != "parameter" else ():
            found.setdefault(phrase, []).append((kind, value))
        for phrase in named if kind == "dim" else ():
            for before in _BEFORE_GROUPS if not phrase.startswith(_BEFORE_GROUPS) else ():
                found.setdefault(f"{before} {phrase}", []).append((kind, value))
    for cue, name in OF_CUES.items():
        for phrase in (name, name.replace("_", " ")):
            found.setdefault(phrase, []).insert(0, ("cue", cue))
    return {phrase: tuple(dict.fromkeys(meanings)) for phrase, meanings in found.items()}


KNOWN_COLUMNS = frozenset(c.name for c in (*BACKTESTS.columns, *TRADES.columns))
"""Columns that a question may name as SQL does."""


@cache
def _read() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Slot, value and phrases of each line."""
    found: list[tuple[str, str, tuple[str, ...]]] = []
    kind = ""
    for line in lines_of("lexicon.txt"):
        if line.startswith("["):
            kind = line.strip("[]")
        else:
            value, _, text = line.partition(": ")
            found.append((kind, value, tuple(phrase.strip() for phrase in text.split("|"))))
    return tuple(found)


PARAMETER_WORDS: dict[str, tuple[str, ...]] = {value: words for kind, value, words in _read() if kind == "parameter"}
"""What people call parameters that every strategy has; others are called by their names."""
