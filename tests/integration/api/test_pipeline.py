"""Datasets and backtests over HTTP."""

from __future__ import annotations

import gzip
import json
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.bars import random_bars
from tests.integration.api.laptop import BARS, assert_problem
from trading_ai.engine.costs import Costs
from trading_ai.library import backtest as run_in_memory


def as_csv(bars=BARS, n=None):
    lines = ["time,open,high,low,close"]
    for i in range(n or len(bars)):
        moment = datetime.fromtimestamp(int(bars.open_time_ns[i]) // 10**9, UTC)
        prices = (getattr(bars, name)[i] for name in ("open", "high", "low", "close"))
        lines.append(f"{moment:%Y-%m-%d %H:%M:%S}," + ",".join(f"{price:.5f}" for price in prices))
    return "\n".join(lines).encode() + b"\n"


ASKED = {"symbol": "EURUSD", "timeframe": "M15", "timezone": "UTC"}


def upload(laptop, data, name="bars.csv", **fields):
    return laptop.pipeline.post("/api/v1/datasets", files={"file": (name, data)}, data=ASKED | fields)


def test_backtests_are_listed_newest_first_in_an_array(laptop):
    answer = laptop.pipeline.post(
        "/api/v1/backtests", json={"dataset_id": laptop.dataset_id, "strategy": "sma_crossover", "name": "newest"}
    )
    assert answer.status_code == 201, answer.text
    listed = laptop.pipeline.get("/api/v1/backtests").json()
    assert isinstance(listed, list)
    assert listed[0].items() <= answer.json().items()  # which has more: sides and exposure
    assert [b["created_at"] for b in listed] == sorted((b["created_at"] for b in listed), reverse=True)
    for made in listed:
        assert str(uuid.UUID(made["id"])) == made["id"]
        assert {"name", "strategy", "symbol", "timeframe", "parameters", "net_profit", "created_at"} <= set(made)
        assert datetime.fromisoformat(made["created_at"]).tzinfo is not None
    assert (listed[0]["name"], listed[0]["strategy"], listed[0]["symbol"]) == ("newest", "sma_crossover", "EURUSD")
    page = laptop.pipeline.get("/api/v1/backtests", params={"limit": 1, "offset": 1}).json()
    assert page == listed[1:2]


def test_a_backtest_with_trades_and_equity_equals_one_in_this_process(laptop):
    asked = {
        "dataset_id": laptop.dataset_id,
        "strategy": "sma_crossover",
        "parameters": {"fast": 5, "slow": 20, "stop_loss": 30},
        "costs": {"commission_per_lot": 3.5},
    }
    made = laptop.pipeline.post("/api/v1/backtests", json=asked).json()
    local = run_in_memory(BARS, "sma_crossover", fast=5, slow=20, stop_loss=30, costs=Costs(commission_per_lot=3.5))
    assert laptop.pipeline.get(f"/api/v1/backtests/{made['id']}").json() == made
    assert made["net_profit"] == local.metrics["net_profit"] == made["metrics"]["net_profit"]
    assert made["parameters"]["fast"] == 5
    trades = laptop.pipeline.get(f"/api/v1/backtests/{made['id']}/trades", params={"limit": 10_000}).json()
    assert trades["total"] == len(trades["trades"]) == len(local.trades)
    assert [t["net_profit"] for t in trades["trades"]] == local.trades["net_profit"].tolist()
    some = laptop.pipeline.get(f"/api/v1/backtests/{made['id']}/trades", params={"limit": 2, "offset": 1}).json()
    assert some["trades"] == trades["trades"][1:3]
    curve = laptop.pipeline.get(f"/api/v1/backtests/{made['id']}/equity", params={"max_points": 10_000}).json()
    assert curve["equity"] == local.equity.tolist()
    assert curve["n_bars"] == len(BARS) == len(curve["time_ms"])
    thin = laptop.pipeline.get(f"/api/v1/backtests/{made['id']}/equity", params={"max_points": 100}).json()
    assert thin["bars_per_point"] == 15
    assert thin["equity"][-1] == curve["equity"][-1]


def test_a_backtest_of_a_date_range(laptop):
    asked = {"dataset_id": laptop.dataset_id, "strategy": "sma_crossover"}
    ends = {"start": "2017-01-04", "end": "2017-01-11T12:00Z"}
    made = laptop.pipeline.post("/api/v1/backtests", json=asked | ends).json()
    assert (made["start"], made["end"]) == ("2017-01-04", "2017-01-11T12:00:00")
    local = run_in_memory(BARS, "sma_crossover", **ends)
    assert made["net_profit"] == local.metrics["net_profit"]
    curve = laptop.pipeline.get(f"/api/v1/backtests/{made['id']}/equity", params={"max_points": 10_000}).json()
    assert curve["equity"] == local.equity.tolist()
    whole = laptop.pipeline.post("/api/v1/backtests", json=asked).json()
    assert (whole["start"], whole["end"]) == (None, None)
    assert whole["metrics"]["total_trades"] > made["metrics"]["total_trades"]
    refused = laptop.pipeline.post("/api/v1/backtests", json=asked | {"start": "2017-01-04", "end": "2017-01-04"})
    assert_problem(refused, 422, says="must lie after the start")


def test_a_backtest_is_deleted_unless_it_is_used(laptop):
    asked = {"dataset_id": laptop.dataset_id, "strategy": "macd"}
    key = laptop.pipeline.post("/api/v1/backtests", json=asked).json()["id"]
    optimization = laptop.started(backtest_id=key)
    laptop.wait(optimization)
    assert_problem(laptop.pipeline.delete(f"/api/v1/backtests/{key}"), 409, says="1 optimization(s)")
    assert laptop.pipeline.get(f"/api/v1/backtests/{key}/trades").status_code == 200
    laptop.optimizer.delete(f"/api/v1/optimize/{optimization}")
    assert laptop.pipeline.delete(f"/api/v1/backtests/{key}").json() == {"id": key, "deleted": True}
    for path in ("", "/trades", "/equity"):
        assert_problem(laptop.pipeline.get(f"/api/v1/backtests/{key}{path}"), 404, says=key)


@pytest.mark.parametrize(
    ("change", "status", "field", "says"),
    [
        ({"dataset_id": "0" * 64}, 404, "", "no dataset"),
        ({"strategy": "magic"}, 422, "strategy", "Known: .*sma_crossover"),
        ({"strategy": "/etc/passwd.py:Evil"}, 422, "strategy", "pattern"),
        ({"strategy": "os.path"}, 422, "strategy", "Known: "),
        ({"parameters": {"fats": 5}}, 422, "fats", "Known: .*fast"),
        ({"parameters": {"fast": 0}}, 422, "fast", "must lie between"),
        ({"parameters": {"fast": 50, "slow": 20}}, 422, "", "below slow"),
        ({"parameters": {"fast": 10**16}}, 422, "parameters.fast", "less than or equal"),
        ({"capital": 0}, 422, "capital", "greater than 0"),
        ({"capital": "much"}, 422, "capital", "number"),
        ({"account_currency": "usd"}, 422, "account_currency", "pattern"),
        ({"timeframe": "M7x"}, 422, "", "M7x"),
        ({"costs": {"spread": 1}}, 422, "costs.spread", "Known: "),
        ({"costs": {"commission_per_lot": "free"}}, 422, "costs.commission_per_lot", "valid number"),
        ({"costs": {"commission_per_lot": -1}}, 422, "", "commission"),
        (
            {"sizing": {"mode": 7}},
            422,
            "sizing.mode",
            "'units', 'lots', 'risk_percent' or 'percent_of_equity' \\(got 7\\)",
        ),
        ({"rules": {"nonsense": True}}, 422, "rules.nonsense", "Known: "),
        ({"colour": "red"}, 422, "colour", "Extra inputs"),
    ],
)
def test_impossible_backtests(laptop, change, status, field, says):
    count = len(laptop.application.store.backtests())
    asked = {"dataset_id": laptop.dataset_id, "strategy": "sma_crossover"} | change
    document = assert_problem(laptop.pipeline.post("/api/v1/backtests", json=asked), status, field=field)
    assert re.search(says, document["detail"]), document["detail"]
    assert len(laptop.application.store.backtests()) == count


@pytest.mark.parametrize(("name", "pack"), [("bars.csv", bytes), ("bars.csv.gz", gzip.compress)])
def test_datasets_are_uploaded_plain_and_packed(laptop, name, pack):
    n = 200 + len(name)
    answer = upload(laptop, pack(as_csv(n=n)), name)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["symbol"], made["timeframe"], made["n_bars"], made["already_known"]) == ("EURUSD", "M15", n, False)
    assert made["source"] == name
    again = upload(laptop, pack(as_csv(n=n)), name).json()
    assert (again["id"], again["already_known"]) == (made["id"], True)
    listed = laptop.pipeline.get("/api/v1/datasets").json()
    assert listed[0]["id"] == made["id"]
    shown = laptop.pipeline.get(f"/api/v1/datasets/{made['id']}").json()
    assert shown == listed[0]
    assert laptop.pipeline.delete(f"/api/v1/datasets/{made['id']}").json() == {"id": made["id"], "deleted": True}
    assert_problem(laptop.pipeline.get(f"/api/v1/datasets/{made['id']}"), 404, says=made["id"])


