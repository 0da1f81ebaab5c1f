"""The page of an optimization: map, table, pins, files, what can be done, and how it follows a run."""

from __future__ import annotations

import json

import httpx
import polars as pl
import pytest

pytestmark = pytest.mark.browser


def test_the_map_follows_its_controls_and_the_address_holds_them(visit, served):
    seen = visit()
    page = seen.go(f"/optimizations/{served.optimization_id}")
    seen.until("document.getElementById('map').layout")
    assert page.evaluate("document.getElementById('map').layout.meta.axes.length") == 2
    page.select_option("#map-x", "take_profit")
    page.select_option("#map-metric", "net_profit")
    seen.until("document.querySelector('#map').closest('figure').textContent.includes('Net profit over take_profit')")
    assert "x=take_profit" in page.url
    assert "metric=net_profit" in page.url
    # The cells are the trials' own numbers.
    shown = page.evaluate(
        """(() => { const h = document.getElementById('map')._fullData[0];
           return [[...h.x], [...h.y], [...h.z].map(r => [...r])]; })()"""
    )
    trials = httpx.get(f"{served.url}/api/v1/optimize/{served.optimization_id}/results?limit=100").json()["results"]
    for trial in trials:
        row = shown[1].index(trial["parameters"]["stop_loss"])
        column = shown[0].index(trial["parameters"]["take_profit"])
        assert shown[2][row][column] == pytest.approx(trial["net_profit"])
    again = visit()
    again.go(page.url.removeprefix(served.url))
    again.until("document.querySelector('#map').closest('figure').textContent.includes('Net profit over take_profit')")
    seen.assert_clean()


def test_the_table_sorts_filters_and_pins_in_place(visit, served):
    seen = visit()
    page = seen.go(f"/optimizations/{served.optimization_id}")
    page.click("thead a:has-text('Net profit')")
    seen.until("document.querySelector('th[aria-sort=descending]')?.textContent.includes('Net profit')")
    page.fill("#where", "stop_loss <= 30 and take_profit > 60")
    page.press("#where", "Enter")
    seen.until("document.querySelector('#trials caption').textContent.includes('of 6 trials')")
    assert "where=stop_loss" in page.url
    for number in (1, 2):
        page.click(f"[aria-label='Pin trial {number}']")
    seen.until("document.getElementById('equities')?.data?.length === 2")
    assert page.url.count("pin=") == 2
    page.go_back()
    seen.until("document.getElementById('equities')?.data?.length === 1")
    seen.assert_clean()


def test_an_axis_that_is_cut_filters_the_table_by_hand_and_by_keyboard(visit, served):
    seen = visit()
    page = seen.go(f"/optimizations/{served.optimization_id}")
    page.evaluate("document.getElementById('lines').scrollIntoView({ block: 'center' })")
    seen.until("document.querySelectorAll('.brush .handle').length === 6")
    page.focus("[aria-label='stop_loss, at least']")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    seen.until("document.querySelector('#trials caption').textContent.includes('of 20 trials')")
    assert page.input_value("#where") == "stop_loss >= 40"
    assert page.evaluate("document.activeElement.getAttribute('aria-valuetext')") == "40"
    seen.until("document.querySelector('#lines').closest('figure').textContent.includes('20 of 30 trials chosen')")
    box = page.query_selector_all(".brush .track")[1].bounding_box()
    page.mouse.move(box["x"] + 13, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + 13, box["y"] + box["height"] * 0.9, steps=5)
    page.mouse.up()
    seen.until("document.querySelector('#trials caption').textContent.includes('of 12 trials')")
    assert page.input_value("#where") == "stop_loss >= 40 and take_profit <= 80"
    again = visit()
    again.go(page.url.removeprefix(served.url))
    again.page.evaluate("document.getElementById('lines').scrollIntoView({ block: 'center' })")
    again.until("document.querySelector('[aria-label=\"take_profit, at most\"]')?.ariaValueText === '80'")
    page.fill("#where", "stop_loss < 30 or net_profit > 0")  # not a cut of axes: the handles let go of theirs
    page.press("#where", "Enter")
    seen.until("document.querySelector('[aria-label=\"take_profit, at most\"]').ariaValueText === '120'")
    page.focus("[aria-label='stop_loss, at most']")
    page.keyboard.press("ArrowDown")
    seen.until("document.getElementById('where').value.startsWith('(stop_loss < 30 or net_profit > 0) and')")
    seen.assert_clean()


