"""What is stored as passages: names, settings, errors, verdicts and notes, so that words find runs."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from trading_ai.assistant.manual import parts
from trading_ai.assistant.ports import Kind, Passage, Rows, Sql
from trading_ai.assistant.showing import harmless
from trading_ai.documents.words import short, strategy_label

MOST = 20_000
"""Records of each kind that can be found, the newest first."""

_DATASETS = "select dataset_id, symbol, timeframe, source, n_bars from datasets order by created_at desc, dataset_id"
_BACKTESTS = """select backtest_id, name, strategy, symbol, timeframe, parameters from backtests
where part_of = '' order by created_at desc, backtest_id"""
_OPTIMIZATIONS = """select o.optimization_id, o.name, o.status, o.method, o.objective, o.parameters, o.message,
b.strategy, b.symbol, b.timeframe from optimizations o left join backtests b on b.backtest_id = o.backtest_id
where o.part_of = '' order by o.created_at desc, o.optimization_id"""
_VERDICTS = """select optimization_id, any_value(verdict) as verdict, max(judged_at) as judged_at,
string_agg(criterion || case when holds then ' holds' else ' fails' end, ', ' order by criterion) as summary
from verdicts group by optimization_id, rank order by judged_at desc, optimization_id"""

_NOTES = """select n.note_id, n.kind, n.run_id, n.text, coalesce(b.name, o.name) as name from notes n
left join backtests b on b.backtest_id = n.run_id left join optimizations o on o.optimization_id = n.run_id
order by n.created_at desc, n.note_id"""


def stored_passages(sql: Sql) -> list[Passage]:
    """A passage for each record; its texts come from users, and are shown and never obeyed."""
    found: list[Passage] = []
    for row in _rows(sql.ask(_DATASETS, MOST)):
        words = f"{row['symbol']} {row['timeframe']} bars, {row['n_bars']:,} of them, from {row['source']}"
        found.append(_passage("dataset", row["dataset_id"], f"dataset {row['symbol']} {row['timeframe']}", words))
    for row in _rows(sql.ask(_BACKTESTS, MOST)):
        title = _title("backtest", row["backtest_id"], row)
        found.append(_passage("backtest", row["backtest_id"], title, f"{_what(row)}. {_settings(row['parameters'])}"))
    for row in _rows(sql.ask(_OPTIMIZATIONS, MOST)):
        key, title = row["optimization_id"], _title("optimization", row["optimization_id"], row)
        words = f"{_what(row)}, {row['method']} by {row['objective']}, {row['status']}. {_settings(row['parameters'])}"
        found.append(_passage("optimization", key, title, words))
        if row["message"]:
            found.append(_passage("error", key, f"error of {title}", str(row["message"])))
    for row in _rows(sql.ask(_VERDICTS, MOST)):
        key = row["optimization_id"]
        title = f"verdict on optimization {short(key)}: {row['verdict']}"
        found.append(_passage("verdict", key, title, str(row["summary"])))
    for row in _rows(sql.ask(_NOTES, MOST)):
        title = f"note on {_title(str(row['kind']), row['run_id'], row)}"
        found.extend(_passage("trade-note", row["note_id"], title, part) for part in parts(str(row["text"])))
    return found


def _rows(found: Rows) -> list[dict[str, Any]]:
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def _passage(kind: Kind, about: str, title: str, text: str) -> Passage:
    key = hashlib.sha256(f"{kind}\0{about}\0{title}\0{text}".encode()).hexdigest()[:24]
    return Passage(key, kind, about, harmless(title), text)


def _title(kind: str, key: str, row: dict[str, Any]) -> str:
    return " ".join(filter(None, (kind, short(key), f'"{row["name"]}"' if row["name"] else "")))


def _what(row: dict[str, Any]) -> str:
    strategy = str(row["strategy"] or "")
    words = f"{strategy_label(strategy)} {strategy} on {row['symbol']} {row['timeframe']}"
    return words.replace("_", " ") + f" {strategy}"


def _settings(parameters: object) -> str:
    """Names and values, so that both can be looked for."""
    try:
        read = json.loads(str(parameters or "{}"))
    except json.JSONDecodeError:
        return str(parameters)
    if isinstance(read, dict):
        return ", ".join(f"{name} {str(name).replace('_', ' ')} {value}" for name, value in read.items())
    return json.dumps(read)