def test_any_ticker_and_ends_of_bars(laptop):
    fields = {"symbol": "nokia.he", "kind": "share", "stamped": "end", "timezone": "UTC"}
    made = upload(laptop, as_csv(n=60), "share.csv", **fields).json()
    assert (made["symbol"], made["detected"]["stamped"]) == ("NOKIA.HE", "end")
    assert any("quoted in EUR" in note for note in made["detected"]["notes"])
    opened = upload(laptop, as_csv(n=60), "share.csv", **fields | {"stamped": "open"}).json()
    assert datetime.fromisoformat(opened["first"]) - datetime.fromisoformat(made["first"]) == timedelta(minutes=15)
    for document in (made, opened):
        laptop.pipeline.delete(f"/api/v1/datasets/{document['id']}")


def test_a_dataset_that_is_used_is_not_deleted(laptop):
    assert_problem(laptop.pipeline.delete(f"/api/v1/datasets/{laptop.dataset_id}"), 409, says="backtest(s)")
    assert laptop.pipeline.get(f"/api/v1/datasets/{laptop.dataset_id}").status_code == 200


def test_a_faulty_file_is_refused_with_its_line(laptop):
    lines = as_csv(n=50).split(b"\n")
    lines[20] = lines[20].replace(b"1.", b"x.", 1)
    document = assert_problem(upload(laptop, b"\n".join(lines)), 422, says="bars.csv:21")
    assert document["errors"][0]["line"] == 21
    assert "trading-ai-upload" not in str(document)
    assert all(d["n_bars"] != 50 for d in laptop.pipeline.get("/api/v1/datasets").json())


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b"time,open\n", b"\x1f\x8b\x08broken", b"PK\x03\x04broken", b"PAR1"])
def test_files_that_hold_no_bars(laptop, data):
    document = assert_problem(upload(laptop, data), 422)
    assert "trading-ai-upload" not in str(document)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"symbol": "NOTHING"}, "symbol table"),
        ({"symbol": ""}, "symbol"),
        ({"timeframe": "soon"}, "soon"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"repair": "perhaps"}, "repair"),
        ({"stamped": "close"}, "stamped"),
        ({"symbol": "NOTHING", "kind": "bond"}, "kind of instrument"),
        ({"symbol": "NOTHING", "kind": "share", "exchange": "NOWHERE"}, "NOWHERE"),
        ({"symbol": "A\x9bB", "kind": "share"}, "control characters"),
    ],
)
def test_impossible_uploads(laptop, fields, says):
    assert_problem(upload(laptop, as_csv(n=50), **fields), 422, says=says)


