"""The verdict as a page."""

from __future__ import annotations

import httpx
import pytest

pytestmark = pytest.mark.browser


def test_every_criterion_is_there_and_stress_moves_the_profit(visit, served):
    seen = visit()
    page = seen.go(f"/optimizations/{served.optimization_id}/verdict")
    seen.until("document.querySelector('#study[aria-busy=false] .criteria')")
    told = httpx.get(f"{served.url}/api/v1/optimize/{served.optimization_id}/robustness", timeout=120).json()
    assert page.inner_text(".judgement .verdict").endswith(told["verdict"]["words"])
    rows = page.query_selector_all(".criteria tbody tr")
    assert len(rows) == len(told["verdict"]["criteria"])
    for row, criterion in zip(rows, told["verdict"]["criteria"], strict=True):
        assert ("holds" in row.inner_text()) is criterion["holds"]
    seen.until("[...document.querySelectorAll('#study-figures .plot')].every(p => p.querySelector('.main-svg'))")
    assert page.query_selector_all(".turns li .verdict")
    before = page.inner_text("#stress-result")
    page.focus("#stress-cost")
    page.keyboard.press("End")
    assert page.inner_text("#stress-result") != before
    seen.assert_clean()


def test_measures_of_ones_own_change_the_verdict_and_are_in_the_address(visit, served):
    seen = visit()
    page = seen.go(f"/optimizations/{served.optimization_id}/verdict?threshold=n_trades%3D1000000")
    seen.until("document.querySelector('#study[aria-busy=false] .criteria')")
    failing = page.inner_text(".criteria tr.fails:has-text('N trades')")
    assert "1e+06" in failing or "1000000" in failing
    page.fill("#t-n_trades", "1")
    page.click("text=Judge again")
    seen.until("document.querySelector('#study[aria-busy=false] .criteria')")
    assert "threshold=n_trades%3D1" in page.url
    assert page.query_selector(".criteria tr.holds:has-text('N trades')")
    seen.assert_clean()


def test_a_wrong_measure_is_said(visit, served):
    seen = visit()
    page = seen.go(f"/optimizations/{served.optimization_id}/verdict?threshold=nonsense%3D1")
    seen.until("document.querySelector('#study[aria-busy=false]')")
    assert "nonsense" in page.inner_text("#study .caution")
