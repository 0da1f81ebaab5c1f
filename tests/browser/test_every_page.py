"""Every page, wide and narrow, light and dark: it fits, is silent, is accessible, and asks nothing of other hosts."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.browser.conftest import WIDTHS
from trading_ai.dashboard.pages import MENU

pytestmark = pytest.mark.browser

PAGES = [address for address, _ in MENU] + [
    "/backtests/new",
    "/backtests/{backtest}",
    "/data/{dataset}",
    "/optimizations/{optimization}",
    "/optimizations/{optimization}/verdict",
    "/compare?with={optimization}",
    "/optimize?from={optimization}",
    "/nothing-here",
]


def filled(served, path: str) -> str:
    import httpx

    dataset = httpx.get(f"{served.server.pipeline_url}/api/v1/datasets").json()[0]["id"]
    return path.format(backtest=served.backtest_id, optimization=served.optimization_id, dataset=dataset)


def axe() -> str:
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        pytest.skip("axe-playwright-python is not installed: run make setup")
    return (Path(spec.origin).parent / "axe.min.js").read_text("utf-8")


def in_turn(*ways):
    """Every page in every way; each page is quick in one of them, and slow in the others."""
    return [
        pytest.param(path, *way, marks=[] if i % len(ways) == n else pytest.mark.slow)
        for i, path in enumerate(PAGES)
        for n, way in enumerate(ways)
    ]


@pytest.mark.parametrize(("path", "width", "colours"), in_turn(*zip(WIDTHS, ("light", "dark", "dark"), strict=True)))
def test_every_page_fits_and_is_silent(visit, served, path, width, colours):
    seen = visit(width, colours)
    seen.go(filled(served, path))
    if "verdict" in path:
        seen.until("document.querySelector('#study[aria-busy=false]')")
    seen.page.wait_for_timeout(300)
    if path == "/nothing-here":  # the answer itself is an error
        seen.messages.clear()
    seen.assert_clean()
    assert seen.page.evaluate("document.querySelectorAll('h1').length") == 1


@pytest.mark.parametrize(("path", "colours"), in_turn(("light",), ("dark",)))
def test_every_page_is_accessible(visit, served, path, colours):
    seen = visit(1280, colours)
    seen.go(filled(served, path))
    if "verdict" in path:
        seen.until("document.querySelector('#study[aria-busy=false]')")
    seen.page.wait_for_timeout(300)
    seen.page.evaluate(axe())
    found = seen.page.evaluate(
        """axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
           .then(r => r.violations.map(v => [v.id, v.help, v.nodes.map(n => [n.html.slice(0, 160),
                                                                           n.failureSummary.slice(0, 300)])]))"""
    )
    assert not found, found


def test_the_first_page_is_small(visit, served):
    seen = visit()
    sizes: list[int] = []
    seen.page.on("response", lambda response: sizes.append(len(response.body())))
    seen.go("/")
    assert 4 <= len(sizes) <= 12
    assert sum(sizes) < 200_000