SCALED_GOLD = (
    b"Date,open,high,low,close\n2021-01-04,190510,194620,190000,194230\n2021-01-05,194230,195500,193540,194970\n"
)


def sent(laptop, data, name="bars.csv", **fields):
    answer = laptop.pipeline.post("/api/v1/datasets", data=fields, files={"file": (name, data)})
    if answer.status_code == 201:
        laptop.pipeline.delete(f"/api/v1/datasets/{answer.json()['id']}")
    return answer


def test_what_a_refusal_advises_can_be_uploaded(laptop):
    document = assert_problem(sent(laptop, SCALED_GOLD, symbol="XAUUSD"), 422, says="price_scale=0.01")
    assert "trading-ai-upload" not in str(document)
    made = sent(laptop, SCALED_GOLD, symbol="XAUUSD", price_scale="0.01")
    assert made.status_code == 201, made.text
    assert made.json()["detected"]["price_scale"] == 0.01
    strange = b"a|b|c|d|e\n" + b"".join(
        b"%02d-%02d-2021 00:00|13,800|13,900|13,700|13,850\n" % (day, 1) for day in range(4, 9)
    )
    assert_problem(sent(laptop, strange, symbol="GER40"), 422)
    fields = {
        "symbol": "GER40", "date_format": "%d-%m-%Y %H:%M", "decimal": ".", "delimiter": "|", "timeframe": "D1",
        "columns": ["time=a", "open=b", "high=2", "low=3", "close=e"],
    }  # fmt: skip
    made = sent(laptop, strange, **fields)
    assert made.status_code == 201, made.text
    assert made.json()["detected"]["columns"]["close"] == "e"
    assert sent(laptop, strange, **(fields | {"columns": "time=a,open=b,high=2,low=3,close=e"})).status_code == 201
    other = {"symbol": "OIL9", "pip_size": "0.01", "digits": "2", "lot_size": "1000", "quote_currency": "USD"}
    assert sent(laptop, strange, **(fields | other)).status_code == 201


