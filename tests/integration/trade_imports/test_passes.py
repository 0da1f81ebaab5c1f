"""Optimizations of other platforms: read, judged by hand-made numbers, kept as trials."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.api.laptop import Laptop, running_laptop
from tests.integration.trade_imports import samples
from trading_ai.errors import DataError, StorageError
from trading_ai.importers.passes import mt5_cache
from trading_ai.importers.passes.ctrader_passes import ctrader_fitness
from trading_ai.importers.passes.read import read_passes
from trading_ai.importers.trades.document import Document
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.optimization.passes import DailyProfits, PassList, judge_passes, keep_passes, space_of
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


def _utf16(text: str, size: int) -> bytes:
    return text.encode("utf-16-le").ljust(size, b"\0")


def opt_cache(*, by_symbol: bool = False, appendix: int = 0, early: bool = False, **changes: Any) -> bytes:
    """MetaTrader 5's cache of the same passes: Fast is an int, UseFilter a bool, Lots a double that is not searched."""
    inputs = np.zeros(4, mt5_cache.INPUT)
    rows = (("Fast", 1, 7, 0, 4, (5, 5, 25)), ("UseFilter", 1, 1, 4, 1, (0, 1, 1)), ("Lots", 0, 13, 8, 8, (0, 0, 0)),
            ("Text", 0, 14, 16, 16, (0, 0, 0)))  # fmt: skip
    for one, (name, flag, kind, offset, size, limits) in zip(inputs, rows, strict=True):
        one["name"], one["flag"], one["type"] = np.void(_utf16(name, 128)), flag, 75 + kind
        one["offset"], one["size"] = offset, size
        one["range"] = np.void(np.array(limits, "<i8").tobytes())
    buffer = struct.pack("<i?3xd", 10, True, 0.1) + _utf16("note", 16)
    base = mt5_cache.SUMMARY.itemsize + 64 * by_symbol
    size = base + 16 + 4 * 3 + appendix
    header = np.zeros(1, mt5_cache.HEADER)
    values = {
        "name": np.void(_utf16("TesterOptCache", 32)), "expert_name": np.void(_utf16("My EA", 128)),
        "symbol": np.void(_utf16("EURUSD", 64)), "period": 16385, "date_from": 1577836800, "date_to": 1609459200,
        "trade_deposit": 1000, "parameters_size": len(buffer), "parameters_total": 4, "opt_params_size": 16,
        "opt_params_total": 2, "dwords_cnt": 3, "snapshot_size": 2, "passes_passed": len(PROFITS), "record_size": size,
        "header_size": mt5_cache.HEADER.itemsize + inputs.nbytes + len(buffer),
    } | changes  # fmt: skip
    for name, value in values.items():
        header[name] = value
    records = b""
    for i, ((fast, use), profit) in enumerate(PROFITS.items()):
        summary = np.zeros(1, mt5_cache.SUMMARY)
        for name, value in {
            "pass": i, "deposit": 1000.0, "profit": profit, "expected_payoff": profit / 10, "trades": 10, "profittrades": 6,
            "reldrawdownpercent_e": 2.0 + i / 10, "maxdrawdown_e": 20.0, "custom_fitness": 0.5 * i, "longtrades": 7,
            "profit_factor": 1.7976931348623157e308 if i == 0 else 1.5,
        }.items():  # fmt: skip
            summary[name] = value
        slots = struct.pack("<qq", fast, use == "true")
        tail = b"\xff" * appendix + slots if early else slots + b"\xff" * appendix
        records += summary.tobytes() + _utf16("EURUSD", 64) * by_symbol + tail + b"\0" * 12
    return header.tobytes() + inputs.tobytes() + buffer + b"\0" * 8 + records


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


@pytest.mark.parametrize(
    "form",
    [{}, {"by_symbol": True}, {"appendix": 8}, {"appendix": 8, "early": True}, {"by_symbol": True, "appendix": 8}],
)
def test_the_cache_of_mt5_holds_what_its_xml_does(read: Callable[..., PassList], form: dict[str, Any]) -> None:
    passes, xml = read(opt_cache(**form)), read(mt5_xml())
    assert (passes.origin, passes.strategy, passes.symbol, passes.timeframe) == ("mt5_cache", "My EA", "EURUSD", "H1")
    assert (passes.names, passes.values, passes.period) == (xml.names, xml.values, "2020.01.01-2021.01.01")
    assert passes.fitness.tolist() == xml.fitness.tolist()
    assert (passes.fitness_name, passes.capital) == ("Balance", 1000.0)
    assert passes.fixed == {"Lots": 0.1, "Text": "note"}
    for name in ("net_profit", "expectancy", "max_drawdown_percent", "total_trades"):
        assert passes.metrics[name].tolist() == pytest.approx(xml.metrics[name].tolist())
    assert math.isnan(passes.metrics["profit_factor"][0])  # the platform writes its largest number for none
    assert passes.metrics["win_rate"].tolist() == [60.0] * 10
    assert judge_passes(passes).best == judge_passes(xml).best


