"""What people call runs, strategies and symbols for short: gold, cable, the macd, the first words of a name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import combinations

from trading_ai.assistant.fillers import FILLERS
from trading_ai.assistant.lexicon import PARAMETER_WORDS, phrases
from trading_ai.documents.words import strategy_label

_CALLED = {
    "XAU": "gold", "XAG": "silver", "GBPUSD": "cable|pound|sterling|"
        "gbp", "EURUSD": "fiber|euro|eur", "USDJPY": "yen|jpy",
    "AUDUSD": "aussie|aud", "NZDUSD": "kiwi|nzd", "USDCAD": "loonie|cad", "USDCHF": "swissy|chf|franc",
    "BTC": "bitcoin|btc",
    "ETH": "ethereum|ether|eth", "US30": "dow", "NAS": "nasdaq", "SPX": "s&p|sp500", "US500": "s&p|sp500",
    "GER": "dax", "DE40": "dax",
    "WTI": "crude|oil", "USOIL": "crude|oil", "UKOIL": "brent",
}  # fmt: skip
"""How traders call symbols that begin so."""

_SHORTEST = 3


def shortened(names: Iterable[str], strategies: Iterable[str], symbols: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Short names with what they stand for, ``(kind, value)``; one that may stand for two is none.

    Args:
        names: of the runs that a user asked for.
        strategies: that were run.
        symbols: of datasets and runs.
    """
    found: dict[str, set[tuple[str, str]]] = {}
    for symbol in set(symbols):
        for begins, called in _CALLED.items():
            for phrase in called.split("|") if symbol.upper().startswith(begins) else ():
                found.setdefault(phrase, set()).add(("symbol", symbol))
    taken = set(found)
    for strategy in set(strategies):
        for word in _words(strategy_label(strategy).replace("_", " ")):
            if not _known(word) and word not in taken:
                found.setdefault(word, set()).add(("strategy", strategy))
    parts: dict[str, set[str]] = {}
    for name in set(names):
        words = _words(name)
        for length in range(1, min(len(words), 4)):
            for place in range(len(words) - length + 1):
                phrase = " ".join(words[place : place + length])
                if not all(_known(word) or word in taken for word in words[place : place + length]):
                    parts.setdefault(phrase, set()).add(name)
        for first, second in combinations(words, 2):
            if words.index(second) - words.index(first) > 1 and len(words) <= 6:
                parts.setdefault(f"{first} {second}", set()).add(name)  # "gold grid" of "gold rsi grid"
    whole: dict[str, set[str]] = {}  # a name in other signs is that name, and no part of a longer one
    for name in set(names):
        squeezed = "".join(_words(name))
        if len(_words(name)) > 1 and len(squeezed) > 5 and squeezed not in phrases():
            for phrase in (squeezed, " ".join(_words(name)), "-".join(_words(name))):
                whole.setdefault(phrase, set()).add(name)
    for phrase, of in {**parts, **whole}.items():
        if len(of) == 1 and phrase not in found and len(phrase) >= _SHORTEST and phrase not in phrases():
            found[phrase] = {("name", next(iter(of)))}
    return {phrase: next(iter(meant)) for phrase, meant in found.items() if len(meant) == 1}


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.lower())


def _known(word: str) -> bool:
    """Whether a word says something, or nothing, whatever is stored."""
    parameters = {part for name, words in PARAMETER_WORDS.items() for part in (name, *words)}
    return len(word) < _SHORTEST or word in phrases() or word in FILLERS or word in parameters or word.isdigit()