@pytest.mark.parametrize(
    "fields",
    [
        {"price_scale": "0"}, {"price_scale": "nan"}, {"price_scale": "x"}, {"digits": "1.5"}, {"side": "left"},
        {"spread_unit": "feet"}, {"columns": "time"}, {"columns": ["x" * 300]}, {"decimal": "?"}, {"date_format": "%Q"},
        {"member": "zz*"}, {"format": "xls"}, {"columns": ["time=time"] * 31},
    ],
)  # fmt: skip
def test_options_of_an_upload_are_checked(laptop, fields):
    assert_problem(upload(laptop, as_csv(n=50), **fields), 422, says=next(iter(fields)))


@pytest.mark.parametrize("nothing", ["", "null"])
def test_fields_left_empty_in_a_form_mean_nothing(laptop, nothing):
    fields = ("price_scale", "digits", "side", "format", "date_format", "ticker", "spread_unit")
    made = upload(laptop, as_csv(n=51), **dict.fromkeys(fields, nothing))
    assert made.status_code == 201, made.text
    laptop.pipeline.delete(f"/api/v1/datasets/{made.json()['id']}")


def test_an_upload_needs_a_file(laptop):
    assert_problem(laptop.pipeline.post("/api/v1/datasets", data=ASKED), 422, field="file")


@pytest.mark.parametrize("name", ["../../evil.csv", "..", "ä" * 150 + ".csv", "a\0b.csv", "C:\\x\\y.csv", ".csv"])
def test_odd_file_names_lead_nowhere(laptop, name):
    answer = upload(laptop, as_csv(n=77), name)
    assert answer.status_code == 201, answer.text
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", answer.json()["source"])
    laptop.pipeline.delete(f"/api/v1/datasets/{answer.json()['id']}")


def test_strategies_with_their_parameters(laptop):
    found = {s["name"]: s for s in laptop.pipeline.get("/api/v1/strategies").json()}
    assert {"name": "fast", "kind": "int"}.items() <= found["sma_crossover"]["parameters"][0].items()


def test_no_answer_names_a_folder_of_the_server(laptop, tmp_path):
    made = upload(laptop, as_csv(n=300), "named.csv").json()
    assert made["source"] == made["quality"]["source"] == "named.csv"
    assert "trading-ai-upload" not in json.dumps(made)
    # A file that was imported on the server itself, whose folder is stored with it.
    folder = str(tmp_path)
    quality = {"source": f"{folder}/mine.zip!a.csv", "warnings": [f"{folder}/mine.zip!a.csv: a hole"]}
    bars = random_bars(200, 77, tf="H1")
    record, _ = laptop.application.backtests.keep_bars(
        bars, f"{folder}/mine.zip", {"notes": [f"read {folder}/mine.zip"]}, quality
    )
    one = laptop.pipeline.get(f"/api/v1/datasets/{record.dataset_id}").json()
    assert (one["source"], one["quality"]["source"]) == ("mine.zip", "mine.zip!a.csv")
    assert one["quality"]["warnings"] == ["mine.zip!a.csv: a hole"]
    assert one["detected"]["notes"] == ["read mine.zip"]
    assert folder not in laptop.pipeline.get("/api/v1/datasets").text