def test_the_map_is_a_surface_where_the_browser_can(visit, served):
    seen = visit()
    page = seen.go(f"/optimizations/{served.optimization_id}?drawn=surface")
    seen.until("document.getElementById('map').data")
    has = page.evaluate("Boolean(document.createElement('canvas').getContext('webgl'))")
    assert page.evaluate("document.getElementById('map').data[0].type") == ("surface" if has else "heatmap")
    page.select_option("#map-drawn", "")
    seen.until("document.getElementById('map').data[0].type === 'heatmap'")
    assert "drawn=" not in page.url
    # Chromium's own words on how quick its drawing is are no errors of the page.
    assert [m for m in seen.messages if not m.startswith(("Canvas2D", "[.WebGL"))] == []
    flat = visit()
    flat.page.add_init_script(
        """const own = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext =
            function (kind, ...more) { return kind.includes("webgl") ? null : own.call(this, kind, ...more); };"""
    )
    flat.go(f"/optimizations/{served.optimization_id}?drawn=surface")
    flat.until("document.getElementById('map').data?.[0].type === 'heatmap'")
    assert flat.page.evaluate("document.querySelector('#map-drawn [value=surface]').disabled")


def test_a_condition_that_cannot_be_read_is_said_beside_its_field(visit, served):
    seen = visit()
    page = seen.go(f"/optimizations/{served.optimization_id}?where=net_proft+%3E+0")
    assert page.get_attribute("#where", "aria-invalid") == "true"
    assert "net_profit" in page.inner_text("#where-wrong")
    assert page.input_value("#where") == "net_proft > 0"


def test_parameters_are_taken_along_as_files(visit, served):
    seen = visit()
    page = seen.go(f"/optimizations/{served.optimization_id}")
    best = httpx.get(f"{served.url}/api/v1/optimize/{served.optimization_id}/results?limit=1").json()["results"][0]
    for suffix in (".cbotset", ".set", ".json", ".csv", ".parquet"):
        with page.expect_download() as download:
            page.click(f"[aria-label='Trial 1 as {suffix}']")
        if suffix == ".parquet":
            assert pl.read_parquet(download.value.path())["rank"].to_list() == [1]
            continue
        text = download.value.path().read_text()
        if suffix == ".csv":
            assert text.splitlines()[1].startswith("1,")
        elif suffix == ".json":
            found = json.loads(text)
            assert found["rank"] == 1
            assert found["parameters"].items() >= best["parameters"].items()
        else:
            assert "StopLoss" in text
            assert str(best["parameters"]["stop_loss"]) in text
    with page.expect_download() as download:
        page.click("a:text-is('CSV')")
    assert len(download.value.path().read_text().splitlines()) == 31


def test_a_run_is_followed_paused_resumed_and_cancelled(visit, served):
    wide = [{"name": name, "min_value": low, "max_value": high, "step": 1} for name, low, high in (
        ("fast", 2, 60), ("slow", 70, 160), ("stop_loss", 20, 60), ("take_profit", 40, 60))]  # fmt: skip
    key = served.optimize(*wide, name="long one", reuse=False)
    seen = visit()
    page = seen.go(f"/optimizations/{key}")
    percent = "parseFloat(document.querySelector('[role=progressbar]').getAttribute('aria-valuenow'))"
    seen.until(f"{percent} > 0")
    before = page.evaluate(percent)
    seen.until(f"{percent} > {before}")
    seen.until("document.querySelector('#trials tbody tr')")
    page.click("text=Pause")
    seen.until("document.querySelector('.status.paused')")
    page.click("text=Resume")
    seen.until("document.querySelector('.status.running')")
    home = visit()
    home.go("/")
    home.until("[...document.querySelectorAll('#home .card')].some(c => c.textContent.includes('long one'))")
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("text=Cancel")
    seen.until("document.querySelector('.status.cancelled')")
    assert httpx.get(f"{served.url}/api/v1/optimize/{key}/status").json()["status"] == "cancelled"
    home.until("![...document.querySelectorAll('#home .card')].some(c => c.textContent.includes('long one'))")
    seen.assert_clean()
    page.click("text=Delete")
    page.wait_for_url(f"{served.url}/")
    assert httpx.get(f"{served.url}/api/v1/optimize/{key}").status_code == 404
