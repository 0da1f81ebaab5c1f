from __future__ import annotations

import pytest

from trading_ai.errors import DataError
from trading_ai.importers.headings import clock_in_heading, read_columns, roles_of

ROW = ["2021-01-04 10:00", "1.1", "1.2", "1.0", "1.15", "77"]
BARS = {"time": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 5}


def roles(header: str, row: list[str] = ROW, **options: object) -> dict[str, int]:
    return roles_of(header.split(";"), row, source="f", line=1, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "header",
    [
        "time;open;high;low;close;volume",
        "Gmt time;Open;High;Low;Close;Volume",
        "Time (EET);Open;High;Low;Close;Volume ",
        "timestamp_utc;o;h;l;c;v",
        "<DTYYYYMMDD>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>",
        "1. date;1. open;2. high;3. low;4. close;5. volume",
        "Datum;Eröffnung;Hoch;Tief;Schluss;Volumen",
        "Datum;Erster;Hoch;Tief;Schlusskurs;Stück",
        "Zeitstempel;Eröffn.;Tageshoch;Tagestief;Zuletzt;Vol.",
        "Data;Otwarcie;Najwyższy;Najniższy;Zamknięcie;Wolumen",
        "Data;Otwarcie;Najwyzszy;Najnizszy;Zamkniecie;Wolumen",
        "Date;Ouverture;Plus haut;Plus bas;Clôture;Volume",
        "Fecha;Apertura;Máximo;Mínimo;Cierre;Volumen",
        "Data;Apertura;Massimo;Minimo;Chiusura;Volume",
        "Data;Abertura;Máxima;Mínima;Fechamento;Volume",
        "Дата;Открытие;Максимум;Минимум;Закрытие;Объём",
        "Etc/UTC;Open;High;Low;Close;Volume",
        "Kurszeit;Open;High;Low;Close;Volume",  # no word of ours, but the only column of times
        ";Open;High;Low;Close;Volume BTC",
    ],
)
def test_headings_as_vendors_write_them(header: str) -> None:
    assert roles(header) == BARS


def test_the_better_word_wins_whatever_its_place() -> None:
    assert roles("time;last;open;high;low;close", [ROW[0], "9", *ROW[1:5]])["close"] == 5
    # "Price" over dates, as yfinance writes it, is no close
    assert roles("Price;Close;High;Low;Open;Volume") == {
        "time": 0, "close": 1, "high": 2, "low": 3, "open": 4, "volume": 5
    }  # fmt: skip
    assert roles("Date;Price;Open;High;Low;Change %", ["2021-01-04", *ROW[1:5], "0.3%"])["close"] == 1


def test_two_columns_of_one_name_are_refused_until_one_is_stated() -> None:
    row = [ROW[0], *ROW[1:5], *ROW[1:5]]
    with pytest.raises(DataError, match="two columns called 'open'") as caught:
        roles("time;open;high;low;close;open;high;low;close", row)
    assert "open=1" in caught.value.remedy
    assert roles("time;open;high;low;close;open", row, given=("open",))["high"] == 2


def test_ask_prices_come_all_four_or_not_at_all() -> None:
    assert "ask_open" not in roles("time;open;high;low;close;ask open")
    only = roles("time;ask open;ask high;ask low;ask close;volume")
    assert only == BARS


def test_ticks() -> None:
    row = ["2021.01.04 10:00:00.123", "1.1", "1.0", "1.5", "2.25"]
    found = roles("Time (EET);Ask;Bid;AskVolume;BidVolume", row, kind="ticks")
    assert found == {"time": 0, "ask": 1, "bid": 2}
    assert roles("timestamp;askPrice;bidPrice", ["1609754400123", "1.1", "1.0"], kind="ticks") == {
        "time": 0, "ask": 1, "bid": 2
    }  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "clock"),
    [
        ("Time (EET)", "EET"), ("Gmt time", "GMT"), ("timestamp_utc", "UTC"), ("Time (UTC+2)", "UTC+2"),
        ("Date (EST)", "EST"), ("Time (EEST)", "EET"), ("Time CEST", "CET"), ("Europe/Berlin time", "Europe/Berlin"),
        ("Etc/UTC", "UTC"), ("time +0200", "UTC+0200"), ("time", ""), ("Local time", ""), ("Latest", ""), ("best", ""),
        ("Time (MSK)", "Europe/Moscow"),
    ],
)  # fmt: skip
def test_the_clock_in_a_heading(heading: str, clock: str) -> None:
    assert clock_in_heading(heading) == clock


def test_columns_as_users_type_them() -> None:
    assert read_columns(["time=Stamp of bar", "open=3", "spread=-"]) == {
        "time": "Stamp of bar", "open": 3, "spread": "-"
    }  # fmt: skip
    assert read_columns("time=a,open=b, high = 2") == {"time": "a", "open": "b", "high": 2}
    assert read_columns({"time": "a"}) == {"time": "a"}
    assert read_columns(None) == {}
    for wrong in ("time", "time="):
        with pytest.raises(DataError, match="ROLE=NAME"):
            read_columns([wrong])
