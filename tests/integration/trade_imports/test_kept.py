"""Imported backtests are backtests: kept once, listed, shown, deleted; over HTTP and in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.artifacts import MemoryArtifacts
from tests.integration.api.laptop import Laptop, running_laptop
from tests.integration.trade_imports import samples
from trading_ai.documents.differences import differences_json
from trading_ai.documents.imports import imported_backtests_json
from trading_ai.errors import DataError, NotFoundError
from trading_ai.importers.trades.importing import import_trades
from trading_ai.market.bars import Bars
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.backtests import BacktestService
from trading_ai.optimization.imports import differences_of
from trading_ai.store.memory import MemoryStore

HOUR = 3_600 * 10**9


@pytest.fixture
def service() -> BacktestService:
    return BacktestService(MemoryStore(), MemoryArtifacts(), clock=lambda: 7.0)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.htm"
    path.write_bytes(samples.mt4())
    return path


def hourly(first: str, n: int, prices: dict[str, tuple[float, float]]) -> Bars:
    """Hourly bars of EURUSD that lie at 1.2, but for ranges at the hours (UTC) named."""
    start = int(np.datetime64(first, "ns").astype(np.int64))
    times = start + HOUR * np.arange(n, dtype=np.int64)
    low, high = np.full(n, 1.2), np.full(n, 1.2001)
    for hour, (bottom, top) in prices.items():
        at = (int(np.datetime64(hour, "ns").astype(np.int64)) - start) // HOUR
        low[at], high[at] = bottom, top
    return Bars(symbol("EURUSD"), timeframe("H1"), times, low.copy(), high, low, high.copy(), np.ones(n))


# The fills of the report at the hours of a server that is two hours ahead of UTC in winter.
FILLS = {
    "2024-01-01T22": (1.0990, 1.1005), "2024-01-02T11": (1.1040, 1.1055), "2024-01-03T06": (1.1035, 1.1045),
    "2024-01-03T07": (1.1025, 1.1035), "2024-01-03T13": (1.1065, 1.1075), "2024-01-04T10": (1.1020, 1.1030),
}  # fmt: skip


def test_an_import_is_kept_once_with_what_its_trades_tell(service: BacktestService, report: Path) -> None:
    ((item, kept),) = import_trades(service, [report], {}, now=7.0)
    record = service.store.backtest(kept.record.backtest_id)
    assert kept.added
    assert (record.symbol, record.spec.strategy, record.spec.capital) == ("EURUSD", "replay", 10_000.0)
    assert set(record.metrics) == set(METRIC_NAMES)
    told = record.metrics
    assert round(told["net_profit"], 2) == 297.90
    assert told["total_trades"] == 3
    assert round(told["max_balance_drawdown"], 2) == 202.10
    assert round(told["final_equity"], 2) == 10_297.90
    assert np.isnan(told["sharpe_ratio"])
    assert np.isnan(told["max_drawdown"])
    arrays = service.artifacts.load_backtest(record.backtest_id)
    assert arrays["trades"]["balance"].round(2).tolist() == [10_500.0, 10_350.0, 10_297.90]
    assert arrays["daily_profit"].round(2).tolist() == [500.0, -150.0, -52.10]
    assert record.spec.trades_id == item.trades.content_hash
    again = service.artifacts.load_trades(record.spec.trades_id)
    assert again.trades.tobytes() == item.trades.trades.tobytes()
    assert (again.symbol, again.parameters, again.summary) == ("EURUSD", item.trades.parameters, item.trades.summary)
    ((_, second),) = import_trades(service, [report], {}, name="other", now=8.0)
    assert (second.added, second.record.backtest_id) == (False, record.backtest_id)
    assert len(service.store.backtests()) == 1
    service.delete(record.backtest_id)
    assert not service.store.backtests()


def test_bars_at_hand_tell_the_clock(service: BacktestService, report: Path) -> None:
    bars = hourly("2023-12-30T00", 24 * 9, FILLS)
    dataset, _ = service.keep_bars(bars, "made up", {}, {})
    for stated in ({"dataset_id": dataset.dataset_id}, {}):
        ((item, kept),) = import_trades(service, [report], stated, now=7.0)
        assert item.clock is not None
        assert item.clock.how == "detected: 100% of 6 fills lie in the bars of their times"
        # Two hours ahead of UTC in January are several clocks; the others are said.
        assert {str(item.clock.zone), *item.clock.equals} >= {"NY+7", "EET", "UTC+2"}
        first = item.trades.trades["entry_time_ns"][0]
        assert first == np.datetime64("2024-01-01T22", "ns").astype(np.int64)
        assert kept.record.spec.dataset_id == dataset.dataset_id
        assert kept.record.timeframe == "H1"
    ((item, _),) = import_trades(service, [report], {"dataset_id": dataset.dataset_id, "timezone": "UTC"}, now=7.0)
    assert any("import again with timezone" in note for note in item.trades.notes)


def test_an_import_says_how_far_the_bars_bear_it_out(service: BacktestService, report: Path) -> None:
    dataset, _ = service.keep_bars(hourly("2023-12-30T00", 24 * 9, FILLS), "made up", {}, {})
    stated = {"dataset_id": dataset.dataset_id}
    every = import_trades(service, [report], stated, now=7.0)
    found = imported_backtests_json(every)["imported"][0]["bars"]
    assert found is not None
    told = differences_json("", *differences_of(service, every[0][1].record))
    assert {name: found[name] for name in ("n_trades", "n_with_reason", "n_same", "net_profit", "bar_net_profit")} == {
        name: told[name] for name in ("n_trades", "n_with_reason", "n_same", "net_profit", "bar_net_profit")
    }  # fmt: skip
    assert found["n_trades"] == 3
    assert round(found["net_profit"] or 0.0, 2) == 297.90
    assert found["otherwise"] == [row for row in told["trades"] if not row["same_exit"]]
    again = imported_backtests_json(import_trades(service, [report], stated, now=8.0))["imported"][0]
    assert (again["added"], again["bars"]) == (False, found)
    without = imported_backtests_json(
        import_trades(BacktestService(MemoryStore(), MemoryArtifacts()), [report], {}, now=7.0)
    )
    assert without["imported"][0]["bars"] is None


def test_bars_that_explain_no_clock_are_said(service: BacktestService, report: Path) -> None:
    dataset, _ = service.keep_bars(hourly("2023-12-30T00", 24 * 9, {}), "made up", {}, {})
    ((item, _),) = import_trades(service, [report], {"dataset_id": dataset.dataset_id}, now=7.0)
    assert any("the bars explain no clock" in note for note in item.trades.notes)


def test_a_dataset_of_another_symbol_is_refused_and_nothing_kept(service: BacktestService, report: Path) -> None:
    bars = hourly("2023-12-30T00", 24, {})
    other = Bars(symbol("GBPUSD"), bars.timeframe, bars.open_time_ns, *[getattr(bars, n) for n in (
        "open", "high", "low", "close", "volume")])  # fmt: skip
    dataset, _ = service.keep_bars(other, "made up", {}, {})
    with pytest.raises(DataError, match="holds trades of EURUSD"):
        import_trades(service, [report], {"dataset_id": dataset.dataset_id}, now=7.0)
    with pytest.raises(NotFoundError):
        import_trades(service, [report], {"dataset_id": "nothing"}, now=7.0)
    assert not service.store.backtests()


def test_profits_that_a_list_lacks_are_made_of_prices_and_said(service: BacktestService, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("\n".join(line.rpartition(";")[0].rpartition(";")[0] for line in samples.PLAIN.splitlines()))
    ((_, kept),) = import_trades(service, [path], {"timezone": "UTC"}, now=7.0)
    assert round(kept.record.metrics["net_profit"], 6) == 3.5  # 0.0025 x 1000 + 0.001 x 1000
    assert any("made of prices and sizes" in note for note in kept.notes)
    assert any("no first deposit is known" in note for note in kept.notes)
    ((_, kept),) = import_trades(service, [path], {"timezone": "UTC", "account_currency": "JPY"}, now=7.0)
    assert np.isnan(kept.record.metrics["net_profit"])


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    with running_laptop(tmp_path_factory.mktemp("imports"), max_upload_bytes=400_000, workers=1) as made:
        yield made


def post(laptop: Laptop, files: dict[str, bytes], **fields: Any) -> Any:
    parts = [("file", item) for item in files.items()]
    return laptop.pipeline.post("/api/v1/backtests/import", files=parts, data=fields)


def test_reports_over_http_are_listed_as_backtests(laptop: Laptop) -> None:
    answer = post(laptop, {"a.htm": samples.mt4(), "b.zip": samples.zipped({"x/c.html": samples.mt5()})}, name="mine")
    assert answer.status_code == 201, answer.text
    first, second = answer.json()["imported"]
    assert (first["format"], first["backtest"]["net_profit"]) == ("mt4_report", 297.90)
    assert (second["format"], round(second["backtest"]["net_profit"], 2)) == ("mt5_report", -6.5)
    assert {figure["status"] for figure in first["figures"]} == {"equal", "not_computed"}
    assert first["clock"].startswith("UTC: assumed")
    assert first["strategy_parameters"]["SlPips"] == 40
    listed = laptop.pipeline.get("/api/v1/backtests").json()
    assert {first["backtest"]["id"], second["backtest"]["id"]} <= {item["id"] for item in listed}
    key = first["backtest"]["id"]
    shown = laptop.pipeline.get(f"/api/v1/backtests/{key}").json()
    assert shown["costs_stated"].startswith("as the report has them")
    assert not any("Without costs" in line for line in shown["warnings"])
    assert shown["money_exposure_percent"] is None
    trades = laptop.pipeline.get(f"/api/v1/backtests/{key}/trades").json()
    assert [trade["exit_reason"] for trade in trades["trades"]] == ["take_profit", "stop_loss", "signal"]
    assert laptop.pipeline.get(f"/api/v1/backtests/{key}/equity").json()["equity"] == [10_500.0, 10_350.0, 10_297.9]
    again = post(laptop, {"other-name.htm": samples.mt4()}).json()["imported"][0]
    assert (again["added"], again["backtest"]["id"]) == (False, key)
    assert laptop.pipeline.delete(f"/api/v1/backtests/{key}").status_code == 200


def test_ctrader_files_of_one_upload_belong_together(laptop: Laptop) -> None:
    events = json.dumps(samples.ctrader_events()).encode()
    answer = post(laptop, {"report.html": samples.ctrader_page(), "events.json": events})
    (item,) = answer.json()["imported"]
    trades = laptop.pipeline.get(f"/api/v1/backtests/{item['backtest']['id']}/trades").json()["trades"]
    assert [trade["exit_reason"] for trade in trades] == ["take_profit", "stop_loss"]


def test_a_damaged_upload_is_refused_with_its_place_and_nothing_is_kept(laptop: Laptop) -> None:
    before = len(laptop.pipeline.get("/api/v1/backtests").json())
    answer = post(laptop, {"a.html": samples.mt5(), "b.htm": samples.mt4(samples.MT4_ROWS[:-1])})
    assert answer.status_code == 422, answer.text
    assert "b.htm" in answer.text
    assert "trading-ai-upload" not in answer.text
    assert len(laptop.pipeline.get("/api/v1/backtests").json()) == before
    bomb = samples.zipped({"a.csv": b"a,b\n" * 200_000})
    assert post(laptop, {"a.zip": bomb}).status_code == 413
    assert post(laptop, {"a.htm": samples.mt4()}, timezone="Mars/Olympus").status_code == 422
    assert laptop.pipeline.post("/api/v1/backtests/import", data={"name": "x"}).status_code == 422


def test_the_stop_of_imported_trades_is_optimized_without_any_code(laptop: Laptop) -> None:
    rows = laptop.pipeline.get(f"/api/v1/backtests/{laptop.backtest_id}/trades").json()["trades"]
    names = [name for name in rows[0] if name not in {"balance", "mae", "mfe", "entry_bar", "exit_bar", "ambiguous"}]
    text = "\n".join(
        ",".join(str(row[name]) for name in names) for row in [dict(zip(names, names, strict=True)), *rows]
    )
    answer = post(laptop, {"own.csv": text.encode()}, symbol="EURUSD", dataset_id=laptop.dataset_id, capital="10000")
    assert answer.status_code == 201, answer.text
    (item,) = answer.json()["imported"]
    assert item["n_trades"] == len(rows)
    newest = laptop.pipeline.get("/api/v1/backtests").json()[0]["id"]
    assert newest == item["backtest"]["id"]
    key = laptop.started({"name": "stop_loss", "min_value": 20, "max_value": 80, "step": 20}, backtest_id=newest)
    assert laptop.wait(key)["status"] == "completed"
    results = laptop.optimizer.get(f"/api/v1/optimize/{key}/results").json()
    assert len(results["trials"] if "trials" in results else results["results"]) == 4


def test_nothing_is_run_on_an_import_without_bars(laptop: Laptop) -> None:
    (item,) = post(laptop, {"a.html": samples.mt5()}).json()["imported"]
    answer = laptop.start(backtest_id=item["backtest"]["id"])
    assert answer.status_code == 409, answer.text
    assert "imported without bars" in answer.text
