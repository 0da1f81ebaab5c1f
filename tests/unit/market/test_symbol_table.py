from __future__ import annotations

import itertools

import pytest

from trading_ai.errors import SymbolError
from trading_ai.market import symbol_table
from trading_ai.market.symbol_table import stock, symbol

MAJORS = ("EUR", "GBP", "AUD", "NZD", "USD", "CAD", "CHF", "JPY")


@pytest.mark.parametrize(("base", "quote"), list(itertools.combinations(MAJORS, 2)))
def test_every_cross_of_the_majors_is_known_in_market_order(base: str, quote: str) -> None:
    found = symbol(base + quote)
    assert (found.base_currency, found.quote_currency) == (base, quote)
    assert (found.pip_size, found.digits) == ((0.01, 3) if quote == "JPY" else (0.0001, 5))
    assert found.lot_size == 100_000
    with pytest.raises(SymbolError, match=base + quote):
        symbol(quote + base)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("eur/usd", "EURUSD"),
        ("EURUSD.a", "EURUSD"),
        ("EURUSDm", "EURUSD"),
        ("EUR_USD", "EURUSD"),
        ("OANDA:EUR_USD", "EURUSD"),
        ("EURUSD=X", "EURUSD"),
        ("gbpjpy.ecn", "GBPJPY"),
        ("GOLD", "XAUUSD"),
        ("SPX500", "US500"),
        ("SP500", "US500"),
        ("US30.cash", "US30"),
        ("BTC-USD", "BTCUSD"),
        ("aapl", "AAPL"),
    ],
)
def test_spellings(spelling: str, name: str) -> None:
    assert symbol(spelling).name == name


def test_kinds_differ_in_their_days() -> None:
    assert symbol("EURUSD").rollover == "17:00"
    assert symbol("XAUUSD").pip_size == 0.01
    bitcoin = symbol("BTCUSD")
    assert (bitcoin.rollover, bitcoin.rollover_timezone) == ("00:00", "UTC")
    assert (bitcoin.days_per_year, bitcoin.triple_swap_weekday) == (365, None)
    share = symbol("SPY")
    assert (share.rollover, share.rollover_timezone, share.lot_size) == ("00:00", "America/New_York", 1)


def test_tickers_are_not_guessed() -> None:
    for name in ("XYZ", "TX", "AAPLM"):
        with pytest.raises(SymbolError):
            symbol(name)
    assert stock("xyz").name == "XYZ"
    assert stock("xyz", quote_currency="EUR").quote_currency == "EUR"


def test_unknown_symbols_name_near_ones_and_what_to_give() -> None:
    with pytest.raises(
        SymbolError, match=r"EURUSD.*kind=share.*pip_size=0.0001, digits=5, lot_size=100000, quote_currency=USD"
    ):
        symbol("EURUSDD")
    with pytest.raises(SymbolError, match=r"values: lot_size=100000$"):
        symbol("OIL1", pip_size=0.01, digits=2, quote_currency="USD")
    found = symbol("oil1", pip_size=0.01, digits=2, lot_size=1000, quote_currency="USD")
    assert (found.name, found.lot_size) == ("OIL1", 1000)


def test_overrides() -> None:
    assert symbol("XAUUSD", pip_size=0.1, digits=None).pip_size == 0.1
    assert symbol("EURUSD", triple_swap_weekday=None).triple_swap_weekday is None
    with pytest.raises(SymbolError, match="is not a property"):
        symbol("EURUSD", pips=3)


def test_table_is_large_and_consistent() -> None:
    names = tuple(symbol_table._table()[0])
    assert len(names) > 150
    assert all(symbol(name).name == name for name in names)
