"""The table of trials against the trials themselves, and figures against the store."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import polars as pl
import pytest

from tests.integration.api.laptop import STOP, TARGET
from tests.integration.dashboard.laptop import ORIGIN, PAGE, browser, token_of
from tests.integration.trade_imports import samples
from tests.integration.trade_imports.test_passes import mt5_xml
from trading_ai.dashboard.sweeps import Sweeps
from trading_ai.dashboard.trial_table import Asked, find
from trading_ai.errors import ParameterError
from trading_ai.metrics.catalog import METRIC_COLUMN


@pytest.fixture(scope="module")
def record(laptop):
    key = laptop.started(STOP | {"step": 10}, TARGET | {"step": 40}, constraints=["win_rate >= 30"])
    laptop.wait(key)
    return laptop.application.store.optimization(key)


def every(laptop, record):
    return laptop.application.store.ranked(record.optimization_id, 1000)


def found(laptop, record, limit=1000, **asked):
    store = laptop.application.store
    return find(store, Sweeps(store), record, Asked(**asked), limit)


def test_a_condition_finds_the_trials_that_fulfil_it(laptop, record):
    page = every(laptop, record)
    profit = page.metrics[:, METRIC_COLUMN["net_profit"]]
    stops = np.array([record.spec.space.combination(i)["stop_loss"] for i in page.indices.tolist()])
    middle = float(np.median(profit))
    wanted = page.indices[(profit > middle) & (stops <= 50)]
    assert 0 < wanted.size < page.indices.size
    shown = found(laptop, record, where=f"net_profit > {middle!r} and stop_loss <= 50")
    assert shown.page.indices.tolist() == wanted.tolist()  # in the order of the ranking, too
    assert shown.total == wanted.size


@pytest.mark.parametrize("sort", ["", "net_profit", "-net_profit", "win_rate", "-total_trades"])
def test_a_filtered_table_has_the_order_of_the_whole_one(laptop, record, sort):
    whole = found(laptop, record, sort=sort).page.indices.tolist()
    assert found(laptop, record, sort=sort, where="total_trades >= 0").page.indices.tolist() == whole
    parts = [found(laptop, record, 5, sort=sort, where="total_trades >= 0", offset=k) for k in range(0, len(whole), 5)]
    assert [i for part in parts for i in part.page.indices.tolist()] == whole


def test_parameters_sort_the_table(laptop, record):
    for sort, sign in (("take_profit", 1), ("-take_profit", -1)):
        indices = found(laptop, record, sort=sort).page.indices.tolist()
        values = [sign * record.spec.space.combination(i)["take_profit"] for i in indices]
        assert values == sorted(values)


@pytest.mark.parametrize("where", ["net_proft > 0", "net_profit", "net_profit > 'a'", "__import__('os')", "(" * 60])
def test_what_is_no_condition_is_refused(laptop, record, where):
    with pytest.raises(ParameterError):
        found(laptop, record, where=where)
    page = browser(laptop).get(f"/optimizations/{record.optimization_id}", params={"where": where}, headers=PAGE)
    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.text


def test_an_export_holds_what_the_table_shows(laptop, record):
    client = browser(laptop)
    asked = {"where": "stop_loss <= 40", "sort": "-net_profit"}
    shown = found(laptop, record, **asked)
    for kind in ("csv", "parquet"):
        answer = client.get(f"/optimizations/{record.optimization_id}/trials.{kind}", params=asked)
        assert "attachment" in answer.headers["content-disposition"]
        file = io.BytesIO(answer.content)
        frame = pl.read_csv(file) if kind == "csv" else pl.read_parquet(file)
        assert frame["combination_index"].to_list() == shown.page.indices.tolist()


def test_a_file_of_parameters_says_its_rank(laptop, record):
    client, page = browser(laptop), every(laptop, record)
    for rank in (1, 3):
        index = int(page.indices[rank - 1])
        answer = client.get(f"/optimizations/{record.optimization_id}/trials/{index}/parameters.json")
        assert json.loads(answer.text)["rank"] == rank
        assert f"rank-{rank}.json" in answer.headers["content-disposition"]
    where = f"/optimizations/{record.optimization_id}/trials/999999/parameters.json"
    assert client.get(where).status_code == 404
    assert client.get(where.replace("999999", "0").replace(".json", ".exe")).status_code == 404


def test_the_count_is_the_number_of_trials_that_a_start_makes(laptop):
    client = browser(laptop)
    heads = ORIGIN | {"X-CSRF-Token": token_of(client)}
    ranges = [{"name": "fast", "min_value": 5, "max_value": 40, "step": 5}, {"name": "slow", "values": [10, 20, 30]}]
    body = {"backtest_id": laptop.backtest_id, "parameters": ranges, "parameter_constraints": ["fast * 2 < slow"]}
    told = client.post("/do/optimize/count", json=body, headers=heads).json()
    begun = client.post("/do/optimize", json=body, headers=heads).json()
    assert told["n_combinations"] == 24
    assert told["n_trials"] == begun["total_tasks"] < 24
    assert told["left_out"] == 24 - told["n_trials"]
    assert laptop.wait(begun["optimization_id"])["completed_tasks"] == told["n_trials"]


def test_a_form_sent_twice_starts_one_search(laptop):
    client = browser(laptop)
    heads = ORIGIN | {"X-CSRF-Token": token_of(client), "Idempotency-Key": "the-form-of-a-page"}
    body = {"backtest_id": laptop.backtest_id, "parameters": [{"name": "stop_loss", "values": [20, 30]}]}
    first, second = (client.post("/do/optimize", json=body, headers=heads).json() for _ in range(2))
    assert first["optimization_id"] == second["optimization_id"]


def test_half_a_number_is_an_answer_and_no_failure(laptop):
    client = browser(laptop)
    heads = ORIGIN | {"X-CSRF-Token": token_of(client)}
    body = {
        "backtest_id": laptop.backtest_id,
        "parameters": [{"name": "fast", "min_value": 5, "max_value": 9, "step": 0}],
    }
    answer = client.post("/do/optimize/count", json=body, headers=heads)
    assert answer.status_code == 200
    assert answer.json()["errors"][0]["field"] == "fast.step"


def test_a_file_is_looked_at_and_nothing_kept(laptop):
    client = browser(laptop)
    heads = ORIGIN | {"X-CSRF-Token": token_of(client)}
    lines = ["time,open,high,low,close"]
    lines += [f"2024-01-{day:02d} {hour:02d}:00,1.1,1.2,1.0,1.15" for day in (2, 3, 4) for hour in range(24)]
    files = {"file": ("EURUSD_H1.csv", "\n".join(lines).encode())}
    before = len(laptop.application.store.datasets())
    seen = client.post(
        "/do/look/datasets", files=files, data={"symbol": "EURUSD"}, headers=heads | PAGE | {"X-Part": "1"}
    )
    assert seen.status_code == 200, seen.text
    assert "EURUSD H1, 72 bars" in seen.text
    assert len(laptop.application.store.datasets()) == before
    kept = client.post("/do/datasets", files=files, data={"symbol": "EURUSD"}, headers=heads)
    assert kept.status_code == 201
    assert len(laptop.application.store.datasets()) == before + 1
    bad = {"file": ("EURUSD.csv", b"time,open\nx,y\n")}
    refused = client.post("/do/look/datasets", files=bad, data={"symbol": "EURUSD"}, headers=heads | {"X-Part": "1"})
    assert refused.status_code == 422
    assert refused.json()["detail"]


def test_reports_and_passes_are_looked_at_and_nothing_kept(laptop):
    client, store = browser(laptop), laptop.application.store
    heads = ORIGIN | {"X-CSRF-Token": token_of(client)}
    before = len(store.backtests()), len(store.optimizations())
    files = {"file": ("robot.htm", samples.mt4())}
    seen = client.post("/do/look/backtests/import", files=files, headers=heads | PAGE | {"X-Part": "1"})
    assert seen.status_code == 200, seen.text
    shown = " ".join(seen.text.split())
    for text in ("3 trades of EURUSD by MyRobot", "297.90", "1.108<", "SlPips", "2024-01-04 12:00"):
        assert text in shown, text
    other = client.post(
        "/do/look/backtests/import", files=files, data={"timezone": "UTC+2"}, headers=heads | PAGE | {"X-Part": "1"}
    )
    assert "2024-01-04 10:00" in other.text
    passes = {"file": ("results.xml", mt5_xml().encode())}
    seen = client.post("/do/look/optimize/import", files=passes, headers=heads | PAGE | {"X-Part": "1"})
    assert seen.status_code == 200, seen.text
    shown = " ".join(seen.text.split())
    for text in ("10 passes of My EA on EURUSD H1", "5 values, 5 to 25", "1,500"):
        assert text in shown, text
    assert shown.index(">1,500") < shown.index(">1,320")  # the best by fitness first
    assert (len(store.backtests()), len(store.optimizations())) == before
    for where, wrong in (("backtests", b"<html>nothing</html>"), ("optimize", b"a,b\n1,2\n")):
        bad = {"file": ("x.html", wrong)}
        refused = client.post(f"/do/look/{where}/import", files=bad, headers=heads | {"X-Part": "1"})
        assert refused.status_code == 422
        assert "/tmp" not in refused.text


def test_candles_are_those_of_the_bars_however_they_are_joined(laptop, monkeypatch):
    from trading_ai.dashboard import candles

    bars = laptop.application.artifacts.load_bars(laptop.dataset_id)
    client = browser(laptop)
    where = f"/backtests/{laptop.backtest_id}/candles"
    monkeypatch.setattr(candles, "CANDLES", 100)
    joined = client.get(where).json()
    assert len(joined["time"]) <= 100
    assert max(joined["high"]) == bars.high.max()
    assert min(joined["low"]) == bars.low.min()
    assert (joined["open"][0], joined["close"][-1]) == (bars.open[0], bars.close[-1])
    assert joined["n_bars"] == joined["total"] == len(bars)
    first, last = (int(bars.open_time_ns[i]) // 10**9 for i in (200, 250))
    part = client.get(where, params={"from": first, "to": last}).json()
    assert part["time"] == (bars.open_time_ns[200:251] // 10**9).tolist()
    assert part["close"] == bars.close[200:251].tolist()
    trades = laptop.application.artifacts.load_backtest(laptop.backtest_id)["trades"]
    inside = (trades["exit_time_ns"] >= first * 10**9) & (trades["entry_time_ns"] <= last * 10**9)
    assert part["n_trades"] == int(inside.sum())


def test_a_key_is_made_shown_once_and_revoked(laptop):
    client = browser(laptop)
    form = {"csrf": token_of(client), "name": "ann", "scope": "read"}
    page = client.post("/do/keys", data=form, headers=ORIGIN | PAGE).text
    key = re.search(r'<code id="made">(tai_\w+[\w-]*)</code>', page)[1]
    assert laptop.application.keys.scope_of(key) == "read"
    assert key not in client.get("/keys", headers=PAGE).text
    answer = client.post(f"/do/keys/{key.split('_')[1]}/revoke", data=form, headers=ORIGIN | PAGE)
    assert answer.status_code == 303
    assert laptop.application.keys.scope_of(key) is None


def test_descriptions_of_the_apis_ask_no_other_host(laptop):
    for client in (laptop.pipeline, laptop.optimizer, laptop.assistant):
        for page in ("/docs", "/redoc"):
            answer = client.get(page)
            assert answer.status_code == 200
            assert "://" not in answer.text
            for address in re.findall(r'(?:src|href)="(/[^"]+)"', answer.text):
                asset = client.get(address)
                assert asset.status_code == 200
                assert len(asset.content) > 300
                assert "immutable" in asset.headers["cache-control"]


def test_the_chart_of_candles_is_the_one_that_its_makers_publish():
    import hashlib

    from trading_ai.dashboard.assets import ASSETS

    found = ASSETS._file("lightweight-charts.js")
    known = "c0992580867c4912cc9385b3c2728315bcc1a76c7f1087dca908430fccdf31d7"
    assert hashlib.sha256(found.path.read_bytes()).hexdigest() == known
    for name in ("../app.py", "..%2fapp.py", "nothing.js", "", "."):
        assert ASSETS.address(name) == ""
