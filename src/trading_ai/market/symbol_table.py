"""The table of known symbols: `symbol("EURUSD")` gives pip size, digits, lot size and trading day.

Sizes follow common retail practice, and every one can be overridden (`symbol("XAUUSD", pip_size=0.1)`):

* FX: a pip is the fourth decimal (second where the quote currency is JPY or HUF), prices carry one digit
  more, a lot is 100,000 units. Pairs are named in the market's order (EUR, GBP, AUD, NZD, USD, CAD, CHF,
  JPY).
* Metals: XAUUSD has a pip of 0.01 and two digits, as cTrader reports it (`pipPosition` 2); some brokers
  call 0.1 a pip. A lot is 100 oz of gold, platinum or palladium and 5,000 oz of silver.
* Indices: a pip is one index point, a lot one contract worth one quote-currency unit a point.
* Crypto: a lot is one coin; the day ends at 00:00 UTC, every calendar night counts once, 365 days a year.
* Stocks: a pip is one cent, a lot one share, the day ends at midnight in New York. Only tickers of the table
  are known; any other is described on request (``kind="share"``), so that a mistyped currency pair never becomes a
  share.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from functools import cache
from typing import Any

from trading_ai.errors import SymbolError, did_you_mean
from trading_ai.market.exchange_sessions import check_exchange
from trading_ai.market.exchanges import OF_INDEX, exchange_of_ticker
from trading_ai.market.symbol import Symbol, kind_of
from trading_ai.market.symbol_kinds import of_kind

_MAJORS = ("EUR", "GBP", "AUD", "NZD", "USD", "CAD", "CHF", "JPY")
_MINORS = ("SEK", "NOK", "DKK", "ZAR", "MXN", "TRY", "PLN", "HUF", "SGD", "HKD", "CNH")
_TWO_DECIMAL_PIPS = {"JPY", "HUF"}
_FRIDAY = 4

# name: lot size in ounces, digits, smallest step in ounces
_METALS = {"XAU": (100.0, 2, 1.0), "XAG": (5000.0, 3, 50.0), "XPT": (100.0, 2, 1.0), "XPD": (100.0, 2, 1.0)}

# name: quote currency, aliases
_INDICES: dict[str, tuple[str, tuple[str, ...]]] = {
    "US30": ("USD", ("DJ30", "DJI", "DJIA", "WS30", "WALLSTREET", "USA30")),
    "US500": ("USD", ("SPX500", "SP500", "SPX", "SPX500USD", "GSPC", "USA500")),
    "US100": ("USD", ("NAS100", "USTEC", "NDX", "NDX100", "NQ100", "NASDAQ100", "USA100", "USTECH")),
    "US2000": ("USD", ("RUSSELL2000", "RUT", "US2K")),
    "GER40": ("EUR", ("DE40", "DAX", "DAX40", "DE30", "GER30", "DEU40")),
    "UK100": ("GBP", ("FTSE100", "FTSE", "GBR100")),
    "FRA40": ("EUR", ("F40", "CAC40", "FR40")),
    "EU50": ("EUR", ("STOXX50", "EUSTX50", "ESTX50", "SX5E")),
    "ESP35": ("EUR", ("ES35", "IBEX35", "SPA35")),
    "ITA40": ("EUR", ("IT40", "FTSEMIB")),
    "NETH25": ("EUR", ("NL25", "AEX")),
    "SWI20": ("CHF", ("SMI20", "SMI", "CH20")),
    "JPN225": ("JPY", ("JP225", "NIKKEI225", "NIK225", "N225")),
    "AUS200": ("AUD", ("AU200", "ASX200")),
    "HK50": ("HKD", ("HSI", "HSI50", "HKG50")),
    "CHINA50": ("USD", ("CN50", "CHINAA50")),
}

# coin: pip size (about a ten-thousandth of the price), digits
_COINS = {
    "BTC": (1.0, 2),
    "ETH": (0.1, 2),
    "BNB": (0.1, 2),
    "BCH": (0.1, 2),
    "LTC": (0.01, 3),
    "SOL": (0.01, 3),
    "AVAX": (0.01, 3),
    "LINK": (0.001, 4),
    "DOT": (0.001, 4),
    "XRP": (0.0001, 5),
    "ADA": (0.0001, 5),
    "XLM": (0.0001, 5),
    "DOGE": (0.0001, 5),
    "TRX": (0.00001, 6),
}
_COIN_QUOTES = ("USD", "USDT", "USDC", "EUR")

_STOCKS = (
    "AAPL AMD AMZN BAC CSCO CVX DIS FB GE GOOG GOOGL IBM INTC JNJ JPM KO META MSFT NFLX NVDA ORCL PFE PG T "
    "TSLA "
    "V WMT XOM SPY QQQ DIA IWM GLD SLV TLT EEM EFA VTI VOO USO"
).split()

# What brokers append to a name: EURUSDm, EURUSDpro, GBPJPYecn.
_SUFFIXES = {
    "M",
    "C",
    "I",
    "Z",
    "X",
    "R",
    "B",
    "E",
    "P",
    "S",
    "T",
    "PRO",
    "ECN",
    "RAW",
    "STD",
    "MICRO",
    "MINI",
}
_SUFFIXES |= {"CASH", "SPOT", "SB", "STP", "CFD", "FX"}
_EXAMPLES = {"pip_size": "0.0001", "digits": "5", "lot_size": "100000", "quote_currency": "USD"}
_REQUIRED = tuple(_EXAMPLES)


def _fx(base: str, quote: str) -> Symbol:
    wide = quote in _TWO_DECIMAL_PIPS
    return Symbol(
        base + quote,
        pip_size=0.01 if wide else 0.0001,
        digits=3 if wide else 5,
        lot_size=100_000.0,
        quote_currency=quote,
        base_currency=base,
        kind="fx",
        volume_step=1000.0,
        min_volume=1000.0,
    )


def stock(ticker: str, **overrides: Any) -> Symbol:
    """Describe a share or exchange-traded fund, in US dollars unless its exchange has another currency.

    Args:
        ticker: such as ``"AAPL"`` or ``"SAP.DE"``.
        overrides: any field of `Symbol`, such as ``quote_currency="EUR"``.
    """
    return of_kind(ticker, "stock", overrides)


@cache
def _table() -> tuple[dict[str, Symbol], dict[str, str]]:
    rows: list[Symbol] = []
    for i, base in enumerate(_MAJORS):
        rows += [_fx(base, quote) for quote in _MAJORS[i + 1 :]]
    for minor in _MINORS:
        rows += [_fx(base, minor) for base in ("EUR", "USD", "GBP")]
        rows.append(_fx(minor, "JPY"))
    for metal, (lot, digits, step) in _METALS.items():
        rows += [
            Symbol(
                metal + quote,
                pip_size=0.01,
                digits=digits,
                lot_size=lot,
                quote_currency=quote,
                base_currency=metal,
                kind="metal",
                volume_step=step,
                min_volume=step,
            )
            for quote in ("USD", "EUR")
        ]
    for index, (quote, aliases) in _INDICES.items():
        rows.append(
            Symbol(
                index,
                pip_size=1.0,
                digits=1,
                lot_size=1.0,
                quote_currency=quote,
                base_currency=index,
                kind="index",
                volume_step=0.1,
                min_volume=0.1,
                triple_swap_weekday=_FRIDAY,
                aliases=aliases,
                exchange=OF_INDEX[index],
            )
        )
    for coin, (pip, digits) in _COINS.items():
        rows += [
            Symbol(
                coin + quote,
                pip_size=pip,
                digits=digits,
                lot_size=1.0,
                quote_currency=quote,
                base_currency=coin,
                kind="crypto",
                volume_step=0.01,
                min_volume=0.01,
                rollover="00:00",
                rollover_timezone="UTC",
                days_per_year=365,
                triple_swap_weekday=None,
                aliases=("XBT" + quote,) if coin == "BTC" else (),
            )
            for quote in _COIN_QUOTES
        ]
    rows += [stock(ticker) for ticker in _STOCKS]
    table = {row.name: row for row in rows}
    aliases_of = {alias: row.name for row in rows for alias in row.aliases}
    aliases_of |= {"GOLD": "XAUUSD", "SILVER": "XAGUSD", "PLATINUM": "XPTUSD", "PALLADIUM": "XPDUSD"}
    return table, aliases_of


def _spellings(name: str) -> list[tuple[str, bool]]:
    """The ways to read `name`, the most literal first, and whether letters were cut off its end."""
    text = name.strip().upper().rpartition(":")[2].lstrip("#^!")
    text = text.removesuffix("=X")
    head = re.split(r"[.#+!^]", text, maxsplit=1)[0]
    found = [(text, False)]
    for candidate in (text, head):
        plain = re.sub(r"[/\-_ ]", "", candidate)
        found.append((plain, False))
        found += [(plain[: -len(suffix)], True) for suffix in sorted(_SUFFIXES) if plain.endswith(suffix)]
    return found


def _overridden(base: Symbol, overrides: dict[str, Any]) -> Symbol:
    given = {key: value for key, value in overrides.items() if value is not None}
    if "triple_swap_weekday" in overrides:
        given["triple_swap_weekday"] = overrides["triple_swap_weekday"]
    if given.get("exchange"):
        given["exchange"] = check_exchange(given["exchange"])
    return dataclasses.replace(base, **given) if given else base


def in_table(name: str, kind: str | None = None) -> Symbol | None:
    """The table's symbol of a name or of a broker's spelling of it, or None.

    Args:
        name: as `symbol` takes it.
        kind: a kind that it must be of: ``DAX`` is an index in the table, and may be meant as a share.
    """
    table, aliases = _table()
    elsewhere = exchange_of_ticker(name)
    for spelling, cut in _spellings(name):
        canonical = aliases.get(spelling, spelling)
        found = table.get(canonical)
        # A ticker with a letter more is another company's, and so is the same one at another exchange: V.TO, T.AX.
        if found is not None and (found.kind != "stock" or (not cut and elsewhere in {"", found.exchange})):
            return found if kind is None or found.kind == kind_of(kind) else None
    return None


def symbol(name: str, **overrides: Any) -> Symbol:
    """Look up a symbol.

    Args:
        name: canonical name or a broker's spelling of it: ``EURUSD``, ``eur/usd``, ``EURUSD.a``, ``EURUSDm``,
            ``SPX500``. With a `kind`, any name or ticker.
        overrides: fields of `Symbol` that replace the table's; None means the table's value. With `kind` given, a
            name outside the table is described as usual for that kind; with `pip_size`, `digits`, `lot_size` and
            `quote_currency` all given, also without one.

    Returns:
        The symbol, under its canonical name.

    Raises:
        SymbolError: the name is unknown and neither its kind is given nor all of its description, or an override is
            not a field of `Symbol`.
    """
    fields = {field.name for field in dataclasses.fields(Symbol)} - {"name"}
    if unknown := sorted(set(overrides) - fields):
        raise SymbolError(
            "is not a property of a symbol",
            parameter=unknown[0],
            remedy=did_you_mean(unknown[0], fields) + "Use one of " + ", ".join(sorted(fields)),
        )
    kind = overrides.get("kind")
    if kind is not None:
        overrides["kind"] = kind = kind_of(kind)
    if found := in_table(name, kind):
        return _overridden(found, overrides)
    if kind is not None:
        return of_kind(name, kind, overrides)
    given = {key: value for key, value in overrides.items() if value is not None}
    missing = [key for key in _REQUIRED if key not in given]
    if not missing and name.strip():
        return _overridden(Symbol(name.strip().upper(), **{key: given[key] for key in _REQUIRED}), overrides)
    table, aliases = _table()
    raise SymbolError(
        "is not in the symbol table",
        parameter="symbol",
        value=name if name.isprintable() else ascii(name)[1:-1],
        remedy=_remedy(name, missing, table, aliases),
    )


def _remedy(name: str, missing: list[str], table: dict[str, Symbol], aliases: dict[str, str]) -> str:
    plain = re.sub(r"[^A-Z0-9]", "", name.upper())
    parts = []
    inverse = plain[3:6] + plain[:3]
    near = [inverse] if inverse in table else difflib.get_close_matches(plain, [*table, *aliases], n=3, cutoff=0.6)
    if near:
        parts.append("Did you mean " + " or ".join(dict.fromkeys(aliases.get(n, n) for n in near)) + "?")
    parts.append("For any other instrument give its kind, as in kind=share (index, crypto, fx, metal, future or other)")
    parts.append("Or describe it with explicit values: " + ", ".join(f"{key}={_EXAMPLES[key]}" for key in missing))
    return ". ".join(parts).replace("?.", "?")
