"""A page on paper: light, whole, without what only a screen can use; the page comes back as it was."""

from __future__ import annotations

import json
import re

import pytest

from tests.browser.test_every_page import PAGES, filled

pytestmark = pytest.mark.browser

SHEET = 710
"""Pixels that A4 has between its margins, about."""

DRAWN = """[...document.querySelectorAll(".js-plotly-plot")]
  .map((each) => [each._fullLayout.width, each._fullLayout.paper_bgcolor])"""


def on_paper(seen):
    """The page as it is printed, without printing it: a browser tells its scripts before and after."""
    seen.page.emulate_media(media="print", color_scheme="dark")
    seen.page.set_viewport_size({"width": SHEET, "height": 1000})
    seen.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_cut_and_all_is_light(visit, served, path):
    seen = visit(1280, "dark")
    page = seen.go(filled(served, path))
    if "verdict" in path:
        seen.until("document.querySelector('#study[aria-busy=false]')")
    # Figures that are out of view are drawn too, without anybody scrolling there.
    seen.until("[...document.querySelectorAll('[data-figure]')].every(each => each.dataset.loaded === 'true')")
    on_paper(seen)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(31, 41, 51)"
    for hidden in page.query_selector_all(".top, .tabs, .pager, main form button"):
        assert not hidden.is_visible()
    beyond = """(most) => Array.from(document.querySelectorAll("main *"))
      .filter((each) => !each.parentElement.closest("svg") && each.checkVisibility())
      .filter((each) => each.getBoundingClientRect().right > most + 1).map((each) => each.outerHTML.slice(0, 160))"""
    assert page.evaluate(beyond, SHEET) == []
    assert {colour for _, colour in page.evaluate(DRAWN)} <= {"#ffffff"}


@pytest.mark.parametrize("kind", ["backtest", "optimization"])
def test_a_run_is_a_pdf_of_few_sheets_and_the_page_comes_back(visit, served, kind):
    seen = visit(1280, "dark")
    page = seen.go(f"/{kind}s/{getattr(served, kind + '_id')}")
    seen.until("[...document.querySelectorAll('[data-figure]')].every(each => each.dataset.loaded === 'true')")
    if kind == "backtest":
        seen.until("document.querySelector('#candles canvas')")
    before = page.evaluate(DRAWN)
    made = page.pdf(format="A4", print_background=True)
    assert 2 <= len(re.findall(rb"/Type /Page\b", made)) <= 8
    seen.until("!document.querySelector('.on-paper') && !document.querySelector('.main-svg[viewBox]')")
    seen.until(f"JSON.stringify({DRAWN}) === {json.dumps(json.dumps(before, separators=(',', ':')))}")
    seen.assert_clean()
