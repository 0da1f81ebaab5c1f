"""Optimizations of other platforms: read, judged by hand-made numbers, kept as trials."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.integration.api.laptop import Laptop, running_laptop
from tests.integration.trade_imports import samples
from trading_ai.errors import DataError, StorageError
from trading_ai.importers.passes.ctrader_passes import ctrader_fitness
from trading_ai.importers.passes.read import read_passes
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.optimization.passes import PassList, judge_passes, keep_passes, space_of
from trading_ai.parameters import ParameterRange
from trading_ai.store.memory import MemoryStore

HEADS = ("Pass", "Result", "Profit", "Expected Payoff", "Profit Factor", "Recovery Factor", "Sharpe Ratio", "Custom",
         "Equity DD %", "Trades", "Fast", "UseFilter")  # fmt: skip
# Profit by (Fast, UseFilter): a plateau around 10 and 15, and a spike at 25.
PROFITS = {
    (5, "true"): 100, (5, "false"): 90, (10, "true"): 300, (10, "false"): 310, (15, "true"): 320, (15, "false"): 290,
    (20, "true"): 50, (20, "false"): 40, (25, "true"): 500, (25, "false"): -200,
}  # fmt: skip


def mt5_xml(*, heads: tuple[str, ...] = HEADS, forward: bool = False) -> str:
    rows: list[list[Any]] = [list(heads)]
    for i, ((fast, use), profit) in enumerate(PROFITS.items()):
        first = [i, 900 + i, 1000 + profit] if forward else [i, 1000 + profit]
        rows.append([*first, profit, profit / 10, 1.5, 2.0, 0.4, 0, 2.0 + i / 10, 10, fast, use])
    cells = [
        "".join(f'<Cell><Data ss:Type="{"String" if isinstance(v, str) else "Number"}">{v}</Data></Cell>' for v in row)
        for row in rows
    ]
    table = "\n".join(f"<Row>{row}</Row>" for row in cells)
    return (
        '<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:o="urn:schemas-microsoft-com:office:office">'
        "<o:DocumentProperties><o:Title>My EA EURUSD,H1 2020.01.01-2021.01.01</o:Title></o:DocumentProperties>\n"
        f'<Worksheet ss:Name="Tester Optimizator Results"><Table>{table}</Table></Worksheet></Workbook>'
    )


def ctrader_result(**changes: Any) -> dict[str, Any]:
    passes = []
    for i, (stop, profit, won, fall) in enumerate([(20, 1000.0, 12, 0.05), (30, -250.0, 8, 0.2), (40, 400.0, 10, 0.1)]):
        passes.append(
            {"passId": i, "status": "completed", "fitness": profit * won / (1.0 + fall), "equity": 10_000 + profit,
             "netProfit": profit, "trades": 20, "winningTrades": won, "losingTrades": 20 - won,
             "maxEquityDrawdownPercent": fall, "parameters": [{"name": "Stop", "value": str(stop)}]}
        )  # fmt: skip
    passes.append({"passId": 9, "status": "failed"})
    return {
        "backtestingSettings": {"startingCapital": 10_000},
        "parameters": [{"name": "Stop", "optimize": True, "min": "20", "max": "40", "step": "10"},
                       {"name": "Lots", "optimize": False, "value": "0.1"}],
        "results": {"elapsedTime": 1, "passes": passes},
    } | changes  # fmt: skip


def hyperopt() -> str:
    lines = [
        {"loss": loss, "current_epoch": i, "params_dict": {"buy_rsi": rsi, "trailing": i == 0},
         "results_metrics": {"profit_total_abs": profit, "total_trades": 12, "winrate": 0.5, "max_drawdown_account": 0.1,
                             "strategy_name": "Sample", "starting_balance": 1000}}
        for i, (loss, rsi, profit) in enumerate([(-2.5, 30, 50.0), (1.0, 20, -10.0), (100_000, 25, 0.0)])
    ]  # fmt: skip
    return "\n".join(json.dumps(line) for line in lines) + "\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., PassList]:
    def one(content: str | bytes, name: str = "file") -> PassList:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (found,) = read_passes([path])
        return found

    return one


def test_mt5_passes_are_read_and_judged(read: Callable[..., PassList]) -> None:
    passes = read(mt5_xml())
    assert (passes.origin, passes.strategy, passes.symbol, passes.timeframe) == (
        "mt5_optimization", "My EA", "EURUSD", "H1"
    )  # fmt: skip
    assert passes.names == ("Fast", "UseFilter")
    assert passes.values[0] == (5, True)
    assert passes.metrics["max_drawdown_percent"].tolist() == pytest.approx([2.0 + i / 10 for i in range(10)])
    assert "sharpe_ratio" not in passes.metrics  # theirs means something else
    space, places = space_of(passes)
    assert space.axes[0] == ParameterRange("Fast", 5, 25, 5)
    assert places[:4].tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    judged = judge_passes(passes)
    assert (judged.n_passes, judged.n_places) == (10, 10)
    assert (judged.best, judged.best_fitness) == (8, 1500.0)
    fitness = np.array([1000.0 + p for p in PROFITS.values()])
    assert judged.above_mean == pytest.approx((1500 - fitness.mean()) / fitness.std(ddof=1))
    assert judged.expected_above_mean == pytest.approx(1.5746, abs=1e-3)  # of the best of ten
    assert judged.plateau_score == 1320.0  # the median of 320, 50 and 500, where the best has 50 beside it
    assert judged.plateau_pick != judged.best
    assert judged.best_neighbours == 1050.0  # along Fast only: UseFilter has no order
    assert judged.importance["Fast"] > judged.importance["UseFilter"]
    assert judged.front[0] == 8
    assert set(judged.front) == {8, 4, 3, 2, 0}  # more profit only for more drawdown
    assert math.isnan(judged.deflated_sharpe)
    assert any("deflated Sharpe ratio" in line for line in judged.unknown)


def test_mt5_forward_results_are_correlated_with_the_fitness(read: Callable[..., PassList]) -> None:
    heads = ("Pass", "Forward Result", "Back Result", *HEADS[2:])
    passes = read(mt5_xml(heads=heads, forward=True))
    assert passes.fitness[0] == 1100.0
    assert passes.forward is not None
    assert passes.forward.tolist() == [900.0 + i for i in range(10)]
    expected = np.corrcoef(np.argsort(np.argsort(list(PROFITS.values()))), np.arange(10))[0, 1]
    assert judge_passes(passes).forward_correlation == pytest.approx(expected)


def test_ctrader_fitness_is_made_again(read: Callable[..., PassList]) -> None:
    assert ctrader_fitness([(1000.0, True), (12.0, True), (0.05, False)]) == pytest.approx(12_000 / 1.05, rel=1e-12)
    assert ctrader_fitness([(-250.0, True), (8.0, True), (0.2, False)]) == pytest.approx(-2000 / 1.2, rel=1e-12)
    assert ctrader_fitness([(0.25, False)]) == 0.8  # 1 / (1 + 0.25)
    passes = read(json.dumps(ctrader_result()))
    assert passes.values == ((20,), (30,), (40,))
    assert passes.fixed == {"Lots": 0.1}
    assert passes.metrics["max_drawdown_percent"].tolist() == [5.0, 20.0, 10.0]
    assert passes.metrics["win_rate"].tolist() == [60.0, 40.0, 50.0]
    assert any("made again for 3 passes and is the same to 1e-9 for 3" in note for note in passes.notes)
    assert any("1 passes failed" in note for note in passes.notes)
    other = ctrader_result(criteria={"standard": [{"criterion": "ProfitFactor", "extremum": "maximum"}]})
    assert any("is the same to 1e-9 for 0" in note for note in read(json.dumps(other)).notes)


def test_hyperopt_loss_is_the_less_the_better(read: Callable[..., PassList]) -> None:
    passes = read(hyperopt(), "x.fthypt")
    assert passes.origin == "freqtrade_hyperopt"
    assert passes.fitness[:2].tolist() == [2.5, -1.0]
    assert math.isnan(passes.fitness[2])
    assert passes.metrics["max_balance_drawdown_percent"].tolist() == [10.0, 10.0, 10.0]
    assert judge_passes(passes).best == 0


def test_a_list_of_passes(read: Callable[..., PassList]) -> None:
    passes = read("pass,stop_loss,kind,net_profit,max_drawdown_percent\n1,20,a,10.5,3\n2,30,b,12,4\n")
    assert passes.names == ("stop_loss", "kind")
    assert (passes.fitness_name, passes.fitness.tolist()) == ("net_profit", [10.5, 12.0])
    with pytest.raises(DataError, match=":3: has 4 cells where the header has 5"):
        read("pass,stop_loss,kind,net_profit,max_drawdown_percent\n1,20,a,10.5,3\n2,30,b,12\n")


def pass_folder(folder: Path, n: int = 6) -> None:
    """Passes as cTrader leaves them: a report each, whose trades are on 40 days and better for larger stops."""
    for i in range(n):
        report = samples.ctrader_report()
        trade = report["history"]["items"][0]
        rng = np.random.default_rng(i)
        nets = np.round(rng.normal(i * 0.5, 5.0, 40), 2).tolist()
        day = 86_400_000
        report["history"]["items"] = [
            trade | {"entryTime": samples.FIRST_MS + d * day, "closeTime": samples.LAST_MS + d * day, "net": net, "gross": net}
            for d, net in enumerate(nets)
        ]  # fmt: skip
        report["tradeStatistics"] = {"netProfit": {"all": sum(nets)}, "totalTrades": {"all": 40}}
        report["parameters"] = [{"propertyName": "Lots", "value": "0.1"}]
        part = folder / str(i)
        part.mkdir()
        (part / "report.html").write_bytes(samples.ctrader_page(report))
        (part / "parameters.cbotset").write_text(json.dumps({"Parameters": {"Stop": str(20 + 10 * i)}}))
        (part / "log.txt").write_text("log")


def test_a_folder_of_ctrader_passes_is_judged_by_its_days(tmp_path: Path) -> None:
    pass_folder(tmp_path)
    (passes,) = read_passes([tmp_path])
    assert passes.names == ("Stop",)
    assert [row[0] for row in passes.values] == [20, 30, 40, 50, 60, 70]
    assert passes.fixed == {"Lots": 0.1}
    assert passes.daily is not None
    assert passes.daily.profits.shape == (6, 40)
    judged = judge_passes(passes)
    assert 0.0 <= judged.deflated_sharpe <= 1.0
    assert 0.0 <= judged.overfitting_probability <= 1.0
    assert 1 <= judged.n_effective <= 6
    store = MemoryStore()
    record = keep_passes(store, passes, now=1.0).record
    ((_, profits),) = list(store.daily_profits(record.optimization_id))
    assert profits.tolist() == passes.daily.profits.tolist()
    (tmp_path / "5" / "report.html").write_bytes(samples.ctrader_page()[:-300])
    with pytest.raises(DataError, match=r"report\.html"):
        read_passes([tmp_path])


def test_passes_are_kept_once_as_trials_by_their_fitness(read: Callable[..., PassList]) -> None:
    store, passes = MemoryStore(), read(mt5_xml())
    kept = keep_passes(store, passes, now=5.0)
    record = store.optimization(kept.record.optimization_id)
    assert (record.status, record.n_completed, record.n_total) == ("completed", 10, 10)
    page = store.ranked(record.optimization_id, 10)
    best = record.spec.space.combination(int(page.indices[0]))
    assert best == {"Fast": 25, "UseFilter": True}
    assert page.metrics[0, METRIC_COLUMN["net_profit"]] == 500.0
    assert np.isnan(page.metrics[0, METRIC_COLUMN["sharpe_ratio"]])
    again = keep_passes(store, passes, now=6.0)
    assert (again.added, again.record.optimization_id) == (False, record.optimization_id)
    assert len(store.optimizations()) == 1


def test_passes_whose_import_broke_off_are_imported_anew(
    read: Callable[..., PassList], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, passes = MemoryStore(), read(mt5_xml())

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(store, "save_chunk", full)
        with pytest.raises(StorageError):
            keep_passes(store, passes, now=5.0)
    kept = keep_passes(store, passes, now=6.0)
    record = store.optimization(kept.record.optimization_id)
    assert kept.added
    assert (record.status, record.n_completed) == ("completed", 10)
    assert (len(store.optimizations()), len(store.backtests())) == (1, 1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (mt5_xml()[:1200], "not well-formed"),
        (mt5_xml().replace(">300<", ">3O0<"), "Profit: is not a number"),
        (json.dumps(ctrader_result()).replace('"Stop", "value": "30"', '"Stopp", "value": "30"'), "some passes only"),
        (json.dumps(ctrader_result())[:-5], "not complete JSON"),
        (hyperopt()[:-20], ":3: is not complete JSON"),
        (samples.mt4().decode(), "is no optimization"),
        (samples.ctrader_page().decode(), "is the report of one backtest"),
        (json.dumps(ctrader_result(results={"passes": []})), "holds no pass"),
        (mt5_xml().replace(">25<", f">{'9' * 400}<"), "Fast: is too large"),
    ],
)
def test_damaged_passes_are_refused(read: Callable[..., PassList], content: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read(content)


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    with running_laptop(tmp_path_factory.mktemp("passes"), workers=1) as made:
        yield made


def test_passes_over_http(laptop: Laptop) -> None:
    def post(content: bytes) -> Any:
        return laptop.optimizer.post(
            "/api/v1/optimize/import", files=[("file", ("o.xml", content))], data={"name": "x"}
        )

    answer = post(mt5_xml().encode())
    assert answer.status_code == 201, answer.text
    (item,) = answer.json()["imported"]
    assert item["judgement"]["best"]["parameters"] == {"Fast": 25, "UseFilter": True}
    assert item["judgement"]["deflated_sharpe"] is None
    assert item["parameters"] == {"Fast": 5, "UseFilter": 2}
    results = laptop.optimizer.get(f"/api/v1/optimize/{item['id']}/results")
    assert results.status_code == 200, results.text
    judged = laptop.optimizer.get(f"/api/v1/optimize/{item['id']}/robustness")
    assert judged.status_code == 422
    assert "was optimized on another platform" in judged.text
    assert post(mt5_xml()[:900].encode()).status_code == 422
    assert post(mt5_xml().encode()).json()["imported"][0]["added"] is False
    assert laptop.optimizer.delete(f"/api/v1/optimize/{item['id']}").status_code == 200
