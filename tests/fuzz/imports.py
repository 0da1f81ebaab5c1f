"""Files as no vendor writes them, with options that may not fit: each import ends in checked bars or a refusal.

A case is made of its number alone, so that a failure can be made again: ``python -m tests.fuzz imports --first N --cases 1``.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from trading_ai.errors import InputError
from trading_ai.importers.read import read_bars

DAY = 86_400
PRICES = {"EURUSD": 1.22, "XAUUSD": 1905.0, "USDJPY": 110.5, "SPY": 375.0, "BTCUSD": 34_000.0}
FORMS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y.%m.%d %H:%M", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M",
    "%Y%m%d %H%M%S", "%Y%m%d%H%M", "%d-%b-%Y %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%b %d, %Y", "%Y%m%dT%H%M%S+0200", "epoch",
    "epoch_ms", "epoch_us", "%Y-%m-%d", "%y%m%d %H:%M", "%H:%M %d.%m.%Y",
)  # fmt: skip
HEADERS = (
    ["time", "open", "high", "low", "close", "volume"],
    ["Gmt time", "Open", "High", "Low", "Close", "Volume"],
    ["Time (EET)", "Open", "High", "Low", "Close", "Volume "],
    ["Datum", "Eröffnung", "Hoch", "Tief", "Schluss", "Volumen"],
    ["Data", "Otwarcie", "Najwyzszy", "Najnizszy", "Zamkniecie", "Wolumen"],
    ["Date", "Close", "High", "Low", "Open", "Spread"],
    ["<DATE>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<VOL>"],
    ["Дата", "Открытие", "Максимум", "Минимум", "Закрытие", "Объём"],
    ["a", "b", "c", "d", "e", "f"],
    ["time", "BidOpen", "BidHigh", "BidLow", "BidClose", "AskOpen"],
    None,
    None,
)  # fmt: skip
CELLS = (
    "", " ", "-", "--", "nan", "NaN", "inf", "-inf", "null", "N/A", "0", "-1", "1e400", "1e-400", "1.2.3", "1,2,3", "1,905.10",
    "1.905,10", "$1.22", "1.22 EUR", "12%", "0x1F", "١٢", "9" * 40, "1" * 400, "\x00", "\x1b[31m", "\u2028", "\u009b", '"', '""',
    "'", "=1+1", "true", "2021-13-45", "9021-01-07", "0000-00-00", "1677-09-21", "2262-04-12 00:00", "24:00:00", "23:59:60",
    "1e18", "-9223372036854775808", "9223372036854775807", "99999999999999999999", "EURUSD", "2021-03-28 02:30:00", ";", "\t",
    "1735689600000000", "20210103", "01/02/03", "K", "1.5K", "½",
)  # fmt: skip
NAMES = (
    "bars.csv",
    "EURUSD_M1_BID.csv",
    "DAT_ASCII_GBPUSD_M1_2021.csv",
    "20210104_eurusd_tick_quote.csv",
    "x.hst",
    "b",
    ".csv",
)
OPTIONS: dict[str, tuple[Any, ...]] = {
    "timeframe": ("M1", "H1", "D1", "W1", "60", "x"),
    "timezone": ("UTC", "NY+7", "EET", "Europe/Berlin", "EST", "Mars/Olympus", ""),
    "repair": (True,),
    "price_scale": (1.0, 1e-5, 100.0, 1e300, 1e-300, -1.0),
    "side": ("bid", "ask", "trade", "left"),
    "format": ("csv", "mt5", "lean", "ticks", "parquet", "xls"),
    "date_format": ("%Y-%m-%d %H:%M", "dd.mm.yyyy", "%d/%m/%Y", "epoch_s", "%Q", "%", "%Y%m%dT%H%M%SZ", "yyyy", "%H:%M"),
    "delimiter": (",", ";", "tab", " ", "|", "", "ab", "comma"),
    "decimal": (".", ",", "comma", "x"),
    "columns": (["time=time"], {"open": 1}, {"time": 99}, ["spread=-"], ["open=close"], {"tyme": 1}, ["x"], {"volume": "-"}),
    "spread_unit": ("points", "pips", "price", "x"),
    "member": ("*", "*1*", "b*", "["),
    "ticker": ("EURUSD", "GBPUSD", ""),
}  # fmt: skip


def make(number: int) -> tuple[str, bytes, dict[str, Any]]:
    """Name, content and options of a case."""
    rng = random.Random(number)
    symbol = rng.choice(sorted(PRICES))
    content = _parquet(rng, symbol) if rng.random() < 0.04 else _text(rng, symbol)
    for _ in range(rng.choice((0, 0, 0, 1, 1, 3))):
        content = _mutated(content, rng)
    name = rng.choice(NAMES)
    if rng.random() < 0.12:
        name, content = _packed(name, content, rng, symbol)
    options: dict[str, Any] = {"symbol": symbol}
    if rng.random() < 0.7:
        options["timezone"] = "UTC"
    for key in rng.sample(sorted(OPTIONS), rng.choice((0, 0, 0, 0, 1, 2))):
        options[key] = rng.choice(OPTIONS[key])
    return name, content, options


def check(number: int, folder: Path) -> str:
    """Import a case; its outcome in a word.

    Raises:
        AssertionError: what came out is no bars.
        Exception: whatever else than a refusal was raised.
    """
    name, content, options = make(number)
    path = folder / name
    path.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            found = read_bars(path, **options)
    except InputError as error:
        if error.rule and error.exit_code == 2:
            return "refused"
        raise
    finally:
        path.unlink()
    bars = found.bars
    assert len(bars) > 0
    assert bool((np.diff(bars.open_time_ns) > 0).all())
    for column in (bars.open, bars.high, bars.low, bars.close):
        assert bool(np.isfinite(column).all())
        assert bool((column > 0).all())
    assert bool((bars.high >= np.maximum(bars.open, bars.close)).all())
    assert bool((bars.low <= np.minimum(bars.open, bars.close)).all())
    assert bool((bars.volume >= 0).all())
    assert bars.spread is None or bool((bars.spread >= 0).all())
    json.dumps([found.detected, found.report.to_dict()], allow_nan=False)
    assert found.report.lines()
    assert bars.content_hash
    return "read"


def _prices(rng: random.Random, n: int, symbol: str) -> list[list[float]]:
    last, rows = PRICES[symbol], []
    for _ in range(n):
        open_ = last
        last = max(open_ * (1 + rng.uniform(-1, 1) * 2e-4), 1e-3)
        rows.append([open_, max(open_, last) * 1.0001, min(open_, last) * 0.9999, last])
    return rows


def _stamp(seconds: int, form: str) -> str:
    if form.startswith("epoch"):
        return str(seconds * {"epoch": 1, "epoch_ms": 1000, "epoch_us": 10**6}[form])
    return str(np.datetime64(seconds, "s").astype(object).strftime(form))


def _number(value: float, style: int) -> str:
    text = f"{value:.5f}"
    if style == 1:
        return text.replace(".", ",")
    if style == 2:
        return f'"{value:,.2f}"'
    return f"{value:g}" if style == 3 else text


def _text(rng: random.Random, symbol: str) -> bytes:
    n = rng.choice((1, 2, 5, 12, 30))
    form, step = rng.choice(FORMS), rng.choice((60, 900, 3600, 3600, DAY, DAY, 7 * DAY, 37))
    start = int(rng.choice((1_609_711_200, 1_609_711_200, 946_857_600, 1_698_534_000, 1_616_889_600)))
    ticks = rng.random() < 0.15
    style = rng.choice((0, 0, 0, 1, 2, 3))
    separator = rng.choice((",", ",", ";", "\t", "|", " "))
    if style == 1 and separator == ",":
        separator = ";"
    header = rng.choice(HEADERS)
    rows = []
    further = [rng.choice((0, 3, 12, 1.2, "x")) for _ in range(rng.choice((0, 0, 0, 0, 1, 2)))]
    for i, prices in enumerate(_prices(rng, n, symbol)):
        stamp = _stamp(start + i * step, form)
        values = [prices[2], prices[1]] if ticks else prices
        row = [stamp, *(_number(v, style) for v in values), *([] if ticks else [str(50 + i % 7)])]
        row += map(str, further)
        rows.append(separator.join(row))
    if ticks:
        header = rng.choice((["time", "bid", "ask"], ["Gmt time", "Ask", "Bid"], ["time", "price", "size"], None))
    if header and further and rng.random() < 0.8:
        header = [*header, *rng.sample(("spread", "x", "Change %", "n", "ask open", "ticker"), len(further))]
    lines = ([separator.join(header)] if header else []) + rows
    if rng.random() < 0.1:
        at = rng.randrange(len(lines) + 1)
        lines.insert(at, rng.choice(("", separator * 5, "-----", "# made by x", "time,open", rng.choice(CELLS))))
    text = rng.choice(("\n", "\n", "\n", "\r\n", "\r")).join(lines) + rng.choice(("\n", "\n", ""))
    codec = rng.choice(("utf-8",) * 8 + ("utf-16", "utf-8-sig", "cp1252", "cp1251"))
    return text.encode(codec, errors="replace")


def _parquet(rng: random.Random, symbol: str) -> bytes:
    n = rng.choice((0, 1, 5, 30))
    prices = _prices(rng, n, symbol)
    columns: dict[str, Any] = {
        name: [row[i] for row in prices] for i, name in enumerate(("open", "high", "low", "close"))
    }
    stamps = np.datetime64("2021-01-04T00:00", "us") + np.arange(n) * np.timedelta64(rng.choice((60, 3600)), "s")
    kind = rng.choice(("datetime", "zoned", "text", "epoch", "year", "none", "null"))
    series: Any = pl.Series(stamps).cast(pl.Datetime("us"))
    if kind == "zoned":
        series = series.dt.replace_time_zone("Europe/Berlin", ambiguous="earliest", non_existent="null")
    elif kind == "text":
        series = series.dt.strftime(rng.choice(("%Y-%m-%d %H:%M", "%d/%m/%Y", "x")))
    elif kind == "epoch":
        series = series.dt.epoch("s")
    elif kind == "year":
        series = series.dt.offset_by("7000y")
    elif kind == "null":
        series = pl.Series([None] * n, dtype=pl.Datetime("us"))
    table = {} if kind == "none" else {"time": series}
    if rng.random() < 0.2:
        columns["close"] = [[value] for value in columns["close"]]
    if rng.random() < 0.2:
        columns["symbol"] = [rng.choice(("EURUSD", "GBPUSD")) for _ in range(n)]
    frame = pl.DataFrame({**table, **columns}, strict=False)
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _mutated(content: bytes, rng: random.Random) -> bytes:
    if not content:
        return content
    what = rng.randrange(8)
    if what == 0:
        at = rng.randrange(len(content))
        return content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
    if what == 1:
        return content[: rng.randrange(len(content))]
    if what == 2:
        at = rng.randrange(len(content))
        return content[:at] + rng.choice(CELLS).encode() + content[at:]
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    if what == 3:
        lines.insert(rng.randrange(len(lines) + 1), lines[at])
    elif what == 4:
        del lines[at]
    elif what == 5:
        other = rng.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    else:
        separator = next((s for s in (b"\t", b";", b"|", b",", b" ") if s in lines[at]), b",")
        fields = lines[at].split(separator)
        fields[rng.randrange(len(fields))] = rng.choice(CELLS).encode()
        lines[at] = separator.join(fields)
    return b"\n".join(lines)


def _packed(name: str, content: bytes, rng: random.Random, symbol: str) -> tuple[str, bytes]:
    if rng.random() < 0.4:
        packed = gzip.compress(content, 1)
        return name + ".gz", packed if rng.random() < 0.7 else packed[: rng.randrange(1, len(packed))]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for k in range(rng.choice((1, 1, 2, 3))):
            inner = rng.choice(
                (f"{k}.csv", f"EURUSD_{k}.csv", f"GBPUSD_{k}.csv", f"x_{'BID' if k else 'ASK'}.csv", "r.md")
            )
            if inner not in archive.namelist():
                archive.writestr(inner, content if k == 0 else _text(rng, symbol))
    packed = buffer.getvalue()
    if rng.random() < 0.2:
        packed = _mutated(packed, rng)
    return name + ".zip", packed