def test_the_criterion_of_a_cache_is_its_fitness(read: Callable[..., PassList]) -> None:
    custom = read(opt_cache(last_criterion=6))
    assert (custom.fitness_name, custom.fitness.tolist()) == ("Custom", [0.5 * i for i in range(10)])
    fall = read(opt_cache(last_criterion=3))
    assert fall.fitness.tolist() == pytest.approx([-(2.0 + i / 10) for i in range(10)])
    complex_ = read(opt_cache(last_criterion=7))
    assert any("complex criterion" in note for note in complex_.notes)
    assert any("forward" in note for note in read(opt_cache(opt_mode=2)).notes)
    assert [read(opt_cache(period=p)).timeframe for p in (1, 15, 16388, 16408, 32769, 49153)] == [
        "M1", "M15", "H4", "D1", "W1", "MN1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (opt_cache()[:1000], "cut off within its header"),
        (opt_cache()[:1500], "cut off within its inputs"),
        (opt_cache()[:-1], "holds 9 of 10 passes"),
        (opt_cache(passes_passed=0), "holds no pass"),
        (opt_cache(passes_passed=11), "holds 10 of 11 passes"),
        (opt_cache(passes_passed=2**31), "more than 1,000,000 passes"),
        (opt_cache(record_size=500), "not known"),
        (opt_cache(record_size=16 + 16 + 12), "mathematical"),
        (opt_cache(parameters_total=2**31), "cut off within its inputs"),
        (opt_cache(parameters_total=0, parameters_size=0), "without a searched input"),
        (opt_cache(date_from=2**62), "date that is none"),
    ],
)
def test_a_cache_that_is_damaged_is_refused(read: Callable[..., PassList], content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(content, "cache.opt")


def test_values_outside_of_their_ranges_are_not_believed(read: Callable[..., PassList]) -> None:
    content = bytearray(opt_cache())
    at = content.rindex(struct.pack("<qq", 25, 0))
    content[at : at + 8] = struct.pack("<q", 26)
    with pytest.raises(DataError, match="do not lie in the ranges"):
        read(bytes(content))


@settings(max_examples=300)
@given(
    places=st.lists(st.tuples(st.integers(0, len(opt_cache()) - 1), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.one_of(st.none(), st.integers(0, len(opt_cache()))),
)
def test_a_damaged_cache_ends_in_passes_or_a_refusal(places: list[tuple[int, int]], cut: int | None) -> None:
    content = bytearray(opt_cache())
    for at, value in places:
        content[at] = value
    document = Document("cache.opt", "mt5_cache", "", data=bytes(content[:cut]))
    remedy, found = "none is needed", None
    try:
        found = mt5_cache.read(document)
    except DataError as error:
        remedy = error.remedy
    assert remedy
    if found is not None:
        assert len(found.values) == len(found.fitness) <= 10
        assert np.isfinite(found.metrics["net_profit"]).sum() <= 10


def test_what_a_list_of_passes_is_told_by(read: Callable[..., PassList]) -> None:
    """Whatever the file tells is part of its identity: two optimizations are never taken for one."""
    passes = read(opt_cache())
    changed: list[PassList] = [
        replace(passes, capital=999.0), replace(passes, fixed={"Lots": 0.2}), replace(passes, timeframe="H4"),
        replace(passes, period="2020"), replace(passes, forward=passes.fitness), replace(passes, fitness_name="x"),
        replace(passes, daily=DailyProfits(np.arange(2), np.zeros((10, 2), np.float32))),
        replace(passes, daily=DailyProfits(np.arange(2), np.ones((10, 2), np.float32))),
    ]  # fmt: skip
    assert len({passes.content_hash, *(each.content_hash for each in changed)}) == 9


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
