"""What a form sends: what somebody chose, and nothing that the page only began with; and how tables sort."""

from __future__ import annotations

import httpx
import pytest

pytestmark = pytest.mark.browser


def hours(spread: str, n_days: int = 5) -> bytes:
    """Hours of bars of whole days from a Monday on, each with that spread."""
    lines = ["time,open,high,low,close,volume,spread"]
    for day in range(n_days):
        for hour in range(24):
            price = 1.25 + 0.0001 * ((day * 24 + hour) % 17)
            lines.append(
                f"2024-01-{day + 1:02d} {hour:02d}:00:00,{price:.5f},{price + 0.001:.5f},{price - 0.001:.5f},"
                f"{price + 0.0004:.5f},10,{spread}"
            )
    return "\n".join(lines).encode()


def test_a_file_is_read_as_it_says_where_nobody_chose(visit, served, tmp_path):
    path = tmp_path / "GBPUSD_spread.csv"
    path.write_bytes(hours("0.00012"))
    seen = visit()
    page = seen.go("/data")
    page.set_input_files("#file", path)
    seen.until("document.getElementById('preview-title')")
    page.click("#keep")
    page.wait_for_url("**/data/*")
    datasets = f"{served.server.pipeline_url}/api/v1/datasets"
    kept = httpx.get(f"{datasets}/{page.url.rpartition('/')[2]}").json()
    # Decimals are prices: read as points of five digits, 0.00012 would be next to nothing.
    assert not {"side", "spread_unit", "stamped"} & kept["detected"]["stated"].keys(), kept["detected"]
    assert kept["detected"]["point"] is None, kept["detected"]


def test_what_was_switched_off_stays_off_when_a_backtest_is_changed(visit, served):
    pipeline = f"{served.server.pipeline_url}/api/v1/backtests"
    earlier = httpx.get(f"{pipeline}/{served.backtest_id}").json()
    body = {"strategy": "sma_crossover", "dataset_id": earlier["dataset_id"]}
    made = httpx.post(pipeline, json=body | {"rules": {"close_at_end": False, "round_levels": False}}).json()
    assert made["rules"]["close_at_end"] is made["rules"]["round_levels"] is False, made
    seen = visit()
    page = seen.go(f"/backtests/new?from={made['id']}")
    page.evaluate("document.querySelectorAll('details.more').forEach((part) => { part.open = true; })")
    page.check("#rules-round_levels")
    page.click("#run")
    seen.until("!location.pathname.endsWith('/new')")
    again = httpx.get(f"{pipeline}/{page.url.rpartition('/')[2]}").json()
    assert again["id"] != made["id"]
    assert again["rules"] == made["rules"] | {"round_levels": True}


@pytest.mark.parametrize("end", ["from", "to", "step"])
def test_an_emptied_end_of_a_range_is_missing_and_not_zero(visit, served, end):
    seen = visit()
    page = seen.go(f"/optimize?backtest={served.backtest_id}")
    page.check("[aria-label='Search stop_loss']")
    seen.until("document.getElementById('count').textContent.includes('combinations')")
    page.fill(f"[aria-label='stop_loss {end}']", "")
    seen.until("document.querySelector('#count .wrong')")
    assert page.is_disabled("#start")
    wrong = page.query_selector_all("#search [aria-invalid]")
    assert [each.get_attribute("aria-label") for each in wrong] == [f"stop_loss {end}"]


def test_tables_sort_times_as_times_and_amounts_as_amounts(visit, served):
    seen = visit()
    page = seen.go(f"/backtests/{served.backtest_id}")

    def column(heading: str) -> list[str]:
        page.click(f"table.trades thead button:text-is('{heading}')")
        place = page.eval_on_selector("table.trades th[aria-sort]", "head => head.cellIndex")
        return page.eval_on_selector_all(
            "table.trades tbody tr", "(rows, at) => rows.map((row) => row.cells[at].textContent.trim())", place
        )

    times = column("Entry")
    assert len(set(times)) > 10
    assert times == sorted(times, reverse=True)
    assert column("Entry") == sorted(times)
    profits = [float(text.replace(",", "")) for text in column("Net profit USD")]
    assert profits == sorted(profits, reverse=True)
    assert min(profits) < 0 < max(profits)
