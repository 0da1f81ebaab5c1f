"""Bundles for tests: small files whose strategies trade nothing."""

from __future__ import annotations

from trading_ai.strategies.base import Int
from trading_ai.strategies.bundle import Bundle
from trading_ai.strategies.manifest import Declaration

CODE = b"""import trading_ai as ta
class Quiet(ta.Strategy):
    length: int = ta.Int(5, 1, 50, unit="bars")
    def signals(self, bars, length):
        return ta.Signals(bars.close > bars.open)
"""


def declaration(class_name: str = "", strategy_hash: str = "ab" * 32) -> Declaration:
    """A strategy of one parameter, `length`."""
    length = Int(5, 1, 50, unit="bars")
    length.__set_name__(type("Quiet", (), {}), "length")
    return Declaration(class_name, "quiet", "Trades nothing.", (length,), (), True, strategy_hash)


def bundle(content: bytes = CODE, requirements: tuple[str, ...] = ()) -> Bundle:
    """A bundle of `quiet.py` and a file beside it."""
    return Bundle.of("quiet.py", {"quiet.py": content, "data/a.csv": b"1"}, requirements, (declaration(),))
