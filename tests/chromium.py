"""The browser that pages and reports are looked at with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def running_chromium() -> Iterator[Any]:
    """Debian's Chromium under Playwright; the test is skipped where there is none.

    An event loop runs in this thread until the end: a fixture must not outlive the tests that need it.
    """
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on the PATH: install it to run the browser tests")
    playwright = pytest.importorskip("playwright.sync_api", reason="the playwright package is not installed")
    with playwright.sync_playwright() as driver:
        instance = driver.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield instance
        instance.close()
