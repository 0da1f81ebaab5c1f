from __future__ import annotations

import numpy as np
import pytest

from trading_ai.errors import SymbolError
from trading_ai.market.price_scale import scale_to_apply
from trading_ai.market.symbol import KINDS, Symbol, kind_of
from trading_ai.market.symbol_kinds import fitted
from trading_ai.market.symbol_table import stock, symbol


@pytest.mark.parametrize(
    ("ticker", "overrides", "currency", "exchange", "clock"),
    [
        ("F", {}, "USD", "XNYS", "America/New_York"),
        ("SAP.DE", {}, "EUR", "XETR", "Europe/Berlin"),
        ("7203.T", {}, "JPY", "XTKS", "Asia/Tokyo"),
        ("BP.L", {}, "GBP", "XLON", "Europe/London"),
        ("ADYEN", {"quote_currency": "EUR"}, "EUR", "XETR", "Europe/Berlin"),
        ("NOKIA", {"exchange": "xhel"}, "EUR", "XHEL", "Europe/Helsinki"),
        ("V.TO", {}, "CAD", "XTSE", "America/Toronto"),
        ("ABC", {"quote_currency": "XXX"}, "XXX", "", "America/New_York"),
    ],
)
def test_any_share(ticker: str, overrides: dict[str, str], currency: str, exchange: str, clock: str) -> None:
    found = symbol(ticker, kind="share", **overrides)
    assert (found.name, found.kind) == (ticker, "stock")
    assert (found.quote_currency, found.exchange, found.rollover_timezone) == (currency, exchange, clock)
    assert (found.pip_size, found.lot_size, found.volume_step, found.min_volume) == (0.01, 1, 1, 1)
    assert stock(ticker, **overrides) == found


def test_the_table_comes_first_unless_another_kind_is_meant() -> None:
    assert symbol("AAPL", kind="share") == symbol("aapl")
    assert symbol("GER40", kind="index") == symbol("DAX")
    fund = symbol("DAX", kind="share")
    assert (fund.name, fund.kind, fund.quote_currency) == ("DAX", "stock", "USD")
    with pytest.raises(SymbolError, match="not in the symbol table"):
        symbol("T.TO")  # not AT&T in Toronto's clothes
    assert symbol("AAPL.US").name == "AAPL"


@pytest.mark.parametrize(
    ("name", "base", "quote"),
    [("PEPEUSDT", "PEPE", "USDT"), ("SHIB-EUR", "SHIB", "EUR"), ("ETH/BTC", "ETH", "BTC"), ("FOO", "FOO", "USD")],
)
def test_any_coin(name: str, base: str, quote: str) -> None:
    found = symbol(name, kind="crypto")
    assert (found.base_currency, found.quote_currency) == (base, quote)
    assert (found.rollover, found.rollover_timezone, found.days_per_year) == ("00:00", "UTC", 365)
    assert found.triple_swap_weekday is None


def test_any_pair_metal_index_and_future() -> None:
    baht = symbol("USD/THB", kind="forex")
    assert (baht.base_currency, baht.quote_currency, baht.lot_size) == ("USD", "THB", 100_000)
    assert symbol("XRHUSD", kind="metal").quote_currency == "USD"
    assert symbol("VIX", kind="index").volume_step == 0.1
    assert symbol("CL", kind="futures").kind == "future"
    assert symbol("COCOA", kind="other", lot_size=10).lot_size == 10
    assert symbol("MDAX", kind="index", exchange="XETR").quote_currency == "EUR"
    for kind in KINDS:
        assert symbol("ZZZZ", kind=kind).kind == kind


@pytest.mark.parametrize(
    ("kind", "price", "decimals", "pip", "digits"),
    [
        ("stock", 187.12, 2, 0.01, 2),
        ("stock", 0.0451, 4, 0.0001, 4),
        ("stock", 187.123456789012, 12, 0.01, 2),  # adjusted prices have decimals that nobody quotes
        ("crypto", 43_000.12, 2, 1.0, 2),
        ("crypto", 2_300.1, 2, 0.1, 2),
        ("crypto", 0.00000912, 8, 1e-10, 10),
        ("fx", 34.512, 3, 0.01, 3),
        ("fx", 1.08321, 5, 0.0001, 5),
        ("index", 15_000.5, 1, 1.0, 1),
        ("index", 17.25, 2, 0.01, 2),
        ("future", 71.32, 2, 0.01, 2),
    ],
)
def test_digits_and_pip_come_from_the_prices(kind: str, price: float, decimals: int, pip: float, digits: int) -> None:
    found, note = fitted(symbol("ZZZZ", kind=kind), np.array([price] * 3), decimals, {"kind": kind})
    assert (found.pip_size, found.digits) == (pytest.approx(pip), digits)
    assert "ZZZZ is not in the table and was described as" in note


def test_what_is_stated_stays_and_what_is_not_is_said() -> None:
    stated = {"kind": "share", "pip_size": 0.05, "digits": 3}
    found, note = fitted(symbol("ZZZZ", **stated), np.array([12.34]), 2, stated)
    assert (found.pip_size, found.digits) == (0.05, 3)
    assert "quoted in USD (assumed)" in note
    assert "sessions of XNYS" in note
    assert fitted(symbol("ZZZZ", kind="share"), np.array([12.3456, 12.1]), None, {})[0].digits == 4
    assert "pence" in fitted(symbol("BP.L", kind="share"), np.array([512.3]), 1, {})[1]
    assert fitted(symbol("ZZZZ", kind="share"), np.empty(0), None, {})[0].digits == 2


def test_whole_prices_of_thousands_are_usual_in_some_currencies() -> None:
    prices = np.array([41_000.0, 41_050.0, 40_900.0])
    assert scale_to_apply(symbol("9983.T", kind="share"), prices) is None
    assert scale_to_apply(symbol("AAPL"), prices) == 1e-2


def test_words_for_kinds() -> None:
    assert [kind_of(word) for word in ("Share", "etf", "Forex", "coin", "index")] == [
        "stock", "stock", "fx", "crypto", "index",
    ]  # fmt: skip
    with pytest.raises(SymbolError, match=r"kind: is not a kind of instrument.*share"):
        symbol("ZZZZ", kind="bond-ish")
    with pytest.raises(SymbolError, match="exchange"):
        symbol("ZZZZ", kind="share", exchange="NOPE")


@pytest.mark.parametrize("name", ["A\x9bB", "A\x1b[31mB", "A\u202eB", "A\u200bB", "A\nB", "", " "])
def test_names_that_could_write_to_a_terminal_are_refused_and_not_repeated(name: str) -> None:
    for make in (lambda: symbol(name, kind="share"), lambda: Symbol(name, 0.01, 2, 1, "USD"), lambda: symbol(name)):
        with pytest.raises(SymbolError) as caught:
            make()
        assert str(caught.value).isprintable()
