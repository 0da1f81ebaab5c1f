"""Small reports written by hand, as each platform writes them; their sums are worked out in the tests."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

MT4_ROWS = (
    "1|2024.01.02 00:00|buy|1|1.00|1.10000|1.09600|1.10500||",
    "2|2024.01.02 13:14|t/p|1|1.00|1.10500|1.09600|1.10500|500.00|10500.00",
    "3|2024.01.03 08:00|sell|2|0.50|1.10400|1.10800|1.09900||",
    "4|2024.01.03 09:30|buy|3|1.00|1.10300|1.09900|1.10800||",
    "5|2024.01.03 10:00|modify|2|0.50|1.10400|1.10700|1.09900||",
    "6|2024.01.03 15:45|s/l|2|0.50|1.10700|1.10700|1.09900|-150.00|10350.00",
    "7|2024.01.04 12:00|close|3|1.00|1.10250|1.09900|1.10800|-52.10|10297.90",
)


def mt4(rows: Sequence[str] = MT4_ROWS, *, words: str = "en", n_trades: int = 3, net: str = "297.90") -> bytes:
    """A tester report of MetaTrader 4: three trades, two at once, in English or in German."""
    english = words == "en"
    deposit, profit = ("Initial deposit", "Total net profit") if english else ("Ersteinlage", "Nettoprofit gesamt")
    head = [
        ("Symbol", "EURUSD (Euro vs US Dollar)"),
        ("Period", "1 Hour (H1)  2024.01.01 00:00 - 2024.01.31 23:00"),
        ("Model", "Every tick"),
        ("Parameters", 'SlPips=40; TpPips=50; Comment="a b"; UseFilter=true; '),
        ("Bars in test", "100", "Ticks modelled", "1000", "Modelling quality", "90.00%"),
        ("Mismatched charts errors", "0", "", "", "", ""),
        (deposit, "10000.00", "", "", "Spread", "Current (18)"),
        (profit, net, "Gross profit", "500.00", "Gross loss", "-202.10"),
        ("Profit factor", "2.47", "Expected payoff", "99.30", "", ""),
        ("Absolute drawdown", "0.00", "Maximal drawdown", "202.10 (1.92%)", "Relative drawdown", "1.92% (202.10)"),
        ("Total trades", str(n_trades), "Short positions (won %)", "1 (0.00%)", "Long positions (won %)", "2 (50.00%)"),
        ("", "Profit trades (% of total)", "1 (33.33%)", "Loss trades (% of total)", "2 (66.67%)"),
        ("Largest", "profit trade", "500.00", "loss trade", "-150.00"),
        ("Average", "profit trade", "500.00", "loss trade", "-101.05"),
        ("Maximum", "consecutive wins", "1 (500.00)", "consecutive losses", "2 (-202.10)"),
        ("Maximal", "consecutive profit", "500.00 (1)", "consecutive loss", "-202.10 (2)"),
        ("Average", "consecutive wins", "1", "consecutive losses", "2"),
    ]
    table = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>\n" for row in head)
    heads = "".join(
        f"<td>{c}</td>" for c in ("#", "Time", "Type", "Order", "Size", "Price", "S / L", "T / P", "P", "B")
    )
    events = "".join("<tr align=right>" + "".join(f"<td>{c}</td>" for c in r.split("|")) + "</tr>\n" for r in rows)
    return (
        "<html><head><title>Strategy Tester: MyRobot</title></head><body><table>\n" + table + "</table>\n<table>\n<tr>"
        + heads + "</tr>\n" + events + "</table></body></html>"
    ).encode()  # fmt: skip


MT5_DEALS = (
    "2024.01.01 00:00:00|1||balance||||||0.00|0.00|3 000.00|3 000.00|",
    "2024.01.02 01:35:00|2|XAUUSD|sell|in|0.03|2060.00|2|-0.10|0.00|0.00|2 999.90|",
    "2024.01.02 01:40:00|3|XAUUSD|buy|in|0.02|2061.00|3|-0.05|0.00|0.00|2 999.85|",
    "2024.01.02 02:02:15|4|XAUUSD|buy|out|0.03|2055.00|4|-0.10|-0.20|15.00|3 014.55|tp 2055.00",
    "2024.01.02 03:00:00|5|XAUUSD|sell|out|0.02|2050.50|5|-0.05|0.00|-21.00|2 993.50|sl 2050.50",
)
MT5_ORDERS = (
    "2024.01.02 01:35:00|2|XAUUSD|sell|0.03 / 0.03|0.00|2070.00|2055.00|2024.01.02 01:35:00|filled|",
    "2024.01.02 01:40:00|3|XAUUSD|buy|0.02 / 0.02|0.00|2050.50||2024.01.02 01:40:00|filled|",
)
_MT5_LABELS = {
    "en": ("Expert:", "Symbol:", "Period:", "Inputs:", "Company:", "Currency:", "Initial Deposit:", "Leverage:",
           "Total Net Profit:", "Total Trades:"),
    "de": ("Experte:", "Symbol:", "Zeitraum:", "Eingaben:", "Firma:", "Währung:", "Ersteinlage:", "Hebel:",
           "Nettogewinn gesamt:", "Gesamtanzahl Trades:"),
}  # fmt: skip


def table(rows: Sequence[Sequence[str]]) -> str:
    return "".join('<tr align="right">' + "".join(f"<td><b>{c}</b></td>" for c in row) + "</tr>\n" for row in rows)


def mt5_rows(
    deals: Sequence[str] = MT5_DEALS, *, words: str = "en", orders: Sequence[str] = MT5_ORDERS, n_trades: int = 2
) -> list[list[str]]:
    """The rows of a tester report of MetaTrader 5: two trades at once, with commission and a swap."""
    expert, symbol, period, inputs, company, currency, deposit, leverage, net, total = _MT5_LABELS[words]
    other = (lambda text: text) if words == "en" else (lambda text: "Zahl " + text[::-1].strip(":") + ":")
    figures = [
        [other("Bars:"), "100", other("Ticks:"), "1000", other("Symbols:"), "1"],
        [net, "-6.50", other("Balance Drawdown Absolute:"), "6.50", other("Equity Drawdown Absolute:"), "10.00"],
        [other("Gross Profit:"), "14.65", other("Balance Drawdown Maximal:"), "21.05 (0.70%)",
         other("Equity Drawdown Maximal:"), "25.00 (0.80%)"],
        [other("Gross Loss:"), "-21.15", other("Balance Drawdown Relative:"), "0.70% (21.05)",
         other("Equity Drawdown Relative:"), "0.80% (25.00)"],
        [other("Profit Factor:"), "0.69", other("Expected Payoff:"), "-3.25", other("Margin Level:"), "3000.00%"],
        [other("Recovery Factor:"), "-0.26", other("Sharpe Ratio:"), "-5.00", other("Z-Score:"), "0.00 (0.00%)"],
        [other("AHPR:"), "1.0", other("LR Correlation:"), "0.00", other("OnTester result:"), "0"],
        [other("GHPR:"), "1.0", other("LR Standard Error:"), "0.00", "", ""],
        [total, str(n_trades), other("Short Trades (won %):"), "1 (100.00%)", other("Long Trades (won %):"), "1 (0.00%)"],
        [other("Total Deals:"), "4", other("Profit Trades (% of total):"), "1 (50.00%)",
         other("Loss Trades (% of total):"), "1 (50.00%)"],
        ["", other("Largest profit trade:"), "14.65", other("Largest loss trade:"), "-21.15"],
        ["", other("Average profit trade:"), "14.65", other("Average loss trade:"), "-21.15"],
        ["", other("Maximum consecutive wins ($):"), "1 (14.65)", other("Maximum consecutive losses ($):"), "1 (-21.15)"],
    ]  # fmt: skip
    return [
        ["Strategy Tester Report"], [expert, "Golden"], [symbol, "XAUUSD"],
        [period, "M5 (2024.01.01 - 2024.01.31)"], [inputs, "=== Risk ==="], ["", "Lots=0.03"], ["", "UseStop=true"],
        [company, "A Broker"], [currency, "USD"], [deposit, "3 000.00"], [leverage, "1:500"], [""], *figures, [""],
        ["Orders"], ["Open Time", "Order", "Symbol", "Type", "Volume", "Price", "S / L", "T / P", "Time", "State", "C"],
        *(row.split("|") for row in orders), [""], ["Deals"],
        ["Time", "Deal", "Symbol", "Type", "Direction", "Volume", "Price", "Order", "Commission", "Swap", "Profit",
         "Balance", "Comment"],
        *(_deal(row) for row in deals), ["", "-0.30", "-0.20", "-6.00", "2 993.50", ""],
    ]  # fmt: skip


def _deal(row: str) -> list[str]:
    cells = row.split("|")
    return cells if len(cells) == 13 else [*cells[:8], *cells[9:]]  # the deposit's row has a blank more


def mt5(deals: Sequence[str] = MT5_DEALS, *, codec: str = "utf-16", **options: Any) -> bytes:
    """The report as a page, in UTF-16 with a byte-order mark as the terminal writes it."""
    rows = mt5_rows(deals, **options)
    return (
        "<!DOCTYPE html><html><head><title>Strategy Tester Report</title></head><body><table>\n" + table(rows)
        + "</table></body></html>"
    ).encode(codec)  # fmt: skip


def xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    """A workbook of one sheet with texts and numbers, as small as one may be."""

    def cell(row: int, column: int, value: Any) -> str:
        place = f'r="{chr(65 + column)}{row}"'
        if isinstance(value, int | float):
            return f"<c {place}><v>{value}</v></c>"
        text = str(value).replace("&", "&amp;").replace("<", "&lt;")
        return f'<c {place} t="inlineStr"><is><t>{text}</t></is></c>' if text else ""

    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheet = "".join(
        f'<row r="{i}">' + "".join(cell(i, j, value) for j, value in enumerate(row)) + "</row>"
        for i, row in enumerate(rows, 1)
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{relations}"><sheets><sheet name="Report" sheetId="1" '
        'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{sheet}</sheetData></worksheet>",
    }
    return zipped({name: text.encode() for name, text in files.items()})


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


FIRST_MS, LAST_MS = 1_704_188_100_000, 1_704_190_000_123  # 2024-01-02 09:35 UTC


def ctrader_report() -> dict[str, Any]:
    """A cTrader report: two trades at once."""
    trade = {"label": "bot", "symbol": "EURUSD", "pips": 10.0, "swaps": 0.0}
    return {
        "main": {
            "symbol": "EURUSD", "period": "m5", "cBotName": "MyBot", "depositAsset": "EUR", "startingCapital": 1000.0,
            "netProfit": 6.9, "accountLeverage": 30, "spread": {"type": "fixed", "value": 0.4},
            "commissions": {"type": "usdPerMillionUsdVolume", "value": 35},
        },
        "equity": {"points": [], "maxBalanceDrawdownPercent": 0.21, "maxBalanceDrawdownAbsolute": 2.1,
                   "maxEquityDrawdownPercent": 0.5},
        "tradeStatistics": {
            "netProfit": {"all": 6.9, "long": 9.0, "short": -2.1}, "totalTrades": {"all": 2, "long": 1, "short": 1},
            "winningTrades": {"all": 1}, "commissions": {"all": -0.2}, "swaps": {"all": 0},
            "profitFactor": {"all": 4.285714}, "averageTrade": {"all": 3.45},
        },
        "parameters": [{"group": "Risk", "displayName": "Stop", "propertyName": "StopPips", "value": "20"}],
        "positions": {"columns": [], "items": []},
        "history": {"columns": [], "items": [
            trade | {"id": 1, "entryTime": FIRST_MS, "closeTime": LAST_MS, "direction": "Buy", "volume": 10000,
                     "quantity": 0.1, "entryPrice": 1.1, "closePrice": 1.101, "commissions": -0.1, "net": 9.0, "gross": 9.1},
            trade | {"id": 2, "entryTime": FIRST_MS + 60_000, "closeTime": LAST_MS + 60_000, "direction": "Sell",
                     "volume": 10000, "quantity": 0.1, "entryPrice": 1.101, "closePrice": 1.10122, "commissions": -0.1,
                     "net": -2.1, "gross": -2.0},
        ]},
    }  # fmt: skip


def ctrader_page(report: dict[str, Any] | None = None) -> bytes:
    """The report as ``report.html`` carries it."""
    data = json.dumps(ctrader_report() if report is None else report)
    return (
        "<!DOCTYPE html><html><head><title>x</title><script>var a = '<tr><td>1</td>';</script>"
        f'<script type="application/json" id="backtesting-report">{data}</script></head><body></body></html>'
    ).encode()


def ctrader_events(*, language: str = "en") -> list[dict[str, Any]]:
    """The events of the same two trades: the first hits its target, the second its stop, which was moved before."""
    words = {
        "en": ("Create Position", "Position Modified (S/L)", "Take Profit Hit", "Stop Loss Hit"),
        "fr": ("Créer une Position", "Position modifiée (S/L)", "Succès du Take Profit", "Succès du Stop Loss"),
        "xx": ("Aaa", "Bbb", "Ccc", "Ddd"),
    }[language]
    create, modify, target, stop = words

    def event(position: int, name: str, ms: int, side: str, entry: float, **more: Any) -> dict[str, Any]:
        given = {
            "tp": None,
            "sl": None,
            "closePrice": None,
            "grossProfit": 0,
            "pips": 0,
            "balance": None,
            "equity": 1000.0,
        }
        return {"orderId": None, "positionId": position, "event": name, "time": ms, "volume": 10000, "quantity": 0.1,
                "type": side, "entryPrice": entry} | given | more  # fmt: skip

    events = [
        event(1, create, FIRST_MS, "Buy", 1.1, sl=1.099, tp=1.101),
        event(2, create, FIRST_MS + 60_000, "Sell", 1.101, sl=1.103),
        event(2, modify, FIRST_MS + 90_000, "Sell", 1.101, sl=1.1012),
        event(1, target, LAST_MS, "Buy", 1.1, sl=1.099, tp=1.101, closePrice=1.101, grossProfit=9.1, balance=1009.1),
        event(
            2, stop, LAST_MS + 60_000, "Sell", 1.101, sl=1.1012, closePrice=1.10122, grossProfit=-2.0, balance=1007.1
        ),
    ]
    return [{"serial": i} | item for i, item in enumerate(events)]


HISTORY_CSV = (
    "Account 123\n"
    "ID,Symbol,Opening Direction,Opening Time (UTC+2),Closing Time (UTC+2),Entry Price,Closing Price,Closing Quantity,"
    "Commission,Swap,Gross USD,Net USD,Balance USD\n"
    "1,EURUSD,Buy,02/03/2026 11:30:00.000,02/03/2026 12:00:00.500,1.10000,1.10100,0.10 Lots,-0.60,0.00,10.00,9.40,1009.40\n"
    "2,EURUSD,Sell,13/03/2026 09:00:00.000,13/03/2026 09:10:00.000,1.10500,1.10550,0.10 Lots,-0.60,-0.10,-5.00,-5.70,"
    "1003.70\n"
)

HISTORY_XML = """<?xml version="1.0"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="Report"><Table>
<Row>{heads}</Row>
<Row><Cell><Data ss:Type="Number">1</Data></Cell><Cell><Data ss:Type="String">bot</Data></Cell>
<Cell><Data ss:Type="DateTime">2015-06-01T00:00:00</Data></Cell><Cell><Data ss:Type="String">EURUSD</Data></Cell>
<Cell><Data ss:Type="String">EUR 6k</Data></Cell><Cell><Data ss:Type="String">Buy</Data></Cell>
<Cell><Data ss:Type="Number">1.09582</Data></Cell><Cell><Data ss:Type="Number">-0.36</Data></Cell>
<Cell><Data ss:Type="Number">1.09072</Data></Cell><Cell><Data ss:Type="DateTime">2015-06-04T03:48:00</Data></Cell>
<Cell><Data ss:Type="Number">-28.41</Data></Cell><Cell><Data ss:Type="Number">-28.05</Data></Cell></Row>
</Table></Worksheet></Workbook>
""".replace("{heads}", "".join(f'<Cell><Data ss:Type="String">{head}</Data></Cell>' for head in (
    "Closing Deal ID", "Label", "Entry Time (UTC+0)", "Symbol", "Volume", "Type", "Entry Price", "Commissions",
    "Close Price", "Close Time (UTC+0)", "Net EUR", "Gross EUR")))  # fmt: skip

TRADINGVIEW_NEW = (
    "\ufeffTrade #,Type,Date and time,Signal,Price USDT,Size (qty),Size (value),Net P&L USDT,Net P&L %,"
    "Favorable excursion USDT,Favorable excursion %,Adverse excursion USDT,Adverse excursion %,Cumulative P&L USDT,"
    "Cumulative P&L %\n"
    "1,Exit long,2024-01-15 12:00,TP,42100.5,0.5,21000,49.75,0.24,60,0.3,-10,-0.05,49.75,0.5\n"
    "1,Entry long,2024-01-15 10:30,Long,42000.5,0.5,21000,49.75,0.24,60,0.3,-10,-0.05,49.75,0.5\n"
    "2,Exit short,2024-01-16 09:00,Close,42200.5,0.5,21050,-50.25,-0.24,5,0.0,-60,-0.3,-0.50,0.0\n"
    "2,Entry short,2024-01-16 08:00,Short,42100.5,0.5,21050,-50.25,-0.24,5,0.0,-60,-0.3,-0.50,0.0\n"
)
TRADINGVIEW_OLD = (
    "Trade #,Type,Signal,Date/Time,Price,Contracts,Profit USD,Profit %,Cum. Profit USD,Cum. Profit %,Run-up USD,Run-up %,"
    "Drawdown USD,Drawdown %\n"
    "1,Entry Long,Long,2024-01-15 10:30,100.5,10,,,,,,,,\n"
    "1,Exit Long,Stop loss,2024-01-15 12:00,99.5,10,-10,-1.0,-10,-0.1,5,0.5,-12,-1.2\n"
)
TRADINGVIEW_PNL = (
    "Trade number,Type,Date and time,Signal,Price USD,Position size (qty),Position size (value),Net PnL USD,Net PnL %\n"
    "1,Entry short,2024-01-15,S,101,10,1010,20,2\n"
    "1,Exit short,2024-01-16,Close,99,10,1010,20,2\n"
)


def freqtrade(**changes: Any) -> dict[str, Any]:
    """A freqtrade result: one long and one short trade of two pairs."""
    trade = {"pair": "BTC/USDT", "stake_amount": 100.0, "amount": 0.5, "open_date": "2024-01-01 00:00:00+00:00",
             "close_date": "2024-01-01 05:00:00+00:00", "open_rate": 200.0, "close_rate": 210.0, "fee_open": 0.001,
             "fee_close": 0.001, "profit_abs": 4.795, "exit_reason": "roi", "initial_stop_loss_abs": 180.0,
             "is_open": False, "is_short": False}  # fmt: skip
    short = trade | {"pair": "ETH/USDT:USDT", "open_timestamp": 1_704_153_600_000, "close_timestamp": 1_704_157_200_000,
                     "close_rate": 204.0, "profit_abs": -2.202, "exit_reason": "stop_loss", "is_short": True}  # fmt: skip
    strategy = {"trades": [trade, short], "stake_currency": "USDT", "starting_balance": 1000, "timeframe": "5m",
                "total_trades": 2, "profit_total_abs": 2.593, "stoploss": -0.1,
                "minimal_roi": {"0": 0.05}} | changes  # fmt: skip
    return {"strategy": {"Sample": strategy}, "strategy_comparison": []}


BACKTESTING = (
    ",Size,EntryBar,ExitBar,EntryPrice,ExitPrice,SL,TP,PnL,Commission,ReturnPct,EntryTime,ExitTime,Duration,Tag\n"
    "0,10,1,5,100.0,104.0,95.0,,38.0,2.0,0.04,2024-01-02 10:00:00,2024-01-02 14:00:00,0 days 04:00:00,\n"
    "1,-10,6,9,104.0,105.0,,,-12.0,2.0,-0.01,2024-01-03 10:00:00,2024-01-03 13:00:00,0 days 03:00:00,\n"
)
VECTORBT = (
    "Exit Trade Id,Column,Size,Entry Timestamp,Avg Entry Price,Entry Fees,Exit Timestamp,Avg Exit Price,Exit Fees,PnL,"
    "Return,Direction,Status,Position Id\n"
    "0,BTCUSD,2.0,2024-01-01,100.0,0.2,2024-01-03,110.0,0.22,19.58,0.0979,Long,Closed,0\n"
    "1,BTCUSD,1.0,2024-01-04,110.0,0.11,2024-01-05,112.0,0.11,-2.22,-0.02,Short,Closed,1\n"
    "2,BTCUSD,1.0,2024-01-06,112.0,0.11,2024-01-07,113.0,0.0,0.89,0.0,Long,Open,2\n"
)
QUANTCONNECT = (
    "Entry Time,Symbols,Exit Time,Direction,Entry Price,Exit Price,Quantity,P&L,Fees,MAE,MFE,Drawdown,IsWin,Order Ids\n"
    '2013-10-07T13:31:00Z,SPY,2013-10-11T20:00:00Z,Buy,144.78,145.6,100,82,2,-10,90,5,1,"1,2"\n'
    '2013-10-12T13:31:00Z,"SPY R735QTJ8XC9X",2013-10-13T20:00:00Z,Sell,145.5,146,100,-50,2,-60,5,5,0,"3,4"\n'
)
PLAIN = (
    "entry_time;exit_time;direction;units;entry_price;exit_price;symbol;net_profit;exit_reason\n"
    "2024-01-02 10:00:00;2024-01-02 11:00:00;long;1000;1,10000;1,10250;EURUSD;2,50;take_profit\n"
    "2024-01-02 10:30:00;2024-01-02 12:00:00;short;1000;1,10100;1,10000;EURUSD;1,00;signal\n"
)
