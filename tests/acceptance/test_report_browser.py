"""A report in a real browser: it draws, fits the width, and asks for nothing from outside."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "reports"))

from synthetic_report import make_report

from tests.chromium import running_chromium
from trading_ai.engine.records import TRADE
from trading_ai.errors import StateError
from trading_ai.parameters import Choices, ParameterRange
from trading_ai.reports.html import render_report
from trading_ai.reports.pdf import find_browser, write_pdf

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    with running_chromium() as instance:
        yield instance


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    axes = (
        ParameterRange("a_parameter_with_a_rather_long_name", 5, 20, 1),
        ParameterRange("slow", 30, 90, 5),
        Choices("mode", ("<script>throw 1</script>", "x" * 60)),
    )
    ugly = replace(make_report(axes, title="W" * 90, notes=("y" * 300,), trades=np.zeros(0, TRADE)), currency="<b>")
    ugly.metrics[::3] = np.nan
    ugly.metrics[1::7] = 1e12
    made = {"plain": make_report(), "ugly": ugly, "single": make_report(())}
    for name, data in made.items():
        (folder / f"{name}.html").write_text(render_report(data), encoding="utf-8")
    return folder


PLACES = "[...document.querySelectorAll('.plot')].filter(p => !p.closest('[hidden]')).length"
DRAWN = "[...document.querySelectorAll('.js-plotly-plot')].filter(p => p.querySelector('.main-svg')).length"
MISSING = "[...document.querySelectorAll('.plot')].find(p => !p.closest('[hidden]') && !p.querySelector('.main-svg'))"


def wait(page, condition: str) -> None:
    """Until that holds; the page's policy forbids Playwright's own form, which compiles text within it."""
    for _ in range(600):
        if page.evaluate(f"Boolean({condition})"):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"never came true: {condition}")


def scroll_through(page) -> None:
    """Bring every figure into view, one after the other, and wait until it is drawn."""
    # Looked for and brought into view in one go: a figure may be drawn between two questions.
    next_one = (
        f"(() => {{ window.wanted = {MISSING}; if (wanted) wanted.scrollIntoView(); return Boolean(wanted); }})()"
    )
    while page.evaluate(next_one):
        wait(page, "wanted.querySelector('.main-svg')")
    page.evaluate("scrollTo(0, 0)")


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("plain", 1280),
        pytest.param("plain", 390, marks=pytest.mark.slow),
        pytest.param("ugly", 1280, marks=pytest.mark.slow),
        ("ugly", 390),  # the widest on the narrowest
        pytest.param("single", 1280, marks=pytest.mark.slow),
        ("single", 390),
    ],
)
def test_report_in_a_browser(browser, reports, name: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    messages: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    address = (reports / f"{name}.html").as_uri()
    page.goto(address)
    page.wait_for_selector("html[data-ready]", timeout=60_000)
    n_places, at_first = page.evaluate(PLACES), page.evaluate(DRAWN)
    assert n_places >= 4
    assert at_first < n_places  # what nobody sees yet is not drawn
    scroll_through(page)
    assert page.evaluate(DRAWN) == n_places
    assert messages == []
    assert [url for url in requests if url != address and not url.startswith(("data:", "blob:"))] == []
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    page.close()


def test_candles_follow_the_view_and_headings_are_reachable_by_keyboard(browser, reports) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((reports / "plain.html").as_uri())
    page.wait_for_selector("html[data-ready]", timeout=60_000)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "theme"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#parameters"
    scroll_through(page)
    before, after = page.evaluate(
        """async () => {
          const candles = [...document.querySelectorAll('.plot')].find(p => p.data[0].type === 'candlestick');
          const before = [...candles.layout.yaxis.range];
          await Plotly.relayout(candles, {'xaxis.range': [0, 40]});
          await new Promise(done => setTimeout(done, 300));
          return [before, [...candles.layout.yaxis.range]];
        }"""
    )
    assert before != after
    assert after[0] < after[1]
    page.close()


def test_dark_choice_of_axes_and_sorting(browser, reports) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark")
    messages: list[str] = []
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto((reports / "ugly.html").as_uri())
    page.wait_for_selector("html[data-ready]", timeout=60_000)
    scroll_through(page)
    body = "getComputedStyle(document.body).backgroundColor"
    paper = "[...document.querySelectorAll('.plot')].find(p => p.layout).layout.template.layout.paper_bgcolor"
    assert page.evaluate(body) == "rgb(20, 24, 29)"
    assert page.evaluate(paper) == "#14181d"
    page.click("#theme")
    wait(page, f"{paper} === '#ffffff'")
    assert page.evaluate(body) == "rgb(255, 255, 255)"
    chosen = "[...document.querySelectorAll('#parameters figure')].map(f => f.hidden)"
    assert page.evaluate(chosen) == [False, True, True]
    page.select_option("select.which", index=2)
    wait(page, "document.querySelectorAll('#parameters figure')[2].querySelector('.main-svg')")
    assert page.evaluate(chosen) == [True, True, False]
    column = "[...document.querySelectorAll('#top tbody tr')].map(r => Number(r.cells[0].textContent))"
    page.click("#top th:first-child button")
    assert page.evaluate(column) == list(range(20, 0, -1))
    assert page.get_attribute("#top th:first-child", "aria-sort") == "descending"
    page.click("#top th:first-child button")
    assert page.evaluate(column) == list(range(1, 21))
    assert messages == []
    page.close()


def test_dates_sort_as_dates_and_not_by_their_year(browser, reports) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((reports / "plain.html").as_uri())
    page.wait_for_selector("html[data-ready]", timeout=60_000)
    table = "[...document.querySelectorAll('table.sortable')].find(t => t.tHead.textContent.includes('under water'))"
    column = f"[...{table}.tBodies[0].rows].map(r => r.cells[1].textContent)"
    peaks = page.evaluate(column)
    assert len(set(peaks)) > len({peak[:4] for peak in peaks})
    for descending in (True, False):
        page.evaluate(f"{table}.tHead.rows[0].cells[1].querySelector('button').click()")
        assert page.evaluate(column) == sorted(peaks, reverse=descending)
    page.close()


def test_a_pdf_has_every_figure(reports, tmp_path) -> None:
    if find_browser() is None:
        pytest.skip("no browser that prints")
    made = write_pdf((reports / "plain.html").read_text(encoding="utf-8"), tmp_path / "report.pdf")
    content = made.read_bytes()
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") >= 6
    with pytest.raises(StateError, match="false printed nothing"):
        write_pdf("<p>", tmp_path / "none.pdf", browser="false")
    assert [path.name for path in tmp_path.iterdir()] == ["report.pdf"]
