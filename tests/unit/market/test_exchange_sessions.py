"""Sessions against what the exchanges publish."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.market.sessions_of import ns
from trading_ai.errors import SymbolError
from trading_ai.market.exchange_sessions import NO_BREAK, check_exchange, exchange_timezone, sessions
from trading_ai.market.exchanges import EXCHANGES, OF_INDEX, exchange_of_currency, exchange_of_ticker
from trading_ai.market.timezones import from_utc, parse_timezone


def day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(int))


@pytest.mark.parametrize(
    ("exchange", "date", "opens", "closes"),
    [
        ("XETR", "2021-01-04", "2021-01-04T08:00", "2021-01-04T16:30"),
        ("XETR", "2021-07-05", "2021-07-05T07:00", "2021-07-05T15:30"),
        ("XLON", "2021-12-24", "2021-12-24T08:00", "2021-12-24T12:30"),  # half a day
        ("XTKS", "2021-01-04", "2021-01-04T00:00", "2021-01-04T06:00"),
        ("XTKS", "2024-11-05", "2024-11-05T00:00", "2024-11-05T06:30"),  # half an hour longer since that day
        ("XHKG", "2021-03-01", "2021-03-01T01:30", "2021-03-01T08:00"),
        ("XNYS", "2020-11-27", "2020-11-27T14:30", "2020-11-27T18:00"),  # the day after Thanksgiving
        ("XASX", "2021-01-05", "2021-01-04T23:00", "2021-01-05T05:00"),
    ],
)
def test_hours(exchange: str, date: str, opens: str, closes: str) -> None:
    found = sessions(exchange, ns("2020-06-01"), ns("2024-12-01"))
    row = found.at(np.array([day(date)]))[0]
    assert (found.open_ns[row], found.close_ns[row]) == (ns(opens), ns(closes))


def test_lunch_breaks_and_holidays() -> None:
    tokyo = sessions("XTKS", ns("2021-01-01"), ns("2021-02-01"))
    row = tokyo.at(np.array([day("2021-01-04")]))[0]
    assert (tokyo.break_start_ns[row], tokyo.break_end_ns[row]) == (ns("2021-01-04T02:30"), ns("2021-01-04T03:30"))
    assert tokyo.at(np.array([day("2021-01-01"), day("2021-01-11"), day("2021-01-09")])).tolist() == [-1, -1, -1]
    frankfurt = sessions("XETR", ns("2021-01-01"), ns("2021-02-01"))
    assert (frankfurt.break_start_ns == NO_BREAK).all()


def test_a_calendar_says_how_far_it_reaches() -> None:
    found = sessions("XTKS", ns("1990-01-01"), ns("1998-01-01"))
    assert not found.covers(day("1990-01-01"), day("1998-01-01"))
    assert found.covers(day("1997-01-06"), day("1998-01-01"))
    assert not len(sessions("XTKS", ns("1970-01-01"), ns("1975-01-01")).days)


def test_codes_and_aliases() -> None:
    assert check_exchange("xetr") == "XETR"
    assert check_exchange("NASDAQ") == "XNYS"
    assert exchange_timezone("XKAR") == "Asia/Karachi"  # known to the library only
    for unknown in ("NOPE", "24/7"):
        with pytest.raises(SymbolError, match=r"exchange: is not a known exchange.*XNYS"):
            check_exchange(unknown)


def test_the_table_agrees_with_the_library() -> None:
    for code in sorted(set(OF_INDEX.values())):
        found = sessions(code, ns("2021-01-01"), ns("2021-12-01"))
        hour = from_utc(parse_timezone(EXCHANGES[code].timezone), found.open_ns) // (3600 * 10**9) % 24
        assert set(hour.tolist()) <= {8, 9, 10}, code  # in summer as in winter
    assert set(OF_INDEX.values()) <= set(EXCHANGES)


@pytest.mark.parametrize(
    ("ticker", "exchange"),
    [("SAP.DE", "XETR"), ("7203.T", "XTKS"), ("BP.L", "XLON"), ("AAPL", ""), ("BRK.B", ""), (".DE", "")],
)
def test_a_suffix_names_the_exchange(ticker: str, exchange: str) -> None:
    assert exchange_of_ticker(ticker) == exchange


def test_a_currency_stands_for_its_largest_exchange() -> None:
    assert [exchange_of_currency(c) for c in ("USD", "eur", "GBP", "JPY", "XXX")] == [
        "XNYS", "XETR", "XLON", "XTKS", "",
    ]  # fmt: skip
