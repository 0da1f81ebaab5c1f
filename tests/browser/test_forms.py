"""From a file to a search: data, a backtest and an optimization made by forms alone."""

from __future__ import annotations

import httpx
import pytest

from tests.browser.conftest import WIDTHS
from tests.integration.trade_imports import samples
from tests.integration.trade_imports.test_passes import mt5_xml

pytestmark = pytest.mark.browser


def bars(n_days: int = 40) -> bytes:
    """Hours of bars that rise and fall, of whole days from a Monday on."""
    lines = ["time,open,high,low,close,volume"]
    for day in range(n_days):
        if day % 7 > 4:
            continue
        month, date = divmod(day, 28)
        for hour in range(24):
            price = 1.1 + 0.01 * ((day * 24 + hour) % 90 - 45) / 45
            lines.append(
                f"2024-{month + 1:02d}-{date + 1:02d} {hour:02d}:00:00,{price:.5f},{price + 0.001:.5f},"
                f"{price - 0.001:.5f},{price + 0.0004:.5f},10"
            )
    return "\n".join(lines).encode()


def test_a_file_is_seen_before_it_is_kept(visit, served, tmp_path):
    path = tmp_path / "GBPUSD_H1.csv"
    path.write_bytes(bars())
    seen = visit()
    page = seen.go("/data")
    datasets = f"{served.server.pipeline_url}/api/v1/datasets"
    before = len(httpx.get(datasets).json())
    page.set_input_files("#file", path)
    seen.until("document.getElementById('preview-title')")
    assert page.input_value("#symbol") == "GBPUSD"
    assert "GBPUSD H1, 720 bars" in page.inner_text("#preview-title")
    assert len(httpx.get(datasets).json()) == before
    page.click("#keep")
    page.wait_for_url("**/data/*")
    seen.until("document.getElementById('candles').dataset.length")
    assert len(httpx.get(datasets).json()) == before + 1
    seen.assert_clean()


def test_a_file_that_is_none_is_refused_with_what_to_do(visit, served, tmp_path):
    path = tmp_path / "EURUSD.csv"
    path.write_bytes(b"time,open\nnever,much\n")
    seen = visit()
    page = seen.go("/data")
    page.set_input_files("#file", path)
    seen.until("document.getElementById('said').textContent")
    assert page.query_selector("#keep").is_hidden()


@pytest.mark.parametrize("width", WIDTHS)
def test_what_other_platforms_made_is_seen_before_it_is_kept(visit, served, tmp_path, width):
    report, passes = tmp_path / f"robot{width}.htm", tmp_path / f"Optimization{width}.xml"
    report.write_bytes(samples.mt4(net="297.90"))
    passes.write_text(mt5_xml())
    listed = f"{served.server.pipeline_url}/api/v1/backtests"
    seen = visit(width)
    page = seen.go("/data")
    before = len(httpx.get(listed).json())
    page.set_input_files("#file", report)
    seen.until("document.getElementById('preview-title')?.textContent.includes('3 trades of EURUSD')")
    assert page.input_value("#kind") == "report"
    assert len(httpx.get(listed).json()) == before
    page.click("summary:has-text('where the report does not say it')")
    page.fill("#r-timezone", "UTC+2")
    assert page.is_hidden("#keep")  # what was looked at is what is kept
    page.click("#look")
    seen.until("document.getElementById('preview').textContent.includes('2024-01-04 10:00')")
    assert page.is_visible("#keep")
    seen.assert_clean()
    page.set_input_files("#file", passes)
    seen.until("document.getElementById('preview-title')?.textContent.includes('10 passes of My EA')")
    assert page.input_value("#kind") == "passes"
    seen.assert_clean()
    page.fill("#kept-name", f"passes {width}")
    page.click("#keep")
    page.wait_for_url("**/optimizations/*")
    seen.until("document.querySelector('.trials tbody tr')")
    assert seen.messages == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_backtest_and_a_search_by_forms(visit, served, width):
    seen = visit(width)
    page = seen.go("/backtests/new?strategy=sma_crossover")
    page.fill("#p-fast", "7")
    page.fill("#p-stop_loss", "35")
    page.fill("#costs-spread_pips", "1.2")
    page.click("#run")
    page.wait_for_url("**/backtests/*-*")
    seen.until("document.documentElement.dataset.ready")
    made = httpx.get(f"{served.server.pipeline_url}/api/v1/backtests").json()[0]
    assert page.url.endswith(made["id"])
    assert (made["parameters"]["fast"], made["parameters"]["stop_loss"]) == (7, 35)
    assert made["costs"]["spread_pips"] == 1.2
    seen.until("document.getElementById('candles').dataset.length")
    assert f"{made['metrics']['net_profit']:,.2f}" in page.inner_text(".figures")
    page.click("text=Optimize it")
    seen.until("document.documentElement.dataset.ready")
    page.fill("[aria-label='stop_loss from']", "20")
    page.fill("[aria-label='stop_loss to']", "50")
    page.fill("[aria-label='stop_loss step']", "0")
    seen.until("document.querySelector('#count .wrong')")
    assert "stop_loss" in page.inner_text("#count")
    assert page.get_attribute("[aria-label='stop_loss step']", "aria-invalid") == "true"
    page.fill("[aria-label='stop_loss step']", "10")
    seen.until("document.getElementById('count').textContent.startsWith('4 combinations')")
    page.fill("#name", f"by a form {width}")
    page.click("#start")
    page.wait_for_url("**/optimizations/*")
    started = httpx.get(f"{served.url}/api/v1/optimize").json()[0]
    assert (started["name"], started["total_tasks"]) == (f"by a form {width}", 4)
    served.wait(started["id"])
    seen.assert_clean()


def test_a_wrong_parameter_is_said_at_its_field(visit, served):
    seen = visit()
    page = seen.go("/backtests/new?strategy=sma_crossover")
    page.fill("#p-fast", "50")
    page.fill("#p-slow", "10")
    page.click("#run")
    seen.until("document.getElementById('said').textContent.includes('fast')")
    assert page.url.endswith("/backtests/new?strategy=sma_crossover")
    assert page.is_enabled("#run")


def test_trades_lead_to_their_place_on_the_chart_with_their_stops_and_targets(visit, served):
    first = httpx.get(f"{served.server.pipeline_url}/api/v1/datasets").json()[-1]["id"]
    body = {"strategy": "sma_crossover", "dataset_id": first, "parameters": {"stop_loss": 25, "take_profit": 60}}
    made = httpx.post(f"{served.server.pipeline_url}/api/v1/backtests", json=body).json()["id"]
    trades = httpx.get(f"{served.server.pipeline_url}/api/v1/backtests/{made}/trades").json()["trades"]
    seen = visit()
    page = seen.go(f"/backtests/{made}")
    seen.until("document.querySelector('.trades tbody tr .stop').textContent !== '…'")
    for place, trade in enumerate(trades[:3]):
        side = 1 if trade["direction"] == "long" else -1
        row = page.query_selector_all(".trades tbody tr")[place]
        assert row.query_selector(".stop").inner_text() == f"{trade['entry_price'] - side * 0.0025:.5f}"
        assert row.query_selector(".target").inner_text() == f"{trade['entry_price'] + side * 0.0060:.5f}"
    page.click("[aria-label='Show trade 3 on the chart']")
    seen.until("document.activeElement.id === 'candles'")
    page.keyboard.press("-")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(300)
    seen.assert_clean()
