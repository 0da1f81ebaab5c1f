"""Exchanges: their codes, clocks and currencies, and which of them a share or an index is traded at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Exchange:
    """An exchange.

    Attributes:
        code: its market identifier code (ISO 10383), such as ``"XETR"``.
        timezone: IANA name of its clock.
        currency: what its shares are quoted in.
        suffixes: what data vendors append to a ticker of its, such as ``DE`` in ``SAP.DE``.
    """

    code: str
    timezone: str
    currency: str
    suffixes: tuple[str, ...] = ()


EXCHANGES = {
    row.code: row
    for row in (
        Exchange("XNYS", "America/New_York", "USD", ("US", "N", "O", "OQ", "NYSE", "NAS")),
        Exchange("XTSE", "America/Toronto", "CAD", ("TO", "V")),
        Exchange("BVMF", "America/Sao_Paulo", "BRL", ("SA",)),
        Exchange("XMEX", "America/Mexico_City", "MXN", ("MX",)),
        Exchange("XLON", "Europe/London", "GBP", ("L", "LSE", "UK")),
        Exchange("XDUB", "Europe/Dublin", "EUR", ("IR",)),
        Exchange("XETR", "Europe/Berlin", "EUR", ("DE", "XETRA", "ETR")),
        Exchange("XFRA", "Europe/Berlin", "EUR", ("F",)),
        Exchange("XPAR", "Europe/Paris", "EUR", ("PA", "FR")),
        Exchange("XAMS", "Europe/Amsterdam", "EUR", ("AS", "NL")),
        Exchange("XBRU", "Europe/Brussels", "EUR", ("BR", "BE")),
        Exchange("XLIS", "Europe/Lisbon", "EUR", ("LS",)),
        Exchange("XMAD", "Europe/Madrid", "EUR", ("MC", "ES")),
        Exchange("XMIL", "Europe/Rome", "EUR", ("MI", "IT")),
        Exchange("XWBO", "Europe/Vienna", "EUR", ("VI",)),
        Exchange("XHEL", "Europe/Helsinki", "EUR", ("HE",)),
        Exchange("XSWX", "Europe/Zurich", "CHF", ("SW", "CH")),
        Exchange("XSTO", "Europe/Stockholm", "SEK", ("ST",)),
        Exchange("XOSL", "Europe/Oslo", "NOK", ("OL",)),
        Exchange("XCSE", "Europe/Copenhagen", "DKK", ("CO",)),
        Exchange("XWAR", "Europe/Warsaw", "PLN", ("WA", "PL")),
        Exchange("XPRA", "Europe/Prague", "CZK", ("PR",)),
        Exchange("XBUD", "Europe/Budapest", "HUF", ("BD",)),
        Exchange("XIST", "Europe/Istanbul", "TRY", ("IS",)),
        Exchange("XTAE", "Asia/Jerusalem", "ILS", ("TA",)),
        Exchange("XJSE", "Africa/Johannesburg", "ZAR", ("JO",)),
        Exchange("XTKS", "Asia/Tokyo", "JPY", ("T", "JP")),
        Exchange("XHKG", "Asia/Hong_Kong", "HKD", ("HK",)),
        Exchange("XSHG", "Asia/Shanghai", "CNY", ("SS", "SZ")),
        Exchange("XTAI", "Asia/Taipei", "TWD", ("TW", "TWO")),
        Exchange("XKRX", "Asia/Seoul", "KRW", ("KS", "KQ")),
        Exchange("XSES", "Asia/Singapore", "SGD", ("SI",)),
        Exchange("XBOM", "Asia/Kolkata", "INR", ("NS", "BO")),
        Exchange("XASX", "Australia/Sydney", "AUD", ("AX",)),
        Exchange("XNZE", "Pacific/Auckland", "NZD", ("NZ",)),
        Exchange("CMES", "America/Chicago", "USD"),
    )
}
"""The exchanges whose clock is known without asking the calendar library; their sessions come from there."""

OF_INDEX = {
    "US30": "XNYS",
    "US500": "XNYS",
    "US100": "XNYS",
    "US2000": "XNYS",
    "GER40": "XETR",
    "UK100": "XLON",
    "FRA40": "XPAR",
    "EU50": "XETR",
    "ESP35": "XMAD",
    "ITA40": "XMIL",
    "NETH25": "XAMS",
    "SWI20": "XSWX",
    "JPN225": "XTKS",
    "AUS200": "XASX",
    "HK50": "XHKG",
    "CHINA50": "XSHG",
}
"""Where the shares of an index are traded."""

# Exchanges of one currency area keep about the same hours; the largest stands for the others.
_OF_CURRENCY = {row.currency: code for code, row in reversed(EXCHANGES.items()) if row.code != "CMES"} | {"EUR": "XETR"}


def exchange_of_ticker(ticker: str) -> str:
    """The exchange that a vendor's suffix names: ``XETR`` for ``SAP.DE``; "" where there is none."""
    head, dot, suffix = ticker.strip().upper().rpartition(".")
    if not (head and dot):
        return ""
    return next((code for code, row in EXCHANGES.items() if suffix in row.suffixes), "")


def exchange_of_currency(currency: str) -> str:
    """The exchange whose hours shares quoted in a currency keep, or "" if none is known."""
    return _OF_CURRENCY.get(currency.upper(), "")
