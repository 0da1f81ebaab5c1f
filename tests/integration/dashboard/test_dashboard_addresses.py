"""What addresses of pages and figures answer, whatever stands in them, and what pages begin with."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import re
import time
import uuid

import numpy as np
import polars as pl
import pytest

from tests.fakes.bundles import bundle
from tests.integration.api.laptop import STOP, TARGET
from tests.integration.dashboard.laptop import ORIGIN, PAGE, browser
from trading_ai.dashboard import exports, pinned
from trading_ai.dashboard import optimization as pages
from trading_ai.dashboard.sweeps import Sweeps
from trading_ai.engine.sizing import Sizing
from trading_ai.evaluation.model import BacktestSpec

FAR = 10**30


@pytest.fixture(scope="module")
def client(laptop):
    return browser(laptop)


@pytest.fixture(scope="module")
def searched(laptop):
    """Id of an optimization with many trials."""
    key = laptop.started(STOP | {"step": 20}, TARGET | {"step": 80})
    laptop.wait(key)
    return key


def fields(text: str) -> dict[str, str]:
    """Values of a page's number and text fields by the name that a request gives them."""
    found = {}
    for tag in re.findall(r"<input [^>]*data-field=[^>]*>", text):
        name, value = (re.search(rf'{each}="([^"]*)"', tag) for each in ("data-field", " value"))
        found[name[1]] = value[1] if value else str(" checked" in tag).lower()
    for name, rest in re.findall(r'<(?:select|textarea)[^>]*data-field="(\w+)"(.*?)</(?:select|textarea)>', text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', rest)
        found[name] = chosen[1] if chosen else "" if "<option" in rest else rest.partition(">")[2]
    return found


# --- what a form begins with


def test_a_choice_that_nobody_made_is_no_choice(client):
    first = fields(client.get("/data", headers=PAGE).text)
    assert (first["side"], first["spread_unit"], first["stamped"]) == ("", "", "")
    # Where an option has a default of its own, that is chosen.
    text = client.get("/backtests/new", headers=PAGE).text
    assert '<option value="reverse" selected>' in text
    assert re.search(r'data-field="close_at_end"[^>]*data-default="true" checked>', text)


def test_a_search_again_begins_with_all_that_the_earlier_one_was_told(laptop, client):
    told = {
        "more_objectives": ["net_profit", "win_rate"], "min_trades": 3, "seed": 77, "max_seconds": 91.5,
        "stagnation": 1234, "batch_size": 9, "reuse": False, "warm_start": True, "keep_daily_profit": False,
        "priority": 8, "max_iterations": 4, "optimization_type": "genetic", "constraints": ["win_rate >= 0"],
    }  # fmt: skip
    key = laptop.started(STOP, **told)
    laptop.wait(key)
    shown = fields(client.get(f"/optimize?from={key}", headers=PAGE).text)
    for name, value in told.items():
        if isinstance(value, list):
            assert shown[name].splitlines() == [each.replace(">", "&gt;") for each in value], name
        elif isinstance(value, bool):
            assert shown[name] == str(value).lower(), name
        elif isinstance(value, str):
            assert shown[name] == value
        else:
            assert float(shown[name]) == value, name
    fresh = fields(client.get("/optimize", headers=PAGE).text)
    assert (fresh["keep_daily_profit"], fresh["priority"], fresh["reuse"]) == ("", "5", "true")


def test_a_search_again_keeps_what_is_no_parameter_of_the_strategy(laptop, client):
    key = laptop.started(
        {"name": "stop_loss", "values": [20, 30]}, {"name": "timeframe", "values": ["M15", "H1"]},
        {"name": "spread_pips", "min_value": 0.5, "max_value": 1.5, "step": 0.5},
    )  # fmt: skip
    laptop.wait(key)
    text = client.get(f"/optimize?from={key}", headers=PAGE).text
    on = re.findall(r'<tr data-parameter="(\w+)"[^>]* class="on">', text)
    assert on == ["stop_loss", "timeframe", "spread_pips"]
    assert 'aria-label="Values of timeframe" value="M15, H1"' in text
    ends = [re.search(rf'aria-label="spread_pips {end}" value="([^"]*)"', text)[1] for end in ("from", "to", "step")]
    assert [float(end) for end in ends] == [0.5, 1.5, 0.5]


def test_a_warm_search_again_does_not_grow(laptop, client):
    body = {"optimization_type": "genetic", "max_iterations": 5, "constraints": ["win_rate >= 0"]}
    laptop.wait(laptop.started(STOP, **body))
    key = laptop.started(STOP, **body, warm_start=True, seed=5)
    laptop.wait(key)
    record = laptop.application.store.optimization(key)
    assert record.n_reused > 0
    assert record.spec.max_iterations == 5 + record.n_reused
    assert fields(client.get(f"/optimize?from={key}", headers=PAGE).text)["max_iterations"] == "5"


@pytest.mark.parametrize("named", ["backtest", "strategy"])
def test_a_strategy_that_a_page_cannot_run_is_said_and_no_other_offered(laptop, client, named):
    spec = laptop.application.store.backtest(laptop.slow_backtest_id).spec
    asked = {"from": laptop.slow_backtest_id} if named == "backtest" else {"strategy": "sma_crossove"}
    page = client.get("/backtests/new", params=asked, headers=PAGE)
    assert page.status_code == 200
    assert 'id="backtest"' not in page.text
    assert (spec.strategy.rpartition(":")[2] if named == "backtest" else "sma_crossove") in page.text
    assert "cannot be run from a page" in page.text
    assert 'id="backtest"' in client.get("/backtests/new?strategy=macd", headers=PAGE).text


def test_a_published_strategy_is_offered_by_what_it_declares(laptop, client):
    laptop.application.never_run_bundles()
    laptop.application.bundles.keep(bundle(), "quiet", time.time())
    text = client.get("/backtests/new?strategy=bundle:quiet", headers=PAGE).text
    assert 'data-strategy="bundle:quiet"' in text
    assert 'data-parameter-value="length"' in text
    assert '<option value="bundle:quiet" selected>' in text
    gone = client.get("/backtests/new?strategy=bundle:gone", headers=PAGE)
    assert gone.status_code == 200
    assert 'id="backtest"' not in gone.text
    assert re.search(r'class="caution">[^<]*gone', gone.text)


# --- files


def test_an_exported_rank_is_the_rank_whatever_the_order(laptop, client, searched):
    ranked = laptop.application.store.ranked(searched, 1000).indices.tolist()
    for asked in ({"sort": "net_profit"}, {"where": "stop_loss >= 60"}, {"sort": "stop_loss"}):
        answer = client.get(f"/optimizations/{searched}/trials.csv", params=asked)
        frame = pl.read_csv(io.BytesIO(answer.content))
        indices = frame["combination_index"].to_list()
        assert frame["rank"].to_list() == [ranked.index(i) + 1 for i in indices], asked
        assert indices != ranked


def test_a_rank_is_found_of_trials_that_came_after_the_last_look(laptop, searched):
    store = laptop.application.store
    record = store.optimization(searched)
    sweeps = Sweeps(store)
    whole = sweeps.of(searched)
    kept = sweeps._kept[searched]
    old = {name: getattr(whole, name)[:3] for name in ("indices", "feasible", "objective", "scores")}
    kept.sweep = dataclasses.replace(whole, **old, metrics={})
    ranked = store.ranked(searched, 1000).indices
    assert pinned.ranks_of(store, sweeps, record, ranked).tolist() == list(range(1, ranked.size + 1))


def test_a_file_that_was_cut_says_so(client, searched, monkeypatch):
    whole = client.get(f"/optimizations/{searched}/trials.csv")
    assert "-first-" not in whole.headers["content-disposition"]
    n = len(pl.read_csv(io.BytesIO(whole.content)))
    monkeypatch.setattr(pages, "EXPORTED", 3)
    monkeypatch.setattr(exports, "EXPORTED", 3)
    cut = client.get(f"/optimizations/{searched}/trials.csv")
    assert len(pl.read_csv(io.BytesIO(cut.content))) == 3
    assert f"-first-3-of-{n}.csv" in cut.headers["content-disposition"]
    assert "The first 3 of them as" in client.get(f"/optimizations/{searched}", headers=PAGE).text


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_trial_alone_is_a_table_of_one_row(laptop, client, searched, kind):
    ranked = laptop.application.store.ranked(searched, 2).indices.tolist()
    answer = client.get(f"/optimizations/{searched}/trials/{ranked[1]}/parameters.{kind}")
    assert answer.headers["content-disposition"].endswith(f'-rank-2.{kind}"')
    read = pl.read_csv if kind == "csv" else pl.read_parquet
    row = read(io.BytesIO(answer.content))
    whole = pl.read_parquet(io.BytesIO(client.get(f"/optimizations/{searched}/trials.parquet").content))
    assert (row["rank"].to_list(), row["combination_index"].to_list()) == ([2], [ranked[1]])
    assert row["net_profit"][0] == pytest.approx(whole["net_profit"][1])
    assert client.get(f"/optimizations/{searched}/trials/99999999/parameters.{kind}").status_code == 404
    assert client.get(f"/optimizations/{searched}/trials/{ranked[1]}/parameters.exe").status_code == 404


def test_lines_show_what_a_condition_leaves(client, searched):
    def lines(where):
        return client.get(f"/optimizations/{searched}/figures/lines", params={"where": where})

    every = lines("").json()
    axis = every["layout"]["meta"]["axes"][0]
    assert axis["heights"] == sorted(axis["heights"])
    name, value = axis["name"], axis["labels"][1]
    some = lines(f"{name} >= {value}").json()
    assert some["layout"]["meta"] == every["layout"]["meta"]
    assert "chosen, others grey" in some["layout"]["title"]["subtitle"]["text"]
    assert lines("net_proft > 0").status_code == 422
    assert lines(f"{name} < {axis['labels'][0]}").status_code == 200


# --- numbers that no trial and no bar has


def test_a_time_beyond_the_bars_shows_the_nearest(laptop, client):
    bars = laptop.application.artifacts.load_bars(laptop.dataset_id)
    first, last = (int(bars.open_time_ns[i]) // 10**9 for i in (0, -1))
    for where in (f"/data/{laptop.dataset_id}", f"/backtests/{laptop.backtest_id}"):
        for at in (last + 1, 9_999_999_999, FAR):
            assert client.get(f"{where}/candles?from={at}").json()["time"] == [last], at
            assert client.get(f"{where}/candles?from={at}&to={at + 5}").json()["time"] == [last], at
        for at in (first - 1, -9_999_999_999, -FAR):
            assert client.get(f"{where}/candles?to={at}").json()["time"] == [first], at


@pytest.mark.parametrize("index", [FAR, -FAR, 2**63, -1, 10**9])
def test_an_index_that_no_trial_has_is_not_found(client, searched, index):
    for path in (f"trials/{index}/parameters.set", f"equities?pin={index}"):
        assert client.get(f"/optimizations/{searched}/{path}").status_code == 404, path
    assert client.get(f"/optimizations/{searched}?pin={index}", headers=PAGE).status_code == 200


# --- trades


def test_trades_show_their_size_and_their_prices_whole(laptop, client):
    runs = laptop.application.backtests
    sizing = Sizing("units", 0.25, volume_step=0.01, min_volume=0.01)
    made = runs.run(BacktestSpec("sma_crossover", {}, laptop.dataset_id, sizing=sizing))[0]
    trades = laptop.application.artifacts.load_backtest(made.backtest_id)["trades"]
    digits = laptop.application.artifacts.load_bars(laptop.dataset_id).symbol.digits
    text = client.get(f"/backtests/{made.backtest_id}", headers=PAGE).text
    assert text.count("<td>0.25</td>") == min(len(trades), 25) > 0
    assert f"<td>{trades['entry_price'][0]:.{digits}f}</td>" in text
    assert f"<td>{trades['exit_price'][0]:.{digits}f}</td>" in text


# --- runs side by side


def test_a_run_without_trials_has_no_curve(laptop, client, searched):
    store, key = laptop.application.store, str(uuid.uuid4())
    nothing = {"n_completed": 0, "n_failed": 0, "best_index": None, "best_score": None}
    store.add_optimization(
        dataclasses.replace(store.optimization(searched), optimization_id=key, status="paused", **nothing)
    )
    answer = client.get("/compare/equities", params={"with": [key]})
    assert answer.status_code == 200, answer.text
    assert "no equity to show" in answer.text
    both = client.get("/compare/equities", params={"with": [key, laptop.backtest_id]}).json()
    assert len(both["data"]) == 1


def test_eight_runs_are_full_and_each_can_be_taken_out(laptop, client):
    runs = laptop.application.backtests
    spec = laptop.application.store.backtest(laptop.backtest_id).spec
    made = [
        runs.run(dataclasses.replace(spec, parameters={"fast": 5 + n}), f"side by side {n}")[0].backtest_id
        for n in range(8)
    ]
    full = client.get("/compare", params={"with": made}, headers=PAGE)
    assert full.status_code == 200
    assert '<select id="with"' not in full.text
    outs = re.findall(r'<a href="(/compare\?[^"]+)" aria-label="Take out', full.text)
    assert len(outs) == 8
    seven = client.get(outs[2].replace("&amp;", "&"), headers=PAGE).text
    shown = re.findall(r'<input type="hidden" name="with" value="([^"]+)">', seven)
    assert shown == [*made[:2], *made[3:]]
    # What the form of seven sends is taken.
    assert client.get("/compare", params={"with": [*shown, made[2]]}, headers=PAGE).status_code == 200
    assert 'href="/compare" aria-label="Take out' in client.get(f"/compare?with={made[0]}", headers=PAGE).text


def test_money_of_two_currencies_is_not_compared(laptop, client):
    runs = laptop.application.backtests
    spec = BacktestSpec("sma_crossover", {}, laptop.dataset_id)
    other = dataclasses.replace(
        spec, account_currency="EUR", capital=50_000.0, costs=dataclasses.replace(spec.costs, conversion_rate=0.9)
    )
    more = dataclasses.replace(spec, capital=20_000.0, parameters={"fast": 7})
    ids = [runs.run(each)[0].backtest_id for each in (spec, other, more)]

    def stars(with_ids: list[str]) -> set[str]:
        text = client.get("/compare", params={"with": with_ids}, headers=PAGE).text
        rows = re.findall(r'<tr><th scope="row" class="left">([^<]+)</th>(.*?)</tr>', text)
        return {name for name, cells in rows if "★" in cells}

    assert "Net profit" in stars([ids[0], ids[2]])
    assert "Net profit" not in stars([ids[0], ids[1], ids[2]])
    assert stars(ids), "what is no money is compared still"
    one = client.get("/compare/equities", params={"with": [ids[0], ids[2]]}).json()
    assert one["layout"]["yaxis"]["title"]["text"] == "Equity (USD)"
    several = json.loads(client.get("/compare/equities", params={"with": ids}).text)
    assert several["layout"]["yaxis"]["title"]["text"] == "Equity (percent of the first)"
    for trace in several["data"]:
        values = np.frombuffer(base64.b64decode(trace["y"]["bdata"]), dtype=trace["y"]["dtype"])
        assert values[0] == pytest.approx(100.0)


def test_an_address_beyond_the_last_trade_shows_the_last_ones(client, laptop):
    text = client.get(f"/backtests/{laptop.backtest_id}?offset={2**40}", headers=PAGE).text
    total = int(re.search(r"to [\d,]+ of ([\d,]+), in the order", text)[1].replace(",", ""))
    assert f"to {total:,} of {total:,}, in the order of their closing" in text
    assert "It did not trade" not in text


def test_an_error_leads_to_the_list_of_what_was_meant(client):
    answer = client.get("/backtests/nope", headers=PAGE)
    assert answer.status_code == 404
    assert "No backtest with id" in answer.text
    assert '<a class="button" href="/backtests">Backtests</a>' in answer.text


def test_a_form_that_is_refused_leads_back_to_its_page(client):
    page = client.get("/backtests", headers=PAGE).text
    token = re.search(r'name="csrf" content="(\w+)"', page)[1]
    heads = PAGE | ORIGIN | {"Referer": "http://localhost/optimizations/latest?sort=-fast"}
    answer = client.post("/do/notes", data={"csrf": token, "about": "latest", "text": " "}, headers=heads)
    assert answer.status_code == 422
    assert 'href="/optimizations/latest?sort=-fast">Back to the page' in answer.text
