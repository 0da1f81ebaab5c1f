"""A service with something to look at, and a real browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.chromium import running_chromium
from tests.integration.api.served import Service, service

WIDTHS = (1280, 768, 390)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """The browser."""
    with running_chromium() as instance:
        yield instance


class Served:
    """A service that has a dataset, a backtest and a complete optimization.

    Attributes:
        url: of the dashboard.
        backtest_id: the backtest.
        optimization_id: the optimization, of 6 x 5 combinations.
    """

    def __init__(self, server: Service) -> None:
        self.url, self.server = server.url, server
        self.backtest_id = server.add_backtest()
        self.optimization_id = self.optimize(
            {"name": "stop_loss", "min_value": 20, "max_value": 70, "step": 10},
            {"name": "take_profit", "min_value": 40, "max_value": 120, "step": 20},
        )
        self.wait(self.optimization_id)

    def optimize(self, *parameters: dict[str, Any], **more: Any) -> str:
        """Start an optimization; its id."""
        body = {"backtest_id": self.backtest_id, "parameters": parameters, **more}
        answer = httpx.post(f"{self.url}/api/v1/optimize", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["optimization_id"])

    def wait(self, key: str) -> None:
        """Until it has ended."""
        deadline = time.monotonic() + 120
        while httpx.get(f"{self.url}/api/v1/optimize/{key}/status").json()["status"] == "running":
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture(scope="package")
def served(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service; not started where there is no browser."""
    with service(tmp_path_factory.mktemp("dashboard")) as server:
        yield Served(server)


class Visit:
    """A page in the browser that remembers what went wrong on it.

    Attributes:
        page: Playwright's page.
        messages: what stood on the console, and requests that failed.
        elsewhere: requests to other hosts.
    """

    def __init__(self, chromium: Any, url: str, width: int = 1280, colours: str = "light") -> None:
        self.url = url
        self.context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=colours)
        self.page = self.context.new_page()
        self.messages: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", self._note)

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def go(self, path: str) -> Any:
        """Open a page and wait until its script has run."""
        self.page.goto(self.url + path)
        self.until("document.documentElement.dataset.ready")
        return self.page

    def until(self, condition: str) -> None:
        """Until that holds; the policy of the pages forbids Playwright's own form, which compiles text."""
        for _ in range(600):
            with suppress(Exception):  # another page is just coming
                if self.page.evaluate(f"Boolean({condition})"):
                    return
            self.page.wait_for_timeout(50)
        pytest.fail(f"never came true: {condition}; {self.messages}")

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def assert_clean(self) -> None:
        """Nothing on the console, nothing asked of another host, nothing beyond the window's edge."""
        assert self.messages == []
        assert self.elsewhere == []
        assert self.overflow() <= 0


@pytest.fixture
def visit(chromium: Any, served: Served) -> Iterator[Any]:
    """Makes visits, and ends them."""
    made: list[Visit] = []

    def begin(width: int = 1280, colours: str = "light", url: str = "") -> Visit:
        made.append(Visit(chromium, url or served.url, width, colours))
        return made[-1]

    yield begin
    for each in made:
        each.context.close()
